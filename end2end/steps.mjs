// What people do in more than one journey, in their words: roles and visible text, no classes or ids where avoidable.

import assert from "node:assert/strict";

/** Opens the filters where the window is too small to show them beside the list. */
export async function openFilters(page) {
  const form = page.getByRole("form", { name: "Filters" });
  if (!(await form.isVisible())) await page.getByRole("main").getByRole("link", { name: /^Filters/ }).click();
  await form.waitFor();
  return form;
}

/** Unfolds one filter of the panel and returns it. */
export async function openFacet(page, name) {
  const form = await openFilters(page);
  const facet = form.locator("details.facet").filter({ has: page.locator("summary", { hasText: new RegExp(`^\\s*${name}`) }) });
  if (!(await facet.evaluate((details) => details.open))) await facet.locator("summary").first().click();
  return facet;
}

/** How many agents the list says it has. */
export async function total(page) {
  const text = await page.getByRole("main").getByRole("status").first().innerText();
  return Number(text.replaceAll(",", "").match(/^(\d+) agents?$/)[1]);
}

/** Does something that changes the list, and waits until another list is there. */
export async function settled(page, act) {
  const mark = await page.evaluate(() => (document.querySelector("#results").dataset.seen = String(Math.random())));
  await act();
  await page.waitForFunction((seen) => {
    const results = document.querySelector("#results");
    return results && results.dataset.seen !== seen && results.getAttribute("aria-busy") !== "true";
  }, mark);
}

/** Searches the marketplace for a service by its name and opens its own page. */
export async function findService(page, name) {
  await page.goto("/marketplace/");
  const search = page.getByRole("search", { name: "Marketplace" }).getByRole("searchbox");
  await search.fill(name);
  await search.press("Enter");
  await page.waitForURL(/search=/);
  await page.getByRole("main").getByRole("link", { name, exact: true }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

/** On the page of a service: start using it and read what is shown once. */
export async function confirmStart(page) {
  await page.getByRole("link", { name: "Start using", exact: true }).first().click();
  await page.getByRole("heading", { name: /^Start using / }).waitFor();
  return confirmOrder(page);
}

/** On the order page: press the one button that says the charge, and read what is shown once. */
export async function confirmOrder(page) {
  await page.locator("form").getByRole("button", { name: /^(Start using|Start \d+-day trial|Subscribe for) ?/ }).click();
  await page.getByRole("heading", { name: "Your key is ready" }).waitFor();
  return readKey(page);
}

export async function readKey(page) {
  const key = await page.getByRole("textbox", { name: /^Key/ }).inputValue();
  assert.match(key, /^cmp_sk_[A-Za-z0-9_-]{43}$/);
  const endpoint = await page.getByRole("textbox", { name: "Base URL" }).inputValue();
  const model = await page.getByRole("textbox", { name: "Model name" }).inputValue();
  return { key, endpoint, model, url: page.url(), agent: new URL(page.url()).pathname.replace(/keys\/created\/$/, "") };
}

/** From anywhere: find a service by its name and start using it. */
export async function startUsing(page, name) {
  await findService(page, name);
  return confirmStart(page);
}

/** The figure under a name in a list of terms, as in a tile. */
export const figure = (page, name) =>
  page.locator("dt", { hasText: new RegExp(`^\\s*${name}\\s*$`) }).first().locator("xpath=following-sibling::dd[1]").innerText();

/** Rows of the first table as objects by column heading. */
export async function rows(page) {
  return page.locator("table").last().evaluate((table) => {
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.innerText.trim() || cell.textContent.trim());
    return [...table.tBodies[0].rows].map((row) =>
      Object.fromEntries([...row.cells].map((cell, n) => [heads[n], cell.innerText.trim()])),
    );
  });
}

/** Opens a page again and again until it says what it should; the page of what was used follows a moment later. */
export async function eventually(page, path, check) {
  const deadline = Date.now() + 15_000;
  for (;;) {
    await page.goto(path);
    try {
      return await check(page);
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

/** Signs in as one of the sample users, and goes on to a page. */
export async function signIn(page, email, next = "/") {
  await page.goto(`/login/?next=${encodeURIComponent(next)}`);
  const form = page.getByRole("main");
  await form.getByLabel("E-mail").fill(email);
  await form.getByLabel("Password").fill("sample-password");
  await form.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
}

/** The page of a service, by its slug. */
export async function servicePage(url, slug) {
  const { services } = await (await fetch(`${url}/marketplace/services?page_size=100`)).json();
  const found = services.find((service) => service.slug === slug);
  assert.ok(found, `there is no service ${slug}`);
  return `/marketplace-public-offering/${found.id}/`;
}
