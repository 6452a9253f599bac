#!/usr/bin/env python3
"""How fast polcheck is over large and dense stores, beside an older polcheck in the same run.

    python3 benches/versions.py [--old PATH] [--runs N] [--only WORD] [--write DIR]

Stores are generated, each as a git repository of two commits, or as two folders; `--write` leaves them there. Both programs
run in turn, so that what else the machine does meets both; the figures are medians of wall and CPU time (user and system), the
memory is the largest. A last column says whether both said the same. POLCHECK_OLD names the older program too.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ACTIONS = 20

SCHEMA = """entity Team in [Team];
entity Role;
entity Folder in [Folder];
entity User in [Team, Role] { department: String, level: Long, suspended: Bool, manager?: User, tenant: String };
entity Document in [Folder] {
    owner: User, classification: String, path: String, readers: Set<User>, size: Long, tenant: String };
type Call = { hour: Long, mfa: Bool, ip: ipaddr, reason?: String, arn: String };
action read, write;
"""


def schema(actions):
    group = lambda i: "read" if i % 2 else "write"
    applies = "appliesTo { principal: User, resource: Document, context: Call }"
    return SCHEMA + "".join(f"action act{i} in [{group(i)}] {applies};\n" for i in range(actions))


def sparse(i):
    """Each for somebody of its own."""
    if i % 30 == 0:
        action = "action"
    elif i % 3 == 1:
        action = f'action == Action::"act{i % ACTIONS}"'
    else:
        action = f'action in [Action::"act{i % ACTIONS}", Action::"act{(i + 1) % ACTIONS}"]'
    effect = "forbid" if i % 10 == 9 else "permit"
    principal = f'principal in Team::"team{i}"' if i % 10 < 4 else f'principal == User::"user{i}"'
    condition = [
        f'principal.department == "department{i}" && principal.level > {i % 13}',
        f'resource in Folder::"folder{i}" && context.mfa',
        f'resource.owner == principal && resource.path like "/projects/{i}/*"',
        f'resource.readers.contains(principal) && resource.classification != "secret{i}"',
        f"context.hour >= {i % 12} && context.hour < {i % 12 + 8} && resource.size < {1000 + i}",
        f'context.ip.isInRange(ip("10.{i % 256}.0.0/16")) && context has reason && context.reason == "reason{i}"',
        f'principal has manager && principal.manager == resource.owner && resource in Folder::"folder{i // 2}"',
    ][i % 7]
    if effect == "forbid":
        principal, condition = "principal", f"principal.suspended && {condition}"
    return effect, principal, action, condition


def arn(i):
    """Names with wildcards, for a few roles."""
    condition = f'context.arn like "arn:aws:s3:::bucket{i}/*"'
    if i % 3 == 0:
        condition += f' && !(context.arn like "*/private{i % 7}/*")'
    action = f'action == Action::"act{i % ACTIONS}"'
    return "forbid" if i % 12 == 11 else "permit", f'principal in Role::"role{i % 50}"', action, condition


def roles(i):
    """Groups of actions, tenants, classes."""
    condition = f'principal.tenant == resource.tenant && resource.classification == "class{i % 11}"'
    action = f'action in [Action::"{"read" if i % 2 else "write"}"]'
    more = " && context.mfa" if i % 2 else ""
    return "forbid" if i % 15 == 14 else "permit", f'principal in Role::"role{i}"', action, condition + more


def dense(i):
    """One action, and the same attributes in every policy."""
    condition = [
        f"principal.level > {i % 17} && resource.size < {1000 + i * 3}",
        f'resource.path like "/a{i % 5}/*" && principal.level >= {i % 9}',
        f'context.hour > {i % 24} && resource.path like "*{i % 7}.txt"',
        f"resource.size > {i * 5} && context.hour < {(i * 7) % 24 + 1}",
        f'principal.department == "d{i % 6}" && context.mfa && resource.size != {i}',
    ][i % 5]
    return "forbid" if i % 10 == 9 else "permit", "principal", "action", condition


KINDS = {"sparse": sparse, "arn": arn, "roles": roles, "dense": dense}


def policy(kind, i, changed):
    effect, principal, action, condition = KINDS[kind](i)
    condition += " && context.hour > 8" if changed else ""
    return f'@id("p{i}")\n{effect} ({principal}, {action}, resource)\nwhen {{ {condition} }};\n'


def changes(count, change):
    """The numbers of both sides' policies, each with whether it is changed."""
    old = [(i, False) for i in range(count)]
    if change == "unrelated":
        return old, [(i + 7001, True) if i % 2 == 0 else (i + 5000, False) for i in range(count)]
    step = {"one": count, "tenth": 10, "all": 1}[change]
    return old, [(i, i % step == (count // 2) % step) for i in range(count)]


def folders(folder, kind, count, change):
    """Both sides as folders, with no git."""
    for name, side in zip(("old", "new"), changes(count, change)):
        (folder / name).mkdir(parents=True)
        (folder / name / "app.cedarschema").write_text(schema(1 if kind == "dense" else ACTIONS))
        (folder / name / "policies.cedar").write_text("\n".join(policy(kind, i, changed) for i, changed in side))


def repository(folder, kind, count, change):
    folder.mkdir(parents=True)
    who = {f"GIT_{role}_{what}": "bench@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    when = {f"GIT_{role}_DATE": "2026-01-01T00:00:00Z" for role in ("AUTHOR", "COMMITTER")}
    git = lambda *arguments: subprocess.run(
        ["git", *arguments], cwd=folder, check=True, env={**os.environ, **who, **when}, stdout=subprocess.DEVNULL
    )
    git("init", "-q", "-b", "main")
    (folder / "app.cedarschema").write_text(schema(1 if kind == "dense" else ACTIONS))
    for side in changes(count, change):
        text = "\n".join(policy(kind, i, changed) for i, changed in side)
        (folder / "policies.cedar").write_text(text)
        git("add", ".")
        git("commit", "-q", "-m", "a side")


DIFF = ["diff", "HEAD~1", "HEAD"]
FILES = ["diff", "--files", "old", "new"]

# Name, kind, policies, change, command, goal in seconds, and of what: of wall or of CPU time.
CASES = [
    ("one of 100 changed, files", "sparse", 100, "one", FILES, 0.015, "wall"),
    ("one of 1,000 changed, files", "sparse", 1000, "one", FILES, 0.05, "wall"),
    ("one of 5,000 changed, files", "sparse", 5000, "one", FILES, 0.25, "wall"),
    ("one of 100 changed", "sparse", 100, "one", DIFF, 0.015, "wall"),
    ("one of 1,000 changed", "sparse", 1000, "one", DIFF, 0.05, "wall"),
    ("one of 5,000 changed", "sparse", 5000, "one", DIFF, 0.25, "wall"),
    ("one of 10,000 changed", "sparse", 10000, "one", DIFF, 1.0, "wall"),
    ("a tenth of 1,000 changed", "sparse", 1000, "tenth", DIFF, 1.0, "wall"),
    ("a tenth of 3,000 changed", "sparse", 3000, "tenth", DIFF, 4.0, "wall"),
    ("a tenth of 1,000 changed, roles", "roles", 1000, "tenth", DIFF, 1.0, "wall"),
    ("a tenth of 1,000 changed, names", "arn", 1000, "tenth", DIFF, 1.0, "wall"),
    ("two unrelated sets of 300", "sparse", 300, "unrelated", DIFF, 1.0, "wall"),
    ("two unrelated sets of 300, roles", "roles", 300, "unrelated", DIFF, 1.0, "wall"),
    ("a tenth of 200 dense ones changed", "dense", 200, "tenth", DIFF, 5.0, "wall"),
    ("all of 200 dense ones changed", "dense", 200, "all", DIFF, 5.0, "wall"),
    ("lint 1,000", "sparse", 1000, "one", ["lint"], 0.5, "CPU"),
    ("lint 5,000", "sparse", 5000, "one", ["lint"], 3.0, "CPU"),
    ("lint 10,000", "sparse", 10000, "one", ["lint"], 8.0, "CPU"),
    ("lint 1,000, roles", "roles", 1000, "one", ["lint"], 0.5, "CPU"),
    ("lint 200 dense ones", "dense", 200, "one", ["lint"], 5.0, "wall"),
    ("check 5,000", "sparse", 5000, "one", ["check"], 3.0, "CPU"),
    ("conflicts of 1,000", "sparse", 1000, "one", ["lint", "--conflicts"], 3.0, "wall"),
]


def once(command, folder):
    """Wall and CPU time in seconds, peak memory in MB, exit code and output."""
    with tempfile.TemporaryFile() as output:
        begin = time.perf_counter()
        child = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = (child.returncode, output.read())
    peak = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return wall, usage.ru_utime + usage.ru_stime, peak, said


def measure(case, old, new, runs, folder):
    name, kind, count, change, command, goal, of = case
    place = folder / (f"{kind}-{count}-{change}" + ("-files" if command is FILES else ""))
    if not place.exists():
        (folders if command is FILES else repository)(place, kind, count, change)
    programs = [new] + ([old] if old else [])
    taken = [[once([program, *command], place) for program in programs] for _ in range(runs)]
    wall, cpu = (statistics.median(run[0][at] for run in taken) for at in (0, 1))
    peak = max(run[0][2] for run in taken)
    met = (wall if of == "wall" else cpu) <= goal
    line = f"{name:<36} {wall * 1e3:8.0f} ms wall {cpu * 1e3:8.0f} ms CPU {peak:6.0f} MB   "
    line += f"goal {goal * 1e3:.0f} ms {of}{'' if met else ', missed'}"
    if old:
        before = [statistics.median(run[1][at] for run in taken) for at in (0, 1)]
        same = all(run[0][3] == run[1][3] for run in taken)
        line += f"   old: {before[0] / wall:.1f}x wall, {before[1] / cpu:.1f}x CPU, {'the same' if same else 'says otherwise'}"
    print(line, flush=True)
    return met


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--old", default=os.environ.get("POLCHECK_OLD"), help="an older polcheck")
    parser.add_argument("--new", default=str(ROOT / "target" / "release" / "polcheck"), help="the polcheck to measure")
    parser.add_argument("--runs", type=int, default=3, help="timed runs of each program (default 3)")
    parser.add_argument("--only", default="", help="cases with this in their names")
    parser.add_argument("--write", type=Path, help="leave the repositories in this folder")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (args.write or Path(scratch)).absolute()
        cases = [case for case in CASES if args.only in case[0]]
        old, new = (path and os.path.abspath(path) for path in (args.old, args.new))
        met = [measure(case, old, new, args.runs, folder) for case in cases]
    missed = met.count(False)
    if missed:
        print(f"{missed} of {len(met)} goals were missed; the figures vary with what else the machine does")


if __name__ == "__main__":
    main()
