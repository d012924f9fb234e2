#!/bin/bash
# Sets up what it needs, then runs every check. One line per check, output only of those that failed, a summary
# at the end. A check that cannot run has failed. Needs a Rust toolchain, Python with venv, node and npm, and root or
# sudo; installs the rest.
set -uo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
passed=0 failed=0 broken=()

# check NAME COMMAND...: runs it, quietly while it is well.
check() {
    local name=$1 from=$SECONDS
    shift
    printf '%-44s ' "$name"
    if "$@" >"$log/out" 2>&1 </dev/null; then
        passed=$((passed + 1))
        printf 'ok      %4d s\n' $((SECONDS - from))
    else
        failed=$((failed + 1))
        broken+=("$name")
        printf 'FAILED  %4d s\n' $((SECONDS - from))
        { grep -A3 -E 'panicked at|\.\.\. FAILED|^ *not ok ' "$log/out" | head -n 60; tail -n 150 "$log/out"; } | sed 's/^/    /'
    fi
}

have() { command -v "$1" >/dev/null; }

root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# The browser that the page is driven with.
set_up_chromium() {
    export CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || echo /usr/bin/chromium)}
    [ -x "$CHROMIUM" ] && return
    have apt-get || { echo "no Chromium: install it, or name it in CHROMIUM"; return 1; }
    root apt-get -qq update && DEBIAN_FRONTEND=noninteractive root apt-get -qq install -y chromium
}

set_up_page() {
    have npm || { echo "no npm: install Node.js 20 or newer"; return 1; }
    (cd tests/page && npm ci --no-audit --no-fund)
}

# Lives beside the build so that it is compiled once per checkout, or is taken from the machine.
set_up_deny() {
    # The check looks at the crates of every platform, and the build has fetched those of this one only.
    cargo fetch --locked
    have cargo-deny && return
    export PATH="$PWD/target/tools/bin:$PATH"
    have cargo-deny || cargo install cargo-deny --locked --root target/tools
}

# What the compiler says of the code for other systems, where it has their library or can fetch it. Nothing is linked: of
# the C in our dependencies only objects would be made, by compilers that this machine has not.
elsewhere() {
    local target
    for target in x86_64-pc-windows-gnu aarch64-apple-darwin; do
        if rustup target add "$target" >"$log/rustup" 2>&1; then
            check "it builds for $target" env TARGET_CC=true TARGET_CXX=true TARGET_AR=true \
                cargo check --release --locked --features team --target "$target"
        else
            echo "it builds for $target: not run, the toolchain has no library for it and gets none"
        fi
    done
}

# The virtual machine with real BlueZ, and the simulated sensors.
bluetooth() { target/ble/venv/bin/python tests/ble/run.py --long; }

# Recordings with truth lie beside the project on the machines that have them; nowhere else can this run.
recordings=target/recordings
set_up_recordings() { bash ../shared/data/unpack.sh "$recordings"; }

# Our errors against the truth, held against the figures kept for the set; a set without truth must run through.
accuracy() {
    local set figures
    check "accuracy: figures are kept" test -n "$(ls tests/accuracy/*.json)"
    for set in "$recordings"/*/; do
        set=$(basename "$set")
        figures=tests/accuracy/$set.json
        if [ -f "$figures" ]; then
            check "accuracy: $set" "$program" validate "$recordings/$set" --against "$figures"
        else
            check "runs through: $set" "$program" analyze "$recordings/$set" --out "$log/$set"
        fi
    done
}

program=target/release/stancewatch
unset STANCEWATCH_DATA
if [ -d ../shared/data ]; then
    check "recordings: unpack" set_up_recordings
    # Where the rooms' own tests look for recordings.
    export STANCEWATCH_DATA=$PWD/$recordings
else
    echo "accuracy: not run, there are no recordings beside this checkout"
fi

set_up_chromium >"$log/chromium" 2>&1 || cat "$log/chromium"

check "format" cargo fmt --check
# As users build it, everything: what is tested is what runs, and is compiled once.
check "lints" cargo clippy --release --locked --all-targets --features team -- -D warnings
check "Rust tests" cargo test --release --locked --features team --no-fail-fast
check "it builds without NATS" cargo check --release --locked
elsewhere
check "page: set up" set_up_page
check "page: types" npm --prefix tests/page run types
check "page: in Chromium" npm --prefix tests/page test
check "formats: set up" bash tests/formats/set_up.sh
check "formats: real consumers" target/formats/venv/bin/python tests/formats/run.py "$program"
check "team: set up" bash tests/team/set_up.sh
check "live out: python-osc, LSL" target/team/venv/bin/python tests/team/out.py "$program"
check "team: a coach asks, over TLS" target/team/venv/bin/python tests/team/asked.py "$program"
check "team: 500 runners over NATS, with faults" target/team/venv/bin/python tests/team/run.py target/release/examples/team_load
[ -z "${STANCEWATCH_DATA:-}" ] || accuracy
check "Bluetooth: set up" python3 tests/ble/image.py
check "Bluetooth: five sensors, real BlueZ" bluetooth
set_up_deny >"$log/deny" 2>&1 || cat "$log/deny"
check "licences, bans, sources" cargo deny --offline check --hide-inclusion-graph bans licenses sources

printf '\n%d passed, %d failed%s\n' "$passed" "$failed" "${broken:+: }$(IFS=,; echo "${broken[*]:-}")"
[ "$failed" = 0 ]
