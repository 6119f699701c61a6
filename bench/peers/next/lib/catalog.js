// The catalogue in memory, read once a process. A careful program, so that what is measured is Next.js and React: the
// values of a row are bits, the orders are made once, and one pass over the rows filters and counts.
import { FACETS, priceMicros, rows } from './facets.mjs';

export { FACETS };
export const PAGE_SIZE = 24;

const names = new Intl.Collator('en');
const last = value => (value == null ? -Infinity : value);
/** By a key, the greatest first; ties and services without one by name. */
const down = key => (a, b) => Math.sign((last(key(b)) - last(key(a))) || 0) || names.compare(a.name, b.name);

export const SORTS = {
  popularity: ['Most used in 7 days', down(row => row.usageStats?.monthlyRequests)],
  price: ['Price: low to high', down(row => -priceMicros(row))],
  '-price': ['Price: high to low', down(priceMicros)],
  rating: ['Best rated', down(row => row.rating)],
  newest: ['Newest', down(row => Date.parse(row.createdAt ?? 0))],
  latency: ['Quickest first token', down(row => (row.metrics?.latencyP95 == null ? null : -row.metrics.latencyP95))],
  uptime: ['Highest uptime', down(row => row.metrics?.uptime30d)],
  context: ['Longest context', down(row => row.contextWindow)],
};

function bits(facet, values) {
  const known = Object.keys(facet.values);
  return values.reduce((mask, value) => (known.includes(value) ? mask | (1 << known.indexOf(value)) : mask), 0);
}

async function load() {
  const list = [];
  for await (const row of rows(process.env.CATALOG_JSONL)) list.push(row);
  const masks = FACETS.map(facet => Int32Array.from(list, row => bits(facet, facet.of(row))));
  const texts = list.map(row =>
    [row.name, row.slug, row.tagline, row.description, row.modelFamily, row.providerName].join('\n').toLowerCase());
  const orders = Object.fromEntries(Object.entries(SORTS).map(([name, [, compare]]) => [
    name, Int32Array.from(list.keys()).sort((a, b) => compare(list[a], list[b]) || a - b),
  ]));
  return { list, masks, texts, orders };
}

let loaded;

const many = value => (value == null ? [] : [value].flat());

/** The page of a query, how many there are, and how many each value of a filter would show with the others applied. */
export async function search(params) {
  loaded ??= load();
  const { list, masks, texts, orders } = await loaded;
  const sort = SORTS[params.sort] ? params.sort : 'popularity';
  const page = Math.max(1, Number.parseInt(params.page, 10) || 1);
  const words = String(params.search ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = FACETS.map(facet => bits(facet, many(params[facet.name])));
  const counts = FACETS.map(facet => new Array(Object.keys(facet.values).length).fill(0));
  const first = (page - 1) * PAGE_SIZE;
  const services = [];
  let total = 0;

  for (const n of orders[sort]) {
    // Which filter alone keeps the row out, if any.
    let missed = -1;
    let out = false;
    for (let f = 0; f < FACETS.length && !out; f++) {
      const has = masks[f][n] & wanted[f];
      if (wanted[f] === 0 || (FACETS[f].all ? has === wanted[f] : has !== 0)) continue;
      out = missed !== -1 || Boolean(FACETS[f].all);
      missed = f;
    }
    if (out || !words.every(word => texts[n].includes(word))) continue;
    for (let f = 0; f < FACETS.length; f++) {
      if (missed !== -1 && missed !== f) continue;
      for (let rest = masks[f][n]; rest; rest &= rest - 1) counts[f][31 - Math.clz32(rest & -rest)]++;
    }
    if (missed !== -1) continue;
    if (total >= first && services.length < PAGE_SIZE) services.push(list[n]);
    total++;
  }
  return { services, total, page, sort, counts, wanted, words: params.search ?? '' };
}
