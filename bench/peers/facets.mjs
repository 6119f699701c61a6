// The seven filters of the bench and which of their values a row has: the JavaScript twin of catalog_urls.py, used by
// both peers. The two are written apart on purpose: catalog_check.py compares what they make of the same rows.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

const slug = text => text.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
const micros = row => Math.round(Number(row.pricePer1KTokens) * 1e6);
const FEATURES = {
  functionCalling: 'function-calling',
  vision: 'vision',
  streaming: 'streaming',
  jsonMode: 'json',
  fineTuned: 'fine-tuned',
};

function context(tokens) {
  if (tokens < 8000) return 'lt-8k';
  if (tokens <= 32768) return '8k-32k';
  return tokens <= 131072 ? '32k-128k' : 'gt-128k';
}

// `all`: two values of it are both demanded, rather than either.
export const FACETS = [
  {
    name: 'category',
    title: 'Category',
    values: { agents: 'Agents', apps: 'Apps', assistants: 'Assistants', automations: 'Automations' },
    of: row => [row.category],
  },
  {
    name: 'family',
    title: 'Model family',
    values: { gpt: 'GPT', claude: 'Claude', llama: 'Llama', gemini: 'Gemini', mistral: 'Mistral', other: 'Other' },
    of: row => [row.modelFamily.toLowerCase()],
  },
  {
    name: 'price',
    title: 'Price per 1K tokens',
    values: { 'lt-0.01': 'Under $0.01', '0.01-0.10': '$0.01 – $0.10', 'gt-0.10': 'Over $0.10' },
    of: row => [micros(row) < 10000 ? 'lt-0.01' : micros(row) <= 100000 ? '0.01-0.10' : 'gt-0.10'],
  },
  {
    name: 'context',
    title: 'Context window',
    values: { 'lt-8k': 'Under 8K', '8k-32k': '8K – 32K', '32k-128k': '32K – 128K', 'gt-128k': 'Over 128K' },
    of: row => [context(row.contextWindow)],
  },
  {
    name: 'feature',
    title: 'Features',
    all: true,
    values: {
      'function-calling': 'Function calling',
      vision: 'Vision',
      streaming: 'Streaming',
      json: 'JSON mode',
      'fine-tuned': 'Custom fine-tuned',
    },
    of: row => Object.keys(FEATURES).filter(key => row.features?.[key]).map(key => FEATURES[key]),
  },
  {
    name: 'region',
    title: 'Region',
    values: {
      europe: 'Europe',
      'north-america': 'North America',
      'asia-pacific': 'Asia-Pacific',
      'south-america': 'South America',
      oceania: 'Oceania',
    },
    of: row => [slug(row.geographic?.region ?? '')],
  },
  {
    name: 'compliance',
    title: 'Compliance',
    all: true,
    values: { gdpr: 'GDPR', soc2: 'SOC 2', hipaa: 'HIPAA', iso27001: 'ISO 27001' },
    // "SOC 2", "SOC2" and "soc-2" are the same certificate.
    of: row => (row.compliance ?? []).map(name => slug(name).replaceAll('-', '')),
  },
];

export const priceMicros = micros;

/** The rows of a JSON-lines file, one by one. */
export async function* rows(path) {
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    if (line.trim()) yield JSON.parse(line);
  }
}
