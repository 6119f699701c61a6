#!/usr/bin/env bash
# The browser tests of end2end/, against the real server with a real browser.
#
#   scripts/e2e.sh                builds, then runs every journey on SQLite
#   scripts/e2e.sh newcomer       only the journeys whose file name contains a word
#   E2E_POSTGRES=postgres://…     on fresh databases of that server instead of SQLite
#   CMP_E2E_BUILT=1               the site is built already
set -euo pipefail
source "$(dirname "$0")/env.sh"
"$root/scripts/setup.sh"
[ "${CMP_E2E_BUILT:-}" = 1 ] || cargo leptos build

CMP_CHROMIUM=$(chromium)
[ -n "$CMP_CHROMIUM" ] || fail "no browser: install chromium or set CMP_CHROMIUM"
export CMP_CHROMIUM CMP_SERVER=${CMP_SERVER:-$CARGO_TARGET_DIR/debug/cmp-server}
[ -x "$CMP_SERVER" ] || fail "no server at $CMP_SERVER"
site_env

files=()
for file in end2end/*.test.mjs; do
    [[ $file != *"${1:-}"* ]] || files+=("$file")
done
((${#files[@]})) || fail "no journey is named like '$1'"
node --test --test-concurrency=2 --test-timeout=180000 "${files[@]}"
