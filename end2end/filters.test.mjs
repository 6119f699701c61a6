// Filters: every count beside a value is the number of results when it is chosen, worked out here from what the
// services say of themselves and not from what the server counts. All state is in the address; keyboard, no script,
// and the drawer of a narrow screen do the same.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { expectNoComplaints, marketplace } from "./harness.mjs";
import { openFacet, openFilters, settled, total } from "./steps.mjs";

const site = marketplace();
const wide = { viewport: { width: 1350, height: 940 } };
const narrow = { viewport: { width: 412, height: 823 }, hasTouch: true };
const json = async (path) => (await fetch(site.url + path)).json();
const names = (page) => page.getByRole("main").getByRole("article").getByRole("heading", { level: 3 }).allInnerTexts();

/** Everything on sale, with the plans that only a service's own document has. */
const services = [];
async function load() {
  if (services.length) return;
  for (let page = 1; ; page++) {
    const found = await json(`/marketplace/services?page_size=10&page=${page}`);
    services.push(...found.services);
    if (services.length >= found.total) break;
  }
  for (const service of services) service.detail = (await json(`/v1/services/${service.id}`)).service;
  assert.ok(services.length > 40);
}
const about = (name, tests) =>
  describe(name, () => {
    before(load);
    tests();
  });

// --- What each filter means, as its documentation says.

const slug = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
/** A price per token can be compared unless everything is in a fee. */
const price = (s) => (s.pricePer1KTokens > 0 || s.monthlyFee === 0 ? s.pricePer1KTokens : null);
const featureNames = { "function-calling": "functionCalling", vision: "vision", streaming: "streaming", json: "jsonMode", "fine-tuned": "fineTuned" };
const between = (value, from, to) => value !== null && value >= from && value <= to;
const days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** Minutes since Monday 00:00 in a zone. */
function minuteOfWeek(at, timeZone) {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts(at);
  const part = (type) => parts.find((p) => p.type === type).value;
  return days.indexOf(part("weekday")) * 1440 + Number(part("hour")) * 60 + Number(part("minute"));
}

/** Whether a minute of the week is in a window such as `Mon–Fri 09:00` to `18:00` or `Sat 22:00` to `Sun 01:00`. */
function within(minute, { start, end }) {
  const read = (text) => {
    const [, from, to, hour, half] = text.match(/^(?:(\w{3,5})(?:–(\w{3}))? )?(\d\d):(\d\d)$/);
    return { from, to, time: Number(hour) * 60 + Number(half) };
  };
  const [a, b] = [read(start), read(end)];
  const first = a.from === "Daily" ? 0 : days.indexOf(a.from);
  const last = a.from === "Daily" ? 6 : a.to ? days.indexOf(a.to) : first;
  for (let day = first; day <= last; day++) {
    const from = day * 1440 + a.time;
    const length = b.from ? (days.indexOf(b.from) * 1440 + b.time - from + 10080) % 10080 : (b.time - a.time + 1440) % 1440;
    if ((minute - from + 10080) % 10080 < length) return true;
  }
  return false;
}

function openNow(s, at = new Date()) {
  const { schedule, timezone = "UTC", customHours = [], maintenanceWindows = [] } = s.availability;
  const minute = minuteOfWeek(at, timezone);
  const open = schedule === "24/7" || customHours.some((window) => within(minute, window));
  return open && !maintenanceWindows.some((window) => within(minute, window));
}

const means = {
  category: (s, v) => s.category === v,
  family: (s, v) => s.modelFamily === v,
  price: (s, v) => price(s) !== null && { "lt-0.01": price(s) < 0.01, "0.01-0.10": between(price(s), 0.01, 0.1), "gt-0.10": price(s) > 0.1 }[v],
  min_price: (s, v) => price(s) !== null && price(s) >= Number(v),
  max_price: (s, v) => price(s) !== null && price(s) <= Number(v),
  free: (s) => !!s.trial || s.detail.plans.some((plan) => Number(plan.monthly_fee) === 0 && ["prompt", "completion", "request"].every((part) => plan.price[part] === 0)),
  context: (s, v) =>
    s.contextWindow > 0 &&
    { "lt-8k": s.contextWindow < 8_000, "8k-32k": between(s.contextWindow, 8_000, 32_768), "32k-128k": between(s.contextWindow, 32_769, 131_072), "gt-128k": s.contextWindow > 131_072 }[v],
  min_context: (s, v) => s.contextWindow >= Number(v),
  max_context: (s, v) => s.contextWindow > 0 && s.contextWindow <= Number(v),
  feature: (s, v) => s.features[featureNames[v]],
  rating: (s, v) => s.rating !== null && s.rating >= Number(v),
  uptime: (s, v) => s.metrics.uptime30d !== null && s.metrics.uptime30d >= Number(v),
  latency: (s, v) => s.metrics.latencyP95 !== null && s.metrics.latencyP95 <= Number(v),
  throughput: (s, v) => s.metrics.throughputTps !== null && s.metrics.throughputTps >= Number(v),
  region: (s, v) => slug(s.geographic.region) === v,
  availability: (s, v) => (v === "now" ? openNow(s) : s.availability.schedule === v),
  compliance: (s, v) => s.compliance.some((name) => slug(name) === v),
  verified: (s) => s.providerVerified,
};
const demanded = ["feature", "compliance"];
/** Availability is a schedule or being open now, which are two filters under one name. */
const facetOf = ([name, value]) => (name === "availability" && value === "now" ? "now" : name);

/** Chosen values of a filter widen, or are all demanded; filters narrow each other. */
function matches(pairs) {
  const facets = new Map();
  for (const pair of pairs) facets.set(facetOf(pair), [...(facets.get(facetOf(pair)) ?? []), pair]);
  return services.filter((s) =>
    [...facets.values()].every((values) => {
      const test = ([name, value]) => !!means[name](s, value);
      return demanded.includes(values[0][0]) ? values.every(test) : values.some(test);
    }),
  );
}

/** Every value of the panel with the count beside it. */
const shown = (page) =>
  page.getByRole("form", { name: "Filters" }).evaluate((form) =>
    [...form.querySelectorAll("input[type=checkbox], input[type=radio]")]
      .filter((field) => field.value)
      .map((field) => ({ name: field.name, value: field.value, count: field.closest("label").querySelector(".n").textContent })),
  );

const query = (pairs) => "/marketplace/?" + new URLSearchParams(pairs);

about("the counts", () => {
  test("are right for every value, and each value shows what its count says", async (t) => {
    const page = await site.page(t, wide);
    await page.goto("/marketplace/");
    const values = await shown(page);
    const facets = new Set(values.map(({ name }) => name));
    for (const name of ["category", "family", "price", "free", "feature", "context", "rating", "uptime", "latency", "throughput", "region", "availability", "compliance", "verified"]) {
      assert.ok(facets.has(name), `the panel has no ${name}`);
    }
    for (const { name, value, count } of values) {
      const expected = matches([[name, value]]);
      assert.equal(count, String(expected.length), `the count beside ${name}=${value}`);
      await page.goto(query([[name, value]]));
      assert.equal(await total(page), expected.length, `the results of ${name}=${value}`);
      const found = (await json(`/marketplace/services?${new URLSearchParams([[name, value]])}&page_size=100`)).services;
      assert.deepEqual(found.map((s) => s.name).sort(), expected.map((s) => s.name).sort(), `${name}=${value}`);
    }
    expectNoComplaints(page);
  });

  test("beside values are of the other filters, whatever is chosen among their own", async (t) => {
    const page = await site.page(t, wide);
    for (const pairs of [
      [["family", "gpt"], ["region", "europe"]],
      [["family", "gpt"], ["family", "claude"], ["feature", "vision"]],
      [["feature", "vision"], ["feature", "function-calling"], ["compliance", "gdpr"]],
      [["category", "assistants"], ["price", "lt-0.01"], ["context", "gt-128k"], ["verified", "1"]],
      [["availability", "24/7"], ["free", "1"]],
      [["min_price", "0.0005"], ["max_price", "0.01"], ["min_context", "32000"], ["category", "assistants"]],
    ]) {
      await page.goto(query(pairs));
      assert.equal(await total(page), matches(pairs).length, query(pairs));
      for (const { name, value, count } of await shown(page)) {
        const facet = facetOf([name, value]);
        const others = pairs.filter((pair) => demanded.includes(name) || facetOf(pair) !== facet);
        assert.equal(count, String(matches([...others, [name, value]]).length), `${name}=${value} at ${query(pairs)}`);
      }
    }
  });

  test("follow what is chosen in the page, and the focus stays", async (t) => {
    const page = await site.page(t, wide);
    await page.goto("/marketplace/");
    const form = await openFilters(page);
    const gpt = form.getByRole("checkbox", { name: /^GPT/ });
    await settled(page, () => gpt.check());
    assert.match(page.url(), /family=gpt/);
    assert.ok(await gpt.evaluate((box) => box === document.activeElement), "the focus left the box");
    await settled(page, () => form.getByRole("checkbox", { name: /^Vision/ }).check());
    const pairs = [["family", "gpt"], ["feature", "vision"]];
    assert.equal(await total(page), matches(pairs).length);
    for (const { name, value, count } of await shown(page)) {
      const others = pairs.filter(([other]) => demanded.includes(name) || other !== name);
      assert.equal(count, String(matches([...others, [name, value]]).length), `${name}=${value}`);
    }
    assert.deepEqual(await names(page), (await json("/marketplace/services?family=gpt&feature=vision")).services.map((s) => s.name));
    assert.match(await page.locator("link[rel=canonical]").getAttribute("href"), /\?family=gpt&feature=vision$/);
    assert.equal(await page.locator("meta[name=robots]").getAttribute("content"), "noindex,follow");
    expectNoComplaints(page);
  });

  test("of a category's page stay within the category", async (t) => {
    const page = await site.page(t, wide);
    await page.goto("/marketplace-category/agents/");
    await page.getByRole("heading", { level: 1, name: "Agents" }).waitFor();
    assert.equal(await total(page), matches([["category", "agents"]]).length);
    assert.match(await page.locator("link[rel=canonical]").getAttribute("href"), /\/marketplace\/\?category=agents$/);
    const form = await openFilters(page);
    await settled(page, () => form.getByRole("checkbox", { name: /^Claude/ }).check());
    assert.match(page.url(), /\/marketplace-category\/agents\/\?family=claude$/);
    for (const { name, value, count } of await shown(page)) {
      assert.notEqual(name, "category");
      const others = name === "family" ? [] : [["family", "claude"]];
      assert.equal(count, String(matches([["category", "agents"], ...others, [name, value]]).length), `${name}=${value}`);
    }
    const answer = await page.goto("/marketplace-category/no-such-thing/");
    assert.equal(answer.status(), 404);
    await page.getByRole("main").getByRole("link", { name: /^Automations/ }).click();
    await page.getByRole("heading", { level: 1, name: "Automations" }).waitFor();
  });
});

about("the address", () => {
  test("shows the same to somebody else: filters, order, shape and page", async (t) => {
    const page = await site.page(t, wide);
    await page.goto("/marketplace/");
    const hours = await openFacet(page, "Availability");
    await settled(page, () => hours.getByRole("checkbox", { name: /^24\/7/ }).check());
    await settled(page, () => page.getByLabel("Sort by").selectOption("-price"));
    await settled(page, () => page.getByRole("group", { name: "View" }).getByRole("link", { name: "Table" }).click());
    await page.getByRole("link", { name: "Next" }).click();
    await page.waitForURL(/page=2/);
    const rows = () => page.getByRole("rowheader").allInnerTexts();
    const seen = await rows();
    assert.ok(seen.length > 0);
    const other = await site.page(t, wide);
    await other.goto(page.url());
    assert.deepEqual(await other.getByRole("rowheader").allInnerTexts(), seen);
    assert.equal(await other.getByLabel("Sort by").inputValue(), "-price");
    assert.equal(await (await openFacet(other, "Availability")).getByRole("checkbox", { name: /^24\/7/ }).isChecked(), true);
    assert.equal(await other.locator("link[rel=prev]").count(), 1);
    expectNoComplaints(page);
  });

  test("goes back and forward with the results and the panel", async (t) => {
    const page = await site.page(t, wide);
    await page.goto("/marketplace/");
    const all = await names(page);
    const form = await openFilters(page);
    await settled(page, () => form.getByRole("checkbox", { name: /^Apps/ }).check());
    const apps = await names(page);
    const provider = await openFacet(page, "Provider");
    await settled(page, () => provider.getByRole("checkbox", { name: /^Verified provider/ }).check());
    await settled(page, () => page.goBack());
    assert.deepEqual(await names(page), apps);
    assert.equal(await form.getByRole("checkbox", { name: /^Apps/ }).isChecked(), true);
    await settled(page, () => page.goBack());
    assert.deepEqual(await names(page), all);
    assert.equal(await form.getByRole("checkbox", { name: /^Apps/ }).isChecked(), false);
    await settled(page, () => page.goForward());
    assert.deepEqual(await names(page), apps);
    assert.equal(await form.getByRole("checkbox", { name: /^Apps/ }).isChecked(), true);
    expectNoComplaints(page);
  });

  test("of anything at all is answered, and what was left out is said", async (t) => {
    const page = await site.page(t, wide);
    const long = "x".repeat(10_000), many = Array.from({ length: 200 }, (_, n) => `zz${n}=1`).join("&");
    for (const [path, notice] of [
      ["/marketplace/?nonsense=1", /unknown filter/i],
      ["/marketplace/?family=unheard&feature=telepathy", /model family.*feature/i],
      ["/marketplace/?min_price=1&max_price=0.0001", /swapped/],
      ["/marketplace/?min_price=cheap&uptime=perfect&rating=9", /left out/],
      ["/marketplace/?min_context=999999999999999999999&page=-1&page_size=0", /left out/],
      ["/marketplace/?sort='%3BDROP&view=hologram&near=moon", /order.*view.*place/i],
      [`/marketplace/?search=${long}`, /200 characters/],
      [`/marketplace/?${many}`, /64 parameters/],
      ["/marketplace/?search=%FF%FE%00&category=%3Cscript%3Ealert(1)%3C%2Fscript%3E", null],
    ]) {
      const answer = await page.goto(path);
      assert.equal(answer.status(), 200, path.slice(0, 80));
      await page.getByRole("heading", { level: 1, name: "Marketplace" }).waitFor();
      if (notice) assert.match(await page.getByRole("region", { name: "Results" }).locator(".callout").innerText(), notice, path.slice(0, 80));
    }
    assert.equal(await page.locator("main script").count(), 0);
    expectNoComplaints(page);
  });
});

about("nothing found", () => {
  test("says what to give up and what that brings", async (t) => {
    const page = await site.page(t, wide);
    const pairs = [["family", "gemini"], ["compliance", "hipaa"], ["category", "apps"]];
    assert.equal(matches(pairs).length, 0);
    await page.goto(query(pairs));
    await page.getByRole("heading", { name: /No agents match these 3 filters/ }).waitFor();
    const ways = page.locator(".empty li");
    const lines = await ways.allInnerTexts();
    assert.ok(lines.length > 0);
    for (const [n, line] of lines.entries()) {
      const [, count] = line.match(/→ (\d+) agents?$/);
      const href = await ways.nth(n).getByRole("link").getAttribute("href");
      const left = [...new URL(href, site.url).searchParams];
      assert.equal(Number(count), matches(left).length, line);
      assert.ok(Number(count) > 0);
    }
    const count = Number(lines[0].match(/→ (\d+)/)[1]);
    await settled(page, () => ways.first().getByRole("link").click());
    assert.equal(await total(page), count);
    expectNoComplaints(page);
  });
});

about("with the keyboard alone", () => {
  test("a filter is chosen, undone by its chip, and an agent opened", async (t) => {
    const page = await site.page(t, wide);
    await page.goto("/marketplace/");
    const focused = () => page.evaluate(() => document.activeElement.closest("label, a, summary, button")?.textContent.replace(/\s+/g, " ").trim() ?? "");
    const tabTo = async (pattern, most = 80) => {
      for (let n = 0; n < most; n++) {
        await page.keyboard.press("Tab");
        if (pattern.test(await focused())) return;
      }
      assert.fail(`Tab never reached ${pattern}`);
    };
    await tabTo(/^GPT/);
    await settled(page, () => page.keyboard.press("Space"));
    assert.match(await focused(), /^GPT/);
    assert.equal(await total(page), matches([["family", "gpt"]]).length);
    await tabTo(/^Rating/);
    await page.keyboard.press("Enter");
    assert.ok(await page.getByRole("radio", { name: /4 stars and up/ }).isVisible());
    await tabTo(/^Remove GPT/);
    await settled(page, () => page.keyboard.press("Enter"));
    assert.equal(await total(page), services.length);
    assert.ok(!(await page.evaluate(() => document.activeElement === document.body)), "the focus was lost with the chip");
    await tabTo(/^Details of/);
    const name = (await focused()).replace(/^Details of /, "");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByRole("heading", { name }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    expectNoComplaints(page);
  });
});

about("without script", () => {
  test("the button applies, chips undo, and the order is kept", async (t) => {
    const page = await site.page(t, { ...wide, javaScriptEnabled: false });
    await page.goto("/marketplace/");
    const form = await openFilters(page);
    await form.getByRole("checkbox", { name: /^Vision/ }).check();
    await form.getByRole("checkbox", { name: /^GPT/ }).check();
    await (await openFacet(page, "Context window")).getByLabel("Tokens, from").fill("64K");
    await form.getByRole("button", { name: "Apply filters" }).click();
    await page.waitForURL(/feature=vision/);
    const pairs = [["feature", "vision"], ["family", "gpt"], ["min_context", "64000"]];
    assert.equal(await total(page), matches(pairs).length);
    await page.getByLabel("Sort by").selectOption("price");
    await page.getByRole("button", { name: "Sort" }).click();
    await page.waitForURL(/sort=price/);
    await page.getByRole("list", { name: "Applied filters" }).getByRole("link", { name: "Remove GPT" }).click();
    await page.waitForURL((url) => !url.search.includes("family") && url.searchParams.get("sort") === "price");
    assert.equal(await total(page), matches(pairs.filter(([name]) => name !== "family")).length);
  });

  test("the filters of a narrow screen are a link away", async (t) => {
    const page = await site.page(t, { ...narrow, javaScriptEnabled: false });
    await page.goto("/marketplace/");
    const form = await openFilters(page);
    await form.getByRole("checkbox", { name: /^Claude/ }).check();
    await form.getByRole("button", { name: "Apply filters" }).click();
    await page.waitForURL(/family=claude/);
    assert.equal(await total(page), matches([["family", "claude"]]).length);
  });
});

about("on a narrow screen", () => {
  test("several filters are chosen before the list changes", async (t) => {
    const page = await site.page(t, narrow);
    await page.goto("/marketplace/");
    const before = await names(page);
    await openFilters(page);
    const drawer = page.getByRole("dialog", { name: "Filters" });
    await drawer.getByRole("checkbox", { name: /^GPT/ }).check();
    await drawer.getByRole("button", { name: `Show ${matches([["family", "gpt"]]).length} agents` }).waitFor();
    await drawer.getByRole("checkbox", { name: /^Vision/ }).check();
    const pairs = [["family", "gpt"], ["feature", "vision"]];
    const show = drawer.getByRole("button", { name: `Show ${matches(pairs).length} agents` });
    await show.waitFor();
    for (const { name, value, count } of await shown(page)) {
      const others = pairs.filter(([other]) => demanded.includes(name) || other !== name);
      assert.equal(count, String(matches([...others, [name, value]]).length), `${name}=${value} in the drawer`);
    }
    assert.deepEqual(await names(page), before, "the list changed behind the drawer");
    assert.equal(new URL(page.url()).search, "");
    // The focus cannot leave it.
    for (let n = 0; n < 60; n++) await page.keyboard.press("Tab");
    assert.ok(await page.evaluate(() => document.activeElement === document.body || !!document.activeElement.closest("dialog")));
    await settled(page, () => show.click());
    assert.equal(await total(page), matches(pairs).length);
    assert.match(await page.evaluate(() => document.activeElement.innerText), /Filters\s*\(2\)/);
    expectNoComplaints(page);
  });

  test("closing throws the choice away", async (t) => {
    const page = await site.page(t, narrow);
    await page.goto("/marketplace/?family=claude");
    await openFilters(page);
    const drawer = page.getByRole("dialog", { name: "Filters" });
    await drawer.getByRole("button", { name: "Clear all" }).click();
    await drawer.getByRole("button", { name: `Show ${services.length} agents` }).waitFor();
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "hidden" });
    assert.equal(new URL(page.url()).search, "?family=claude");
    assert.equal(await total(page), matches([["family", "claude"]]).length);
    await openFilters(page);
    assert.equal(await drawer.getByRole("checkbox", { name: /^Claude/ }).isChecked(), true);
    expectNoComplaints(page);
  });
});

about("a search", () => {
  test("applies while typing, marks its words and keeps the field", async (t) => {
    const page = await site.page(t, wide);
    await page.goto("/marketplace/");
    const field = page.getByRole("main").getByRole("searchbox");
    await settled(page, () => field.pressSequentially("code review"));
    await page.getByRole("article").getByRole("heading", { name: "Code Review Agent" }).locator("mark").first().waitFor();
    assert.equal(await field.inputValue(), "code review");
    assert.ok(await field.evaluate((f) => f === document.activeElement));
    assert.equal(await page.getByLabel("Sort by").evaluate((s) => s.selectedOptions[0].text), "Best match");
    expectNoComplaints(page);
  });
});
