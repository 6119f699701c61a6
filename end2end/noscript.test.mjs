// The same path without any script: every step is a link or a form.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { fillRegister, marketplace, micros, newAccount, openai } from "./harness.mjs";
import { charge } from "./prices.mjs";
import { confirmOrder, eventually, figure, openFilters, rows } from "./steps.mjs";

const site = marketplace();

describe("without script", () => {
  test("a newcomer gets a key, an answer and a receipt", async (t) => {
    const page = await site.page(t, { javaScriptEnabled: false, viewport: { width: 1350, height: 940 } });

    await page.goto("/");
    await page.getByRole("link", { name: "Browse", exact: true }).click();
    const filters = await openFilters(page);
    await page.getByRole("main").getByRole("searchbox").fill("kestrel");
    await filters.getByRole("checkbox", { name: /^Claude/ }).check();
    await page.getByLabel("Sort by").selectOption({ label: "Price: low to high" });
    await filters.getByRole("button", { name: "Apply filters" }).click();
    await page.waitForURL(/search=kestrel/);
    const query = new URL(page.url()).searchParams;
    assert.deepEqual([query.get("family"), query.get("sort")], ["claude", "price"]);
    const names = await page.getByRole("article").getByRole("heading").allInnerTexts();
    assert.equal(names[0], "Kestrel Quick (Claude family)");

    // A link leads to the page of the service, where script would open a dialog.
    await page.getByRole("link", { name: "Details of Kestrel Quick (Claude family)" }).click();
    await page.getByRole("heading", { level: 1, name: "Kestrel Quick (Claude family)" }).waitFor();
    await page.getByRole("link", { name: "Start using" }).first().click();

    // The price comes before the account, and the account leads back here.
    await page.getByRole("main").getByText(/\$0\.0008/).first().waitFor();
    await page.getByRole("main").getByRole("link", { name: "Create account" }).click();
    await fillRegister(page, newAccount("Nils Noscript"));
    await page.getByRole("heading", { name: "Start using Kestrel Quick (Claude family)" }).waitFor();

    // The estimate works by asking the server.
    await page.getByLabel("Requests a month").fill("10000");
    await page.getByRole("button", { name: "Recalculate" }).click();
    await page.waitForURL(/requests=10000/);
    assert.equal(await page.getByLabel("Requests a month").inputValue(), "10000");

    const created = await confirmOrder(page);
    assert.equal(await page.getByRole("button", { name: /^Copy/ }).count(), 0, "a copy button cannot work without script");
    await page.reload();
    await page.getByRole("heading", { name: "This key was shown before" }).waitFor();

    const answer = await openai(created.endpoint, created.key, created.model, "One line, please.");
    assert.match(answer.text, /One line, please/);
    const due = charge({ prompt: "0.80", completion: "4.00" }, answer.usage.prompt_tokens, answer.usage.completion_tokens);

    const [call] = await eventually(page, `${created.agent}usage/`, async () => {
      const found = await rows(page);
      assert.ok(found[0]?.Receipt);
      return found;
    });
    assert.equal(micros(call.Credits), due);
    await page.getByRole("link", { name: /^Receipt of/ }).click();
    assert.equal(micros(await figure(page, "Credits charged")), due);
    await page.getByRole("link", { name: /Wallet/ }).click();
    await eventually(page, page.url(), async () => assert.equal(micros(await figure(page, "Balance")), 100_000_000n - due));
  });

  test("colours are switched and kept", async (t) => {
    const page = await site.page(t, { javaScriptEnabled: false });
    await page.goto("/marketplace/?family=gpt");
    const theme = () => page.locator("html").getAttribute("data-theme");
    assert.equal(await theme(), "system");
    await page.getByRole("button", { name: /^Colours/ }).click();
    await page.waitForURL(/\/marketplace\/\?family=gpt/);
    assert.equal(await theme(), "light");
    await page.getByRole("button", { name: /^Colours/ }).click();
    await page.locator("html[data-theme=dark]").waitFor();
    await page.goto("/");
    assert.equal(await theme(), "dark");
  });

  test("a subscription is ended and its key stops", async (t) => {
    const page = await site.page(t, { javaScriptEnabled: false });
    await site.register(page, "Eva Ender");
    await page.goto("/marketplace/?search=nordlys+8b");
    await page.getByRole("link", { name: /^Start using Nordlys 8B/ }).click();
    const created = await confirmOrder(page);
    const ask = () => fetch(`${site.url}/v1/models`, { headers: { authorization: `Bearer ${created.key}` } });
    assert.equal((await ask()).status, 200);
    await page.goto(created.agent);
    await page.locator("summary", { hasText: "End subscription" }).click();
    await page.getByRole("button", { name: /^End Nordlys 8B/ }).click();
    await page.getByText("The subscription has ended").waitFor();
    assert.equal((await ask()).status, 401);
  });
});
