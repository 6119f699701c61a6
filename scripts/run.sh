#!/usr/bin/env bash
# Builds what changed and serves the marketplace on http://127.0.0.1:3000 with sample content.
#
# The development build is used because a first build with all optimisations takes several times as long, and this
# command is mostly a person's first one. CMP_RELEASE=1 takes the release build; for a server to keep, see build.sh.
set -euo pipefail
source "$(dirname "$0")/env.sh"
"$root/scripts/setup.sh" run

kind=debug flags=()
[ "${CMP_RELEASE:-}" != 1 ] || { kind=release flags=(--release); }
say "Building ($kind); the first time takes some minutes, afterwards only what changed is built"
cargo leptos build "${flags[@]}"

mkdir -p "${CMP_DATA_DIR:-data}"
site_env
exec "$CARGO_TARGET_DIR/$kind/cmp-server" serve --samples "$@"
