#!/usr/bin/env bash
# Makes the wheel of a target: wheel.sh TARGET OUT. cargo finds the program that is built already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# What is linked with musl needs no C library, and runs on every Linux. Otherwise maturin finds out what is needed.
case "$1" in
  *-linux-musl) compatibility=(--compatibility manylinux_2_17 musllinux_1_1) ;;
  *) compatibility=(--compatibility pypi) ;;
esac
[ -d target/maturin/bin ] && bin=bin || bin=Scripts
"target/maturin/$bin/maturin" build --profile "${POLCHECK_PROFILE:-dist}" --locked --target "$1" --out "$2" "${compatibility[@]}"
