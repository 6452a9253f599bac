#!/usr/bin/env python3
"""Compares polcheck with the `cedar` command line on the same work, in one run, and prints ratios.

Usage: benches/compare.py [--runs N] [--only NAME]

Installs cedar-policy-cli (crates.io) below target/ once and builds polcheck in release. Work is generated from a fixed seed.
Both tools run in turn; the figures are medians of CPU time (user and system) and of wall time; a goal is about CPU time, but for rows with
entities of their own, where it is about wall time. Before anything is timed both have to agree that every row passes.
"""

import argparse
import csv
import io
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "target" / "bench-tools"
WORK = ROOT / "target" / "bench-work"
CEDAR_VERSION = "4.14.1"
POLCHECK = ROOT / "target" / "release" / "polcheck"
CEDAR = TOOLS / "bin" / "cedar"

SCHEMA = """entity Team;
entity User in [Team] = { level: Long, email?: String };
entity Folder;
entity Doc in [Folder] = { owner: User, public: Bool };
action view, edit, share, remove appliesTo { principal: [User], resource: [Doc], context: { mfa: Bool, hour: Long } };
"""


def policies(count):
    for i in range(count):
        action = ("view", "edit", "share", "remove")[i % 4]
        kind = i % 5
        if kind == 0:
            scope = f'principal == User::"u{i}", action == Action::"{action}", resource'
            yield f"permit ({scope}) when {{ context.mfa && resource.public }};"
        elif kind == 1:
            scope = f'principal in Team::"t{i}", action == Action::"{action}", resource in Folder::"f{i}"'
            yield f"permit ({scope}) when {{ principal.level > {i % 7} }};"
        elif kind == 2:
            scope = f'principal, action == Action::"{action}", resource == Doc::"d{i}"'
            yield f"forbid ({scope}) unless {{ context.hour >= 8 && context.hour < 18 }};"
        elif kind == 3:
            scope = f'principal in Team::"t{i - 2}", action in [Action::"view", Action::"{action}"], resource'
            yield f'permit ({scope}) when {{ principal has email && principal.email like "*@example.com" }};'
        else:
            scope = f'principal is User, action == Action::"{action}", resource in Folder::"f{i}"'
            yield f"permit ({scope}) when {{ resource.owner == principal }};"


def entities():
    uid = lambda ty, name: {"type": ty, "id": name}
    out = []
    for i in range(30):
        attrs = {"level": i % 10, "email": f"u{i}@example.com"}
        out.append({"uid": uid("User", f"u{i}"), "attrs": attrs, "parents": [uid("Team", f"t{i - i % 5 + 1}")]})
        attrs = {"owner": {"__entity": uid("User", f"u{i}")}, "public": i % 2 == 0}
        out.append({"uid": uid("Doc", f"d{i}"), "attrs": attrs, "parents": [uid("Folder", f"f{i}")]})
    return out


def rows(count, seed):
    chance = random.Random(seed)
    world = entities()
    for i in range(count):
        user, doc = chance.randrange(30), chance.randrange(30)
        about = [world[2 * user], world[2 * doc + 1]]
        yield {
            "name": f"row {i}",
            "request": {
                "principal": f'User::"u{user}"',
                "action": f'Action::"{chance.choice(("view", "edit", "share", "remove"))}"',
                "resource": f'Doc::"d{doc}"',
                "context": {"mfa": chance.random() < 0.5, "hour": chance.randrange(24)},
            },
            "entities": about,
            "decision": "deny",
            "reason": [],
            "num_errors": 0,
        }


def rows_of_their_own(count, seed):
    """The same requests; each row writes out three entities that no other row has like this."""
    chance = random.Random(seed)
    uid = lambda ty, name: {"type": ty, "id": name}
    for i, row in enumerate(rows(count, seed)):
        user, doc = (row["entities"][at]["uid"]["id"][1:] for at in (0, 1))
        person = lambda name, number: {
            "uid": uid("User", name),
            "attrs": {"level": chance.randrange(10), "email": f"{name}.{i}@example.com"},
            "parents": [uid("Team", f"t{number - number % 5 + 1}")],
        }
        owner = f"u{user}" if chance.random() < 0.5 else f"owner-{i}"
        document = {
            "uid": uid("Doc", f"d{doc}"),
            "attrs": {"owner": {"__entity": uid("User", owner)}, "public": chance.random() < 0.5},
            "parents": [uid("Folder", f"f{doc}"), uid("Folder", f"folder-{i}")],
        }
        row["entities"] = [person(f"u{user}", int(user)), person(f"owner-{i}", i), document]
        yield row


def settle(folder, table, tests):
    """Writes `table` to `tests` with the decisions that polcheck finds; that `cedar` agrees is checked when it is timed."""
    path = folder / tests
    path.write_text(json.dumps(table))
    report = subprocess.run(polcheck_test(folder, tests) + ["--report", "json"], capture_output=True, text=True, cwd=folder)
    for row, result in zip(table, json.loads(report.stdout)["tests"], strict=True):
        row["decision"] = result["got"]["decision"]
        row["reason"] = [reason.rsplit("#", 1)[1] for reason in result["got"]["reason"]]
        row["num_errors"] = len(result["got"]["errors"])
    path.write_text(json.dumps(table, indent=1))


def prepare(name, policy_count, row_count):
    folder = WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "app.cedarschema").write_text(SCHEMA)
    (folder / "app.cedar").write_text("\n".join(policies(policy_count)) + "\n")
    table = list(rows(row_count, seed=7))
    settle(folder, table, "tests.json")
    settle(folder, list(rows_of_their_own(row_count, seed=7)), "own_tests.json")
    (folder / "entities.json").write_text(json.dumps(entities()))
    (folder / "rows_test.yaml").write_text(as_yaml(table, own_entities=False))
    (folder / "rows_with_test.yaml").write_text(as_yaml(table, own_entities=True))
    (folder / "rows_test.csv").write_text(as_csv(table))
    allowed = sum(row["decision"] == "allow" for row in table)
    return folder, f"{row_count} rows ({allowed} allowed), {policy_count} policies"


def as_yaml(table, own_entities):
    """The same rows; the entities are those of the store, or each row has its own."""
    lines = ["entities: []" if own_entities else "entities: entities.json", "tests:"]
    for row in table:
        request = row["request"]
        lines += [
            f"  - name: {row['name']}",
            f"    principal: '{request['principal']}'",
            f"    action: '{request['action']}'",
            f"    resource: '{request['resource']}'",
            f"    context: {json.dumps(request['context'])}",
            *([f"    with: {json.dumps(row['entities'])}"] if own_entities else []),
            f"    expect: {row['decision']}",
            f"    because: {json.dumps(row['reason'])}",
            f"    errors: {row['num_errors']}",
        ]
    return "\n".join(lines) + "\n"


def as_csv(table):
    """The same rows; the entities are those of the store."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(["name", "principal", "action", "resource", "context.mfa", "context.hour", "expect", "because-includes", "errors"])
    for row in table:
        request, context = row["request"], row["request"]["context"]
        who = [request["principal"], request["action"], request["resource"]]
        mfa = "true" if context["mfa"] else "false"
        lines.writerow([row["name"], *who, mfa, context["hour"], row["decision"], ";".join(row["reason"]), row["num_errors"]])
    return out.getvalue()


def polcheck_test(folder, tests="tests.json", schema=True):
    command = [str(POLCHECK), "test", "-p", "app.cedar", *(["-s", "app.cedarschema"] if schema else []), "--tests", tests]
    return command + (["--entities", "entities.json"] if tests.endswith(".csv") else [])


def cedar_test(folder, tests="tests.json", schema=True):
    return [str(CEDAR), "run-tests", "-p", "app.cedar", *(["-s", "app.cedarschema"] if schema else []), "--tests", tests]


def polcheck_validate(folder):
    return [str(POLCHECK), "validate", "-p", "app.cedar", "-s", "app.cedarschema"]


def cedar_validate(folder):
    return [str(CEDAR), "validate", "-p", "app.cedar", "-s", "app.cedarschema"]


def once(command, folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return cpu, wall


def compare(label, goal, ours, theirs, folder, runs, by_wall=False):
    once(ours, folder), once(theirs, folder)
    pairs = [(once(ours, folder), once(theirs, folder)) for _ in range(runs)]
    median = lambda pick: statistics.median(pick(pair) for pair in pairs)
    own_cpu, other_cpu = median(lambda p: p[0][0]), median(lambda p: p[1][0])
    own_wall, other_wall = median(lambda p: p[0][1]), median(lambda p: p[1][1])
    ratio = other_wall / own_wall if by_wall else other_cpu / own_cpu
    wanted = f"goal {goal}x {'wall' if by_wall else 'CPU'}" if goal else "no goal"
    print(f"{label}")
    print(f"  polcheck {own_cpu * 1e3:9.1f} ms CPU {own_wall * 1e3:9.1f} ms wall")
    print(f"  cedar    {other_cpu * 1e3:9.1f} ms CPU {other_wall * 1e3:9.1f} ms wall")
    print(f"  ratio    {other_cpu / own_cpu:9.1f}x CPU  {other_wall / own_wall:9.1f}x wall ({wanted})\n")
    return not goal or ratio >= goal


def install():
    env = dict(os.environ, CARGO_TERM_COLOR="never")
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, env=env, check=True)
    version = subprocess.run([CEDAR, "--version"], capture_output=True, text=True).stdout if CEDAR.exists() else ""
    if CEDAR_VERSION not in version:
        command = ["cargo", "install", "cedar-policy-cli", "--locked", "--version", CEDAR_VERSION, "--root", str(TOOLS)]
        subprocess.run(command, cwd=ROOT, env=env, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each tool (default 5)")
    parser.add_argument("--only", choices=["small", "large", "own", "validate", "check"], help="one of the comparisons")
    args = parser.parse_args()
    install()
    wanted = lambda name: args.only in (None, name)
    met = []
    for name, policy_count, row_count, goal in (("small", 100, 2000, 50), ("large", 500, 1000, 150)):
        if wanted(name):
            folder, label = prepare(name, policy_count, row_count)
            # That each row writes its entities out in YAML is nobody's habit, and has no goal.
            goals = {"tests.json": goal, "rows_test.yaml": goal, "rows_test.csv": goal, "rows_with_test.yaml": None}
            for tests, wanted_ratio in goals.items():
                ours = polcheck_test(folder, tests)
                title = f"run rows of {tests}: {label}"
                met.append(compare(title, wanted_ratio, ours, cedar_test(folder), folder, args.runs))
    for name, policy_count, row_count, goal in (("small", 100, 2000, 50), ("large", 500, 1000, 150)):
        if wanted("own"):
            folder, label = prepare(name, policy_count, row_count)
            for schema, wanted_ratio in ((True, goal), (False, 7)):
                ours, theirs = (of(folder, "own_tests.json", schema) for of in (polcheck_test, cedar_test))
                title = f"run rows of their own entities, {'with a' if schema else 'without'} schema: {label}"
                met.append(compare(title, wanted_ratio, ours, theirs, folder, args.runs, by_wall=True))
    if wanted("validate"):
        folder, _ = prepare("validate", 500, 10)
        met.append(compare("validate 500 policies", None, polcheck_validate(folder), cedar_validate(folder), folder, args.runs))
    if wanted("check"):
        folder, _ = prepare("twenty", 20, 40)
        # Outside of this repository, which ignores its target folder.
        with tempfile.TemporaryDirectory() as elsewhere:
            shutil.copytree(folder, elsewhere, dirs_exist_ok=True)
            subprocess.run(["git", "init", "-q"], cwd=elsewhere, check=True)
            times = [once([str(POLCHECK), "check"], elsewhere) for _ in range(args.runs * 2)]
        cpu = statistics.median(cpu for cpu, _ in times) * 1e3
        print(f"polcheck check of a repository of 20 policies\n  {cpu:.1f} ms CPU (goal under 50 ms)")
        met.append(cpu < 50)
    if not all(met):
        sys.exit("a goal was missed; these figures vary with what else the machine does, so run it again")


if __name__ == "__main__":
    main()
