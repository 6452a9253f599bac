#!/usr/bin/env bash
# Makes a runner ready to build a release: prepare.sh TARGET. The Rust that is there is used; target/maturin has maturin.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rustup target add "$1"
case "$1" in
  *-linux-musl)
    sudo apt-get install --yes --no-install-recommends musl-tools
    # For the allocator, which is C. Not every machine has the compiler under the name that is looked for.
    target="${1//-/_}"
    printf 'CC_%s=musl-gcc\n' "$target" >> "${GITHUB_ENV:-/dev/null}"
    ;;
esac
python="$(command -v python3 || command -v python)"
"$python" -m venv target/maturin
[ -d target/maturin/bin ] && bin=bin || bin=Scripts
"target/maturin/$bin/python" -m pip install --quiet --disable-pip-version-check maturin==1.16.0
