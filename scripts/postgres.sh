#!/usr/bin/env bash
# A private PostgreSQL cluster for tests, on a free port of the loopback interface.
#
#   scripts/postgres.sh start [DIR]   prints TEST_DATABASE_URL=postgres://…
#   scripts/postgres.sh stop [DIR]    stops it and removes DIR
#
# It is quick and not durable: nothing is synced to disk. PostgreSQL refuses to run as root, so root hands it to the
# user `postgres`, which is also why DIR is not below a home.
set -euo pipefail
source "$(dirname "$0")/env.sh"
dir=${2:-${TMPDIR:-/tmp}/cmp-postgres-$(id -u)}
bin=$(postgres_bin)
[ -n "$bin" ] || fail "PostgreSQL is not installed; scripts/setup.sh installs it"

as_owner() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
free_port() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })'; }

start() {
    [ ! -e "$dir/data/postmaster.pid" ] || fail "a cluster runs in $dir already"
    mkdir -p "$dir" && chmod 755 "$dir"
    [ "$(id -u)" != 0 ] || chown postgres "$dir"
    cd "$dir"
    as_owner "$bin/initdb" -D "$dir/data" -U app --auth=trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log" 2>&1 ||
        { cat "$dir/initdb.log" >&2; fail "initdb failed"; }
    local attempt port
    # Between finding a free port and taking it, somebody else may take it.
    for attempt in 1 2 3; do
        port=$(free_port)
        if as_owner "$bin/pg_ctl" -D "$dir/data" -w -t 30 -l "$dir/server.log" -o "-p $port -k $dir -c listen_addresses=127.0.0.1 \
            -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300" start >/dev/null; then
            echo "TEST_DATABASE_URL=postgres://app@127.0.0.1:$port/postgres"
            return
        fi
    done
    tail -n 20 "$dir/server.log" >&2
    fail "PostgreSQL did not start"
}

stop() {
    cd /
    [ ! -e "$dir/data/postmaster.pid" ] || as_owner "$bin/pg_ctl" -D "$dir/data" -w -m immediate stop >/dev/null || true
    rm -rf "$dir"
}

case ${1:-} in
    start | stop) "$1" ;;
    *) fail "usage: scripts/postgres.sh start|stop [DIR]" ;;
esac
