"""Writes bench/RESULTS.md (on standard output) from what the stages left in bench/out.

What a stage gave is kept in bench/kept, so that a run of one stage leaves the sections of the others as they were.
"""

import contextlib
import glob
import io
import json
import os
import sys
from statistics import median

from report_invoices import invoices
from report_lists import lists

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "out")
KEPT = os.environ.get("BENCH_KEPT") or os.path.join(os.path.dirname(__file__), "kept")
NAMES = {
    "direct": "the mock itself (no gateway)",
    "nginx": "nginx `proxy_pass`",
    "any-llm": "any-llm-gateway + PostgreSQL",
    "ours": "**ours** + SQLite",
    "static": "static handler, same bytes",
    "pgbench-textbook": "PostgreSQL, textbook (`SELECT … FOR UPDATE`, 2 `UPDATE`, `INSERT`), 32 clients",
    "pgbench-one": "PostgreSQL, one statement, 32 clients",
    "ours-sqlite": "**ours** on SQLite, 512 clients",
    "ours-postgres": "**ours** on PostgreSQL, 512 clients",
    "ours-1000": "**ours**, 1,000 offerings, every page rendered",
    "ours-10000": "**ours**, 10,000 offerings, every page rendered",
    "ours-100000": "**ours**, 100,000 offerings, every page rendered",
    "ours-kept": "**ours**, 10,000 offerings, pages kept",
    "next": "Next.js, 10,000 rows in memory, HTML",
    "vendure": "Vendure `search` + PostgreSQL, 10,000 rows, JSON",
}
ORDER = list(NAMES)
targets = []  # (what, goal, measured, verdict)


def load(path):
    try:
        with open(os.path.join(OUT, path)) as f:
            return json.load(f)
    except (OSError, ValueError):
        return None


def lines(path):
    try:
        with open(os.path.join(OUT, path)) as f:
            return [json.loads(line) for line in f if line.strip()]
    except OSError:
        return []


def text(path):
    try:
        with open(os.path.join(OUT, path)) as f:
            return f.read().strip()
    except OSError:
        return ""


def num(x, digits=None):
    if x is None:
        return "–"
    if digits is None:
        digits = 0 if abs(x) >= 100 else 1 if abs(x) >= 10 else 2
    return f"{x:,.{digits}f}"


def micros(x):
    if x is None:
        return "–"
    return f"{num(x / 1000)} ms" if x >= 10_000 else f"{num(x, 0)} µs"


def mb(x):
    return "–" if x is None else f"{x / 1e6:,.1f} MB"


def table(head, rows, numbers_from=1):
    print("| " + " | ".join(head) + " |")
    print("|" + "|".join("---" if i < numbers_from else "--:" for i in range(len(head))) + "|")
    for row in rows:
        print("| " + " | ".join(str(x) for x in row) + " |")
    print()


class Cell:
    """All rounds of one cell; each figure is the median of them."""

    def __init__(self, rounds):
        self.rounds = rounds
        self.failed = sum(r.get("failed", 0) for r in rounds)

    def of(self, field):
        values = [r[field] for r in self.rounds if r.get(field) is not None]
        return median(values) if values else None

    @property
    def sound(self):
        return bool(self.rounds) and not self.failed

    def rates(self):
        values = [r["rps"] for r in self.rounds]
        return f"{num(median(values))}" + (f" ({num(min(values))} … {num(max(values))})" if len(values) > 1 else "")

    def busy(self, core):
        return median(r["core_busy"][core] for r in self.rounds)

    def marks(self):
        marks = ""
        if self.rounds[0]["sut"] != "direct" and self.busy(1) > 0.95 and self.busy(0) < 0.9:
            marks += " †"
        if self.rounds[0]["sut"] != "direct" and max(r["foreign_core0"] for r in self.rounds) > 0.1:
            marks += " ‡"
        return marks


def cells_of(records):
    groups = {}
    for r in records:
        if r["round"]:
            groups.setdefault((r["kind"], r["c"], r["sut"]), []).append(r)
    return {key: Cell(rounds) for key, rounds in groups.items()}


def ratio(a, b, field="rps"):
    if not (a and b and a.sound and b.sound):
        return None
    x, y = a.of(field), b.of(field)
    return x / y if x is not None and y else None


def worst_ratio(a, b):
    """The ratio of the worst round, round by round."""
    if not (a and b and a.sound and b.sound):
        return None
    others = {r["round"]: r["rps"] for r in b.rounds}
    pairs = [r["rps"] / others[r["round"]] for r in a.rounds if others.get(r["round"])]
    return min(pairs) if pairs else None


def target(what, goal_text, measured, goal, at_least, unit="", extra="", void=""):
    if void:
        targets.append((what, goal_text, f"{num(measured)}{unit}", f"**not reached**: {void}"))
        return
    if measured is None:
        targets.append((what, goal_text, "–", "**not measured**"))
        return
    reached = measured >= goal if at_least else measured <= goal
    shown = f"{num(measured)}{unit}"
    if reached:
        margin = measured / goal if at_least else goal / measured if measured > 0 else float("inf")
        verdict = f"reached ({num(margin)}× the goal)" if margin < 1000 else "reached"
    else:
        short = goal - measured if at_least else measured - goal
        verdict = f"**not reached**: {num(short)}{unit} ({num(short / goal * 100, 0)} %) {'short' if at_least else 'over'}"
    targets.append((what, goal_text, shown + (f" {extra}" if extra else ""), verdict))


def remarks(stage):
    if said := text(f"{stage}/missing.txt"):
        print("Left out or failed in this run:\n")
        for line in dict.fromkeys(said.splitlines()):
            print(f"- {line}")
        print()


def heading(stage, title):
    facts = load(f"{stage}/facts.json")
    print(f"## {title}\n")
    print(
        f"{facts['started'][:19].replace('T', ' ')} UTC, commit {facts['commit'] or 'unknown'}; "
        f"{facts.get('seconds', '?')} s a cell and round, medians of {facts.get('rounds', '?')}. Before it began the two "
        f"cores together did {facts['busy_before']:.2f} cores' worth of other work"
        + (" — **too much to publish**." if facts["busy_before"] > 0.2 else ".")
        + "\n"
    )
    remarks(stage)


def gateway():
    heading("gateway", "Gateway")
    print(
        "Every request is a small chat completion (10 prompt tokens and 5 of answer, by the mock's word). The mock "
        "(nginx, `return 200`) and wrk share core 1; whatever is measured has core 0, its database included. nginx does "
        "nothing but pass on. any-llm-gateway does what we do: key, budget, usage row, commit before the answer. Ours "
        "does key, limits, hold, settle, usage row and receipt, with SQLite at `synchronous=FULL`. any-llm-gateway gets at "
        "most 15 connections: with more callers than its pool has database connections it stops answering (24 callers: "
        "none answered in 30 s), so ours is compared with the best of its cells. CPU is user and "
        "system time of the process tree and its database, divided by the requests. A cell with one error is void.\n"
    )
    cells = cells_of(lines("gateway/cells.jsonl"))
    marked = ""
    for kind, title in (("plain", "Not streamed"), ("stream", "Streamed: 10 events an answer")):
        rows = []
        for c in sorted({k[1] for k in cells if k[0] == kind}):
            for sut in ORDER:
                cell = cells.get((kind, c, sut))
                if not cell:
                    continue
                if not cell.sound:
                    kinds = {}
                    for r in cell.rounds:
                        for name, count in r["errors"].items():
                            kinds[name] = kinds.get(name, 0) + count
                    why = ", ".join(f"{n} {k}" for k, n in kinds.items() if n) or "no answer in time"
                    rows.append([c, NAMES[sut], f"void: {why}"] + ["–"] * 6)
                    continue
                marks = cell.marks()
                marked += marks
                flushes = cell.of("flushes_per_s")
                cpu = num(cell.of("cpu_us"))
                if cell.of("cpu_db_us") is not None:
                    cpu += f" (database {num(cell.of('cpu_db_us'))})"
                rows.append([
                    c,
                    NAMES[sut] + marks,
                    cell.rates(),
                    micros(cell.of("p50_us")),
                    micros(cell.of("p99_us")),
                    cpu,
                    f"{cell.busy(0) * 100:.0f} %",
                    f"{cell.busy(1) * 100:.0f} %",
                    num(flushes, 0),
                ])
        if rows:
            print(f"### {title}\n")
            table(
                ["connections", "", "requests/s (worst … best round)", "p50", "p99", "CPU µs/request", "core 0 busy",
                 "core 1 busy", "disk flushes/s"],
                rows,
                2,
            )
    if "†" in marked:
        print("† core 1 (wrk and mock) was the limit, not what is measured: compare the CPU µs.  ")
    if "‡" in marked:
        print("‡ in at least one round something else used more than a tenth of core 0.  ")
    if marked:
        print()

    rows = []
    best_peer = {}
    for (kind, _, sut), cell in cells.items():
        if sut == "any-llm" and cell.sound and cell.of("rps") > (best_peer[kind].of("rps") if kind in best_peer else 0):
            best_peer[kind] = cell
    for kind, c in sorted({k[:2] for k in cells}):
        get = lambda sut: cells.get((kind, c, sut))  # noqa: E731
        ours, nginx, peer, direct = get("ours"), get("nginx"), best_peer.get(kind), get("direct")
        if not (ours and ours.sound):
            continue
        added = ours.of("p50_us") - direct.of("p50_us") if direct and direct.sound else None
        nginx_adds = nginx.of("p50_us") - direct.of("p50_us") if direct and nginx and nginx.sound else None
        cpu = ratio(nginx, ours, "cpu_us")
        rows.append([
            f"{c}{', streamed' if kind == 'stream' else ''}",
            num(ratio(ours, nginx)) + "×",
            num(cpu) + "×",
            num(ratio(ours, peer), 0) + "×",
            num(ratio(peer, ours, "cpu_us"), 0) + "×",
            micros(added) if c == 1 else "–",
            micros(nginx_adds) if c == 1 else "–",
            num(ours.of("rps") / ours.of("flushes_per_s"), 0) if ours.of("flushes_per_s") else "–",
        ])
    if rows:
        print("### Ours beside them\n")
        table(
            ["connections", "÷ nginx, requests/s", "÷ nginx, by CPU", "÷ any-llm-gateway's best, requests/s",
             "÷ any-llm-gateway's best, by CPU", "p50 that ours adds", "p50 that nginx adds", "requests a disk flush"],
            rows,
        )

    memory = {m["when"]: m for m in lines("gateway/memory.jsonl")}
    peaks = {}
    for r in lines("gateway/cells.jsonl"):
        peaks[r["sut"]] = max(peaks.get(r["sut"], 0), r["rss_peak"])
    rows = [
        [NAMES.get(sut, "PostgreSQL of any-llm-gateway (shared pages divided)"), mb(memory.get("idle", {}).get(sut)),
         mb(peaks.get(sut)) if peaks.get(sut) else "–", mb(memory.get("after", {}).get(sut))]
        for sut in ("nginx", "any-llm", "any-llm database", "ours")
        if sut in memory.get("idle", {})
    ]
    if rows:
        print("### Memory (resident)\n")
        table(["", "idle", "most under load", "5 s after"], rows)

    books = load("gateway/books.json")
    exact = load("gateway/exact.json")
    proof = text("gateway/proof.txt")
    agree = None
    if books and exact:
        mine = [r for r in lines("gateway/cells.jsonl") if r["sut"] == "ours"]
        counted = sum(r["ok"] + r["probe"] for r in mine) + exact["answered"]
        upstream = sum((r["mock_calls"] or 0) + r["probe"] for r in mine) + exact["answered"]
        agree_exact = (
            exact["answered"] == exact["receipts"] and exact["charged_micro"] == exact["wallet_micro"] and exact["receipts"] > 0
        )
        agree = agree_exact and counted <= books["receipts"] <= upstream and proof.endswith("exit code 0")
        print("### The books\n")
        print(
            f"- {num(exact['answered'], 0)} calls counted one by one: {num(exact['receipts'], 0)} receipts; charged "
            f"{num(exact['charged_micro'], 0)} micro-credits, and the wallet fell by {num(exact['wallet_micro'], 0)}: "
            + ("**equal**." if agree_exact else "**they differ**.")
        )
        between = counted <= books["receipts"] <= upstream
        print(
            f"- The whole run: wrk got {num(counted, 0)} answers, the mock gave {num(upstream, 0)}, the receipts are "
            f"{num(books['receipts'], 0)}. wrk hangs up in the middle of its last calls, so the receipts belong between "
            "the two: " + ("they are." if between else "**they are not**.")
        )
        print(f"- `cmp-server proof` after the run: {proof.splitlines()[-1] if proof else 'not run'}.")
        peer = load("gateway/any-llm.json")
        if peer and peer.get("logged"):
            print(
                f"- The peer's own books: its log of {num(peer['logged'], 0)} calls adds up to "
                f"${peer['logged_cost']:.5f}, of which it charged the user ${peer['charged']:.5f} "
                f"({peer['charged'] / peer['logged_cost'] * 100:.0f} %)."
            )
        print()
    gateway_targets(cells, memory.get("idle", {}).get("ours"))
    targets.append((
        "Receipts equal the calls answered, and the ledger's proof passes",
        "all",
        "–" if agree is None else "yes" if agree else "no",
        "**not measured**" if agree is None else "reached" if agree else "**not reached**: see *The books*",
    ))


def gateway_targets(cells, idle):
    plain = {k[1:]: v for k, v in cells.items() if k[0] == "plain"}
    c = 64 if (64, "ours") in plain else max((k[0] for k in plain if k[1] == "ours"), default=64)
    ours, nginx = plain.get((c, "ours")), plain.get((c, "nginx"))
    extra = ""
    if ours and nginx and ratio(ours, nginx) is not None:
        extra = f"({num(ours.of('rps'))}/s of {num(nginx.of('rps'))}/s; worst round {num(worst_ratio(ours, nginx))}×)"
    target(f"Gateway ÷ nginx, requests/s on one core, {c} connections", "≥ 0.2×", ratio(ours, nginx), 0.2, True, "×", extra)
    one, direct = plain.get((1, "ours")), plain.get((1, "direct"))
    added = None
    if one and direct and one.sound and direct.sound:
        added = (one.of("p50_us") - direct.of("p50_us")) / 1000
    target("p50 added at one connection", "≤ 0.3 ms", added, 0.3, False, " ms")
    target("Idle memory of the server", "≤ 60 MB", idle / 1e6 if idle else None, 60, False, " MB")


def ledger():
    heading("ledger", "Ledger")
    disk = load("ledger/disk.json")
    print(
        "For PostgreSQL one transfer moves an amount between two accounts and notes it. Ours counts each authorise and "
        "each settle as one (a settle pays, charges the fee and gives the rest back); a client waits until the one is "
        "durable before it asks for the other, and the times are half of a pair's. Nine of ten are paid by the same "
        "account. PostgreSQL has fsync, synchronous_commit and full_page_writes on; SQLite has WAL and "
        "`synchronous=FULL`. Nothing is pinned, except where it says one core: there clients, ledger and database share it.\n"
    )
    if disk:
        print(
            f"The disk under it: {num(disk['per_s'], 0)} fdatasync of 8 KiB a second one after another "
            f"(p50 {micros(disk['p50_us'])}, p99 {micros(disk['p99_us'])}; {num(disk['flushes'], 0)} flushes seen for "
            f"{num(disk['calls'], 0)} calls).\n"
        )
    groups = {}
    for r in lines("ledger/cells.jsonl"):
        groups.setdefault((r["arm"], r["cores"]), []).append(r)

    def mid(key, field):
        values = [r[field] for r in groups.get(key, []) if r.get(field) is not None]
        return median(values) if values else None

    textbook = mid(("pgbench-textbook", "both"), "transfers_per_s")
    one = mid(("pgbench-one", "both"), "transfers_per_s")
    rows = []
    for key in sorted(groups, key=lambda k: (ORDER.index(k[0]), k[1])):
        rates = [r["transfers_per_s"] for r in groups[key]]
        flushes = mid(key, "flushes_per_s")
        rate = median(rates)
        bad = [r for r in groups[key] if r.get("balanced") is False or r.get("failed")]
        rows.append([
            NAMES[key[0]] + (", one core" if key[1] == "one" else "") + (" — **books wrong**" if bad else ""),
            num(rate, 0) + (f" ({num(min(rates), 0)} … {num(max(rates), 0)})" if len(rates) > 1 else ""),
            micros(mid(key, "p50_us")),
            micros(mid(key, "p99_us")),
            num(flushes, 0),
            num(rate / flushes) if flushes else "–",
            num(rate / textbook) + "×" if textbook else "–",
            num(rate / one) + "×" if one else "–",
        ])
    table(
        ["", "transfers/s (worst … best round)", "p50", "p99", "disk flushes/s", "transfers a flush", "÷ textbook",
         "÷ one statement"],
        rows,
    )
    proofs = sorted(glob.glob(os.path.join(OUT, "ledger/proof.*.txt")))
    failed = [x for x in text("ledger/missing.txt").splitlines() if "proof fails" in x]
    if proofs:
        print(f"`cmp-server proof` ran after each of our {len(proofs)} runs; " + (f"**{len(failed)} failed**.\n" if failed else "every one passed.\n"))
    for arm, name in (("ours-sqlite", "SQLite"), ("ours-postgres", "PostgreSQL")):
        # A run that never made the disk flush was not durable, however fast.
        flushes = mid((arm, "both"), "flushes_per_s")
        target(
            f"Ledger on {name}, durable transfers/s, 90 % on one account", "≥ 10,000/s",
            mid((arm, "both"), "transfers_per_s"), 10_000, True, "/s",
            void="the disk was not made to flush, so nothing was durable" if flushes is not None and flushes < 1 else "",
        )


def page():
    heading("page", "Marketplace page")
    answer = load("page/answer.json") or {}
    cells = cells_of(lines("page/cells.jsonl"))
    print(
        f"`/marketplace/?category=agents` as a visitor gets it, from the cache, {num(answer.get('bytes'), 0)} bytes of "
        f"HTML and {num(answer.get('header_bytes'), 0)} of headers, not compressed; beside it an axum handler with the "
        "same bytes and no more. 64 connections, the server on core 0, wrk on core 1.\n"
    )
    rows = []
    for sut in ("static", "ours"):
        if cell := cells.get(("page", 64, sut)):
            if not cell.sound:
                rows.append([NAMES[sut], "void"] + ["–"] * 5)
                continue
            rows.append([
                "**the marketplace page**" + cell.marks() if sut == "ours" else NAMES[sut] + cell.marks(), cell.rates(),
                micros(cell.of("p50_us")), micros(cell.of("p99_us")), num(cell.of("cpu_us")),
                f"{cell.busy(0) * 100:.0f} %", f"{cell.busy(1) * 100:.0f} %",
            ])
    table(["", "requests/s (worst … best round)", "p50", "p99", "CPU µs/request", "core 0 busy", "core 1 busy"], rows)
    if any("†" in r[0] for r in rows):
        print("† core 1 (wrk) was the limit: compare the CPU µs.  ")
    if any("‡" in r[0] for r in rows):
        print("‡ in at least one round something else used more than a tenth of core 0.  ")
    print()
    ours, static = cells.get(("page", 64, "ours")), cells.get(("page", 64, "static"))
    extra = ""
    if (cpu := ratio(static, ours, "cpu_us")) is not None:
        extra = f"(by CPU {num(cpu)}×; worst round {num(worst_ratio(ours, static))}×)"
    target("Marketplace page ÷ static handler, requests/s, cached", "≥ 0.5×", ratio(ours, static), 0.5, True, "×", extra)


def catalog():
    goals = [
        ("Facet page (HTML with counts) of 100,000 offerings, p99 at half load", "≤ 5 ms", 5, False, " ms"),
        ("Counts beside the filters, 100,000 offerings, p99", "≤ 1 ms", 1, False, " ms"),
        ("A change until it is seen, 100,000 offerings, p99 of 40", "≤ 100 ms", 100, False, " ms"),
        ("Memory an offering, from 1,000 to 100,000", "≤ 2,048 B", 2048, False, " B"),
        ("CPU of a page, 100,000 ÷ 1,000 offerings", "≤ 3×", 3, False, "×"),
        ("HTML and style of the first view, brotli", "≤ 30 kB", 30, False, " kB"),
        ("Islands in all, brotli", "≤ 120 kB", 120, False, " kB"),
    ]
    heading("catalog", "Catalogue")
    print(
        "A generated catalogue, foreseeable to the last word, and a list of 1,000 filter sets (Zipf-distributed; some with a "
        "search, an order or a page), the same for everybody. Ours answers with the finished page: 24 cards, every value of "
        "every filter with its count, rendered anew for every request except where it says *kept*. Next.js holds the rows of "
        "10,000 offerings in memory and renders the same cards and counts; Vendure answers with JSON, its database on the same "
        "core. 8 connections, server on core 0, wrk on core 1.\n"
    )
    cells = cells_of(lines("catalog/cells.jsonl"))
    rows = []
    for sut in ORDER:
        cell = cells.get(("facets", 8, sut))
        if cell and not cell.sound:
            rows.append([NAMES[sut], "void"] + ["–"] * 5)
        elif cell:
            rows.append([
                NAMES[sut] + cell.marks(), cell.rates(), micros(cell.of("p50_us")), micros(cell.of("p99_us")),
                num(cell.of("cpu_us")), f"{cell.busy(0) * 100:.0f} %", num((cell.of("bytes_each") or 0) / 1000) + " kB",
            ])
    table(["", "requests/s (worst … best round)", "p50", "p99", "CPU µs/request", "core 0 busy", "an answer"], rows)
    ours, kept = cells.get(("facets", 8, "ours-10000")), cells.get(("facets", 8, "ours-kept"))
    rows = [
        [f"÷ {NAMES[peer]}", num(ratio(ours, cells.get(("facets", 8, peer))), 0) + "×",
         num(ratio(cells.get(("facets", 8, peer)), ours, "cpu_us"), 0) + "×",
         num(ratio(kept, cells.get(("facets", 8, peer))), 0) + "×"]
        for peer in ("next", "vendure")
        if ratio(ours, cells.get(("facets", 8, peer))) is not None
    ]
    if rows:
        print("### Ours with 10,000 offerings beside them\n")
        table(["", "requests/s, rendered", "by CPU, rendered", "requests/s, kept"], rows)
    paced = {r["offerings"]: r for r in lines("catalog/paced.jsonl")}
    if paced:
        print("### At half load: an open loop at half of what it can do, latencies from when a request was due\n")
        table(
            ["offerings", "requests/s", "p50", "p90", "p99", "slowest", "failed"],
            [[num(n, 0), num(r["rate"], 0), micros(r["p50_us"]), micros(r["p90_us"]), micros(r["p99_us"]), micros(r["max_us"]), r["failed"]]
             for n, r in sorted(paced.items())],
        )
    search = {r["offerings"]: r for r in lines("catalog/search.jsonl")}
    if search:
        print("### Inside: finding and counting without HTTP and pages, and a change in the database until it is seen\n")
        table(
            ["offerings", "counts p50", "counts p99", "find and count p50", "find and count p99", "change p50", "change p99", "change, slowest"],
            [[num(n, 0), micros(r["counts"]["p50_us"]), micros(r["counts"]["p99_us"]), micros(r["find"]["p50_us"]),
              micros(r["find"]["p99_us"]), micros(r["change_to_visible"]["p50_us"]), micros(r["change_to_visible"]["p99_us"]),
              micros(r["change_to_visible"]["max_us"])]
             for n, r in sorted(search.items())],
        )
    memory = {r["offerings"]: r["rss"] for r in lines("catalog/memory.jsonl")}
    if memory:
        print("Resident memory after the load: " + "; ".join(f"{num(n, 0)} offerings {mb(rss)}" for n, rss in sorted(memory.items())) + ".\n")
    size = load("catalog/sizes.json")
    if size:
        print("Compressed sizes, as served: " + ", ".join(f"{name} {num((n or 0) / 1000)} kB" for name, n in size.items()) + ".\n")
    small, large = cells.get(("facets", 8, "ours-1000")), cells.get(("facets", 8, "ours-100000"))
    each = (memory[100000] - memory[1000]) / 99000 if {1000, 100000} <= memory.keys() else None
    at = lambda n, what, field: search[n][what][field] / 1000 if n in search else None  # noqa: E731
    measured = [
        paced[100000]["p99_us"] / 1000 if 100000 in paced and not paced[100000]["failed"] else None,
        at(100000, "counts", "p99_us"),
        at(100000, "change_to_visible", "p99_us"),
        each,
        ratio(large, small, "cpu_us"),
        (size["html"] + size["css"]) / 1000 if size and size["html"] and size["css"] else None,
        (size["islands_js"] + size["islands_wasm"]) / 1000 if size and size["islands_wasm"] else None,
    ]
    for (what, goal, limit, least, unit), value in zip(goals, measured):
        target(what, goal, value, limit, least, unit)


STAGES = {
    "gateway": gateway,
    "ledger": ledger,
    "page": page,
    "catalog": catalog,
    "lists": lambda: lists(sys.modules[__name__]),
    "invoices": lambda: invoices(sys.modules[__name__]),
}


def disturbed(stage):
    """How many measurements something else got in the way of."""
    return sum(
        r["round"] > 0 and r["sut"] != "direct" and r["foreign_core0"] > 0.1
        for r in lines(f"{stage}/cells.jsonl") if "foreign_core0" in r
    )


def fresh(stage):
    """Writes the section of a stage that was run, and keeps it."""
    targets.clear()
    section = io.StringIO()
    with contextlib.redirect_stdout(section):
        STAGES[stage]()
    facts = load(f"{stage}/facts.json")
    kept = {"facts": facts, "targets": list(targets), "disturbed": disturbed(stage), "section": section.getvalue().splitlines()}
    os.makedirs(KEPT, exist_ok=True)
    with open(os.path.join(KEPT, f"{stage}.json"), "w") as f:
        json.dump(kept, f, indent=1, ensure_ascii=False)
        f.write("\n")


def kept(stage):
    try:
        with open(os.path.join(KEPT, f"{stage}.json")) as f:
            return json.load(f)
    except OSError:
        return None


def main():
    for stage in STAGES:
        if load(f"{stage}/facts.json"):
            fresh(stage)
    results = {stage: result for stage in STAGES if (result := kept(stage))}
    print("# Benchmarks\n\nWritten by `make bench` (`bench/run.sh`) from `bench/kept`; do not edit.\n")
    if not results:
        print("Nothing has been measured yet.")
        return
    facts = max((result["facts"] for result in results.values()), key=lambda f: f["started"])
    table(
        ["", ""],
        [["machine", f"{facts['cores']} × {facts['cpu']}, {facts['memory'] / 1e9:.0f} GB, Linux {facts['kernel']}, {facts['disk']}"]]
        + [[k, v or "not found"] for k, v in facts["versions"].items()],
        2,
    )
    print("## What this says\n")
    rows = [row for result in results.values() for row in result["targets"]]
    rows += [[f"Everything of `{stage}`", "–", "–", "**not measured**"] for stage in STAGES if stage not in results]
    table(["", "goal", "measured", ""], rows, 4)
    noisy = [stage for stage, result in results.items() if result["facts"]["busy_before"] > 0.2]
    if noisy:
        print(f"**The machine was busy with something else when {' and '.join(noisy)} began: measure again.**\n")
    if times := sum(result["disturbed"] for result in results.values()):
        print(f"{times} measurements were disturbed: something else used more than a tenth of the core (‡).\n")
    if len({result["facts"]["commit"] for result in results.values()}) > 1:
        print("The stages were run at different commits; each says which.\n")
    print("\n".join("\n".join(result["section"]).rstrip() + "\n" for result in results.values()).rstrip())


main()
