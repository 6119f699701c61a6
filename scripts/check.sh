#!/usr/bin/env bash
# What a reviewer should not have to say: formatting, lints, who imports whom, where SQL is, how long files are.
set -euo pipefail
source "$(dirname "$0")/env.sh"
trap report EXIT

licences() {
    if cargo deny --version >/dev/null 2>&1; then
        cargo deny check licenses bans sources
    else
        say "cargo-deny is not installed: licences and bans (deny.toml) are NOT checked; cargo install cargo-deny adds it"
    fi
}

stage "Tools" "$root/scripts/setup.sh" run
stage "Formatting" cargo fmt --all --check
stage "House rules" node scripts/rules.mjs
stage "Licences" licences
# The frontend asks for the browser's half of leptos; together with the server cargo would build both halves into one.
stage "Clippy, server" cargo clippy --workspace --exclude frontend --all-targets -- -D warnings
stage "Clippy, browser" cargo clippy -p frontend --target wasm32-unknown-unknown -- -D warnings
