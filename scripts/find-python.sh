#!/usr/bin/env bash
# Prints a Python that the project runs on: 3.11 or newer, able to make a virtual environment.
# $PYTHON, where set, is the only one tried.
set -euo pipefail

usable() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null
}

can_make_venv() {
    "$1" -c 'import ensurepip, sqlite3, ssl, venv' 2>/dev/null
}

without_venv=""
for name in ${PYTHON:-python3.11 python3.12 python3.13 python3.14 python3 /usr/bin/python3}; do
    path=$(command -v "$name" || true)
    if [ -z "$path" ] || ! usable "$path"; then
        continue
    fi
    if can_make_venv "$path"; then
        echo "$path"
        exit 0
    fi
    without_venv=${without_venv:-$path}
done

if [ -n "$without_venv" ]; then
    echo "$without_venv cannot make a virtual environment: install its venv module" >&2
    echo "(on Debian and Ubuntu: apt-get install python3-venv)." >&2
else
    echo "Python 3.11 to 3.14 is needed and was not found${PYTHON:+ at PYTHON=$PYTHON}." >&2
    echo "Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2
fi
exit 1
