#!/usr/bin/env bash
# The long comparison of the engine with cvc5 and brute force; writes docs/engine-differential.md.
# POLCHECK_CVC5 is the solver (.ci/run makes one); arguments: number of queries (20000), first seed.
set -euo pipefail
cd "$(dirname "$0")/.."

queries="${1:-20000}"
seed="${2:-7000000}"
: "${POLCHECK_CVC5:?names the command that stands for cvc5}"
out="$PWD/target/differential.txt"
export CARGO_TERM_COLOR=never POLCHECK_GENERATED="$queries" POLCHECK_SEED="$seed"

started=$(date +%s)
status=0
cargo test --locked --test engine generated:: -- --nocapture > "$out" 2>&1 || status=$?
took=$(($(date +%s) - started))
# The table and the counts, as the test prints them.
tally=$(sed -n '/^| query |/,/^disagreements:/p' "$out" | awk '{ print } /^disagreements:/ { exit }')
if [ -z "$tally" ]; then
  tail -40 "$out" >&2
  exit 1
fi
{
  echo "# The engine against cvc5 and brute force"
  echo
  echo "Written by \`tests/differential.sh $queries $seed\` on $(date -u +%F), $took seconds on $(nproc) cores."
  echo "$(sed -n 's/^seeds \(.*\),.*/Seeds \1/p' "$out" | head -1), ten queries each; every witness was replayed through Cedar's authorizer and"
  echo "validators. Solver: $("$POLCHECK_CVC5" --version | sed 's/^This is //')."
  echo
  echo "\"Holds\" means that the engine says that no request breaks the property, \"fails\" that it has shown one."
  echo "\"Compared with\" says which oracle decided: cvc5 through cedar-policy-symcc, brute force where cvc5 gives up or cannot be"
  echo "asked, replay alone for a share of the witnesses, nothing where neither decides."
  echo
  echo "$tally" | sed 's/^\(unknown\|disagreements\)/\n\1/'
} > docs/engine-differential.md
cat docs/engine-differential.md
exit "$status"
