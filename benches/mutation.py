#!/usr/bin/env python3
"""Times `polcheck test --mutate` over generated stores and prints CPU and wall time.

Usage: benches/mutation.py [--polcheck FILE]

Builds polcheck in release unless FILE names one. Stores are generated from a fixed seed: permits and forbids for one action
each, with up to three conditions, over shared entities; rows expect what is decided. `cedar` has nothing like it to compare
with: beside the time stands that of the same rows run once.
"""

import argparse
import json
import random
import resource
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZES = ((30, 200), (300, 2_000))
CONDITIONS = (
    "context.mfa", "context.n < {}", "context.n >= {}", "principal.level > {}", "resource.owner == principal",
    "principal.level > resource.level", "!principal.blocked", 'context.net == "office"', "resource.open",
    'principal.dept == "d{}"', "(resource.open || context.mfa)",
)


def write(folder, policies, rows):
    """A store of so many policies, and a table of so many rows that all expect `allow`; the lines of the table."""
    rng = random.Random(1)
    actions = [f"act{i}" for i in range(max(6, policies // 10))]
    (folder / "app.cedarschema").write_text(
        "entity Team;\nentity User in [Team] { level: Long, dept: String, blocked: Bool };\n"
        "entity Doc in [Team] { owner: User, level: Long, open: Bool };\n"
        f"action {', '.join(actions)} appliesTo {{ principal: User, resource: Doc, "
        "context: { mfa: Bool, n: Long, net: String } };\n"
    )
    text = []
    for i in range(policies):
        conditions = [c.format(rng.randrange(9)) for c in rng.sample(CONDITIONS, rng.randrange(1, 4))]
        effect = "forbid" if rng.random() < 0.12 else "permit"
        principal = rng.choice(["principal", f'principal in Team::"t{rng.randrange(8)}"'])
        scope = f'{principal}, action == Action::"{rng.choice(actions)}", resource'
        text.append(f'@id("p{i}") {effect} ({scope}) when {{ {" && ".join(conditions)} }};\n')
    (folder / "policies.cedar").write_text("".join(text))

    def entity(ty, name, attrs, parents=()):
        return {"uid": {"type": ty, "id": name}, "attrs": attrs, "parents": list(parents)}

    entities = [entity("Team", f"t{t}", {}) for t in range(8)]
    for u in range(40):
        attrs = {"level": rng.randrange(10), "dept": f"d{rng.randrange(9)}", "blocked": rng.random() < 0.2}
        entities.append(entity("User", f"u{u}", attrs, [{"type": "Team", "id": f"t{rng.randrange(8)}"}]))
    for d in range(40):
        owner = {"type": "User", "id": f"u{rng.randrange(40)}"}
        entities.append(entity("Doc", f"d{d}", {"level": rng.randrange(10), "owner": owner, "open": rng.random() < 0.5}))
    (folder / "cedarentities.json").write_text(json.dumps(entities))
    lines = []
    for number in range(rows):
        context = f"{{ mfa: {str(rng.random() < 0.5).lower()}, n: {rng.randrange(9)}, net: {rng.choice(['office', 'home'])} }}"
        principal, resource = f"User::\"u{rng.randrange(40)}\"", f"Doc::\"d{rng.randrange(40)}\""
        lines.append(
            f"  - {{ name: r{number}, principal: '{principal}', action: {rng.choice(actions)}, resource: '{resource}', "
            f"context: {context}, expect: allow }}"
        )
    (folder / "rows_test.yaml").write_text("tests:\n" + "\n".join(lines) + "\n")
    return lines


def timed(polcheck, folder, *args):
    """The JSON report of a run, its CPU time and its wall time in seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([polcheck, *args, "--report", "json"], cwd=folder, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(done.stdout), cpu, wall


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--polcheck")
    polcheck = parser.parse_args().polcheck
    if polcheck is None:
        subprocess.run(["cargo", "build", "--locked", "--release"], cwd=ROOT, check=True)
        polcheck = str(ROOT / "target" / "release" / "polcheck")
    polcheck = str(Path(polcheck).resolve())
    for policies, rows in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            lines = write(folder, policies, rows)
            report, _, _ = timed(polcheck, folder, "test")
            wrong = {row["id"].split("#")[1] for row in report["tests"] if row["status"] == "fail"}
            right = [
                line.replace("expect: allow", "expect: deny") if f"r{number}" in wrong else line
                for number, line in enumerate(lines)
            ]
            (folder / "rows_test.yaml").write_text("tests:\n" + "\n".join(right) + "\n")
            report, cpu, wall = timed(polcheck, folder, "test")
            assert report["exit"] == 0, report["headline"]
            mutated, mutate_cpu, mutate_wall = timed(polcheck, folder, "test", "--mutate")
            told = mutated["mutation"]
            print(
                f"{policies} policies, {rows} rows: {told['killed']} killed, {told['survived']} survive, "
                f"{told['equivalent']} equivalent, {told['unknown']} unknown; {mutate_cpu:.2f} s CPU, {mutate_wall:.2f} s wall "
                f"(the rows alone: {cpu:.2f} and {wall:.2f})"
            )


if __name__ == "__main__":
    main()
