// Starts what a journey needs and stops it again: the real server on a free port with a fresh database, and a browser.
//
// Tests do not sleep: they wait for what a person would wait for. What a page logs as an error fails the journey.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const { CMP_SERVER, CMP_CHROMIUM, CMP_NPM, CMP_PYTHON, E2E_POSTGRES } = process.env;
for (const [name, value] of Object.entries({ CMP_SERVER, CMP_CHROMIUM, CMP_NPM, CMP_PYTHON })) {
  assert.ok(value, `${name} is not set; run the journeys with scripts/e2e.sh`);
}

// The driver lives in the tools' folder rather than in a node_modules of the repository.
export const require = createRequire(join(CMP_NPM, "package.json"));
const { chromium } = require("playwright-core");
const execute = promisify(execFile);

export const freePort = () =>
  new Promise((resolve, reject) => {
    const socket = createServer().once("error", reject);
    socket.listen(0, "127.0.0.1", () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });

async function freshDatabase(name) {
  await execute("psql", [E2E_POSTGRES, "-qc", `CREATE DATABASE ${name}`]);
  const url = new URL(E2E_POSTGRES);
  url.pathname = `/${name}`;
  return url.href;
}

async function startServer(prepare) {
  const data = await mkdtemp(join(tmpdir(), "cmp-e2e-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { ...process.env, CMP_DATA_DIR: data, CMP_ADDR: `127.0.0.1:${port}`, CMP_PUBLIC_URL: url };
  const beside = await prepare?.(url);
  Object.assign(env, beside?.env);
  env.DATABASE_URL = E2E_POSTGRES ? await freshDatabase(`e2e_${process.pid}_${port}`) : `sqlite://${join(data, "cmp.db")}`;
  const child = spawn(CMP_SERVER, ["serve", "--samples"], { env, cwd: data, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (log += text));
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
  let gone;
  ended.then((code) => (gone = code));

  const deadline = Date.now() + 60_000;
  for (;;) {
    if (gone !== undefined) throw new Error(`the server ended with ${gone} while starting:\n${log}`);
    if (Date.now() > deadline) throw new Error(`the server was not ready after a minute:\n${log}`);
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) break;
    await pause(50);
  }

  const stop = async () => {
    child.kill("SIGTERM");
    const code = await Promise.race([ended, pause(20_000, "timeout", { ref: false })]);
    if (code === "timeout") child.kill("SIGKILL");
    // The ledger must balance after every journey, whatever it did.
    const proof = await execute(CMP_SERVER, ["proof"], { env, cwd: data }).catch((error) => error);
    await rm(data, { recursive: true, force: true });
    await beside?.stop();
    assert.equal(code, 0, `the server did not end well on SIGTERM (${code}):\n${log}`);
    assert.ok(!(proof instanceof Error), `cmp-server proof failed: ${proof.message}\n${proof.stdout ?? ""}${proof.stderr ?? ""}`);
  };
  return { url, port, log: () => log, stop };
}

const launch = (more = []) =>
  chromium.launch({
    executablePath: CMP_CHROMIUM,
    headless: false, // `--headless=new` below; this switch would ask for a different program
    args: [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...more,
    ],
  });

/** A browser of its own that another program drives, at `port`. */
export function startBrowserPort() {
  const driven = {};
  let browser;
  before(async () => {
    driven.port = await freePort();
    browser = await launch([`--remote-debugging-port=${driven.port}`]);
  });
  after(() => browser?.close());
  return driven;
}

/**
 * A server and a browser for all tests of a file; `site.url`, `site.page(…)` and `site.register(…)`. What the server needs
 * beside it is started by `prepare`, which is given its address and returns `{ env, stop }`.
 */
export function marketplace(prepare) {
  const site = {};
  let server, browser;
  before(async () => {
    server = await startServer(prepare);
    site.url = server.url;
    site.log = server.log;
    browser = await launch();
    site.browser = browser;
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** A page of a new visitor. Whatever the browser complains about is collected in `page.complaints`. */
  site.page = async (t, options = {}) => {
    const context = await browser.newContext({ baseURL: site.url, locale: "en-US", timezoneId: "UTC", reducedMotion: "reduce", ...options });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    page.complaints = [];
    page.on("pageerror", (error) => page.complaints.push(`exception: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error") page.complaints.push(`console: ${message.text()} (${message.location().url})`);
    });
    t.after(() => context.close());
    return page;
  };

  /** Makes an account by the form and returns it; the page is signed in afterwards. */
  site.register = async (page, name = "Ada Newcomer") => {
    const account = newAccount(name);
    await page.goto("/register/");
    await fillRegister(page, account);
    await page.waitForURL((url) => !url.pathname.startsWith("/register"));
    return account;
  };
  return site;
}

/** One answer, not streamed, without a client library. */
export async function call(url, key, model, prompt) {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: prompt }] }),
  });
  const body = await answer.text();
  assert.equal(answer.status, 200, body);
  return JSON.parse(body);
}

let accounts = 0;
export const newAccount = (name) => ({
  name,
  email: `newcomer-${process.pid}-${++accounts}@example.com`,
  password: "correct horse battery staple",
});

export async function fillRegister(page, account) {
  const form = page.getByRole("main");
  await form.getByLabel("Your name").fill(account.name);
  await form.getByLabel("E-mail").fill(account.email);
  await form.getByLabel("Password").fill(account.password);
  await form.getByRole("button", { name: "Create account" }).click();
}

/** The official client, in another process: streams one answer and says what it saw. */
export async function openai(base, key, model, prompt) {
  const script = new URL("openai_client.py", import.meta.url).pathname;
  const { stdout } = await execute(join(CMP_PYTHON, "bin/python"), [script, base, key, model, prompt], { timeout: 60_000 });
  return JSON.parse(stdout);
}

/** Micro-credits of a text like `1,204.5`, `−0.000012` or `−3 credits`; exact, because no float is involved. */
export function micros(text) {
  const found = text.replace(/[\u00a0\s]/g, " ").match(/([-−+]?)\s*(\d[\d,]*)(?:\.(\d{1,6}))?/);
  assert.ok(found, `no amount in ${JSON.stringify(text)}`);
  const [, sign, whole, fraction = ""] = found;
  const size = BigInt(whole.replaceAll(",", "")) * 1_000_000n + BigInt(fraction.padEnd(6, "0"));
  return sign === "-" || sign === "−" ? -size : size;
}

export const expectNoComplaints = (page) => assert.deepEqual(page.complaints, []);
