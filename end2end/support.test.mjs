// From a problem to its answer: reported on a page, seen and settled by the operator, read by who reported it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { expectNoComplaints, fillRegister, marketplace, newAccount } from "./harness.mjs";
import { everyLook } from "./looks.mjs";
import { figure, servicePage, signIn } from "./steps.mjs";

const site = marketplace();

describe("support", () => {
  for (const javaScriptEnabled of [true, false]) {
    test(`an issue becomes a ticket that is answered, ${javaScriptEnabled ? "with" : "without"} script`, async (t) => {
      const page = await site.page(t, { javaScriptEnabled });
      const service = await servicePage(site.url, "brook-mini");
      // Nobody is signed in: the account comes first, and leads back.
      await page.goto(service);
      await page.getByRole("link", { name: "Report issue" }).first().click();
      await page.waitForURL(/\/login\/\?next=/);
      await page.getByRole("main").getByRole("link", { name: "Create an account" }).click();
      await fillRegister(page, newAccount("Ida Issue"));
      await page.getByRole("heading", { level: 1, name: "Report issue" }).waitFor();

      await page.getByLabel("What happened?").fill("<b>Every</b> third call fails.");
      await page.getByRole("button", { name: "Send report" }).click();
      await page.getByRole("alert").getByRole("link", { name: "Select what is wrong" }).waitFor();
      assert.equal(await page.getByLabel("What happened?").inputValue(), "<b>Every</b> third call fails.");
      if (javaScriptEnabled) assert.deepEqual(await everyLook(page, "the report with a mistake"), []);
      await page.getByLabel("What is wrong?").selectOption({ label: "Calls fail" });
      await page.getByRole("button", { name: "Send report" }).click();
      await page.getByText(/^Ticket #\d+ is open/).waitFor();
      const ticket = new URL(page.url()).pathname;
      const number = (await page.getByRole("heading", { level: 1 }).innerText()).match(/#(\d+)/)[1];
      await page.getByText("<b>Every</b> third call fails.").waitFor();
      await page.getByText("No answer yet.").waitFor();
      if (javaScriptEnabled) assert.deepEqual(await everyLook(page, "the ticket"), []);
      assert.equal((await page.goto("/admin/support/")).status(), 403);
      // Nor is it anybody else's.
      const other = await site.page(t);
      await site.register(other, "Otto Other");
      assert.equal((await other.goto(ticket)).status(), 404);

      const operator = await site.page(t, { javaScriptEnabled });
      await signIn(operator, "operator@example.com", "/admin/support/");
      const item = operator.getByRole("article", { name: `Ticket ${number}` });
      // Who works on it and how much it hurries changes what was promised.
      await item.getByText(/^Reply by /).waitFor();
      await item.locator("summary", { hasText: "Assign" }).click();
      await item.getByLabel("Who works on it").selectOption({ label: "operator (you)" });
      await item.getByLabel("Priority").selectOption({ label: "Critical" });
      await item.getByRole("button", { name: "Save", exact: true }).click();
      await operator.getByText(`Ticket #${number} is changed.`).waitFor();
      const parts = operator.getByRole("navigation", { name: "Tickets" });
      await parts.getByRole("link", { name: /^Unassigned/ }).click();
      await parts.locator("[aria-current]", { hasText: "Unassigned" }).waitFor();
      assert.equal(await item.count(), 0);
      await parts.getByRole("link", { name: /^Mine/ }).click();
      await item.getByText("You work on it").waitFor();
      await item.getByText("Critical priority").waitFor();
      await page.goto(ticket);
      assert.match(await figure(page, "Answer"), /^Reply by .*UTC$/);
      assert.deepEqual([await figure(page, "Priority"), await figure(page, "Who works on it")], ["Critical", "operator"]);
      // Both say something; what is internal the customer never reads.
      await item.locator("summary", { hasText: "Message" }).click();
      await item.getByLabel("Message", { exact: true }).fill("The provider is <slow> today.");
      await item.getByLabel(/^An internal note/).check();
      await item.getByRole("button", { name: "Send message" }).click();
      await item.getByText("Internal note", { exact: true }).waitFor();
      await item.locator("summary", { hasText: "Message" }).click();
      await item.getByLabel("Message", { exact: true }).fill("Which request was it?");
      await item.getByRole("button", { name: "Send message" }).click();
      await item.getByText("Which request was it?").waitFor();
      await page.goto(ticket);
      await page.getByText("Which request was it?").waitFor();
      assert.equal(await page.getByText("The provider is <slow> today.").count(), 0);
      await page.getByRole("button", { name: "Send message" }).click();
      await page.getByRole("alert").first().waitFor();
      await page.getByLabel("Your message").fill("req_7, with\n\ntwo lines.");
      await page.getByRole("button", { name: "Send message" }).click();
      await page.getByText("Your message is in the ticket.").waitFor();
      await page.getByText("req_7, with").waitFor();
      if (javaScriptEnabled) assert.deepEqual(await everyLook(page, "the ticket with messages"), []);
      await operator.goto("/admin/support/?view=mine");
      await item.getByText("req_7, with").waitFor();
      await item.locator("summary", { hasText: "Answer" }).click();
      if (javaScriptEnabled) assert.deepEqual(await everyLook(operator, "the queue of tickets"), []);
      await item.getByLabel(/^Answer, which/).fill("The provider has repaired it.");
      await item.getByLabel("Where it stands then").selectOption({ label: "Resolved" });
      await item.getByRole("button", { name: "Save answer" }).click();
      await operator.getByText("The answer is saved.").waitFor();

      await page.goto(ticket);
      await page.getByText("The provider has repaired it.").waitFor();
      await page.getByText("Resolved").first().waitFor();
      assert.deepEqual([await figure(page, "Answer"), await figure(page, "Solution")], ["Replied in time", "Resolved in time"]);
      await page.getByRole("navigation", { name: "Breadcrumb" }).getByRole("link", { name: "Support" }).click();
      await page.getByRole("link", { name: `#${number} Calls fail` }).waitFor();
      if (javaScriptEnabled) assert.deepEqual(await everyLook(page, "the list of tickets"), []);
      page.complaints = page.complaints.filter((line) => !/status of (403|422)/.test(line));
      expectNoComplaints(page);
    });
  }
});
