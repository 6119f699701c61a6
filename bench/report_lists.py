"""The section on lists of bench/RESULTS.md; `report` is the module that has the tables and figures."""

CASES = [
    ("page 1", "staff, no filter, page 1"),
    ("page 5000", "staff, no filter, page 5,000"),
    ("state executing", "staff, `state` (a fifth of the rows)"),
    ("state executing, page 1000", "the same, page 1,000"),
    ("two states", "staff, two states"),
    ("created after half of them", "staff, `created` (half of the rows)"),
    ("created after half of them, page 2500", "the same, page 2,500"),
    ("customer with a tenth", "staff, `customer_uuid` (a tenth of the rows)"),
    ("owner with a tenth", "owner of that customer, no filter"),
    ("customer with a tenth, state executing", "staff, `customer_uuid` and `state`"),
    ("customer with a thousand", "staff, `customer_uuid` (a thousand rows)"),
    ("owner with a thousand", "owner of that customer, no filter"),
]
# What of the peer is the same question.
PEERS = {
    "page 1": "page 1",
    "page 5000": "page 5000",
    "state executing": "state executing",
    "customer with a tenth": "customer_uuid …",
}
ENGINES = {"ours-sqlite": "SQLite", "ours-postgres": "PostgreSQL"}


def lists(report):
    num, micros, target = report.num, report.micros, report.target
    peer_goal = "Lists of {} orders ÷ Waldur Mastermind's, requests per core, on {}, the worst of {}"
    p99_goal = "Page of 100 orders of {} at half load, p99 on {}, the worst of {} lists"
    may_goal = "What permissions add to a list, CPU on {}"
    size = (report.load("lists/size.json") or {}).get("orders")
    seconds = max((r["seconds"] for r in report.lines("lists/paced.jsonl")), default=0)
    report.heading("lists", "Lists")
    print(
        f"`GET /api/marketplace-orders/?page_size=100` over {num(size, 0)} orders: one customer has a tenth of them, the others a "
        "thousand each. Every answer has the total, as `X-Result-Count`, and a hundred orders with the names of what they "
        "belong to. Server and database on core 0, wrk on core 1, 4 connections; Waldur Mastermind 4.5.1 with the same "
        "orders (gunicorn, one worker, DEBUG off, PostgreSQL analyzed, on the same core) gets one caller, because an answer "
        "takes it seconds. It is asked for its orders of one item each and for its order items, which today's Waldur calls "
        "orders; ours is compared with the faster of the two. Totals and deep pages of long lists come from a survey of the "
        "list (`server/store/src/surveys.rs`): up to 10,000 rows are counted at every request. Half load is an open loop of "
        f"{num(seconds, 0)} s; the 3 s before them, in which connections are opened and statements prepared, are not counted.\n"
    )
    cells = report.cells_of(report.lines("lists/cells.jsonl"))
    by = {(sut, kind): cell for (kind, _, sut), cell in cells.items()}
    paced = {(r["sut"], r["kind"]): r for r in report.lines("lists/paced.jsonl")}

    def best_peer(kind):
        wanted = PEERS.get(kind)
        found = [by.get(("waldur", f"{what} {wanted}")) for what in ("orders", "order-items")] if wanted else []
        sound = [cell for cell in found if cell and cell.sound]
        return max(sound, key=lambda cell: cell.of("rps"), default=None)

    for sut, engine in ENGINES.items():
        rows, ratios, worst = [], [], []
        for kind, title in CASES:
            cell, slow, peer = by.get((sut, kind)), paced.get((sut, kind)), best_peer(kind)
            if not cell:
                continue
            if not cell.sound:
                rows.append([title, "void"] + ["–"] * 7)
                continue
            if slow:
                worst.append(None if slow["failed"] else slow["p99_us"] / 1000)
            factor = report.ratio(cell, peer) if peer else None
            by_cpu = report.ratio(peer, cell, "cpu_us") if peer else None
            ratios += [factor] if factor else []
            cpu = num(cell.of("cpu_us"))
            if cell.of("cpu_db_us") is not None:
                cpu += f" (database {num(cell.of('cpu_db_us'))})"
            rows.append([
                title + cell.marks(), cell.rates(), micros(cell.of("p50_us")), micros(cell.of("p99_us")), cpu,
                num((cell.of("bytes_each") or 0) / 1000) + " kB",
                f"{micros(slow['p99_us'])} at {num(slow['rate'], 0)}/s" if slow else "–",
                "–" if factor is None else num(factor, 0) + "×", "–" if by_cpu is None else num(by_cpu, 0) + "×",
            ])
        if not rows:
            continue
        print(f"### Ours on {engine}\n")
        report.table(
            ["", "requests/s (worst … best round)", "p50", "p99", "CPU µs/request", "an answer", "p99 at half load",
             "÷ Waldur's", "÷ Waldur's by CPU"],
            rows,
        )
        staff, owner = by.get((sut, "turns staff")), by.get((sut, "turns large"))
        added = report.ratio(owner, staff, "cpu_us")
        wall = report.ratio(owner, staff, "p50_us")
        if added is not None:
            print(
                f"The same {num(size / 10, 0)} rows by turns and one caller, as staff by `customer_uuid` and as their owner: CPU "
                f"{num(staff.of('cpu_us'))} and {num(owner.of('cpu_us'))} µs, p50 {micros(staff.of('p50_us'))} and "
                f"{micros(owner.of('p50_us'))}: the owner's costs {num((added - 1) * 100)} % more CPU and {num((wall - 1) * 100)} % "
                "more time.\n"
            )
        target(peer_goal.format(num(size, 0), engine, len(ratios)), "≥ 100×", min(ratios, default=None), 100, True, "×")
        known = [x for x in worst if x is not None]
        target(
            p99_goal.format(num(size, 0), engine, len(worst)), "≤ 10 ms", max(known, default=None) if len(known) == len(worst) else None,
            10, False, " ms",
        )
        target(may_goal.format(engine), "≤ 10 %", None if added is None else max((added - 1) * 100, 0), 10, False, " %")
    peers = [(kind, cell) for (sut, kind), cell in by.items() if sut == "waldur"]
    if peers:
        print("### Waldur Mastermind\n")
        report.table(
            ["", "requests/s", "p50", "slowest", "CPU µs/request", "an answer"],
            [
                [kind + cell.marks(), num(cell.of("rps")), micros(cell.of("p50_us")), micros(cell.of("max_us")),
                 f"{num(cell.of('cpu_us'))} (database {num(cell.of('cpu_db_us'))})", num((cell.of("bytes_each") or 0) / 1000) + " kB"]
                if cell.sound else [kind, "void"] + ["–"] * 4
                for kind, cell in peers
            ],
        )
    memory = {r["sut"]: r["rss"] for r in report.lines("lists/memory.jsonl")}
    if memory:
        print("Resident memory of ours after the load: " + "; ".join(f"{ENGINES[sut]} {report.mb(rss)}" for sut, rss in memory.items()) + ".\n")
