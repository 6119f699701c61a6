"""Measures one cell: one system under test, one number of connections, some seconds of wrk.

Appends one JSON object to --out: what wrk counted, the CPU time of the system under test (user + system time of its
process tree and of its database, taken from /proc right before and after), how busy both cores were, how often the
disk was told to flush, and the memory in use. Core 0 belongs to what is measured, core 1 to wrk and the mock.
"""

import argparse
import json
import os
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
HERE = os.path.dirname(os.path.abspath(__file__))


def stat_fields(pid):
    """The fields of /proc/PID/stat after the name, or none when the process is gone."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()
    except OSError:
        return None


def tree(roots):
    """The processes under these roots, the roots included."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := stat_fields(name)):
            children.setdefault(int(fields[1]), []).append(int(name))
    found, todo = [], list(roots)
    while todo:
        pid = todo.pop()
        if stat_fields(pid):
            found.append(pid)
            todo += children.get(pid, [])
    return found


def cpu_seconds(roots):
    """CPU time of the tree, with that of children that have already ended."""
    ticks = 0
    for pid in tree(roots):
        if fields := stat_fields(pid):
            ticks += sum(int(x) for x in fields[11:15])
    return ticks / TICK


def rss_bytes(roots):
    """Resident memory of the tree (shared pages are counted once a process)."""
    total = 0
    for pid in tree(roots):
        try:
            with open(f"/proc/{pid}/statm") as f:
                total += int(f.read().split()[1]) * PAGE
        except OSError:
            pass
    return total


def pss_bytes(roots):
    """Memory of the tree with shared pages divided among those who share them: fair to PostgreSQL."""
    total = 0
    for pid in tree(roots):
        try:
            with open(f"/proc/{pid}/smaps_rollup") as f:
                total += next(int(line.split()[1]) for line in f if line.startswith("Pss:")) * 1024
        except (OSError, StopIteration):
            pass
    return total


def cores():
    """Per core: (busy, total, stolen) seconds since the machine started."""
    out = []
    with open("/proc/stat") as f:
        for line in f:
            if line.startswith("cpu") and line[3].isdigit():
                t = [int(x) / TICK for x in line.split()[1:9]]
                out.append((sum(t) - t[3] - t[4], sum(t), t[7]))
    return out


def flushes(path):
    """How many cache flushes the disk under this path has done; none where the kernel does not say."""
    dev = os.stat(path).st_dev
    with open("/proc/diskstats") as f:
        for line in f:
            fields = line.split()
            if (int(fields[0]), int(fields[1])) == (os.major(dev), os.minor(dev)) and len(fields) > 18:
                return int(fields[18])
    return None


def mock_requests(url):
    """What nginx's stub_status has counted, without this question itself."""
    if not url:
        return None
    with urllib.request.urlopen(url, timeout=10) as answer:
        return int(answer.read().decode().splitlines()[2].split()[2])


def probe(url, expect):
    """One request by hand, so that no cell measures an error page."""
    headers = dict(
        line.split(": ", 1) for line in os.environ.get("BENCH_HEADERS", "").split("\n") if ": " in line
    )
    body = os.environ.get("BENCH_BODY")
    request = urllib.request.Request(
        url,
        data=body.encode() if body is not None else None,
        headers=headers,
        method=os.environ.get("BENCH_METHOD", "GET"),
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
            status = answer.status
    except urllib.error.HTTPError as error:
        text, status = error.read(), error.code
    if status != 200 or expect.encode() not in text:
        raise SystemExit(f"{url} answers {status}: {text[:400]!r}")
    return len(text)


def settle_down(roots, most=20.0):
    """Waits until the tree does nothing more; returns how long that took."""
    start, quiet = time.monotonic(), 0
    while roots and quiet < 2 and time.monotonic() - start < most:
        before = cpu_seconds(roots)
        time.sleep(0.2)
        quiet = quiet + 1 if cpu_seconds(roots) - before <= 0.011 else 0
    return round(time.monotonic() - start, 2)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--out", required=True)
    p.add_argument("--sut", required=True)
    p.add_argument("--kind", default="plain", help="plain, stream or page")
    p.add_argument("--url", required=True)
    p.add_argument("--expect", default="")
    p.add_argument("--c", type=int, required=True)
    p.add_argument("--round", type=int, required=True, help="0 warms up and does not count")
    p.add_argument("--seconds", type=float, required=True)
    p.add_argument("--pids", default="")
    p.add_argument("--db-pids", default="")
    p.add_argument("--mock-status", default="")
    p.add_argument("--disk", default="/")
    p.add_argument("--script", default="post.lua", help="what wrk runs")
    a = p.parse_args()

    sut = [int(x) for x in a.pids.split(",") if x]
    db = [int(x) for x in a.db_pids.split(",") if x]
    length = probe(a.url, a.expect)
    settle_down(sut + db)
    mock_before = mock_requests(a.mock_status)

    report = tempfile.NamedTemporaryFile(suffix=".json", delete=False).name
    env = dict(os.environ, BENCH_REPORT=report)
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{a.c}", f"-d{a.seconds:g}s", "--timeout", "30s"]
    command += ["-s", f"{HERE}/{a.script}", a.url]

    peak = [0, False]

    def watch():
        while not peak[1]:
            peak[0] = max(peak[0], rss_bytes(sut))
            time.sleep(0.5)

    idle = rss_bytes(sut)
    cpu0, db0, cores0, flush0, start = cpu_seconds(sut), cpu_seconds(db), cores(), flushes(a.disk), time.monotonic()
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=a.seconds + 60)
    cpu1, db1, cores1, flush1, end = cpu_seconds(sut), cpu_seconds(db), cores(), flushes(a.disk), time.monotonic()
    peak[1] = True
    watcher.join()
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    with open(report) as f:
        w = json.load(f)
    os.unlink(report)
    drained = settle_down(sut + db)

    errors = {k: w[k] for k in ("connect", "read", "write", "status", "timeout")}
    ok = w["requests"] - w["status"]
    wall = end - start
    busy = [round((b[0] - x[0]) / max(b[1] - x[1], 1e-9), 3) for x, b in zip(cores0, cores1)]
    stolen = round(sum(b[2] - x[2] for x, b in zip(cores0, cores1)) / wall, 3)
    used = (cpu1 - cpu0) + (db1 - db0)
    mock_after = mock_requests(a.mock_status)
    record = {
        "sut": a.sut,
        "kind": a.kind,
        "c": a.c,
        "round": a.round,
        "seconds": round(w["duration_us"] / 1e6, 3),
        "ok": ok,
        "probe": 1,
        "bytes_each": round(w["bytes"] / w["requests"]) if w["requests"] else None,
        "probe_bytes": length,
        "errors": errors,
        "failed": sum(errors.values()) + (0 if ok else 1),
        "rps": round(ok * 1e6 / w["duration_us"], 1),
        "p50_us": w["p50_us"],
        "p90_us": w["p90_us"],
        "p99_us": w["p99_us"],
        "max_us": w["max_us"],
        "cpu_us": round(used * 1e6 / ok, 2) if ok and (sut or db) else None,
        "cpu_db_us": round((db1 - db0) * 1e6 / ok, 2) if ok and db else None,
        "core_busy": busy,
        "foreign_core0": round(max(0.0, busy[0] - used / wall), 3) if busy else None,
        "stolen": stolen,
        "flushes_per_s": round((flush1 - flush0) / wall, 1) if flush0 is not None else None,
        "rss_before": idle,
        "rss_peak": peak[0],
        "drain_s": drained,
        # stub_status counts its own question: one between the two readings.
        "mock_calls": mock_after - mock_before - 1 if mock_before is not None else None,
    }
    with open(a.out, "a") as f:
        f.write(json.dumps(record) + "\n")
    flag = "" if not record["failed"] else f"  VOID {errors}"
    print(
        f"  {a.kind:6} c={a.c:<4} round {a.round}  {a.sut:10} {record['rps']:>9,.0f}/s  p50 {w['p50_us']:>7} µs"
        f"  p99 {w['p99_us']:>8} µs  cpu {record['cpu_us'] or 0:>8.1f} µs  cores {busy}{flag}",
        flush=True,
    )


if __name__ == "__main__":
    main()
