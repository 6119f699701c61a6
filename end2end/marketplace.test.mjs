// Finding something: all state is in the address, Back works, and a service says the same on its page and in the dialog.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { expectNoComplaints, marketplace } from "./harness.mjs";
import { openFilters } from "./steps.mjs";

const site = marketplace();
const wide = { viewport: { width: 1350, height: 940 } };
const names = (page) => page.getByRole("main").getByRole("article").getByRole("heading", { level: 3 }).allInnerTexts();
const wire = async (query) => (await (await fetch(`${site.url}/marketplace/services?${query}`)).json());

describe("the list", () => {
  test("is searched from the bar", async (t) => {
    const page = await site.page(t, wide);
    await page.goto("/");
    const search = page.getByRole("search", { name: "Marketplace" }).getByRole("searchbox");
    await search.fill("code review");
    await search.press("Enter");
    await page.waitForURL(/\/marketplace\/\?search=code/);
    assert.ok((await names(page)).includes("Code Review Agent"));
    expectNoComplaints(page);
  });

  test("is filtered and sorted, and Back undoes one step at a time", async (t) => {
    const page = await site.page(t, wide);
    await page.goto("/marketplace/");
    const all = await names(page);
    assert.equal(all.length, 24);
    assert.match(await page.getByRole("status").first().innerText(), /\b4\d agents/);

    let filters = await openFilters(page);
    await filters.getByRole("checkbox", { name: /^Agents/ }).check();
    await page.waitForURL(/category=agents/);
    filters = await openFilters(page);
    await filters.getByRole("checkbox", { name: /^Claude/ }).check();
    await page.waitForURL(/family=claude/);
    assert.match(page.url(), /category=agents/);
    filters = await openFilters(page);
    await page.getByLabel("Sort by").selectOption("price");
    await page.waitForURL(/sort=price/);

    const expected = await wire("category=agents&family=claude&sort=price");
    assert.equal(expected.total, 2);
    const shown = () => page.waitForFunction((n) => document.querySelectorAll("main article h3").length === n, expected.total);
    await shown();
    assert.deepEqual(await names(page), expected.services.map((service) => service.name));

    // A copied address shows the same to somebody else.
    const other = await site.page(t, wide);
    await other.goto(page.url());
    assert.deepEqual(await names(other), await names(page));

    await page.goBack();
    await page.waitForURL((url) => !url.search.includes("sort=") && url.search.includes("family=claude"));
    await page.goBack();
    await page.waitForURL((url) => !url.search.includes("family=") && url.search.includes("category=agents"));
    await page.goBack();
    await page.waitForURL((url) => url.pathname === "/marketplace/" && !url.search.includes("category"));
    await page.waitForFunction(() => document.querySelectorAll("main article h3").length === 24);
    assert.deepEqual(await names(page), all);
    expectNoComplaints(page);
  });

  test("is ordered by price and by age as the API is", async (t) => {
    const page = await site.page(t, wide);
    for (const sort of ["newest", "price", "-price"]) {
      await page.goto(`/marketplace/?sort=${sort}`);
      const { services, total } = await wire(`sort=${sort}&page_size=24`);
      assert.equal(total, 44);
      assert.deepEqual(await names(page), services.map((service) => service.name), sort);
    }
    // What has no price per token is not the cheapest: it comes last in both directions.
    for (const [sort, order] of [["price", (a, b) => a - b], ["-price", (a, b) => b - a]]) {
      const prices = (await wire(`sort=${sort}&page_size=100`)).services.map((service) => service.pricePer1KTokens);
      const priced = prices.filter((price) => price > 0);
      assert.deepEqual(prices, [...priced.toSorted(order), ...Array(prices.length - priced.length).fill(0)], sort);
    }
  });

  test("has pages, and chips that remove one choice", async (t) => {
    const page = await site.page(t, wide);
    await page.goto("/marketplace/");
    const first = await names(page);
    await page.getByRole("navigation", { name: "Pages of results" }).getByRole("link", { name: "Next" }).click();
    await page.waitForURL(/page=2/);
    const second = await names(page);
    assert.deepEqual(first.filter((name) => second.includes(name)), []);

    await page.goto("/marketplace/?search=nordlys&family=llama");
    await page.getByRole("list", { name: "Applied filters" }).getByRole("link", { name: /Remove Llama/ }).click();
    await page.waitForURL((url) => url.searchParams.get("search") === "nordlys" && !url.searchParams.has("family"));
    expectNoComplaints(page);
  });

  test("says what to do when nothing matches, and ignores what it does not understand", async (t) => {
    const page = await site.page(t, wide);
    await page.goto("/marketplace/?search=zzzz&family=gpt");
    await page.getByRole("heading", { name: "No agents match “zzzz”" }).waitFor();
    await page.getByRole("main").getByRole("link", { name: /Remove “zzzz”/ }).first().click();
    await page.waitForURL((url) => !url.searchParams.has("search"));
    const answer = await page.goto("/marketplace/?sort=sideways&family=unknown&page=0&page_size=999999&nonsense=1");
    assert.equal(answer.status(), 200);
    assert.ok((await names(page)).length > 0);
  });
});

describe("the details", () => {
  test("are the same in the dialog and on the page, and Back closes the dialog", async (t) => {
    const page = await site.page(t, wide);
    await page.goto("/marketplace/?search=support");
    await page.getByRole("link", { name: "Details of Customer Support Agent" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("heading", { name: "Customer Support Agent" }).waitFor();
    await page.waitForURL(/service=/);
    const service = new URL(page.url()).searchParams.get("service");
    const text = async (within) => (await within.getByRole("article").first().innerText()).replace(/\s+/g, " ");
    const inDialog = await text(dialog);
    for (const part of ["Deskwerk", "$19.99 / month", "$49.99 / month", "Frankfurt", "GDPR", "128K", "extractive"]) {
      assert.ok(inDialog.includes(part), `${part} is missing from the dialog`);
    }
    await page.goBack();
    await dialog.waitFor({ state: "hidden" });
    assert.equal(new URL(page.url()).search, "?search=support");
    await page.getByRole("link", { name: "Details of Customer Support Agent" }).waitFor();

    await page.goto(`/marketplace-public-offering/${service}/`);
    assert.equal(await text(page.getByRole("main")), inDialog);

    // The dialog has an address of its own, which answers without script, too.
    const plain = await site.page(t, { ...wide, javaScriptEnabled: false });
    await plain.goto(`/marketplace/?search=support&service=${service}`);
    assert.equal(await text(plain.getByRole("dialog")), inDialog);
    await plain.getByRole("dialog").getByRole("link", { name: "Close" }).click();
    await plain.getByRole("dialog").waitFor({ state: "hidden" });
    expectNoComplaints(page);
  });

  test("open and close with the keyboard, and the focus comes back", async (t) => {
    const page = await site.page(t, wide);
    await page.goto("/marketplace/?search=support");
    const link = page.getByRole("link", { name: "Details of Customer Support Agent" });
    await link.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByRole("heading", { name: "Customer Support Agent" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.waitForFunction(() => document.activeElement?.textContent?.includes("Customer Support Agent"));
    expectNoComplaints(page);
  });

  test("estimate a month as the prices say", async (t) => {
    const page = await site.page(t, wide);
    await page.goto("/marketplace/?search=brook+mini");
    await page.getByRole("main").getByRole("link", { name: "Brook Mini (GPT family)", exact: true }).click();
    await page.getByRole("heading", { level: 1 }).waitFor();
    // 2,000 requests of 1,000 prompt and 500 answer tokens: 2M × $0.15 + 1M × $0.60.
    await page.getByLabel("Requests a month").fill("2000");
    await page.getByLabel("Prompt tokens each").fill("1000");
    await page.getByLabel("Answer tokens each").fill("500");
    await page.getByText("$0.90", { exact: true }).first().waitFor();
    expectNoComplaints(page);
  });
});

describe("what is not there", () => {
  const gone = "01890000-0000-7000-8000-000000000000";
  for (const [path, heading] of [
    ["/nowhere/", "Page not found"],
    [`/marketplace-public-offering/${gone}/`, "This agent is not available"],
    ["/marketplace-public-offering/not-an-id/", "This agent is not available"],
    [`/resource/${gone}/deploy/`, "This agent is not available"],
    [`/marketplace/?service=${gone}`, "This agent is not available"],
  ]) {
    test(`answers 404: ${path}`, async (t) => {
      const page = await site.page(t, wide);
      const answer = await page.goto(path);
      assert.equal(answer.status(), 404);
      await page.getByRole("heading", { name: heading }).waitFor();
    });
  }

  test("asks for signing in, and shows nobody the workspace of another", async (t) => {
    const owner = await site.page(t, wide);
    await site.register(owner, "Olga Owner");
    await owner.getByRole("link", { name: /Wallet/ }).click();
    await owner.getByRole("heading", { level: 1, name: "Wallet" }).waitFor();
    const wallet = new URL(owner.url()).pathname;

    const stranger = await site.page(t, wide);
    await stranger.goto(wallet);
    assert.match(stranger.url(), /\/login\/\?next=/);
    await site.register(stranger, "Sten Stranger");
    const answer = await stranger.goto(wallet);
    assert.equal(answer.status(), 404);
    assert.ok(!(await stranger.content()).includes("Olga"));
  });
});
