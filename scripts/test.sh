#!/usr/bin/env bash
# All tests: unit, store on SQLite and PostgreSQL, API, browser. What it needs it starts itself and stops again; what is
# missing is an error, never a test left out.
set -euo pipefail
source "$(dirname "$0")/env.sh"

cluster=$(mktemp -d "${TMPDIR:-/tmp}/cmp-test.XXXXXX")
finish() {
    local code=$?
    "$root/scripts/postgres.sh" stop "$cluster" || true
    report
    ((code == 0)) && say "All tests passed" || say "Tests failed"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

start_postgres() {
    local line
    line=$("$root/scripts/postgres.sh" start "$cluster") || return 1
    export "${line?}"
}
# `frontend` is left out because it has no tests and asks for the browser's half of leptos, which cargo would then build
# into the server as well; it is built for its own target by cargo-leptos below.
rust_tests() { cargo nextest run --workspace --exclude frontend; }
doc_tests() { cargo test --doc --workspace --exclude frontend --quiet; }

stage "Set-up" "$root/scripts/setup.sh"
stage "PostgreSQL" start_postgres
stage "Rust tests, both engines" rust_tests
stage "Examples in the documentation" doc_tests
stage "Server and site" cargo leptos build
export CMP_E2E_BUILT=1
stage "Browser tests on SQLite" "$root/scripts/e2e.sh"
stage "Browser tests on PostgreSQL" env E2E_POSTGRES="$TEST_DATABASE_URL" "$root/scripts/e2e.sh"
