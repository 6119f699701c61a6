// Side by side: chosen on cards or rows, remembered from page to page, and what the table says is what the services say.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { expectNoComplaints, marketplace } from "./harness.mjs";
import { settled } from "./steps.mjs";

const site = marketplace();
const wide = { viewport: { width: 1350, height: 940 } };
const json = async (path) => (await fetch(site.url + path)).json();
const box = (page, name) => page.getByRole("checkbox", { name: `Compare ${name}` });
const heads = (page) => page.getByRole("columnheader").getByRole("link", { name: /^(?!Start|Details|Remove)/ }).allInnerTexts();

/** The cells of a row by its heading. */
const row = async (page, title) => {
  const found = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: title, exact: true }) });
  return (await found.getByRole("cell").allInnerTexts()).map((text) => text.replace(/\s+/g, " ").trim());
};

describe("choosing", () => {
  test("from cards, on two pages of results", async (t) => {
    const page = await site.page(t, wide);
    await page.goto("/marketplace/?search=brook+mini");
    await box(page, "Brook Mini (GPT family)").check();
    const bar = page.getByRole("form", { name: "Compare agents" });
    await bar.getByText("Choose at least 1 more.").waitFor();
    await page.goto("/marketplace/?search=kestrel+quick");
    await box(page, "Kestrel Quick (Claude family)").check();
    await bar.getByRole("button", { name: "Compare 2 agents" }).click();
    await page.getByRole("heading", { level: 1, name: "Compare agents" }).waitFor();
    assert.deepEqual((await heads(page)).sort(), ["Brook Mini (GPT family)", "Kestrel Quick (Claude family)"]);
    // Chosen is chosen until it is taken back.
    await page.goto("/marketplace/?search=brook+mini");
    assert.equal(await box(page, "Brook Mini (GPT family)").isChecked(), true);
    await bar.getByRole("button", { name: "Remove Brook Mini (GPT family)" }).click();
    assert.equal(await box(page, "Brook Mini (GPT family)").isChecked(), false);
    expectNoComplaints(page);
  });

  test("from the table, no more than four, and it outlives a filter", async (t) => {
    const page = await site.page(t, wide);
    await page.goto("/marketplace/?view=table");
    const boxes = page.getByRole("checkbox", { name: /^Compare / });
    for (let n = 0; n < 4; n++) await boxes.nth(n).check();
    await boxes.nth(4).click();
    assert.equal(await boxes.nth(4).isChecked(), false);
    await page.getByText("You can compare up to 4 agents.").first().waitFor();
    const first = (await boxes.nth(0).getAttribute("data-name")) ?? "";
    await settled(page, () => page.getByRole("checkbox", { name: /^Claude/ }).check());
    await page.getByRole("button", { name: "Compare 4 agents" }).click();
    await page.getByRole("heading", { level: 1 }).waitFor();
    assert.equal((await heads(page)).length, 4);
    assert.ok((await heads(page)).includes(first));
    expectNoComplaints(page);
  });

  test("without script", async (t) => {
    const page = await site.page(t, { ...wide, javaScriptEnabled: false });
    await page.goto("/marketplace/?search=kestrel");
    await box(page, "Kestrel Quick (Claude family)").check();
    await page.getByRole("button", { name: "Compare agents" }).click();
    await page.getByRole("heading", { name: "Choose another agent" }).waitFor();
    await page.goto("/marketplace/?search=kestrel");
    await box(page, "Kestrel Quick (Claude family)").check();
    await box(page, "Kestrel Reason (Claude family)").check();
    await page.getByRole("button", { name: "Compare agents" }).click();
    assert.equal((await heads(page)).length, 2);
  });
});

describe("the comparison", () => {
  test("says what the services say, and marks the best in words", async (t) => {
    const page = await site.page(t, wide);
    const slugs = ["brook-mini", "kestrel-quick", "customer-support-agent"];
    const services = await Promise.all(slugs.map(async (slug) => (await json(`/v1/services/${slug}`)).service));
    await page.goto(`/marketplace/compare/?${slugs.map((slug) => `ids=${slug}`).join("&")}`);
    assert.deepEqual(await heads(page), services.map((s) => s.name));
    const prompt = services.map((s) => s.promptPricePer1KTokens);
    const shown = await row(page, "Prompt / 1K tokens");
    for (const [n, text] of shown.entries()) {
      assert.equal(Number(text.match(/^\$([\d.]+)/)[1]), prompt[n]);
      assert.equal(text.includes("Lowest"), prompt[n] === Math.min(...prompt), text);
    }
    const windows = services.map((s) => s.contextWindow);
    for (const [n, text] of (await row(page, "Context window")).entries()) {
      assert.equal(text.includes("Longest"), windows[n] === Math.max(...windows), text);
    }
    assert.deepEqual(await row(page, "Vision"), services.map((s) => (s.features.vision ? "Yes" : "No")));
    assert.deepEqual(await row(page, "Provider"), services.map((s) => s.providerName));

    // Only what differs, and back.
    const all = await page.getByRole("rowheader").count();
    await page.getByRole("link", { name: "Show differences only" }).click();
    await page.waitForURL(/diff=1/);
    const left = await page.getByRole("rowheader").count();
    assert.ok(left < all);
    assert.deepEqual(await row(page, "Requests at a time"), []);
    await page.getByRole("link", { name: "Show all rows" }).click();
    await page.waitForURL((url) => !url.search.includes("diff"));
    assert.equal(await page.getByRole("rowheader").count(), all);

    await page.getByRole("link", { name: "Remove Kestrel Quick (Claude family)" }).click();
    await page.waitForURL((url) => url.searchParams.getAll("ids").length === 2);
    await page.getByRole("link", { name: "Start using Brook Mini (GPT family)" }).click();
    await page.getByRole("heading", { name: "Start using Brook Mini (GPT family)" }).waitFor();
    expectNoComplaints(page);
  });

  test("of the plans of one service", async (t) => {
    const page = await site.page(t, wide);
    const { service } = await json("/v1/services/customer-support-agent");
    await page.goto(`/marketplace/compare/?offering=${service.id}`);
    assert.deepEqual(await heads(page), service.plans.map((plan) => plan.name));
    const fees = await row(page, "Monthly fee, from");
    assert.deepEqual(fees.map((text) => Number(text.match(/\$([\d.]+)/)[1])), service.plans.map((plan) => plan.monthly_fee));
    expectNoComplaints(page);
  });

  for (const [path, heading, notice] of [
    ["/marketplace/compare/", "Choose agents to compare", null],
    ["/marketplace/compare/?ids=brook-mini", "Choose another agent", null],
    ["/marketplace/compare/?ids=brook-mini,brook-mini,nonsense", "Choose another agent", /One agent is not available/],
    ["/marketplace/compare/?ids=brook-mini,brook-nano,brook-large,kestrel-quick,kestrel-reason", "Compare agents", /up to 4 agents/],
    [`/marketplace/compare/?ids=${"x,".repeat(3000)}`, "Choose agents to compare", /not available/],
  ]) {
    test(`answers ${path.slice(0, 60)}`, async (t) => {
      const page = await site.page(t, wide);
      const answer = await page.goto(path);
      assert.equal(answer.status(), 200);
      await page.getByRole("heading", { name: heading, exact: true }).waitFor();
      if (notice) assert.match(await page.locator(".callout").innerText(), notice);
      expectNoComplaints(page);
    });
  }

  test("scrolls in its own region on a narrow screen, reached by the keyboard", async (t) => {
    const page = await site.page(t, { viewport: { width: 320, height: 700 } });
    await page.goto("/marketplace/compare/?ids=brook-mini,kestrel-quick,brook-nano");
    const region = page.getByRole("region", { name: "Comparison" });
    await region.focus();
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction(() => document.querySelector(".compare-scroll").scrollLeft > 0);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
  });
});
