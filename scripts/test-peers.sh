#!/usr/bin/env bash
# What others have written against this API, on both engines, each from an empty database: the operator guide's curl
# lines, and the two public Waldur clients for Python. `fuzz` sends made-up requests to every door of the OpenAPI document.
#
#   scripts/test-peers.sh               everything
#   scripts/test-peers.sh guide sqlite  only what is named: guide, generated, written, fuzz; sqlite, postgres
#   CMP_PEERS_BUILT=1                   the server is built already
#   CMP_FUZZ_EXAMPLES=60                how many requests schemathesis makes up for each door (20,000 in all); it is left
#                                       out unless named
set -euo pipefail
source "$(dirname "$0")/env.sh"
"$root/scripts/setup.sh"
peers=$CMP_CACHE/peers
if ! "$peers/bin/python" -c 'import waldur_api_client, waldur_client, schemathesis' 2>/dev/null; then
    say "Installing the Waldur clients into $peers"
    python3 -m venv "$peers"
    "$peers/bin/python" -m pip install --quiet waldur-api-client==8.1.3 python-waldur-client==0.6.4 schemathesis==4.32.5
fi
for program in curl jq; do
    command -v "$program" >/dev/null || fail "$program is missing"
done
[ "${CMP_PEERS_BUILT:-}" = 1 ] || cargo build -p server
server=${CMP_SERVER:-$CARGO_TARGET_DIR/debug/cmp-server}
site_env

work=$(mktemp -d "${TMPDIR:-/tmp}/cmp-peers.XXXXXX")
# PostgreSQL's own user goes through it.
chmod 755 "$work"
running=
finish() {
    local code=$?
    [ -z "$running" ] || kill "$running" 2>/dev/null || true
    "$root/scripts/postgres.sh" stop "$work/postgres" 2>/dev/null || true
    report
    ((code == 0)) && rm -rf "$work" || say "The servers' logs are in $work"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

asked="$*"
chosen() { # chosen NAME GROUP…: named, or nothing of its group is
    local name=$1 one
    shift
    [[ " $asked " == *" $name "* ]] && return 0
    for one in "$@"; do [[ " $asked " != *" $one "* ]] || return 1; done
}

free_port() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })'; }

# start ENGINE: a server on an empty database; leaves BASE and STAFF_TOKEN.
start() {
    local engine=$1 port folder
    port=$(free_port)
    folder=$(mktemp -d "$work/$engine.XXXXXX")
    export CMP_DATA_DIR=$folder CMP_ADDR=127.0.0.1:$port CMP_PUBLIC_URL=http://127.0.0.1:$port
    if [ "$engine" = postgres ]; then
        local name=peers_$port
        psql "$TEST_DATABASE_URL" -qc "CREATE DATABASE $name"
        export DATABASE_URL=${TEST_DATABASE_URL%/*}/$name
    else
        export DATABASE_URL=sqlite://$folder/cmp.db
    fi
    "$server" operator create --email staff@example.com --password 'correct horse battery' >/dev/null
    STAFF_TOKEN=$("$server" token --email staff@example.com)
    export BASE=http://127.0.0.1:$port STAFF_TOKEN
    "$server" serve >"$folder/log" 2>&1 &
    running=$!
    for _ in $(seq 200); do
        curl -fs "$BASE/readyz" >/dev/null && return 0
        sleep 0.05
    done
    fail "the server was not ready: $(tail -n 20 "$folder/log")"
}

# stop: ends the server well, and holds it to its books.
stop() {
    kill "$running"
    wait "$running" || fail "the server did not end well"
    running=
    "$server" proof >/dev/null || fail "the books do not balance"
}

# against ENGINE COMMAND…: runs a peer against a server of its own.
against() {
    local engine=$1
    shift
    start "$engine" && "$@" && stop
}

# Nothing that is sent may make the house fail, and no answer may be other than described. The guide and a client leave
# things behind for it to act on.
fuzz() {
    end2end/peers/operator-guide.sh >/dev/null && "$peers/bin/python" end2end/peers/generated_client.py >/dev/null || return 1
    SCHEMATHESIS_HOOKS=$root/end2end/peers/fuzz_hooks.py "$peers/bin/st" run "$BASE/openapi.json" \
        --header "Authorization: Token $STAFF_TOKEN" --seed 20261121 --phases "${CMP_FUZZ_PHASES:-fuzzing}" \
        --max-examples "${CMP_FUZZ_EXAMPLES:-60}" --workers 2 --continue-on-failure \
        --checks not_a_server_error,response_schema_conformance,content_type_conformance,status_code_conformance \
        --suppress-health-check all --warnings off --no-color
}

for engine in sqlite postgres; do
    chosen "$engine" sqlite postgres || continue
    if [ "$engine" = postgres ] && [ -z "${TEST_DATABASE_URL:-}" ]; then
        line=$("$root/scripts/postgres.sh" start "$work/postgres")
        export "${line?}"
    fi
    ! chosen guide generated written fuzz || stage "The operator guide on $engine" against "$engine" end2end/peers/operator-guide.sh
    ! chosen generated guide written fuzz || stage "waldur-api-client on $engine" against "$engine" "$peers/bin/python" end2end/peers/generated_client.py
    ! chosen written guide generated fuzz || stage "python-waldur-client on $engine" against "$engine" "$peers/bin/python" end2end/peers/written_client.py
    [[ " $asked " != *" fuzz "* ]] || stage "Made-up requests on $engine" against "$engine" fuzz
done
