// The main job, from nothing: register, find a service, start using it, call it with the official client, and see what
// it cost to the micro-credit in four places that must agree.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { expectNoComplaints, fillRegister, marketplace, micros, newAccount, openai } from "./harness.mjs";
import { charge } from "./prices.mjs";
import { confirmOrder, eventually, figure, openFilters, rows } from "./steps.mjs";

const site = marketplace();

describe("a newcomer", () => {
  test("goes from the start page to a streamed answer and its receipt", async (t) => {
    const page = await site.page(t, { viewport: { width: 1350, height: 940 } });
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: site.url });

    // Registers.
    await page.goto("/");
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Create account" }).click();
    await fillRegister(page, newAccount("Nora Newcomer"));
    await page.getByRole("link", { name: "My agents" }).waitFor();
    assert.match(await page.getByRole("link", { name: /Wallet/ }).innerText(), /\b100\b/);

    // Finds a service by search and filter.
    await page.getByRole("link", { name: "Browse", exact: true }).click();
    const search = page.getByRole("search", { name: "Marketplace" }).getByRole("searchbox");
    await search.fill("brook");
    await search.press("Enter");
    await page.waitForURL(/search=brook/);
    const filters = await openFilters(page);
    await filters.getByRole("checkbox", { name: /^GPT/ }).check();
    await page.waitForURL(/family=gpt/);

    // Looks at the details without leaving the list.
    await page.getByRole("link", { name: "Details of Brook Mini (GPT family)" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("heading", { name: "Brook Mini (GPT family)" }).waitFor();
    await dialog.getByText("$0.00015").first().waitFor();
    await dialog.getByRole("link", { name: "Start using" }).click();

    // Sees what it will cost, and confirms.
    await page.getByRole("heading", { name: "Start using Brook Mini (GPT family)" }).waitFor();
    const created = await confirmOrder(page);
    assert.equal(created.endpoint, `${site.url}/v1`);
    assert.equal(created.model, "brook-mini");
    assert.match(await page.getByRole("main").innerText(), /shown once/);

    // Copies the key.
    await page.getByRole("button", { name: "Copy key" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), created.key);

    // The key is in no address, and gone after a reload and after going back.
    assert.ok(!page.url().includes("cmp_sk_"));
    await page.reload();
    await page.getByRole("heading", { name: "This key was shown before" }).waitFor();
    assert.ok(!(await page.content()).includes(created.key));

    // The official client streams an answer.
    const prompt = "Say that the newcomer has arrived.";
    const answer = await openai(created.endpoint, created.key, created.model, prompt);
    assert.match(answer.text, /newcomer has arrived/);
    assert.ok(answer.chunks > 1, `${answer.chunks} chunk`);
    assert.deepEqual(answer.finish, ["stop"]);
    assert.ok(answer.models.includes("brook-mini"), `${answer.models}`);
    const { prompt_tokens, completion_tokens } = answer.usage;
    const due = charge({ prompt: "0.15", completion: "0.60" }, prompt_tokens, completion_tokens);
    assert.ok(due > 0n);

    // The usage page shows the call, its receipt the same cost, and the wallet the same debit.
    await page.goto(created.agent);
    await page.getByRole("navigation", { name: "Agent" }).getByRole("link", { name: "Usage" }).click();
    const [call] = await eventually(page, page.url(), async () => {
      const found = await rows(page);
      assert.ok(found[0]?.Receipt, "the call is not listed yet");
      return found;
    });
    assert.equal(micros(call.Credits), due);
    assert.equal(call.Prompt.replace(/\D/g, ""), String(prompt_tokens));
    assert.equal(call.Answer.replace(/\D/g, ""), String(completion_tokens));
    assert.equal(micros(await figure(page, "Credits")), due);

    await page.getByRole("link", { name: /^Receipt of/ }).click();
    await page.getByRole("heading", { level: 1, name: "Receipt" }).waitFor();
    assert.equal(micros(await figure(page, "Credits charged")), due);
    const receipt = new URL(page.url()).pathname.split("/").at(-2);
    const wire = await (await fetch(`${site.url}/v1/receipts/${receipt}`, { headers: { authorization: `Bearer ${created.key}` } })).text();
    const charged = wire.match(/"credits":\s*([\d.eE+-]+)/)?.[1];
    assert.ok(charged, wire);
    assert.equal(micros(Number(charged).toFixed(6)), due);

    await page.getByRole("link", { name: /Wallet/ }).click();
    await page.getByRole("heading", { level: 1, name: "Wallet" }).waitFor();
    await eventually(page, page.url(), async () => {
      assert.equal(micros(await figure(page, "Balance")), 100_000_000n - due);
      assert.equal(micros(await figure(page, "Available")), 100_000_000n - due);
      assert.equal(micros(await figure(page, "Held")), 0n);
    });
    const spent = (await rows(page)).map((row) => micros(row.Credits)).filter((amount) => amount < 0n);
    assert.deepEqual(spent, [-due]);

    expectNoComplaints(page);
  });

  test("is told what is wrong with the form and keeps what was typed", async (t) => {
    const page = await site.page(t);
    await page.goto("/register/");
    await fillRegister(page, { name: "Short Password", email: "short@example.com", password: "short" });
    await page.getByRole("alert").getByText(/12 characters/).waitFor();
    assert.equal(await page.getByLabel(/e-?mail/i).inputValue(), "short@example.com");
    assert.equal(await page.getByLabel(/^password/i).inputValue(), "");

    const account = await site.register(page);
    await page.context().clearCookies();
    await page.goto("/register/");
    await fillRegister(page, account);
    await page.getByRole("alert").first().waitFor();
  });

  test("signs out and in again", async (t) => {
    const page = await site.page(t);
    const account = await site.register(page, "Ola Returner");
    await page.getByText("Ola Returner's Workspace").first().click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("link", { name: "Sign in" }).click();
    await page.getByLabel("E-mail").fill(account.email);
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").first().waitFor();
    await page.getByLabel("Password").fill(account.password);
    await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "My agents" }).waitFor();
    expectNoComplaints(page);
  });

  test("manages keys: create, rename, revoke", async (t) => {
    const page = await site.page(t);
    await site.register(page);
    await page.goto("/marketplace/?search=brook+nano");
    await page.getByRole("link", { name: "Start using Brook Nano (GPT family)" }).click();
    const first = await confirmOrder(page);
    await page.goto(`${first.agent}keys/`);
    await page.getByLabel("Name of the new key").fill("shop server");
    await page.getByRole("button", { name: "Create key" }).click();
    await page.getByRole("heading", { name: "Your key is ready" }).waitFor();
    const second = await page.getByRole("textbox", { name: /^Key/ }).inputValue();
    assert.notEqual(second, first.key);

    await page.goto(`${first.agent}keys/`);
    const row = page.getByRole("row").filter({ hasText: "shop server" });
    await row.locator("summary", { hasText: "Rename" }).click();
    await row.getByLabel("New name").fill("shop of Oslo");
    await row.getByRole("button", { name: "Save name" }).click();
    const renamed = page.getByRole("row").filter({ hasText: "shop of Oslo" });
    await renamed.locator("summary", { hasText: "Revoke" }).click();
    await renamed.getByRole("button", { name: "Revoke key" }).click();
    await page.getByRole("row").filter({ hasText: "shop of Oslo" }).getByText(/Revoked/).waitFor();

    const ask = (key) => fetch(`${site.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    assert.equal((await ask(second)).status, 401);
    assert.equal((await ask(first.key)).status, 200);
    expectNoComplaints(page);
  });
});
