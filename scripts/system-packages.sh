#!/usr/bin/env bash
# Installs what the browser, database and PDF tests need from the system, where that can be done without asking:
# as root on Debian or Ubuntu. Elsewhere it says what is missing; the tests that need it then skip and say so.
set -euo pipefail
packages=(chromium fonts-noto-cjk poppler-utils postgresql)

missing=()
for package in "${packages[@]}"; do
    case "$package" in
        chromium) command -v chromium chromium-browser google-chrome >/dev/null 2>&1 || missing+=("$package") ;;
        postgresql) compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || command -v initdb >/dev/null 2>&1 || missing+=("$package") ;;
        poppler-utils) command -v pdftotext >/dev/null 2>&1 || missing+=("$package") ;;
        *) dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package") ;;
    esac
done
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Not installed: ${missing[*]}. Tests that need them will skip."
    exit 0
fi

echo "Installing ${missing[*]} for the browser, database and PDF tests ..."
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >build/system-packages.log 2>&1; then
    tail -n 5 build/system-packages.log >&2
    echo "${missing[*]} could not be installed. Tests that need them will skip."
fi
