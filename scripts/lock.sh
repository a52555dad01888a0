#!/usr/bin/env bash
# Resolves pyproject.toml into lock files with hashes and without addresses, for every system and Python 3.11+.
# scripts/lock.sh --upgrade takes the newest versions.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}

compile() {
    "$uv" pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --custom-compile-command "make lock" "$@"
}

compile --group build -o requirements/runtime.lock "$@"
compile --group dev -c requirements/runtime.lock -o requirements/dev.lock "$@"
compile --group bench -c requirements/dev.lock -o requirements/bench.lock "$@"
