#!/usr/bin/env bash
# Installs what was made for a target as people do, outside of the tree, and runs it there: try.sh TARGET OUT.
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
out="$(cd "$2" && pwd)"
python="$(command -v python3 || command -v python)"
version="$("$python" -c 'import json, sys; print(json.load(sys.stdin)["packages"][0]["version"])' \
  < <(cargo metadata --no-deps --format-version 1 --manifest-path "$root/Cargo.toml"))"
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
cp -R "$root/fixtures/repos/step-up" "$place/repo"
cp -R "$root/fixtures/repos/step-up-broken" "$place/broken"
cd "$place"

# As a person would: what version it is, an example that is fine, and its twin that is not.
works() {
  printf 'trying %s\n' "$*"
  [ "$("$@" --version)" = "polcheck $version" ]
  "$@" check -C repo --report json=../report.json > /dev/null
  local code=0
  "$@" check -C broken > /dev/null || code=$?
  [ "$code" = 1 ]
}

name="polcheck-$version-$1"
case "$1" in
  *-windows-*) program="$name/polcheck.exe" bin=Scripts; "$python" -m zipfile -e "$out/$name.zip" . ;;
  *) program="$name/polcheck" bin=bin; tar -xzf "$out/$name.tar.gz" ;;
esac
works "./$program"
for file in LICENSE completions/polcheck.bash completions/_polcheck completions/polcheck.fish man/polcheck.1 man/polcheck-check.1; do
  [ -s "$name/$file" ]
done

"$python" -m venv venv
"venv/$bin/python" -m pip install --quiet --disable-pip-version-check --no-index --find-links "$out" "polcheck==$version"
works "venv/$bin/polcheck"
if command -v pipx > /dev/null; then
  wheel="$("venv/$bin/python" -m pip download --quiet --disable-pip-version-check --no-index --find-links "$out" --dest wheel \
    "polcheck==$version" && printf '%s\n' wheel/*.whl)"
  works pipx run --spec "./$wheel" polcheck
fi

mkdir packages project
"$python" "$root/packaging/package.py" npm-main packages > /dev/null
platform="$("$python" -c 'import sys; sys.path.insert(0, sys.argv[1]); import package; print(package.TARGETS[sys.argv[2]][0])' \
  "$root/packaging" "$1")"
case "$1" in
  *-linux-musl)
    # npm installs it only where Node itself runs on musl, as no runner does.
    tar -xzf "$out/polcheck-$platform-$version.tgz"
    works package/bin/polcheck
    exit
    ;;
esac
printf '{ "private": true }\n' > project/package.json
# Offline, the packages for other platforms are not to be had, as they are not when they do not fit.
npm install --prefix project --offline --no-audit --no-fund --loglevel=error "$out/polcheck-$platform-$version.tgz" \
  "./packages/polcheck-$version.tgz"
cp -R repo broken project
cd project
works npx --no-install polcheck
printf 'archive, wheel and npm package of %s work outside of the tree\n' "$1"
