#!/bin/sh
# A Chromium for the browser tests: on the PATH, else from the system's packages, else from Playwright, else a clear failure.
PYTHON=$1
find_it() { for name in chromium chromium-browser google-chrome google-chrome-stable; do command -v "$name" && return 0; done; return 1; }
find_it >/dev/null && exit 0
if command -v apt-get >/dev/null; then
    sudo=""; [ "$(id -u)" = 0 ] || sudo="sudo -n"
    $sudo apt-get update -qq && $sudo apt-get install -y -qq chromium >/dev/null || true
fi
find_it >/dev/null && exit 0
"$PYTHON" -m playwright install chromium >/dev/null 2>&1 || true
"$PYTHON" - <<'PY' && exit 0
import pathlib, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    sys.exit(not pathlib.Path(p.chromium.executable_path).exists())
PY
echo "The browser tests need Chromium: install the package 'chromium' (Debian: apt-get install chromium), or put one on the PATH." >&2
exit 1
