#!/usr/bin/env bash
# Sets up .venv from a lock file: scripts/setup.sh runtime|dev
# Every package is checked against the hash that the lock records. The project itself is installed in place, last.
set -euo pipefail
cd "$(dirname "$0")/.."
lock="requirements/$1.lock"

if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(scripts/find-python.sh)
    "$python" -m venv --clear .venv
fi
if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    .venv/bin/python -m ensurepip >/dev/null
fi

export PIP_DISABLE_PIP_VERSION_CHECK=1
echo "Installing $(grep -c '^[a-z0-9].*==' "$lock") locked packages from $lock (a minute or two the first time) ..."
.venv/bin/python -m pip install --quiet --require-hashes -r "$lock"
.venv/bin/python -m pip install --quiet --no-deps --no-index --no-build-isolation -e .
