#!/usr/bin/env bash
# Leaves dist/: the release binary and, beside it, the site that it serves. The folder runs from anywhere; what the
# server keeps goes to CMP_DATA_DIR (./data by default).
set -euo pipefail
source "$(dirname "$0")/env.sh"
"$root/scripts/setup.sh" run

say "Building the release"
cargo leptos build --release

# Laid out apart and moved at once, so that an interrupted run leaves no half of a release.
rm -rf dist.new && mkdir dist.new
cp "$CARGO_TARGET_DIR/release/cmp-server" dist.new/
cp -r target/site dist.new/site
node scripts/compress.mjs dist.new/site
[ ! -f "$CARGO_TARGET_DIR/release/hash.txt" ] || cp "$CARGO_TARGET_DIR/release/hash.txt" dist.new/
rm -rf dist && mv dist.new dist
du -sh dist/* >&2
