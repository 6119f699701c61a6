// Fills an empty database: node seed.mjs ROWS.jsonl IDS.json, with PORT, PGPORT and VENDURE_SYNCHRONIZE=1.
//
// Vendure makes its own tables, channel and settings by starting once. The rows then go into its tables by SQL, because
// 10,000 products through its admin API and its indexer take an hour; what the indexer would write goes into
// search_index_item. IDS.json gets {"category": {"agents": "1", …}, …}: what Vendure calls each value of a filter.
import { writeFileSync } from 'node:fs';
import vendure from '@vendure/core';
import pg from 'pg';
import { FACETS, priceMicros, rows } from './facets.mjs';
import config from './config.js';

const [file, idsFile] = process.argv.slice(2);
const app = await vendure.bootstrap(config.config);
await app.close();

const { host, port, username, database } = config.config.dbConnectionOptions;
const db = new pg.Client({ host, port, user: username, database });
await db.connect();

/** One INSERT … SELECT a batch: the columns' types are looked up, so that all values can travel as JSON. */
async function insert(table, list) {
  if (!list.length) return;
  const columns = Object.keys(list[0]).map(name => `"${name}"`).join(', ');
  const sql = `INSERT INTO "${table}" (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::"${table}", $1)`;
  await db.query(sql, [JSON.stringify(list)]);
}

await db.query('BEGIN');
const [{ id: channelId }] = (await db.query('SELECT id FROM channel')).rows;
const [{ now }] = (await db.query('SELECT now()::timestamp AS now')).rows;
const stamps = { createdAt: now, updatedAt: now };
const language = { languageCode: 'en' };

const ids = {};
const facetOf = new Map();
let valueId = 0;
for (const [index, facet] of FACETS.entries()) {
  const id = index + 1;
  ids[facet.name] = {};
  await insert('facet', [{ id, code: facet.name, isPrivate: false, ...stamps }]);
  await insert('facet_translation', [{ id, baseId: id, name: facet.title, ...language, ...stamps }]);
  await insert('facet_channels_channel', [{ facetId: id, channelId }]);
  for (const [code, name] of Object.entries(facet.values)) {
    valueId += 1;
    ids[facet.name][code] = String(valueId);
    facetOf.set(String(valueId), String(id));
    await insert('facet_value', [{ id: valueId, facetId: id, code, ...stamps }]);
    await insert('facet_value_translation', [{ id: valueId, baseId: valueId, name, ...language, ...stamps }]);
    await insert('facet_value_channels_channel', [{ facetValueId: valueId, channelId }]);
  }
}

/** A product with its one variant, and what the indexer would have made of them. */
async function write(batch, first) {
  const products = batch.map((row, n) => {
    const id = first + n;
    const values = FACETS.flatMap(facet => facet.of(row).map(value => ids[facet.name][value]).filter(Boolean));
    const description = `${row.tagline}\n${row.description}`;
    return { id, row, values, facets: [...new Set(values.map(v => facetOf.get(v)))], description, price: priceMicros(row) };
  });
  const each = make => products.map(make);
  await insert('product', each(p => ({ id: p.id, enabled: true, ...stamps })));
  await insert('product_translation', each(({ id, row, description }) => (
    { id, baseId: id, name: row.name, slug: row.slug, description, ...language, ...stamps })));
  await insert('product_channels_channel', each(p => ({ productId: p.id, channelId })));
  await insert('product_facet_values_facet_value', products.flatMap(p => p.values.map(v => ({ productId: p.id, facetValueId: v }))));
  await insert('product_variant', each(({ id, row }) => (
    { id, productId: id, sku: row.slug, enabled: true, outOfStockThreshold: 0, useGlobalOutOfStockThreshold: true, trackInventory: 'FALSE', ...stamps })));
  await insert('product_variant_translation', each(({ id, row }) => ({ id, baseId: id, name: row.name, ...language, ...stamps })));
  await insert('product_variant_channels_channel', each(p => ({ productVariantId: p.id, channelId })));
  await insert('product_variant_price', each(p => ({ id: p.id, variantId: p.id, channelId, currencyCode: 'USD', price: p.price, ...stamps })));
  await insert('search_index_item', each(({ id, row, values, facets, description, price }) => ({
    productVariantId: id, productId: id, channelId, enabled: true,
    productName: row.name, productVariantName: row.name, description, slug: row.slug, sku: row.slug,
    price, priceWithTax: price,
    facetIds: facets.join(','), facetValueIds: values.join(','),
    collectionIds: '', collectionSlugs: '', channelIds: String(channelId),
    productPreview: '', productVariantPreview: '', ...language,
  })));
}

let count = 0;
let batch = [];
for await (const row of rows(file)) {
  batch.push(row);
  if (batch.length === 1000) {
    await write(batch, count + 1);
    count += batch.length;
    batch = [];
  }
}
await write(batch, count + 1);
count += batch.length;

for (const table of ['facet', 'facet_translation', 'facet_value', 'facet_value_translation', 'product', 'product_translation',
  'product_variant', 'product_variant_translation', 'product_variant_price']) {
  await db.query(`SELECT setval(pg_get_serial_sequence('"${table}"', 'id'), max(id)) FROM "${table}"`);
}
await db.query('COMMIT');
await db.query('VACUUM ANALYZE');
await db.end();
writeFileSync(idsFile, JSON.stringify(ids));
console.log(`${count} products`);
process.exit(0);
