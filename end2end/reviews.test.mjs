// What customers say: only those who use it, as plain text, and seen at once.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { call, expectNoComplaints, marketplace } from "./harness.mjs";
import { everyLook } from "./looks.mjs";
import { eventually, servicePage, signIn, startUsing } from "./steps.mjs";

const site = marketplace();
const name = "Brook Mini (GPT family)", slug = "brook-mini";
const hostile = [
  "<script>window.hurt = 1</script>",
  "<img src=x onerror='window.hurt = 1'>",
  "</textarea></article><svg onload=window.hurt=1>",
  "[link](javascript:window.hurt=1) https://spam.example/",
  "{{constructor.constructor('window.hurt=1')()}}",
  "\u202Eright to left",
].join("\n\n");

/** Makes calls that count, until the market says how many there were. */
async function use(key, calls) {
  for (let n = 0; n < calls; n++) await call(site.url, key, slug, `Call ${n}`);
}

const card = async (page) => {
  await page.goto("/marketplace/?search=brook+mini");
  return page.getByRole("article").filter({ has: page.getByRole("link", { name, exact: true }) }).innerText();
};

describe("reviews", () => {
  test("are by customers with ten requests, are text, and change the average at once", async (t) => {
    const page = await site.page(t, { viewport: { width: 1350, height: 940 } });
    const service = await servicePage(site.url, slug);
    await site.register(page, "Rita Reviewer");
    const { key } = await startUsing(page, name);

    await use(key, 9);
    await eventually(page, service, () => page.locator("#reviews").getByText("You can review after 10 requests (you have made 9)").waitFor({ timeout: 500 }));
    await page.goto(`${service}review/`);
    await page.getByText("You can review after 10 requests (you have made 9)").waitFor();
    assert.equal(await page.getByRole("button", { name: "Publish review" }).count(), 0);
    // Nor by posting what the page does not offer.
    const forced = await page.request.post(`${service}review/`, { form: { stars: "5", text: "x" }, headers: { origin: site.url }, maxRedirects: 0 });
    assert.equal(forced.status(), 409);

    await use(key, 1);
    await eventually(page, service, () => page.locator("#reviews").getByRole("link", { name: "Write a review" }).click({ timeout: 500 }));
    await page.getByLabel("Review (optional)").fill(hostile);
    await page.getByRole("button", { name: "Publish review" }).click();
    // The stars are missing: said, and what was typed is still there.
    await page.getByRole("alert").getByRole("link", { name: "Choose from 1 to 5 stars" }).waitFor();
    assert.equal(await page.getByLabel("Review (optional)").inputValue(), hostile);
    assert.deepEqual(await everyLook(page, "the review form with a mistake"), []);
    await page.setViewportSize({ width: 1350, height: 940 });
    // By keyboard: the radios are one stop, and the arrows choose.
    await page.getByRole("radio", { name: /^5/ }).focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    assert.ok(await page.getByRole("radio", { name: /^4/ }).isChecked());
    await page.getByRole("button", { name: "Publish review" }).click();
    await page.getByText("Your review is published.").waitFor();

    const review = page.locator("#reviews").getByRole("article");
    const text = (await review.innerText()).replace(/\s+/g, " ");
    for (const part of hostile.split("\n\n").slice(0, 5)) assert.ok(text.includes(part.replace(/\s+/g, " ")), `${part} is not there as text: ${text}`);
    assert.match(text, /Verified use/);
    assert.equal(await review.locator("a[href*='spam'], a[href^='javascript'], img, script, svg[onload]").count(), 0);
    assert.equal(await page.evaluate(() => window.hurt), undefined);
    assert.match(await page.locator("[data-service] header").innerText(), /4\.0.*1 review/s);
    assert.match(await card(page), /4\.0/);

    await page.goto(service);
    const data = JSON.parse(await page.locator("script[type='application/ld+json']").textContent());
    assert.deepEqual([data.aggregateRating.ratingValue, data.aggregateRating.reviewCount], ["4.0", 1]);

    // The bars filter.
    await page.getByRole("list", { name: "Reviews by stars" }).getByRole("link", { name: /^5 stars/ }).click();
    await page.waitForURL(/stars=5/);
    await page.getByText("There is no such review.").waitFor();
    await page.getByRole("link", { name: "Show all reviews" }).click();
    await page.locator("#reviews").getByRole("article").waitFor();
    assert.deepEqual(await everyLook(page, "the reviews"), []);
    await page.setViewportSize({ width: 1350, height: 940 });

    // Edited, then removed.
    await page.locator("#reviews").getByRole("link", { name: "Edit your review" }).click();
    await page.getByRole("radio", { name: /^2/ }).check();
    await page.getByRole("button", { name: "Save review" }).click();
    await page.getByText("Your review is published.").waitFor();
    assert.match(await card(page), /2\.0/);
    await page.goto(`${service}review/`);
    await page.locator("summary", { hasText: "Remove review" }).click();
    await page.getByRole("button", { name: "Remove review" }).click();
    await page.getByText("Your review is removed.").waitFor();
    await page.locator("#reviews").getByText("No reviews yet").first().waitFor();
    page.complaints = page.complaints.filter((line) => !/status of 422/.test(line));
    expectNoComplaints(page);
  });

  test("are reported by readers and hidden by the operator, who alone sees the queue", async (t) => {
    const writer = await site.page(t);
    const service = await servicePage(site.url, slug);
    await site.register(writer, "Wim Writer");
    const { key } = await startUsing(writer, name);
    await use(key, 10);
    await eventually(writer, `${service}review/`, () => writer.getByRole("radio", { name: /^1/ }).check({ timeout: 500 }));
    await writer.getByLabel("Review (optional)").fill("Buy my pills");
    await writer.getByRole("button", { name: "Publish review" }).click();
    await writer.getByText("Your review is published.").waitFor();

    const reader = await site.page(t);
    await site.register(reader, "Rae Reader");
    await reader.goto(service);
    await reader.locator("summary", { hasText: "Report review" }).click();
    await reader.getByRole("radio", { name: "Advertising or spam" }).check();
    await reader.getByRole("button", { name: "Report review" }).click();
    await reader.getByText("The operator looks at the review.").waitFor();
    const refused = await reader.goto("/admin/reviews/");
    assert.equal(refused.status(), 403);
    await reader.getByRole("heading", { name: "You cannot open this page" }).waitFor();

    const operator = await site.page(t);
    await signIn(operator, "operator@example.com", "/admin/reviews/");
    await operator.getByText("1 × Advertising or spam").waitFor();
    assert.deepEqual(await everyLook(operator, "the queue of reviews"), []);
    await operator.getByRole("textbox", { name: /^Reason/ }).fill("Advertising");
    await operator.getByRole("button", { name: "Hide review" }).click();
    await operator.getByText("The review is hidden.").waitFor();
    await reader.goto(service);
    assert.equal(await reader.getByText("Buy my pills").count(), 0);
  });

  test("are answered by the provider's people and by nobody else", async (t) => {
    const writer = await site.page(t);
    const service = await servicePage(site.url, "customer-support-agent");
    await site.register(writer, "Ron Replied");
    const { key } = await startUsing(writer, "Customer Support Agent");
    for (let n = 0; n < 10; n++) await call(site.url, key, "customer-support-agent", `Call ${n}`);
    await eventually(writer, `${service}review/`, () => writer.getByRole("radio", { name: /^3/ }).check({ timeout: 500 }));
    await writer.getByLabel("Review (optional)").fill("Does what it says");
    await writer.getByRole("button", { name: "Publish review" }).click();
    await writer.getByText("Your review is published.").waitFor();
    assert.equal(await writer.locator("summary", { hasText: "Reply" }).count(), 0, "a customer cannot reply");

    const seller = await site.page(t);
    await signIn(seller, "seller@example.com", service);
    await seller.locator("#reviews").getByText("You sell this agent").waitFor();
    await seller.locator("summary", { hasText: "Reply" }).click();
    await seller.getByLabel("Reply, shown under the review").fill("<i>Thank you</i>, Ron.");
    await seller.getByRole("button", { name: "Publish reply" }).click();
    await seller.getByText("Your reply is published.").waitFor();

    await writer.goto(service);
    const said = await writer.locator("#reviews").getByRole("article").innerText();
    assert.match(said, /Reply of Deskwerk/);
    assert.match(said, /<i>Thank you<\/i>, Ron\./);
    await seller.goto(`${service}review/`);
    await seller.getByText("You sell this agent.").waitFor();
    assert.equal(await seller.getByRole("button", { name: "Publish review" }).count(), 0);
  });
});
