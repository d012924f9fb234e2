#!/bin/bash
# Installs a nats-server and the readers of live outputs, each of a fixed version and checksum, once per checkout.
# Needs Python 3.11 with venv; installs ip(8) where it is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=target/team/venv
wanted=(tests/team/server.txt tests/team/requirements.txt)
if ! command -v ip >/dev/null || ! command -v openssl >/dev/null; then
    if [ "$(id -u)" = 0 ]; then root=(); else root=(sudo -n); fi
    "${root[@]}" apt-get -qq update
    "${root[@]}" apt-get -qq install -y --no-install-recommends iproute2 openssl
fi
cmp -s <(cat "${wanted[@]}") "$venv/installed.txt" && exit 0
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "${wanted[0]}"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "${wanted[1]}"
cat "${wanted[@]}" > "$venv/installed.txt"
