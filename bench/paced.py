"""Asks for pages at a steady rate, whether or not the answers keep up (an open loop), and prints the latencies as JSON.

A latency is counted from the moment when the request was due, so that a server that falls behind cannot hide it. What was
due in the first WARM_UP seconds is not counted: connections are opened then, on both sides, and statements prepared.

paced.py BASE LIST RATE SECONDS [CONNECTIONS]; BENCH_HEADERS has one "Name: value" a line
"""

import asyncio
import json
import os
import sys
import time
from urllib.parse import urlsplit


MORE = "".join(f"{line}\r\n" for line in os.environ.get("BENCH_HEADERS", "").split("\n") if line)


WARM_UP = 3


async def worker(host, port, counted, todo, took, failed):
    reader = writer = None
    while True:
        job = await todo.get()
        if job is None:
            break
        due, path = job
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: */*\r\n{MORE}\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            lower = head.lower()
            length = 0
            if b"content-length:" in lower:
                length = int(lower.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
                await reader.readexactly(length)
            else:
                while True:
                    size = int((await reader.readline()).strip() or b"0", 16)
                    await reader.readexactly(size + 2)
                    if size == 0:
                        break
            if not head.startswith(b"HTTP/1.1 200"):
                failed.append(head.split(b"\r\n", 1)[0].decode())
            elif due >= counted:
                took.append(time.monotonic() - due)
        except (OSError, ValueError, asyncio.IncompleteReadError) as error:
            failed.append(repr(error))
            writer = None


async def main(base, listing, rate, seconds, connections):
    url = urlsplit(base)
    with open(listing) as f:
        paths = [line.strip() for line in f if line.strip()]
    todo, took, failed = asyncio.Queue(), [], []
    start = time.monotonic()
    counted = start + WARM_UP
    workers = [asyncio.create_task(worker(url.hostname, url.port, counted, todo, took, failed)) for _ in range(connections)]
    sent = 0
    while (now := time.monotonic()) < counted + seconds:
        while start + sent / rate <= now:
            todo.put_nowait((start + sent / rate, paths[sent % len(paths)]))
            sent += 1
        await asyncio.sleep(max(0, start + sent / rate - time.monotonic()))
    for _ in workers:
        todo.put_nowait(None)
    await asyncio.wait_for(asyncio.gather(*workers), 60)
    took.sort()
    at = lambda share: round(took[min(len(took) - 1, int(len(took) * share))] * 1e6) if took else None  # noqa: E731
    print(json.dumps({
        "rate": rate, "seconds": seconds, "sent": sent, "answered": len(took), "failed": len(failed),
        "first_failure": failed[0] if failed else None,
        "p50_us": at(0.5), "p90_us": at(0.9), "p99_us": at(0.99), "max_us": at(1),
    }))


if __name__ == "__main__":
    base, listing, rate, seconds = sys.argv[1:5]
    asyncio.run(main(base, listing, float(rate), float(seconds), int(sys.argv[5]) if len(sys.argv) > 5 else 32))
