// From an order to its end: placed by the buyer, approved or rejected by who may, followed by everybody concerned.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { expectNoComplaints, marketplace } from "./harness.mjs";
import { everyLook } from "./looks.mjs";
import { eventually, rows, signIn, startUsing } from "./steps.mjs";
import { offeringByHand, orderPage } from "./trade.mjs";

const site = marketplace();

const openMenu = async (page, name) => {
  await page.getByRole("banner").locator("details.menu > summary").click();
  await page.getByRole("banner").getByRole("link", { name, exact: true }).click();
};

describe("orders", () => {
  for (const javaScriptEnabled of [true, false]) {
    test(`what is started is an order that leads to its agent, ${javaScriptEnabled ? "with" : "without"} script`, async (t) => {
      const page = await site.page(t, { javaScriptEnabled });
      await site.register(page, "Olga Orders");
      await page.goto("/");
      await openMenu(page, "Orders");
      await page.getByRole("heading", { name: "No orders yet" }).waitFor();
      if (javaScriptEnabled) assert.deepEqual(await everyLook(page, "no orders"), []);
      const created = await startUsing(page, "Brook Mini (GPT family)");
      await page.getByRole("link", { name: "See the order and its price" }).click();
      const [row] = await rows(page);
      assert.match(row.Order, /Brook Mini/);
      assert.equal(row.State, "Done");
      if (javaScriptEnabled) assert.deepEqual(await everyLook(page, "the orders"), []);
      await page.getByRole("table").getByRole("link", { name: /Brook Mini/ }).click();
      await page.getByRole("heading", { level: 1, name: /^New subscription: Brook Mini/ }).waitFor();
      await page.getByText("by Olga Orders").waitFor();
      assert.equal(await page.getByRole("main").getByRole("button").count(), 0, "nothing is left to do with a finished order");
      await page.getByRole("main").locator("dl").getByRole("link", { name: /Brook Mini/ }).last().click();
      await page.waitForURL((url) => url.pathname === created.agent);
      expectNoComplaints(page);
    });

    test(`some are approved and some rejected with a reason, ${javaScriptEnabled ? "with" : "without"} script`, async (t) => {
      const name = `By hand ${javaScriptEnabled}`;
      const shop = await offeringByHand(site.url, name);
      const [first, second, third, gone] = [await shop.order("First"), await shop.order("Second"), await shop.order("Third"), await shop.order("Gone")];

      const buyer = await site.page(t, { javaScriptEnabled });
      await signIn(buyer, "buyer@example.com", orderPage(first));
      await buyer.getByText(/^Waiting for /).waitFor();
      assert.equal(await buyer.getByRole("button", { name: "Approve order" }).count(), 0, "a buyer cannot approve for the provider");
      assert.equal((await buyer.goto("/admin/orders/")).status(), 403);
      // Nor is it anybody else's.
      const other = await site.page(t);
      await site.register(other, "Otto Other");
      assert.equal((await other.goto(orderPage(first))).status(), 404);

      const operator = await site.page(t, { javaScriptEnabled, viewport: { width: 1350, height: 940 } });
      await signIn(operator, "operator@example.com", "/");
      await openMenu(operator, "All orders");
      await operator.getByRole("navigation", { name: "Orders by state" }).getByRole("link", { name: /^Pending approval/ }).click();
      await operator.getByRole("searchbox", { name: "Organization" }).fill("Sample buyer");
      await operator.getByRole("searchbox", { name: /^Service/ }).fill(name);
      await operator.getByRole("button", { name: "Filter" }).click();
      await operator.waitForURL(/customer=Sample/);
      assert.equal((await rows(operator)).length, 4);
      if (javaScriptEnabled) {
        assert.deepEqual(await everyLook(operator, "the operator's orders"), []);
        await operator.setViewportSize({ width: 1350, height: 940 });
      }
      // What is chosen meanwhile canceled is told by name, and the others are done.
      const box = (order) => operator.getByRole("checkbox", { name: new RegExp(order.slug) });
      const list = operator.url();
      await box(first).check();
      await box(gone).check();
      await shop.buyer.post(`/api/marketplace-orders/${gone.uuid}/cancel/`);
      await operator.getByRole("button", { name: "Approve orders" }).click();
      await operator.getByText(`1 order approved. Not done: ${gone.slug}`).waitFor();
      await operator.goto(list);
      await box(second).check();
      await operator.locator("#decide summary").click();
      await operator.getByRole("button", { name: "Reject orders" }).click();
      await operator.getByRole("alert").getByRole("link", { name: "Enter why the orders are rejected" }).waitFor();
      if (javaScriptEnabled) {
        assert.deepEqual(await everyLook(operator, "rejecting without a reason"), []);
        await operator.setViewportSize({ width: 1350, height: 940 });
      }
      await box(second).check();
      await operator.getByLabel(/^Reason/).fill("No <b>capacity</b>.");
      await operator.getByRole("button", { name: "Reject orders" }).click();
      await operator.getByText("1 order rejected.").waitFor();

      // The last one on its own page.
      await operator.goto(orderPage(third));
      await operator.locator("summary", { hasText: "Reject" }).click();
      await operator.getByRole("button", { name: "Reject order" }).click();
      await operator.getByRole("alert").getByRole("link", { name: "Enter why the order is rejected" }).waitFor();
      await operator.getByRole("button", { name: "Approve order" }).click();
      await operator.getByText("The order is approved.").waitFor();

      await eventually(buyer, orderPage(first), () => buyer.getByRole("heading", { level: 1 }).locator("xpath=..").getByText("Done").waitFor({ timeout: 500 }));
      await buyer.goto(orderPage(second));
      await buyer.getByText("No <b>capacity</b>.").waitFor();
      await buyer.getByText("Rejected by the provider").first().waitFor();
      if (javaScriptEnabled) assert.deepEqual(await everyLook(buyer, "a rejected order"), []);
      operator.complaints = operator.complaints.filter((line) => !/status of 422/.test(line));
      buyer.complaints = buyer.complaints.filter((line) => !/status of 403/.test(line));
      expectNoComplaints(operator);
      expectNoComplaints(buyer);
    });
  }

  test("a provider finds what waits for it, and says so where nothing does", async (t) => {
    const shop = await offeringByHand(site.url, "To be found");
    const order = await shop.order("Found");
    const page = await site.page(t);
    await signIn(page, "seller@example.com", `/organizations/${shop.provider.uuid}/orders/`);
    const sides = page.getByRole("navigation", { name: "Whose orders" });
    await sides.getByRole("link", { name: "What was ordered from us" }).click();
    await page.getByRole("link", { name: new RegExp(order.slug) }).waitFor();
    assert.deepEqual(await everyLook(page, "what was ordered from a provider"), []);
    await page.setViewportSize({ width: 1350, height: 940 });
    await page.getByRole("link", { name: new RegExp(order.slug) }).click();
    assert.deepEqual(await everyLook(page, "an order to approve"), []);
    await page.getByRole("button", { name: "Approve order" }).click();
    await page.getByText("The order is approved.").waitFor();
    await page.getByRole("navigation", { name: "Breadcrumb" }).getByRole("link", { name: "Orders" }).click();
    await sides.locator("[aria-current]", { hasText: "ordered from us" }).waitFor();
    await sides.getByRole("link", { name: "What we ordered" }).click();
    await page.getByRole("heading", { name: "No orders yet" }).waitFor();
    expectNoComplaints(page);
  });

  test("who has ordered can cancel, once", async (t) => {
    const shop = await offeringByHand(site.url, "To be canceled");
    const order = await shop.order("Never mind");
    const page = await site.page(t);
    await signIn(page, "buyer@example.com", orderPage(order));
    await page.locator("summary", { hasText: "Cancel order" }).click();
    assert.deepEqual(await everyLook(page, "the question before canceling"), []);
    const stale = await page.context().newPage();
    await stale.goto(orderPage(order));
    await page.getByRole("button", { name: "Cancel order" }).click();
    await page.getByText("The order is canceled.").waitFor();
    await page.getByText("by Sample buyer").first().waitFor();
    await stale.locator("summary", { hasText: "Cancel order" }).click();
    await stale.getByRole("button", { name: "Cancel order" }).click();
    await stale.getByText("The order has moved on meanwhile.").waitFor();
  });
});
