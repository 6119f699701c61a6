"""Small facts the stages need: the machine, memory, the disk, and turning what a program prints into a record.

machine DISK SERVER            what this runs on, as JSON
after FILE SECONDS ROUNDS      adds when it ended and how it was set
rss PID | pss PID              bytes of a process tree
fdatasync DISK                 how long a durable write of 8 KiB takes
around DISK -- COMMAND…        runs it; its output, then one JSON line with the flushes of the disk meanwhile
pgbench OUT BOOKS LOG…         what pgbench printed and logged, as JSON
note FILE ARM ROUND CORES TEXT appends the JSON objects in TEXT as one record
fetch URL FILE                 saves a page, prints what it came with
"""

import datetime
import glob
import json
import os
import platform
import re
import subprocess
import sys
import time
import urllib.request

from cell import cores, flushes, pss_bytes, rss_bytes


def say(*command):
    """The first line a program prints about itself, or none."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return lines[0].strip() if lines else None


def cpu_model():
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_total():
    with open("/proc/meminfo") as f:
        return int(f.readline().split()[1]) * 1024


def file_system(path):
    """Type and device of the mount that this path is on."""
    best = ("", "?", "?")
    with open("/proc/mounts") as f:
        for line in f:
            device, at, kind = line.split()[:3]
            if (os.path.realpath(path) + "/").startswith(at.rstrip("/") + "/") and len(at) > len(best[0]):
                best = (at, kind, device)
    return f"{best[1]} on {best[2]}"


def busy_now(seconds=2.0):
    """How busy the machine is before anything is measured, of one core."""
    before = cores()
    time.sleep(seconds)
    return round(sum(b[0] - a[0] for a, b in zip(before, cores())) / seconds, 3)


def machine(disk, server):
    home = os.path.dirname(os.path.abspath(__file__))
    any_llm = os.path.expanduser(os.environ.get("CMP_BENCH_CACHE", "~/.cache/cmp/bench"))

    def installed(venv, names):
        found = {}
        for info in glob.glob(f"{any_llm}/{venv}/lib/python*/site-packages/*.dist-info"):
            name, _, version = os.path.basename(info)[: -len(".dist-info")].rpartition("-")
            if name.replace("-", "_").lower() in names:
                found[name.replace("_", "-").lower()] = version
        return ", ".join(f"{k} {v}" for k, v in sorted(found.items())) or None

    pgbin = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: int(re.sub(r"\D", "", p) or 0))
    python = sorted(glob.glob(f"{any_llm}/any-llm-*/bin/python"))
    ours = None
    if server:
        told = say(server, "--version")
        # A binary that does not know the option answers with a complaint.
        ours = told if told and re.search(r"\d+\.\d+", told) else "cmp-server"
        stamp = datetime.datetime.fromtimestamp(os.path.getmtime(server), datetime.timezone.utc)
        ours += f", built {stamp:%Y-%m-%d %H:%M} UTC, {os.path.getsize(server) / 1e6:.1f} MB"
    commit = say("git", "-C", home, "rev-parse", "--short=12", "HEAD")
    dirty = subprocess.run(["git", "-C", home, "status", "--porcelain"], capture_output=True, text=True).stdout
    dirty = any(not line[3:].startswith("bench/") for line in dirty.splitlines())
    with open("/proc/loadavg") as f:
        load = float(f.read().split()[0])
    return {
        "started": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "memory": memory_total(),
        "kernel": platform.release(),
        "disk": file_system(disk),
        "load_before": load,
        "busy_before": busy_now(),
        "commit": commit and commit + (" with uncommitted changes" if dirty else ""),
        "versions": {
            "cmp-server": ours,
            "nginx": (say("nginx", "-v") or "?").replace("nginx version: ", ""),
            "wrk": re.sub(r" \[.*", "", say("wrk", "-v") or "?"),
            "PostgreSQL": say(f"{pgbin[-1]}/postgres", "--version") if pgbin else None,
            "any-llm-gateway": installed("any-llm-*", ("any_llm_sdk", "fastapi", "uvicorn", "sqlalchemy", "psycopg2_binary")),
            "Waldur Mastermind": installed(
                "waldur-*/venv", ("waldur_mastermind", "django", "djangorestframework", "gunicorn", "psycopg2_binary")
            ),
            "Python": say(python[-1], "--version") if python else None,
        },
    }


def fdatasync(disk, seconds=2.0):
    """Appends 8 KiB and waits for the disk, over and over: what one durable commit costs at the least."""
    path = os.path.join(disk, "fdatasync.probe")
    block = os.urandom(8192)
    took = []
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        # The file is written once before, as a log that is used again is: no block is allocated while it measures.
        os.write(fd, b"\0" * (16 << 20))
        os.fsync(fd)
        end = time.monotonic() + seconds
        offset = 0
        before = flushes(disk)
        while time.monotonic() < end:
            start = time.perf_counter()
            os.pwrite(fd, block, offset)
            os.fdatasync(fd)
            took.append(time.perf_counter() - start)
            offset = (offset + 8192) % (16 << 20)
        after = flushes(disk)
    finally:
        os.close(fd)
        os.unlink(path)
    took.sort()
    return {
        "per_s": round(len(took) / sum(took)),
        "p50_us": round(took[len(took) // 2] * 1e6, 1),
        "p99_us": round(took[len(took) * 99 // 100] * 1e6, 1),
        "calls": len(took),
        "flushes": after - before if before is not None else None,
    }


def around(disk, command):
    before, start = flushes(disk), time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE)
    wall, after = time.monotonic() - start, flushes(disk)
    sys.stdout.write(done.stdout.decode())
    count = after - before if before is not None else None
    print("\n" + json.dumps({"around_s": round(wall, 3), "disk_flushes": count}))
    return done.returncode


def pgbench(out, books, logs):
    """Throughput from what it prints; latencies from its log; and whether the books still add up."""
    with open(out) as f:
        text = f.read()
    latencies = []
    for path in logs:
        with open(path) as f:
            latencies += [int(line.split()[2]) for line in f if line.split()[2].isdigit()]
    latencies.sort()
    done = int(re.search(r"transactions actually processed: (\d+)", text)[1])
    total, noted = (int(x) for x in books.split())
    record = {
        "transfers_per_s": float(re.search(r"tps = ([\d.]+)", text)[1]),
        "p50_us": latencies[len(latencies) // 2],
        "p99_us": latencies[len(latencies) * 99 // 100],
        "transfers": done,
        "balanced": total == 1000 * 1000000000000 and noted == done,
    }
    if failed := re.search(r"number of failed transactions: (\d+)", text):
        record["failed"] = int(failed[1])
    record.update(objects(text))
    return record


def objects(text):
    """All JSON objects that stand on lines of their own, merged."""
    merged = {}
    for line in text.splitlines():
        if line.strip().startswith("{"):
            try:
                merged.update(json.loads(line))
            except ValueError:
                pass
    return merged


def note(path, arm, round_, on, text):
    record = {"arm": arm, "round": int(round_), "cores": on, **objects(text)}
    if record.get("disk_flushes") is not None:
        # By the time that it measured, not by the time that it took to start and to check itself.
        length = record["transfers"] / record["transfers_per_s"] if record.get("transfers") else record["around_s"]
        record["flushes_per_s"] = round(record["disk_flushes"] / length, 1)
    with open(path, "a") as f:
        f.write(json.dumps(record) + "\n")
    print(
        f"  {arm:18} {on:4} round {round_}  {record['transfers_per_s']:>10,.0f} transfers/s"
        f"  p50 {record.get('p50_us') or 0:>9,.0f} µs  p99 {record.get('p99_us') or 0:>9,.0f} µs"
        f"  flushes {record.get('disk_flushes')}",
        flush=True,
    )


def fetch(url, path):
    with urllib.request.urlopen(url, timeout=30) as answer:
        body = answer.read()
        head = {k.lower(): v for k, v in answer.headers.items()}
        status = answer.status
    with open(path, "wb") as f:
        f.write(body)
    kept = {k: head.get(k) for k in ("content-type", "etag", "cache-control", "vary", "content-length")}
    header_bytes = sum(len(k) + len(v) + 4 for k, v in head.items())
    return {"status": status, "bytes": len(body), "headers": kept, "header_bytes": header_bytes}


def main():
    what, *rest = sys.argv[1:]
    if what == "machine":
        print(json.dumps(machine(rest[0], rest[1]), indent=1))
    elif what == "after":
        with open(rest[0]) as f:
            facts = json.load(f)
        facts["ended"] = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        facts["seconds"], facts["rounds"] = int(rest[1]), int(rest[2])
        with open(rest[0], "w") as f:
            json.dump(facts, f, indent=1)
    elif what == "rss":
        print(rss_bytes([int(rest[0])]))
    elif what == "pss":
        print(pss_bytes([int(rest[0])]))
    elif what == "fdatasync":
        print(json.dumps(fdatasync(rest[0])))
    elif what == "around":
        sys.exit(around(rest[0], rest[2:]))
    elif what == "pgbench":
        print(json.dumps(pgbench(rest[0], rest[1], rest[2:])))
    elif what == "note":
        note(*rest)
    elif what == "fetch":
        print(json.dumps(fetch(rest[0], rest[1])))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
