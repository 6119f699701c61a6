// A service in full: the same in the dialog and on its page, figures that are not claimed, and who sells it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { expectNoComplaints, marketplace } from "./harness.mjs";
import { everyLook } from "./looks.mjs";
import { servicePage } from "./steps.mjs";

const site = marketplace();
const wide = { viewport: { width: 1350, height: 940 } };
const sections = ["overview", "prices", "performance", "where", "availability", "reviews", "provider", "api", "similar"];

const texts = (page) =>
  page.evaluate((ids) => {
    const article = document.querySelector("[data-service]");
    const said = (element) => element.innerText.replace(/\s+/g, " ").trim();
    return Object.fromEntries([["header", said(article.querySelector("header"))], ["facts", said(article.querySelector("dl"))],
      ...ids.map((id) => [id, said(article.querySelector(`#${id}`))])]);
  }, sections);

describe("the details of a service", () => {
  test("every section is the same in the dialog and on the page, and nothing is claimed without samples", async (t) => {
    const page = await site.page(t, wide);
    await page.goto("/marketplace/?search=support");
    const opener = page.getByRole("link", { name: "Details of Customer Support Agent" });
    await opener.click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("heading", { name: "Customer Support Agent" }).waitFor();
    const inDialog = await texts(page);
    // From the list of sections to a section, and Back still closes the dialog.
    await dialog.getByRole("navigation", { name: "On this page" }).getByRole("link", { name: "Performance" }).click();
    await page.waitForFunction(() => document.getElementById("performance").getBoundingClientRect().top < 300);
    await page.goBack();
    await dialog.waitFor({ state: "hidden" });
    await page.waitForFunction(() => document.activeElement?.textContent.includes("Details"));

    await page.goto(await servicePage(site.url, "customer-support-agent"));
    const onPage = await texts(page);
    for (const name of Object.keys(onPage)) assert.equal(inDialog[name], onPage[name], name);
    assert.match(onPage.performance, /Not enough data yet \(\d+ of 100 samples\)/);
    assert.match(onPage.reviews, /No reviews yet/);
    assert.match(onPage.availability, /All hours are in Europe\/Berlin/);
    assert.match(onPage.availability, /Sunday.*03:00–04:00/);
    assert.match(onPage.facts, /Open now · closes|Closed now · opens|In maintenance/);
    expectNoComplaints(page);
  });

  test("prices switch between thousand and million without script", async (t) => {
    const page = await site.page(t, { ...wide, javaScriptEnabled: false });
    await page.goto(await servicePage(site.url, "kestrel-quick"));
    const prices = page.locator("#prices");
    await prices.getByText("$0.0008\u00a0/\u00a01K").first().waitFor();
    assert.equal(await prices.getByText("$0.80\u00a0/\u00a01M").first().isVisible(), false);
    await prices.getByText("per 1M tokens").click();
    await prices.getByText("$0.80\u00a0/\u00a01M").first().waitFor();
    assert.equal(await prices.getByText("$0.0008\u00a0/\u00a01K").first().isVisible(), false);
  });

  test("tells search engines what is there and nothing more", async (t) => {
    const page = await site.page(t);
    const path = await servicePage(site.url, "kestrel-quick");
    await page.goto(path);
    const data = JSON.parse(await page.locator("script[type='application/ld+json']").textContent());
    assert.equal(data["@type"], "Product");
    assert.ok(data.offers.every((offer) => offer["@type"] === "Offer" && /^\d+(\.\d+)?$/.test(offer.price)), "offers have a price");
    assert.equal(data.aggregateRating, undefined, "there is no rating before the first review");
    const meta = (name) => page.locator(`meta[property="${name}"],meta[name="${name}"]`).getAttribute("content");
    assert.match(await meta("og:image"), /\/og\/[0-9a-f-]{36}\.png$/);
    assert.equal((await fetch(await meta("og:image"))).headers.get("content-type"), "image/png");
    assert.equal(await page.locator("link[rel=canonical]").getAttribute("href"), site.url + path);
    assert.equal(await meta("twitter:card"), "summary_large_image");
  });

  test("fit and are accessible, on the page and in the dialog, tables open", async (t) => {
    const page = await site.page(t, wide);
    await page.goto(await servicePage(site.url, "customer-support-agent"));
    await page.evaluate(() => document.querySelectorAll("details").forEach((fold) => (fold.open = true)));
    const problems = await everyLook(page, "the details");
    await page.setViewportSize(wide.viewport);
    await page.goto("/marketplace/?search=support");
    await page.getByRole("link", { name: "Details of Customer Support Agent" }).click();
    await page.getByRole("dialog").getByRole("heading", { name: "Customer Support Agent" }).waitFor();
    assert.deepEqual([...problems, ...(await everyLook(page, "the dialog"))], []);
  });
});

describe("a provider", () => {
  test("has a profile by its name and by its id, with everything it sells", async (t) => {
    const page = await site.page(t, wide);
    await page.goto(await servicePage(site.url, "customer-support-agent"));
    await page.locator("#provider").getByRole("link", { name: /^See Deskwerk and its/ }).click();
    await page.getByRole("heading", { level: 1, name: /Deskwerk/ }).waitFor();
    const { services } = await (await fetch(`${site.url}/marketplace/services?provider=deskwerk&page_size=100`)).json();
    const names = await page.getByRole("article").getByRole("heading").allInnerTexts();
    assert.deepEqual(names.toSorted(), services.map((service) => service.name).toSorted());
    assert.deepEqual(await everyLook(page, "the provider"), []);
    const byId = await page.goto(`/marketplace/providers/${services[0].providerId}/`);
    assert.equal(byId.status(), 200);
    const missing = await page.goto("/marketplace/providers/nobody-at-all/");
    assert.equal(missing.status(), 404);
    await page.getByRole("heading", { name: "This provider is not here" }).waitFor();
  });
});

describe("the style page", () => {
  test("shows every part, fits and is accessible", async (t) => {
    const page = await site.page(t, wide);
    const answer = await page.goto("/docs/components/");
    if (answer.status() === 404) return t.skip("a release has no style page");
    assert.equal(await page.getByText("Too little").count(), 0, "a pair of tokens has too little contrast");
    assert.deepEqual(await everyLook(page, "the style page"), []);
    expectNoComplaints(page);
  });
});
