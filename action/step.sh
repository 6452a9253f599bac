#!/usr/bin/env bash
# Runs one step of the action: step.sh NAME. The steps are Python; this finds one.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# -E and -s: what the job's environment says of Python, such as PYTHONPATH, may lead to modules in the workspace.
for python in python3 python; do
  if "$python" -E -s -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then
    exec "$python" -E -s -B "$here/$1.py"
  fi
done
echo "::error title=polcheck::the action needs Python 3.8 or later on the runner, and there is none"
exit 2
