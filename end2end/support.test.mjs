// From a problem to its answer: reported on a page, seen and settled by the operator, read by who reported it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { expectNoComplaints, fillRegister, marketplace, newAccount } from "./harness.mjs";
import { everyLook } from "./looks.mjs";
import { servicePage, signIn } from "./steps.mjs";

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
      await item.locator("summary", { hasText: "Answer" }).click();
      if (javaScriptEnabled) assert.deepEqual(await everyLook(operator, "the queue of tickets"), []);
      await item.getByLabel(/^Answer, which/).fill("The provider has repaired it.");
      await item.getByLabel("Where it stands then").selectOption({ label: "Resolved" });
      await item.getByRole("button", { name: "Save answer" }).click();
      await operator.getByText("The answer is saved.").waitFor();

      await page.goto(ticket);
      await page.getByText("The provider has repaired it.").waitFor();
      await page.getByText("Resolved").first().waitFor();
      await page.getByRole("navigation", { name: "Breadcrumb" }).getByRole("link", { name: "Support" }).click();
      await page.getByRole("link", { name: `#${number} Calls fail` }).waitFor();
      if (javaScriptEnabled) assert.deepEqual(await everyLook(page, "the list of tickets"), []);
      page.complaints = page.complaints.filter((line) => !/status of (403|422)/.test(line));
      expectNoComplaints(page);
    });
  }
});
