"""Leads half of schemathesis's made-up requests to things that are there.

A random id is nobody's, so that hardly any made-up request would come further than “Not found.” The ids are read once
from the lists; which one a case gets follows from what was made up for it, so that a seed stands for the same run.
"""

import hashlib
import json
import os
import urllib.error
import urllib.request

import schemathesis

BASE = os.environ["BASE"]
HEADERS = {"Authorization": f"Token {os.environ['STAFF_TOKEN']}"}


def ask(path):
    with urllib.request.urlopen(urllib.request.Request(BASE + path, headers=HEADERS), timeout=30) as answer:
        return json.load(answer)


def found():
    """The ids of each noun: `{"customers": ["…"]}`. Our own account is not to be closed on the way."""
    me = ask("/api/users/me/")["uuid"]
    nouns = {}
    for path, doors in ask("/openapi.json")["paths"].items():
        parts = path.strip("/").split("/")
        if len(parts) == 2 and parts[0] == "api" and "get" in doors:
            try:
                rows = ask(path + "?page_size=20")
            except (urllib.error.HTTPError, ValueError):
                continue
            ids = [row["uuid"] for row in rows if isinstance(row, dict) and "uuid" in row] if isinstance(rows, list) else []
            nouns[parts[1]] = sorted(one for one in ids if one != me)
    return nouns


NOUNS = found()


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    noun = context.operation.path.strip("/").split("/")[1:2]
    known = NOUNS.get(noun[0] if noun else "", [])
    if not known or not path_parameters:
        return path_parameters
    drawn = int.from_bytes(hashlib.sha256(json.dumps(path_parameters, default=str).encode()).digest()[:8], "big")
    if drawn % 2:
        return path_parameters
    return {name: known[drawn // 2 % len(known)] if name == "uuid" else value for name, value in path_parameters.items()}
