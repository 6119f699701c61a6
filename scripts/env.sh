# Sourced by every script: where tools and build results live. Everything that can be made again is in one folder of
# the user's, so that a new clone and the next CI run find it warm. Each variable may be set from outside.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

export CMP_CACHE=${CMP_CACHE:-$HOME/.cache/cmp}
export CMP_TOOLS=${CMP_TOOLS:-$CMP_CACHE/tools}       # cargo-leptos, wasm-bindgen, cargo-nextest
export CMP_NPM=${CMP_NPM:-$CMP_CACHE/npm}             # tailwindcss, wasm-opt, playwright-core, axe-core
export CMP_PYTHON=${CMP_PYTHON:-$CMP_CACHE/python}    # the official openai package, for the browser tests
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CMP_CACHE/target}

export PATH="$CMP_TOOLS/bin:$CMP_NPM/node_modules/.bin:$HOME/.cargo/bin:$PATH"
# Tailwind looks here for the style sheets that style/main.css imports.
export NODE_PATH="$CMP_NPM/node_modules"
# Nothing phones home while it builds.
export DO_NOT_TRACK=1

cd "$root"

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# stage NAME COMMAND…: runs the command and says how long it took.
stage() {
    local name=$1 began=$SECONDS
    shift
    say "$name"
    if "$@"; then
        stages+=("$(printf '%5ds  %s' $((SECONDS - began)) "$name")")
    else
        stages+=("$(printf '%5ds  %s: FAILED' $((SECONDS - began)) "$name")")
        return 1
    fi
}
stages=()
report() { ((${#stages[@]} == 0)) || printf '%s\n' "" "${stages[@]}" >&2; }

# The browser of the browser tests: Debian's, or the one named by CMP_CHROMIUM.
find_chromium() { echo "${CMP_CHROMIUM:-$(type -P chromium || type -P chromium-browser || true)}"; }

# Where Debian puts the programs of the newest PostgreSQL; empty when there is none.
postgres_bin() {
    local bin
    bin=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1) || true
    echo "${bin%/initdb}"
}

# site_env: what a server that is not installed by `make build` must be told to find the site.
site_env() {
    export LEPTOS_OUTPUT_NAME=cmp LEPTOS_SITE_ROOT="$root/target/site" LEPTOS_SITE_PKG_DIR=pkg LEPTOS_HASH_FILES=true
}
