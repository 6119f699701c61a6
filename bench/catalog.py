"""What the catalogue stage needs beside cells.

export BASE FILE       writes every service of a running server as JSON lines
sizes BASE             compressed bytes of the first view and of the islands, as a browser gets them
"""

import json
import re
import subprocess
import sys
import urllib.request


def get(url, coding=None):
    request = urllib.request.Request(url, headers={"Accept-Encoding": coding} if coding else {})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read(), answer.headers.get("Content-Encoding")


def export(base, path):
    page, total, written = 1, 1, 0
    with open(path, "w") as f:
        while written < total:
            answer = json.loads(get(f"{base}/marketplace/services?sort=newest&page_size=100&page={page}")[0])
            total = answer["total"]
            if not answer["services"]:
                sys.exit(f"only {written} of {total} services could be listed")
            for service in answer["services"]:
                f.write(json.dumps(service) + "\n")
                written += 1
            page += 1
    print(written)


def compressed(url):
    body, coding = get(url, "br")
    return len(body) if coding == "br" else None


def sizes(base):
    html = get(f"{base}/marketplace/")[0].decode()
    css = re.search(r'href="([^"]+\.css)"', html)[1]
    js, wasm = re.search(r'data-js="([^"]+)"', html)[1], re.search(r'data-wasm="([^"]+)"', html)[1]
    found = {
        "html": compressed(f"{base}/marketplace/"), "css": compressed(base + css), "boot": compressed(f"{base}/boot.js"),
        "islands_js": compressed(base + js), "islands_wasm": compressed(base + wasm),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    {"export": export, "sizes": sizes}[sys.argv[1]](*sys.argv[2:])
