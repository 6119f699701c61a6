"""The questions of the catalogue bench: N random filter sets, the same for everybody.

    catalog_urls.py OUT [--rows ROWS.jsonl] [--count 1000] [--seed 1] [--vendure IDS.json]

OUT/sets.jsonl      a set a line: {"choices": {"category": ["agents"], …}, "search": …, "sort": …, "page": …}
OUT/urls.txt        the same as addresses of ours, /marketplace/?…, which the Next.js peer understands as well
OUT/vendure.jsonl   the same as bodies for Vendure's shop API, when it is said how Vendure calls the values

Values follow Zipf's law in the order below, as do the filters themselves. Sets repeat, as visitors' do. With ROWS, the
search words are those that most rows have in their names and taglines, and a set that would show nothing is drawn again.
"""

import argparse
import collections
import functools
import json
import operator
import os
import random
import re
import urllib.parse

PAGE_SIZE = 24
FACETS = {
    "category": ["agents", "assistants", "automations", "apps"],
    "family": ["gpt", "claude", "llama", "gemini", "mistral", "other"],
    "feature": ["function-calling", "streaming", "vision", "json", "fine-tuned"],
    "price": ["lt-0.01", "0.01-0.10", "gt-0.10"],
    "context": ["gt-128k", "32k-128k", "8k-32k", "lt-8k"],
    "region": ["europe", "north-america", "asia-pacific", "south-america", "oceania"],
    "compliance": ["gdpr", "soc2", "hipaa", "iso27001"],
}
# Two values of these are both demanded; of the others, either.
DEMANDS_ALL = {"feature", "compliance"}
FEATURES = {"function-calling": "functionCalling", "json": "jsonMode", "fine-tuned": "fineTuned"}
SORTS = ["price", "popularity", "rating", "-price", "newest", "context", "latency", "uptime"]
WORDS = ["support", "agent", "research", "invoice", "translator", "writing", "report", "legal", "sales", "coding"]
# How many of 100 sets have 0, 1, 2, 3 and 4 filters.
FILTERS = [5, 25, 30, 25, 15]


def price_band(micros):
    return "lt-0.01" if micros < 10_000 else "gt-0.10" if micros > 100_000 else "0.01-0.10"


def context_band(tokens):
    for most, name in ((7_999, "lt-8k"), (32_768, "8k-32k"), (131_072, "32k-128k")):
        if tokens <= most:
            return name
    return "gt-128k"


def values_of(row):
    """What a row has of each filter: the Python twin of peers/facets.mjs."""
    return {
        "category": {row["category"]},
        "family": {row["modelFamily"].lower()},
        "price": {price_band(round(float(row["pricePer1KTokens"]) * 1e6))},
        "context": {context_band(row["contextWindow"])},
        "feature": {name for name in FACETS["feature"] if row["features"].get(FEATURES.get(name, name))},
        "region": {re.sub(r"[^a-z0-9]+", "-", row["geographic"]["region"].lower())},
        "compliance": {re.sub(r"[^a-z0-9]+", "", name.lower()) for name in row["compliance"]},
    }


def zipf(r, values, count=1):
    """So many different ones of these, the first the likeliest."""
    values, found = list(values), []
    for _ in range(min(count, len(values))):
        one = r.choices(values, [1 / (n + 1) for n in range(len(values))])[0]
        values.remove(one)
        found.append(one)
    return found


class Rows:
    """Which rows have a value or a word: a row is a bit, so that thousands of sets are counted in a moment."""

    def __init__(self, path):
        with open(path) as f:
            rows = [json.loads(line) for line in f]
        self.all = (1 << len(rows)) - 1
        self.having = collections.defaultdict(int)
        self.texts, seen = [], collections.Counter()
        for n, row in enumerate(rows):
            for facet, found in values_of(row).items():
                for value in found:
                    self.having[facet, value] |= 1 << n
            self.texts.append(" ".join([row["name"], row["tagline"], row["description"]]).lower())
            # Plain words, which everybody splits alike.
            seen.update(set(re.findall(r"\b[a-z]{4,}\b", f"{row['name']} {row['tagline']}".lower())))
        self.words = [word for word, _ in sorted(seen.items(), key=lambda item: (-item[1], item[0]))[:100]]

    def count(self, one):
        left = self.all
        for facet, wanted in one["choices"].items():
            masks = [self.having[facet, value] for value in wanted]
            left &= functools.reduce(operator.and_ if facet in DEMANDS_ALL else operator.or_, masks)
        if word := one["search"]:
            if ("", word) not in self.having:
                self.having["", word] = sum(1 << n for n, text in enumerate(self.texts) if re.search(rf"\b{word}", text))
            left &= self.having["", word]
        return left.bit_count()


def one_set(r, words):
    choices = {}
    for facet in zipf(r, FACETS, r.choices(range(len(FILTERS)), FILTERS)[0]):
        choices[facet] = sorted(zipf(r, FACETS[facet], 2 if r.random() < 0.25 else 1))
    return {
        "choices": choices,
        "search": zipf(r, words)[0] if r.random() < 0.15 else None,
        "sort": zipf(r, SORTS)[0] if r.random() < 0.3 else None,
        "page": 1 if r.random() < 0.8 else zipf(r, range(2, 7))[0],
    }


def sets(count, seed, rows):
    r, found, draws = random.Random(seed), [], 0
    while len(found) < count:
        one = one_set(r, rows.words if rows else WORDS)
        draws += 1
        if draws > 100 * count:
            raise SystemExit("hardly any set finds anything in these rows")
        # Pages with nothing on them would cost nobody anything.
        if not rows or rows.count(one) > PAGE_SIZE * (one["page"] - 1):
            found.append(one)
    return found


def address(one):
    pairs = [("search", one["search"])] if one["search"] else []
    pairs += [(facet, value) for facet in FACETS for value in one["choices"].get(facet, [])]
    pairs += [("sort", one["sort"])] if one["sort"] else []
    pairs += [("page", one["page"])] if one["page"] != 1 else []
    return "/marketplace/" + ("?" + urllib.parse.urlencode(pairs) if pairs else "")


QUERY = " ".join(
    """query Search($input: SearchInput!) { search(input: $input) { totalItems facetValues { count facetValue { id name } }
    items { productId productName slug description currencyCode
    priceWithTax { ... on PriceRange { min max } ... on SinglePrice { value } } } } }""".split()
)


def vendure(one, ids):
    """The same set for Vendure. It orders by price, by name, or as it likes: the other orders are as it likes."""
    filters = []
    for facet, values in one["choices"].items():
        known = [ids[facet][value] for value in values]
        filters += [{"and": known_id} for known_id in known] if facet in DEMANDS_ALL else [{"or": known}]
    wanted = {"groupByProduct": True, "take": PAGE_SIZE, "skip": PAGE_SIZE * (one["page"] - 1)}
    if one["search"]:
        wanted["term"] = one["search"]
    if filters:
        wanted["facetValueFilters"] = filters
    if order := {"price": "ASC", "-price": "DESC"}.get(one["sort"]):
        wanted["sort"] = {"price": order}
    return {"query": QUERY, "variables": {"input": wanted}}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out")
    p.add_argument("--rows")
    p.add_argument("--count", type=int, default=1000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--vendure")
    a = p.parse_args()
    found = sets(a.count, a.seed, Rows(a.rows) if a.rows else None)
    os.makedirs(a.out, exist_ok=True)

    def write(name, lines):
        with open(os.path.join(a.out, name), "w") as f:
            f.writelines(line + "\n" for line in lines)

    write("sets.jsonl", map(json.dumps, found))
    write("urls.txt", map(address, found))
    if a.vendure:
        with open(a.vendure) as f:
            ids = json.load(f)
        write("vendure.jsonl", (json.dumps(vendure(one, ids), separators=(",", ":")) for one in found))
    print(f"{len(found)} filter sets, {len(set(map(address, found)))} different ones, in {a.out}")


if __name__ == "__main__":
    main()
