"""Checks that a peer answers filter sets rightly, against counting the rows one by one. Ends with 1 at the first wrong answer.

    catalog_check.py next URL ROWS.jsonl SETS.jsonl [COUNT]
    catalog_check.py vendure URL ROWS.jsonl SETS.jsonl IDS.json [COUNT]

URL is http://127.0.0.1:PORT. Of each of COUNT (20) different sets the total, all counts beside the filters, how many are
listed, that each listed one belongs there, and the order of prices are checked. Vendure counts within the result; Next.js
as we do, each filter without its own choices. Vendure splits texts with PostgreSQL's parser: with a search word its
numbers may be 2 % off.
"""

import json
import re
import sys
import urllib.request

from catalog_urls import DEMANDS_ALL, FACETS, PAGE_SIZE, address, values_of, vendure


def fits(has, choices, facet):
    wanted = set(choices.get(facet, ()))
    return wanted <= has[facet] if facet in DEMANDS_ALL else not wanted or bool(wanted & has[facet])


def has_word(row, word, who):
    text = [row["name"], row["slug"], row["tagline"], row["description"]]
    if who == "next":
        return word in "\n".join([*text, row["modelFamily"], row["providerName"]]).lower()
    return any(token.startswith(word) for token in re.split(r"[^a-z0-9]+", " ".join(text).lower()))


def truth(rows, one, who):
    """The rows of a set, and the count of each value: within them, or with the value's own filter left out."""
    choices, found = one["choices"], []
    counts = {(facet, value): 0 for facet in FACETS for value in FACETS[facet]}
    for row, has in rows:
        if one["search"] and not has_word(row, one["search"], who):
            continue
        missed = [facet for facet in FACETS if not fits(has, choices, facet)]
        if not missed:
            found.append(row)
        for facet, value in counts:
            others = missed if who == "vendure" or facet in DEMANDS_ALL else [f for f in missed if f != facet]
            counts[facet, value] += not others and value in has[facet]
    return found, counts


def ask(url, body=None):
    request = urllib.request.Request(url, body and json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read().decode()


def ask_next(url, one, _):
    text = ask(url + address(one))
    # What follows is the same once more, for React.
    text = text[: text.index("</main>")]
    total = int(re.search(r'data-total="(\d+)"', text)[1])
    slugs = re.findall(r'data-slug="([^"]+)"', text)
    boxes = r'type="checkbox" name="([^"]+)"[^>]*? value="([^"]+)"/><span>[^<]*</span><span class="meta num">([\d,]+)<'
    ticked = {m for m in re.findall(r'type="checkbox" name="([^"]+)" checked="" value="([^"]+)"', text)}
    assert ticked == {(f, v) for f, chosen in one["choices"].items() for v in chosen}, f"ticked are {ticked}"
    return total, {(f, v): int(n.replace(",", "")) for f, v, n in re.findall(boxes, text)}, slugs


def ask_vendure(url, one, ids):
    answer = json.loads(ask(url + "/shop-api", vendure(one, ids)))
    assert "errors" not in answer, answer
    result = answer["data"]["search"]
    names = {known: (facet, value) for facet in ids for value, known in ids[facet].items()}
    counts = dict.fromkeys(names.values(), 0)
    for entry in result["facetValues"]:
        counts[names[entry["facetValue"]["id"]]] = entry["count"]
    return result["totalItems"], counts, [item["slug"] for item in result["items"]]


def near(told, right, slack):
    return abs(told - right) <= slack * right


def check(rows, one, who, answer):
    total, counts, slugs = answer
    found, right = truth(rows, one, who)
    slack = 0.02 if who == "vendure" and one["search"] else 0
    assert near(total, len(found), slack), f"total {total}, right is {len(found)}"
    assert counts.keys() == right.keys(), f"counts of {counts.keys() ^ right.keys()}"
    for key, count in counts.items():
        assert near(count, right[key], slack), f"{key} counts {count}, right is {right[key]}"
    skipped = PAGE_SIZE * (one["page"] - 1)
    assert len(slugs) == len(set(slugs)) == max(0, min(PAGE_SIZE, total - skipped)), f"{len(slugs)} listed of {total}"
    prices = {row["slug"]: float(row["pricePer1KTokens"]) for row in found}
    if not slack:
        assert prices.keys() >= set(slugs), f"{set(slugs) - prices.keys()} do not belong there"
        if one["sort"] in ("price", "-price"):
            order = sorted(prices.values(), reverse=one["sort"] == "-price")[skipped:][:PAGE_SIZE]
            assert [prices[slug] for slug in slugs] == order, "not in the order of prices"
    return len(found)


def main():
    who, url, rows_file, sets_file, *rest = sys.argv[1:]
    ids = None
    if who == "vendure":
        with open(rest.pop(0)) as f:
            ids = json.load(f)
    wanted = int(rest[0]) if rest else 20
    with open(rows_file) as f:
        rows = [(row, values_of(row)) for row in map(json.loads, f)]
    # By address, so that no set is asked twice.
    with open(sets_file) as f:
        sets = list({address(one): one for one in map(json.loads, f)}.values())[:wanted]
    assert len(sets) == wanted, f"only {len(sets)} different sets"
    shown = 0
    for one in sets:
        try:
            shown += check(rows, one, who, (ask_next if who == "next" else ask_vendure)(url, one, ids))
        except AssertionError as error:
            raise SystemExit(f"{who} answers {address(one)} wrongly: {error}") from None
    if not shown:
        raise SystemExit(f"no set finds anything in {rows_file}")
    print(f"{who}: {wanted} filter sets of {len(rows)} rows are answered rightly")


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main()
