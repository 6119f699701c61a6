// Every page that can be reached by links, small and large, light and dark: nothing sticks out, nothing is dead, and
// axe finds nothing.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { call, expectNoComplaints, fillRegister, marketplace } from "./harness.mjs";
import { everyLook, examine } from "./looks.mjs";
import { eventually, openFilters, signIn, startUsing } from "./steps.mjs";

const site = marketplace();

/** Addresses that differ only in an id or in a value are the same page, and so are lists that differ in what filters them. */
const kind = (url) => {
  const own = url.pathname === "/marketplace/" ? ["view", "service", "page"] : null;
  const names = [...url.searchParams.keys()].map((name) => (own && !own.includes(name) ? "filter" : name));
  return url.pathname.replace(/[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}/g, ":id") + "?" + [...new Set(names)].sort().join("&");
};

/** Follows links from the given pages and returns one address of each kind; every one must answer with 200. Filters,
 * orders and shapes of a list combine without end, so only one parameter at a time is followed. The reference of the API has
 * hundreds of doors that are all alike; a part of it is examined by itself. */
async function crawl(page, starts) {
  const found = new Map();
  const queue = starts.map((path) => new URL(path, site.url));
  while (queue.length) {
    const url = queue.shift();
    if (found.has(kind(url))) continue;
    found.set(kind(url), url.pathname + url.search);
    const answer = await page.goto(url.href, { waitUntil: "domcontentloaded" });
    assert.equal(answer.status(), 200, `${url.pathname}${url.search}`);
    assert.match(answer.headers()["content-type"] ?? "", /text\/html/, url.pathname);
    for (const href of await page.locator("a[href]").evaluateAll((links) => links.map((link) => link.href))) {
      const next = new URL(href);
      next.hash = "";
      const parameters = new Set(next.searchParams.keys()).size;
      if (next.origin === site.url && parameters < 2 && !/^\/(openapi\.json|healthz|readyz|metrics|docs\/api|api\/)/.test(next.pathname)) queue.push(next);
    }
  }
  return [...found.values()].sort();
}

async function examineAll(page, paths) {
  const problems = [];
  for (const path of paths) {
    await page.goto(path);
    // The widths between are looked at where pages are looked at one by one; here there are many.
    problems.push(...(await everyLook(page, path)));
  }
  assert.deepEqual(problems, []);
}

test("the examination notices what is wrong", async (t) => {
  const page = await site.page(t);
  await page.goto("/");
  await page.evaluate(() => {
    document.querySelector("main").insertAdjacentHTML("beforeend", "<img src='/favicon.svg'><p id='far'>far</p>");
    document.getElementById("far").style.width = "3000px";
  });
  const problems = (await examine(page, "a spoilt page")).join("\n");
  assert.match(problems, /scrolls sideways/);
  assert.match(problems, /image-alt/);
});

describe("what a visitor sees", () => {
  test("every public page fits and is accessible", async (t) => {
    const page = await site.page(t);
    const paths = await crawl(page, ["/"]);
    assert.ok(paths.length >= 5, `only found ${paths}`);
    await examineAll(page, paths);
    expectNoComplaints(page);
  });

  test("an empty result fits and is accessible", async (t) => {
    const page = await site.page(t);
    await examineAll(page, ["/marketplace/?search=nothing-is-called-like-this", "/marketplace/?family=gemini&compliance=hipaa&category=apps"]);
  });

  test("lists with much chosen and comparisons fit and are accessible", async (t) => {
    const page = await site.page(t);
    await examineAll(page, [
      "/marketplace/?search=agent&family=gpt&family=claude&feature=streaming&near=india&uptime=99.5&provider=deskwerk&min_price=0.00001&zzz=1",
      "/marketplace/?view=table&sort=-price&search=agent",
      "/marketplace/compare/?ids=brook-mini&ids=kestrel-quick&ids=customer-support-agent&ids=code-review-agent",
      "/marketplace/compare/?offering=customer-support-agent&diff=1",
      "/marketplace/compare/?ids=brook-mini",
      "/marketplace-category/no-such-thing/",
      "/docs/api/",
      "/docs/api/?of=customers",
      "/docs/api/?q=hooks",
      "/docs/api/?q=nothing-has-these-words",
    ]);
  });

  test("a page that does not exist fits and is accessible", async (t) => {
    const page = await site.page(t);
    await examineAll(page, ["/nowhere/"]);
  });
});

describe("what is open", () => {
  test("the dialog over the list", async (t) => {
    const page = await site.page(t, { viewport: { width: 1350, height: 940 } });
    await page.goto("/marketplace/?search=support");
    await page.getByRole("link", { name: "Details of Customer Support Agent" }).click();
    await page.getByRole("dialog").getByRole("heading", { name: "Customer Support Agent" }).waitFor();
    assert.deepEqual(await everyLook(page, "the dialog"), []);
  });

  test("the filters of a narrow window", async (t) => {
    const page = await site.page(t, { viewport: { width: 320, height: 700 } });
    await page.goto("/marketplace/");
    await openFilters(page);
    await page.getByRole("dialog", { name: "Filters" }).getByRole("checkbox", { name: /^GPT/ }).check();
    await page.locator("details.facet").evaluateAll((facets) => facets.forEach((facet) => (facet.open = true)));
    assert.deepEqual(await everyLook(page, "the open filters"), []);
  });

  test("a form with mistakes", async (t) => {
    const page = await site.page(t);
    await page.goto("/register/");
    await fillRegister(page, { name: "", email: "nonsense", password: "short" });
    await page.getByRole("alert").first().waitFor();
    assert.deepEqual(await everyLook(page, "the form with mistakes"), []);
  });

  test("the menus of a buyer", async (t) => {
    const page = await site.page(t);
    await site.register(page, "Mia Menu");
    await page.getByRole("banner").locator("summary").click();
    assert.deepEqual(await everyLook(page, "the account menu"), []);
    const { agent } = await startUsing(page, "Brook Mini (GPT family)");
    await page.goto(`${agent}keys/`);
    await page.locator("summary", { hasText: "Revoke" }).click();
    assert.deepEqual(await everyLook(page, "the question before revoking"), []);
    await page.goto(agent);
    await page.locator("summary", { hasText: "End subscription" }).click();
    assert.deepEqual(await everyLook(page, "the question before ending"), []);
  });
});

describe("what a buyer sees", () => {
  test("every page of a workspace fits and is accessible", async (t) => {
    const page = await site.page(t);
    await site.register(page);
    const created = await startUsing(page, "Brook Mini (GPT family)");
    // The page that shows the key shows it once, so it is examined here and not by its address.
    assert.deepEqual(await everyLook(page, "the key page"), []);
    await call(site.url, created.key, "brook-mini", "A line for the usage page.");
    await eventually(page, `${created.agent}usage/`, () => page.getByRole("link", { name: /^Receipt of/ }).waitFor({ timeout: 500 }));
    const paths = await crawl(page, ["/", new URL(created.url).pathname]);
    for (const part of ["keys", "usage", "wallet", "receipts", "orders", "billing", "marketplace-order"]) {
      assert.ok(paths.some((path) => path.includes(`/${part}/`)), `no link leads to ${part}: ${paths.join(" ")}`);
    }
    // What everybody sees was examined above; signed in, only the bar is another.
    await examineAll(page, paths.filter((path) => /^\/(organizations|receipts|resource|marketplace-order)\//.test(path) || path === "/"));
    expectNoComplaints(page);
  });
});

describe("what an operator sees", () => {
  test("every list fits and is accessible, and what has nothing says so", async (t) => {
    const page = await site.page(t);
    await signIn(page, "operator@example.com", "/");
    await page.getByRole("banner").locator("details.menu > summary").click();
    assert.deepEqual(await everyLook(page, "the operator's menu"), []);
    const links = await page.getByRole("banner").locator(".menu-panel a[href^='/admin/']").evaluateAll((all) => all.map((link) => new URL(link.href).pathname));
    for (const part of ["orders", "invoices", "reports", "support"]) assert.ok(links.includes(`/admin/${part}/`), `${part}: ${links}`);
    await examineAll(page, [...links, "/admin/orders/?view=failed", "/admin/orders/?customer=nobody-is-called-so", "/admin/invoices/?state=paid", "/admin/support/?view=overdue", "/admin/reports/?report=usage"]);
    expectNoComplaints(page);
  });
});
