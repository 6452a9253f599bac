#!/usr/bin/env bash
# Checks what a release is made with, and makes one of this machine: workflows, the container file, the book, the release
# job's steps one by one, and what comes out of them, installed outside of the tree. .ci/run runs it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv="$PWD/target/packaging-venv"
if ! cmp --silent packaging/requirements.txt "$venv/requirements.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement packaging/requirements.txt
  cp packaging/requirements.txt "$venv/requirements.txt"
fi
export PATH="$venv/bin:$PATH" PYTHONDONTWRITEBYTECODE=1
# Nothing of this machine, and nothing left in it.
PIPX_HOME="$(mktemp -d)"
export PIPX_HOME
trap 'rm -rf "$PIPX_HOME"' EXIT

mypy --strict --python-version 3.8 --cache-dir target/mypy-cache packaging/*.py docs/pictures/*.py benches/size.py
actionlint
zizmor --offline --persona pedantic --quiet .github action.yml
hadolint Containerfile
mdbook build docs --dest-dir "$PWD/target/book"

host="$(rustc -vV | sed -n 's/^host: //p')"
out=target/out
rm -rf "$out"
version="$(sed -n '/^\[package\]$/,/^$/s/^version = "\(.*\)"$/\1/p' Cargo.toml)"
GITHUB_REF_NAME="v$version" python packaging/steps.py .github/workflows/release.yml build "target=$host"
python packaging/package.py sums "$out"
python packaging/valid_sbom.py "$out"/*.cdx.json

# The action installs what was made, from a folder in place of GitHub.
mkdir -p "$out/releases/v$version"
cp "$out"/polcheck-*.tar.gz "$out/SHA256SUMS" "$out/releases/v$version"
INPUT_VERSION="$version" POLCHECK_RELEASES="file://$PWD/$out/releases" RUNNER_TEMP="$PIPX_HOME" GITHUB_OUTPUT="$PIPX_HOME/output" \
  bash action/step.sh install
grep -qx "$version" "$PIPX_HOME/output"

python benches/size.py "target/$host/dist/polcheck"
