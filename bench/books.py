"""Do our books agree with what a client counted?

exact URL KEY BODY FOLDER N   makes N calls, counts the answers 200, and what the receipts and the wallet say of them
total FOLDER                  how many receipts the database of a stopped server has
"""

import glob
import http.client
import json
import sqlite3
import sys
import threading
import time
import urllib.parse
import urllib.request
from decimal import Decimal


def receipts(folder):
    """(metered calls answered 200, micro-credits charged for them), read from the server's SQLite file."""
    (path,) = glob.glob(f"{folder}/*.db")
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    try:
        return db.execute(
            "SELECT count(*), coalesce(sum(credits), 0) FROM requests WHERE status = 200"
        ).fetchone()
    finally:
        db.close()


def wallet(url, key):
    ask = urllib.request.Request(f"{url}/wallets/me", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(ask, timeout=10) as answer:
        told = json.loads(answer.read(), parse_float=Decimal, parse_int=Decimal)
    return Decimal(told["balance"])


def settled(folder, most=10.0):
    """The receipts once no more come."""
    end, last = time.monotonic() + most, None
    while time.monotonic() < end:
        now = receipts(folder)
        if now == last:
            return now
        last = now
        time.sleep(0.5)
    return last


def exact(url, key, body, folder, n):
    host = urllib.parse.urlsplit(url).netloc
    counts = [0] * 8

    def client(i):
        line = http.client.HTTPConnection(host, timeout=30)
        for _ in range(n // len(counts)):
            line.request(
                "POST",
                "/v1/chat/completions",
                body,
                {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
            )
            answer = line.getresponse()
            answer.read()
            counts[i] += answer.status == 200
        line.close()

    calls0, charged0 = settled(folder)
    money0 = wallet(url, key)
    threads = [threading.Thread(target=client, args=(i,)) for i in range(len(counts))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    calls1, charged1 = settled(folder)
    spent = money0 - wallet(url, key)
    return {
        "answered": sum(counts),
        "receipts": calls1 - calls0,
        "charged_micro": charged1 - charged0,
        "wallet_micro": int(spent * 1_000_000),
    }


def main():
    what, *rest = sys.argv[1:]
    if what == "exact":
        print(json.dumps(exact(*rest[:4], int(rest[4]))))
    elif what == "total":
        calls, charged = receipts(rest[0])
        print(json.dumps({"receipts": calls, "charged_micro": charged}))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
