// Trying a service in its page: streamed with script, whole without, free until the demo's bound is reached.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { expectNoComplaints, marketplace, micros } from "./harness.mjs";
import { everyLook } from "./looks.mjs";
import { figure, servicePage, startUsing } from "./steps.mjs";

const site = marketplace();
const wide = { viewport: { width: 1350, height: 940 } };

const fill = async (page, prompt) => {
  await page.getByLabel("Prompt").fill(prompt);
  await page.getByLabel("Longest answer").fill("64");
};

describe("the playground", () => {
  test("streams with script, says what it cost, and its snippets follow what is typed", async (t) => {
    const page = await site.page(t, wide);
    await site.register(page, "Pia Player");
    await startUsing(page, "Brook Mini (GPT family)");
    await page.goto(`${await servicePage(site.url, "brook-mini")}try/`);
    await page.getByText("Runs are paid from the wallet of").waitFor();
    await fill(page, `Say "it's" and\nnothing else, in a few words that come one after the other`);
    await page.getByLabel("Temperature").fill("0,5");
    const snippet = () => page.getByRole("region", { name: "curl" }).innerText();
    assert.match(await snippet(), /"temperature": 0\.5/);
    assert.match(await snippet(), /it'\\''s/);
    await page.getByText("Python", { exact: true }).click();
    assert.match(await page.getByRole("region", { name: "Python" }).innerText(), /stream=True/);
    await page.getByLabel("Stream the answer").uncheck();
    assert.doesNotMatch(await page.getByRole("region", { name: "Python" }).innerText(), /stream=True/);
    await page.getByLabel("Stream the answer").check();

    await page.evaluate(() => {
      const log = document.getElementById("try-answer");
      window.lengths = [];
      new MutationObserver(() => log.ariaBusy === "true" && window.lengths.push(log.textContent.length)).observe(log, { childList: true });
    });
    await page.getByRole("button", { name: "Run request" }).click();
    await page.getByRole("status").filter({ hasText: "The answer is complete." }).waitFor();
    const lengths = await page.evaluate(() => window.lengths);
    assert.ok(new Set(lengths).size > 3, `the text did not grow: ${lengths}`);
    assert.deepEqual(lengths, lengths.toSorted((a, b) => a - b));
    assert.match(await page.getByRole("log").innerText(), /nothing else/);
    assert.match(await figure(page, "First token"), /\d\s*(ms|s)$/);
    assert.match(await figure(page, "Total time"), /\d\s*(ms|s)$/);
    assert.match(await figure(page, "Tokens, prompt \\+ answer"), /^\d+ \+ \d+/);
    assert.ok(micros(await figure(page, "Credits")) > 0n);
    assert.match(await figure(page, "In dollars"), /^\$0\.\d*[1-9]/);
    await page.locator("summary", { hasText: "Raw request and response" }).click();
    assert.equal(JSON.parse(await page.getByRole("region", { name: "Raw request" }).innerText()).temperature, 0.5);
    assert.match(await page.getByRole("region", { name: "Raw response" }).innerText(), /"cmp"/);
    assert.deepEqual(await everyLook(page, "the playground with an answer"), []);
    expectNoComplaints(page);
  });

  test("answers without script, and says what is wrong with a form", async (t) => {
    const page = await site.page(t, { ...wide, javaScriptEnabled: false });
    await page.goto(`${await servicePage(site.url, "brook-mini")}try/`);
    await page.getByText(/^Free demo: \d+ tries a day/).waitFor();
    assert.equal(await page.getByRole("button", { name: "Stop" }).isVisible(), false);
    assert.equal(await page.getByLabel("Stream the answer").isVisible(), false);
    await fill(page, "");
    await page.getByLabel("Temperature").fill("9");
    await page.getByRole("button", { name: "Run request" }).click();
    await page.getByRole("alert").getByRole("link", { name: "Enter a prompt" }).waitFor();
    assert.equal(await page.getByLabel("Temperature").inputValue(), "9");
    await fill(page, "Words without any script");
    await page.getByLabel("Temperature").fill("");
    await page.getByRole("button", { name: "Run request" }).click();
    await page.getByRole("log").getByText(/Words without any script/).waitFor();
    assert.match(await figure(page, "Tokens, prompt \\+ answer"), /^\d+ \+ \d+$/);
    assert.ok(micros(await figure(page, "Credits")) > 0n);
    await page.getByText(/left today in the free demo/).waitFor();
  });

  test("ends the demo with a way on", async (t) => {
    const page = await site.page(t, wide);
    await page.goto(`${await servicePage(site.url, "kestrel-quick")}try/`);
    await fill(page, "Once more");
    const end = page.locator("#try-fault").getByRole("link", { name: "Create account" });
    for (let tries = 0; tries < 20 && !(await end.isVisible()); tries++) {
      await page.getByRole("button", { name: "Run request" }).click();
      await page.waitForFunction(() => !document.querySelector("#try-answer").ariaBusy && document.querySelector("#try-status").textContent !== "Running…");
    }
    await end.waitFor();
    await page.locator("#try-fault").getByText(/answered with 429/).waitFor();
    await page.getByText("You have used them all.").waitFor();
    assert.deepEqual(await everyLook(page, "the end of the demo"), []);
    await page.setViewportSize(wide.viewport);
    await end.click();
    await page.waitForURL(/\/register\/\?next=/);
  });
});
