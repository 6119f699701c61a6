#!/usr/bin/env bash
# The browser tests of end2end/, against the real server with a real browser.
#
#   scripts/e2e.sh                builds, then runs every journey on SQLite
#   scripts/e2e.sh newcomer       only the journeys whose file name contains a word
#   E2E_POSTGRES=postgres://…     on fresh databases of that server instead of SQLite
#   CMP_E2E_BUILT=1               the site is built already
#   CMP_SERVER=dist/cmp-server    a server with its site beside it, as `make build` leaves it
set -euo pipefail
source "$(dirname "$0")/env.sh"
"$root/scripts/setup.sh"
if [ -z "${CMP_SERVER:-}" ]; then
    [ "${CMP_E2E_BUILT:-}" = 1 ] || cargo leptos build
    CMP_SERVER=$CARGO_TARGET_DIR/debug/cmp-server
    site_env
fi
CMP_SERVER=$(realpath "$CMP_SERVER")
[ -x "$CMP_SERVER" ] || fail "no server at $CMP_SERVER"

CMP_CHROMIUM=$(find_chromium)
[ -n "$CMP_CHROMIUM" ] || fail "no browser: install chromium or set CMP_CHROMIUM"
export CMP_CHROMIUM CMP_SERVER

files=()
for file in end2end/*.test.mjs; do
    [[ $file != *"${1:-}"* ]] || files+=("$file")
done
((${#files[@]})) || fail "no journey is named like '$1'"
node --test --test-reporter=spec --test-concurrency=2 --test-timeout=600000 "${files[@]}"
