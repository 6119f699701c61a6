"""The section on invoices of bench/RESULTS.md; `report` is the module that has the tables and figures."""

ENGINES = {"ours-sqlite": "SQLite", "ours-postgres": "PostgreSQL"}


def invoices(report):
    goal = "The invoices of a month, {} customers × 100 items, killed on the way, on {}"
    report.heading("invoices", "Invoices of a month")
    cells = report.lines("invoices/cells.jsonl")
    print(
        "Every customer has ten resources with ten components each, billed by their limits. "
        "`cmp-server bench-invoices` makes the invoices of the month as the monthly work does, is killed with `kill -9` "
        "several times and started again; the time is from the first start to the last end, dead time and starts "
        "included. Afterwards every customer has one invoice with a hundred items, their sums are the invoices', and the "
        "numbers run without a gap. Beside it the limit: the same rows with the same indexes copied within the database by one "
        "statement.\n"
    )
    report.table(
        ["", "customers", "items", "killed", "seconds in all", "seconds of the last run", "items/s", "one copy of the rows", "÷ the copy"],
        [
            [ENGINES[cell["arm"]], report.num(cell["invoices"], 0), report.num(cell["items"], 0), str(cell["kills"]),
             report.num(cell["seconds_with_kills"]), report.num(cell["seconds"]),
             report.num(cell["items"] / cell["seconds_with_kills"], 0), report.num(cell["copy_seconds"]) + " s",
             report.num(cell["seconds_with_kills"] / cell["copy_seconds"]) + "×"]
            for cell in cells
        ],
    )
    by = {cell["arm"]: cell for cell in cells}
    for arm, engine in ENGINES.items():
        cell = by.get(arm)
        report.target(
            goal.format(report.num(cell["invoices"], 0) if cell else "10,000", engine), "≤ 60 s",
            cell["seconds_with_kills"] if cell else None, 60, False, " s",
        )
