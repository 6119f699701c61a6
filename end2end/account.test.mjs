// Keeping an account: a lost password, a second factor, browsers that are signed out. All of it works without script.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";

import { expectNoComplaints, marketplace } from "./harness.mjs";
import { everyLook } from "./looks.mjs";
import { signIn } from "./steps.mjs";

const site = marketplace();

/** The code that an authenticator app shows: RFC 6238, told apart from our own code on purpose. */
function totp(secret, step = Math.floor(Date.now() / 30_000)) {
  const bits = [...secret.replaceAll(" ", "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", key).update(counter).digest();
  const at = mac.at(-1) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

async function enter(page, account, password = account.password) {
  await page.goto("/login/?next=/account/");
  await page.getByLabel("E-mail").fill(account.email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function signOut(page) {
  await page.locator("summary").filter({ has: page.locator(".menu-name") }).click();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.waitForURL(`${site.url}/`);
}

/** What the operator reads in the outbox: the text of the newest mail to somebody. */
async function mailTo(t, email) {
  const page = await site.page(t);
  await signIn(page, "operator@example.com", "/admin/outbox/");
  assert.deepEqual(await everyLook(page, "the outbox"), []);
  await page.getByRole("row").filter({ hasText: email }).first().getByRole("link").click();
  await page.getByText(`To ${email}`).waitFor();
  assert.deepEqual(await everyLook(page, "a mail"), []);
  const text = await page.locator("pre.mail-text").innerText();
  expectNoComplaints(page);
  return text;
}

describe("an account", () => {
  for (const javaScriptEnabled of [true, false]) {
    test(`a lost password, ${javaScriptEnabled ? "with" : "without"} script`, async (t) => {
      const page = await site.page(t, { javaScriptEnabled });
      const account = await site.register(page, "Lena Lost");
      await signOut(page);
      await page.goto("/login/");
      await page.getByRole("link", { name: "Forgot your password?" }).click();
      await page.getByLabel("E-mail").fill("not an address");
      await page.getByRole("button", { name: "Send link" }).click();
      await page.getByRole("alert").getByRole("link", { name: /^Enter an e-mail address/ }).waitFor();
      if (javaScriptEnabled) assert.deepEqual(await everyLook(page, "the lost password with a mistake"), []);
      const said = /^If there is an account with this address/;
      await page.getByLabel("E-mail").fill("nobody-at-all@example.com");
      await page.getByRole("button", { name: "Send link" }).click();
      await page.getByText(said).waitFor();
      await page.getByLabel("E-mail").fill(account.email);
      await page.getByRole("button", { name: "Send link" }).click();
      await page.getByText(said).waitFor();
      if (javaScriptEnabled) assert.deepEqual(await everyLook(page, "the lost password"), []);

      const link = (await mailTo(t, account.email)).match(/http\S+\/login\/reset\/\S+/)[0];
      await page.goto(link);
      await page.getByLabel("New password").fill("short");
      await page.getByRole("button", { name: "Change password" }).click();
      await page.getByRole("alert").getByRole("link", { name: /^Use at least 12 characters/ }).waitFor();
      if (javaScriptEnabled) assert.deepEqual(await everyLook(page, "a new password with a mistake"), []);
      await page.getByLabel("New password").fill("quite another password");
      await page.getByRole("button", { name: "Change password" }).click();
      await page.getByText(/^Your password is changed/).waitFor();
      await page.goto(link);
      await page.getByText(/^This link does not work any more/).waitFor();
      if (javaScriptEnabled) assert.deepEqual(await everyLook(page, "a link that was used"), []);
      await enter(page, account);
      await page.getByText("E-mail or password is incorrect.").waitFor();
      await enter(page, account, "quite another password");
      await page.getByRole("heading", { level: 1, name: "Account" }).waitFor();
    });

    test(`a second factor, ${javaScriptEnabled ? "with" : "without"} script`, async (t) => {
      const page = await site.page(t, { javaScriptEnabled });
      const account = await site.register(page, "Tova Token");
      await page.goto("/account/");
      if (javaScriptEnabled) assert.deepEqual(await everyLook(page, "the account"), []);
      await page.getByRole("link", { name: "Set up second factor" }).click();
      await page.getByRole("img", { name: /^Picture of the key/ }).waitFor();
      if (javaScriptEnabled) assert.deepEqual(await everyLook(page, "setting up a second factor"), []);
      const secret = await page.locator("#factor-key").innerText();
      await page.getByLabel("Code").fill("000000");
      await page.getByRole("button", { name: "Turn on second factor" }).click();
      await page.getByRole("alert").getByRole("link", { name: /^The code is incorrect/ }).waitFor();
      assert.equal(await page.locator("#factor-key").innerText(), secret);
      const used = totp(secret);
      await page.getByLabel("Code").fill(used);
      await page.getByRole("button", { name: "Turn on second factor" }).click();
      await page.getByRole("heading", { level: 1, name: "Second factor is on" }).waitFor();
      if (javaScriptEnabled) assert.deepEqual(await everyLook(page, "recovery codes"), []);
      const codes = (await page.locator("#codes").innerText()).trim().split("\n");
      assert.equal(new Set(codes).size, 10);
      await signOut(page);

      await enter(page, account);
      await page.getByRole("heading", { level: 1, name: "Second factor" }).waitFor();
      await page.goto("/account/");
      await page.waitForURL(/\/login\//); // Not in yet.
      await enter(page, account);
      await page.getByLabel("Code").fill(used);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText(/^The code is incorrect, or was used before/).first().waitFor();
      if (javaScriptEnabled) assert.deepEqual(await everyLook(page, "a code that was used"), []);
      await page.getByLabel("Code").fill(codes[0].toLowerCase());
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("heading", { level: 1, name: "Account" }).waitFor();
      await page.getByText("9 of 10 recovery codes are left.").waitFor();
      // The API wants it as well.
      const ask = (otp) =>
        fetch(`${site.url}/api-auth/password/`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ username: account.email, password: account.password, ...otp }),
        });
      const refused = await ask({});
      assert.equal(refused.status, 401);
      assert.equal((await refused.json()).code, "second_factor_required");
      assert.match((await (await ask({ otp: codes[1] })).json()).token, /^[0-9a-f]{40}$/);

      await page.getByRole("link", { name: "Manage second factor" }).click();
      const off = page.getByRole("region", { name: "Turn off second factor" });
      await off.getByLabel("Password").fill("not the password");
      await off.getByLabel("Code").fill(codes[2]);
      await off.getByRole("button").click();
      await page.getByRole("alert").getByRole("link", { name: "The password is incorrect" }).waitFor();
      if (javaScriptEnabled) assert.deepEqual(await everyLook(page, "turning off with a mistake"), []);
      await off.getByLabel("Password").fill(account.password);
      await off.getByLabel("Code").fill(codes[2]);
      await off.getByRole("button").click();
      await page.getByText("The second factor is off.").waitFor();
    });
  }

  test("browsers are listed and signed out; name and password change", async (t) => {
    const [page, other] = [await site.page(t), await site.page(t)];
    const account = await site.register(page, "Berta Browser");
    await enter(other, account);
    await other.getByRole("heading", { level: 1, name: "Account" }).waitFor();
    await page.goto("/account/");
    const table = page.getByRole("region", { name: "Browsers" });
    assert.equal(await table.getByRole("row").count(), 3);
    await table.getByText("This browser").waitFor();
    assert.match(await table.innerText(), /Chrome on Linux/);
    await table.getByRole("button", { name: /^Sign out +Chrome/ }).click();
    await page.getByText("The browser is signed out.").waitFor();
    await other.goto("/account/");
    await other.waitForURL(/\/login\//);

    await page.getByLabel("Your name").fill("");
    await page.getByRole("button", { name: "Save name" }).click();
    await page.getByRole("alert").waitFor();
    assert.deepEqual(await everyLook(page, "the account with a mistake"), []);
    await page.getByLabel("Your name").fill("Berta <b>Browser</b>");
    await page.getByRole("button", { name: "Save name" }).click();
    await page.getByText("Your name is changed.").waitFor();
    assert.equal(await page.getByLabel("Your name").inputValue(), "Berta <b>Browser</b>");
    await page.getByLabel("Present password").fill(account.password);
    await page.getByLabel("New password").fill("quite another password");
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByText(/^Your password is changed/).waitFor();
    await page.goto("/account/"); // Still signed in here.
    await page.getByRole("heading", { level: 1, name: "Account" }).waitFor();
    assert.match(await mailTo(t, account.email), /was changed/);
  });

  test("who guesses has to wait", async (t) => {
    const page = await site.page(t);
    for (let n = 0; n < 4; n += 1) {
      await enter(page, { email: "victim@example.com", password: `guess number ${n}` });
      await page.getByText("E-mail or password is incorrect.").waitFor();
    }
    await enter(page, { email: "victim@example.com", password: "guess number 4" });
    await page.getByText(/^The sign-in limit is reached/).waitFor();
    assert.deepEqual(await everyLook(page, "the sign-in page of who guesses"), []);
    expectNoComplaints(page);
  });
});
