// A month's money: used, looked at, invoiced, paid or taken back, and counted in the reports. Every amount is worked out
// here: calls at ten cents, and nothing else, because the subscription did not exist in the months that are billed.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { expectNoComplaints, marketplace, micros } from "./harness.mjs";
import { everyLook } from "./looks.mjs";
import { eventually, figure, rows, signIn } from "./steps.mjs";
import { offeringByHand } from "./trade.mjs";

const site = marketplace();
const NAMES = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/** The month so many months ago. */
function ago(months) {
  const now = new Date();
  const day = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 15));
  const text = day.toISOString().slice(0, 10);
  return { day: text, month: text.slice(0, 7), title: `${NAMES[day.getUTCMonth()]} ${day.getUTCFullYear()}` };
}

/** A subscription of the sample buyer's, of which calls were told in two months. */
async function used(calls) {
  const shop = await offeringByHand(site.url, `Billed ${calls.join(" ")}`);
  const { uuid } = await shop.order("Billed");
  await shop.operator.post(`/api/marketplace-orders/${uuid}/approve/`);
  let order;
  const deadline = Date.now() + 15_000;
  do order = await shop.operator.get(`/api/marketplace-orders/${uuid}/`);
  while (order.state !== "done" && Date.now() < deadline);
  assert.equal(order.state, "done");
  for (const [place, usage] of calls.entries()) {
    await shop.operator.post("/api/marketplace-component-usages/", {
      resource: `/api/marketplace-resources/${order.marketplace_resource_uuid}/`,
      component: `/api/marketplace-plan-components/${shop.component.uuid}/`,
      usage,
      date: ago(place + 1).day,
    });
  }
  return shop;
}

const money = (text) => micros(text.replace("$", ""));

/** The one row of a month in the last table of a page. */
async function rowOf(page, month) {
  const found = (await rows(page)).filter((row) => Object.values(row).includes(month.title));
  assert.equal(found.length, 1, JSON.stringify(found));
  return found[0];
}

describe("billing", () => {
  test("a month is looked at, invoiced and paid; another is taken back; the reports count both", async (t) => {
    const shop = await used([1_500, 400]);
    const [last, before] = [ago(1), ago(2)];
    const buyer = await site.page(t, { viewport: { width: 1350, height: 940 } });
    await signIn(buyer, "buyer@example.com", "/");
    const operator = await site.page(t, { viewport: { width: 1350, height: 940 } });
    await signIn(operator, "operator@example.com", "/admin/invoices/");

    // The months that run are not made, and say so.
    await operator.goto(`/admin/invoices/?make=${ago(0).month}`);
    await operator.getByRole("alert").getByRole("link", { name: /^The month has not ended/ }).waitFor();
    for (const [month, due] of [[last, 150_000_000n], [before, 40_000_000n]]) {
      await operator.goto("/admin/invoices/");
      await operator.locator("summary", { hasText: "Make the invoices" }).click();
      await operator.getByLabel("Month that has ended").fill(month.month);
      await operator.getByRole("button", { name: "Look at them first" }).click();
      const table = operator.getByRole("table", { name: new RegExp(`^1 invoice for ${month.title}`) });
      assert.equal(money(await table.getByRole("row").nth(1).getByRole("cell").last().innerText()), due);
      if (month === last) {
        assert.deepEqual(await everyLook(operator, "invoices before they are made"), []);
        await operator.setViewportSize({ width: 1350, height: 940 });
      }
      await operator.getByRole("button", { name: "Make 1 invoice" }).click();
      await operator.getByText(`1 invoice for ${month.title} made.`).waitFor();
      const row = await rowOf(operator, month);
      assert.deepEqual([money(row.Total), row.State], [due, "Unpaid"]);
      // A second time there is nothing to make.
      await operator.goto(`/admin/invoices/?make=${month.month}`);
      await operator.getByText(`There is nothing to make for ${month.title}`).waitFor();
    }

    // The buyer reads it, as a page and as a file, and nobody else does.
    const billing = `/organizations/${shop.customer.uuid}/billing/`;
    await buyer.goto(billing);
    assert.equal(money(await figure(buyer, "Unpaid")), 190_000_000n);
    assert.deepEqual(await everyLook(buyer, "billing"), []);
    await buyer.setViewportSize({ width: 1350, height: 940 });
    const number = (await rowOf(buyer, last)).Number;
    const invoice = await buyer.getByRole("link", { name: number, exact: true }).getAttribute("href");
    await buyer.goto(invoice);
    await buyer.getByRole("heading", { level: 1, name: number }).waitFor();
    const [quantity, price, net] = await buyer.getByRole("table", { name: "Lines" }).getByRole("cell").allInnerTexts();
    assert.deepEqual([quantity, money(price), money(net)], ["1,500 calls", 100_000n, 150_000_000n]);
    assert.equal(await buyer.getByRole("button", { name: /as paid/ }).count(), 0, "a buyer does not settle invoices");
    assert.deepEqual(await everyLook(buyer, "an invoice"), []);
    const file = await buyer.getByRole("link", { name: "Open PDF" }).getAttribute("href");
    const paper = await buyer.request.get(file);
    assert.deepEqual([paper.status(), paper.headers()["content-type"]], [200, "application/pdf"]);
    assert.equal((await paper.body()).subarray(0, 5).toString(), "%PDF-");
    const other = await site.page(t);
    await site.register(other, "Otto Other");
    assert.equal((await other.request.get(file)).status(), 404);
    assert.equal((await other.goto(invoice)).status(), 404);
    for (const path of ["/admin/invoices/", "/admin/reports/", "/admin/reports/revenue.csv"]) {
      assert.equal((await other.request.get(path)).status(), 403, path);
    }

    // Paid on a day that has come, with a reference.
    const open = async (month) => {
      await operator.goto(`/admin/invoices/?month=${month.month}`);
      await operator.getByRole("table").last().getByRole("link", { name: /^Invoice \d+$/ }).click();
      await operator.getByRole("heading", { level: 1, name: /^Invoice/ }).waitFor();
    };
    await open(last);
    assert.deepEqual(await everyLook(operator, "an invoice to settle"), []);
    await operator.setViewportSize({ width: 1350, height: 940 });
    await operator.getByLabel(/^Reference/).fill("SEPA 4711");
    await operator.getByRole("button", { name: "Mark $150.00 as paid" }).click();
    await operator.getByText(`${number} is marked as paid.`).waitFor();
    await buyer.goto(invoice);
    await buyer.getByText("SEPA 4711").waitFor();

    // Taken back only with a reason, by a credit note that brings the sum to zero.
    await open(before);
    await operator.locator("summary", { hasText: "Cancel with a credit note" }).click();
    await operator.getByRole("button", { name: "Cancel invoice" }).click();
    await operator.getByRole("alert").getByRole("link", { name: "Enter why the invoice is taken back" }).waitFor();
    await operator.getByLabel("Reason").fill("Wrong address");
    await operator.getByRole("button", { name: "Cancel invoice" }).click();
    await operator.getByText(/^The invoice is canceled by credit note \d+\.$/).waitFor();
    await operator.getByRole("link", { name: "credit note", exact: true }).click();
    await operator.getByRole("heading", { level: 1, name: /^Credit note/ }).waitFor();
    assert.equal(money(await figure(operator, "Total")), -40_000_000n);
    assert.deepEqual(await everyLook(operator, "a credit note"), []);
    await operator.setViewportSize({ width: 1350, height: 940 });
    await buyer.goto(billing);
    assert.equal(money(await figure(buyer, "Unpaid")), 0n);

    // The reports count what stands, on the page as in the file.
    await operator.goto("/admin/reports/");
    assert.equal(money(await figure(operator, "Revenue")), 150_000_000n);
    assert.deepEqual(await everyLook(operator, "the figures"), []);
    await operator.setViewportSize({ width: 1350, height: 940 });
    await operator.getByRole("navigation", { name: "Reports" }).getByRole("link", { name: "Revenue" }).click();
    const heads = await operator.getByRole("columnheader").allInnerTexts();
    const cells = async (month) => operator.getByRole("row", { name: new RegExp(`^${month.title}`) }).getByRole("cell").allInnerTexts();
    const [now, then] = [await cells(last), await cells(before)];
    assert.deepEqual([now[0], money(now[1]), money(now[4])], ["1", 150_000_000n, 150_000_000n]);
    assert.deepEqual([then[0], money(then[1])], ["0", 0n]);
    const csv = await (await operator.request.get(await operator.getByRole("link", { name: "Download CSV" }).getAttribute("href"))).text();
    const [head, ...lines] = csv.trim().split("\r\n").map((text) => text.split(","));
    assert.deepEqual(head, heads);
    assert.deepEqual(lines.find(([month]) => month === last.title).slice(0, 4), [last.title, "1", "150", "0"]);
    for (const report of ["revenue", "services", "usage", "orders"]) {
      await operator.goto(`/admin/reports/?report=${report}`);
      assert.deepEqual(await everyLook(operator, `the report ${report}`), []);
    }
    await operator.goto("/admin/reports/?report=orders&from=2026-02-01&to=2026-01-01");
    await operator.getByRole("alert").getByRole("link", { name: "The end is before the start" }).waitFor();
    operator.complaints = operator.complaints.filter((line) => !/status of 422/.test(line));
    expectNoComplaints(operator);
    expectNoComplaints(buyer);
  });

  test("works without script, and for nobody who may not", async (t) => {
    const page = await site.page(t, { javaScriptEnabled: false });
    await site.register(page, "Bea Billing");
    await page.locator("details.menu > summary").first().click();
    await page.getByRole("banner").getByRole("link", { name: "Billing", exact: true }).click();
    await page.getByRole("heading", { name: "No invoices yet" }).waitFor();
    assert.equal(micros(await figure(page, "In the wallet")), 100_000_000n);
    assert.equal(await page.getByRole("banner").getByRole("link", { name: "Invoices" }).count(), 0, "the operator's pages are not in a buyer's menu");
    await eventually(page, "/admin/reports/", () => page.getByRole("heading", { name: "You cannot open this page" }).waitFor({ timeout: 500 }));
  });
});
