#!/bin/bash
# Installs the programs that read our exports, once per checkout. Needs Python 3.11 with venv.
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=target/formats/venv
wanted=tests/formats/requirements.txt
cmp -s "$wanted" "$venv/installed.txt" && exit 0
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
cp "$wanted" "$venv/installed.txt"
