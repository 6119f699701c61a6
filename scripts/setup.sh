#!/usr/bin/env bash
# Installs what is missing, and nothing else: `setup.sh run` for building and serving, `setup.sh` for the tests as well.
# Takes about ten minutes on a fresh machine with two cores, and a second when everything is there.
set -euo pipefail
source "$(dirname "$0")/env.sh"
wanted=${1:-all}

# --- programs of the system -------------------------------------------------------------------------------------------

missing=()
need() { # need PACKAGE COMMAND…: the package is missing when a command is
    local package=$1
    shift
    local command
    for command in "$@"; do
        command -v "$command" >/dev/null || { missing+=("$package"); return; }
    done
}
need build-essential cc make
need pkg-config pkg-config
need curl curl
if [ "$wanted" = all ]; then
    [ -n "$(find_chromium)" ] || missing+=(chromium)
    [ -n "$(postgres_bin)" ] || missing+=(postgresql)
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
fi
if ((${#missing[@]})); then
    as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo -n)
    if command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; then
        say "Installing with apt: ${missing[*]}"
        "${as_root[@]}" apt-get update -q
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"
    else
        fail "these Debian packages are missing and cannot be installed from here: ${missing[*]}
       run: sudo apt-get install ${missing[*]}"
    fi
fi

command -v cargo >/dev/null || fail "Rust is missing: install it with rustup (https://rustup.rs), 1.95 or newer"
command -v npm >/dev/null || fail "Node.js is missing: install version 20 or newer"
node_major=$(node -p 'process.versions.node.split(".")[0]')
((node_major >= 20)) || fail "Node.js 20 or newer is needed, this is $(node --version)"

# --- Rust -------------------------------------------------------------------------------------------------------------

[ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ] || {
    say "Adding the target wasm32-unknown-unknown"
    rustup target add wasm32-unknown-unknown
}

# tool CRATE VERSION MINUTES [ARGUMENTS…]: builds a tool; quickly rather than well, because it runs for seconds at a time.
tool() {
    local crate=$1 version=$2 minutes=$3
    shift 3
    local build=(env CARGO_TARGET_DIR="$CMP_CACHE/tools-target" CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1
        cargo install --root "$CMP_TOOLS" "$crate" --version "$version" "$@")
    say "Building $crate $version, about $minutes minutes on two cores"
    # From a folder without .cargo/config.toml, whose settings are for this workspace. A registry that lags behind may
    # lack a version that the tool's own lock file names; then the newest versions that fit have to do.
    mkdir -p "$CMP_CACHE"
    (cd "$CMP_CACHE" && { "${build[@]}" --locked || { say "$crate: again without its lock file"; "${build[@]}"; }; })
}
installed() { [[ $("$@" --version 2>/dev/null || true) =~ ([0-9]+\.[0-9]+\.[0-9]+) ]] && echo "${BASH_REMATCH[1]}" || true; }

# The version of wasm-bindgen's program must be the library's to the last digit.
wasm_bindgen=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[^0-9.]/, ""); print; exit }' Cargo.lock)
[ "$(installed wasm-bindgen)" = "$wasm_bindgen" ] || tool wasm-bindgen-cli "$wasm_bindgen" 2
[ "$(installed cargo-leptos)" = 0.3.10 ] || tool cargo-leptos 0.3.10 8
if [ "$wanted" = all ] && ! cargo nextest --version >/dev/null 2>&1; then
    tool cargo-nextest 0.9.143 6 --no-default-features --features default-no-update
fi
rm -rf "$CMP_CACHE/tools-target"

# --- npm --------------------------------------------------------------------------------------------------------------

if ! cmp -s scripts/tools/package-lock.json "$CMP_NPM/installed-lock.json"; then
    say "Installing Tailwind, binaryen and the browser driver with npm"
    mkdir -p "$CMP_NPM"
    cp scripts/tools/package.json scripts/tools/package-lock.json "$CMP_NPM/"
    npm ci --prefix "$CMP_NPM" --no-audit --no-fund --loglevel=error
    cp scripts/tools/package-lock.json "$CMP_NPM/installed-lock.json"
fi

# --- Python -----------------------------------------------------------------------------------------------------------

if [ "$wanted" = all ] && ! "$CMP_PYTHON/bin/python" -c 'import openai' 2>/dev/null; then
    say "Installing the official openai package into $CMP_PYTHON"
    python3 -m venv "$CMP_PYTHON"
    "$CMP_PYTHON/bin/python" -m pip install --quiet 'openai>=1,<3'
fi
