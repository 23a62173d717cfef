#!/usr/bin/env bash
# Many machines: Ray clusters of several nodes on this one with nodes and actors killed at random, and Spark,
# Dask and Daft, in an environment that has them (.venv-fleet, about 1.5 GB). Spark needs a Java runtime.
# usage: tools/run_fleet.sh [pytest's arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv-fleet
pins=$(sha256sum <tests/fleet/requirements.txt)
if [ "$(cat "$venv/.stamp" 2>/dev/null)" != "$pins" ]; then
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check -r tests/fleet/requirements.txt
  echo "$pins" >"$venv/.stamp"
fi
wheel=$(ls -t dist/peel-*.whl | head -1)
"$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps --force-reinstall "$wheel"
PEEL_TEST_FLEET=1 "$venv/bin/python" -m pytest -q -rs tests/fleet tests/python/test_arrow.py tests/python/test_record.py "$@"
"$venv/bin/python" -m pytest -q -rs tests/docs/test_examples.py -k fleet
