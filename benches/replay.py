#!/usr/bin/env python3
"""Times `polcheck replay` over a generated log and a store of 100 policies; prints lines a second and memory.

Usage: benches/replay.py [--polcheck FILE] [--lines N] [--keep FOLDER]

Builds polcheck in release unless FILE names one. The log has a million lines from a fixed seed: 20,000 principals, 5,000
resources, 12 actions; every context has its own time, so that no two requests are the same. It is read plain, in gzip and in
Zstandard where `zstd` is installed, and beside gzip stands what unpacking alone takes. The last two columns are what has to hold.
"""

import argparse
import gzip
import json
import random
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
POLICIES, PRINCIPALS, RESOURCES, ACTIONS, TEAMS = 100, 20_000, 5_000, 12, 40
MEMORY, SPEED = 300, 200_000


def store(folder, rng):
    """A schema, a hundred policies and the entities that they are about."""
    actions = ", ".join(f"act{i}" for i in range(ACTIONS))
    (folder / "app.cedarschema").write_text(
        "entity Team;\nentity User in [Team] { level: Long, blocked: Bool };\nentity Doc in [Team] { owner: User, level: Long };\n"
        f"action {actions} appliesTo {{ principal: User, resource: Doc, context: {{ mfa: Bool, now: datetime, net: String }} }};\n"
    )
    conditions = (
        "context.mfa", "principal.level >= resource.level", "resource.owner == principal", "!principal.blocked",
        'context.net == "office"', 'context.now < datetime("2026-12-01T00:00:00Z")', "principal.level > {}",
    )
    text = []
    for number in range(POLICIES):
        effect = "forbid" if number % 12 == 0 else "permit"
        principal = f'principal in Team::"t{rng.randrange(TEAMS)}"' if number % 3 else "principal"
        chosen = " && ".join(c.format(rng.randrange(9)) for c in rng.sample(conditions, 2))
        scope = f'{principal}, action == Action::"act{rng.randrange(ACTIONS)}", resource'
        text.append(f'@id("p{number}") {effect} ({scope}) when {{ {chosen} }};\n')
    (folder / "policies.cedar").write_text("".join(text))

    def entity(ty, name, attrs, team):
        return {"uid": {"type": ty, "id": name}, "attrs": attrs, "parents": [{"type": "Team", "id": team}] if team else []}

    entities = [entity("Team", f"t{t}", {}, None) for t in range(TEAMS)]
    for user in range(PRINCIPALS):
        attrs = {"level": rng.randrange(10), "blocked": rng.random() < 0.05}
        entities.append(entity("User", f"u{user}", attrs, f"t{rng.randrange(TEAMS)}"))
    for doc in range(RESOURCES):
        owner = {"type": "User", "id": f"u{rng.randrange(PRINCIPALS)}"}
        entities.append(entity("Doc", f"d{doc}", {"owner": owner, "level": rng.randrange(10)}, f"t{rng.randrange(TEAMS)}"))
    (folder / "entities.json").write_text(json.dumps(entities))


def write_log(file, lines, rng):
    """A log of so many lines; the recorded decisions are all `deny`."""
    with file.open("w", encoding="utf-8") as log:
        for line in range(lines):
            at = f"2026-11-{1 + line % 28:02}T{line % 24:02}:{line // 24 % 60:02}:{line // 1440 % 60:02}.{line % 1000:03}Z"
            mfa, net = ("true", "false")[rng.randrange(2)], ("office", "home")[rng.randrange(2)]
            log.write(
                f'{{"time":"{at}","principal":"User::\\"u{rng.randrange(PRINCIPALS)}\\"","action":"Action::\\"act'
                f'{rng.randrange(ACTIONS)}\\"","resource":"Doc::\\"d{rng.randrange(RESOURCES)}\\"","context":{{"mfa":{mfa},'
                f'"now":"{at}","net":"{net}"}},"decision":"deny"}}\n'
            )


def timed(command, cwd):
    """Wall time, CPU time and memory of a command in seconds and MiB, and what it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(["/usr/bin/env", "time", "-f", "%M", *command], cwd=cwd, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    last = done.stderr.strip().splitlines()[-1:] or ["0"]
    memory = int(last[0]) / 1024 if last[0].isdigit() else after.ru_maxrss / 1024
    return wall, cpu, memory, done.stdout


def main():
    """Generates, times and prints."""
    parser = argparse.ArgumentParser(description="times polcheck replay")
    parser.add_argument("--polcheck", type=Path)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="generate here, and leave it")
    args = parser.parse_args()
    polcheck = args.polcheck
    if polcheck is None:
        subprocess.run(["cargo", "build", "--release", "--locked", "--bin", "polcheck"], cwd=ROOT, check=True)
        polcheck = ROOT / "target/release/polcheck"
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        plain, packed, frames = (folder / name for name in ("log.jsonl", "log.jsonl.gz", "log.jsonl.zst"))
        store(folder, random.Random(1))
        write_log(plain, args.lines, random.Random(2))
        with plain.open("rb") as source, gzip.open(packed, "wb", compresslevel=6) as target:
            shutil.copyfileobj(source, target)
        unpack = {packed: ["gzip", "-dc", str(packed)]}
        logs = [plain, packed]
        if shutil.which("zstd"):
            subprocess.run(["zstd", "-q", "-f", str(plain), "-o", str(frames)], check=True)
            unpack[frames] = ["zstd", "-q", "-dc", str(frames)]
            logs.append(frames)
        print(f"{args.lines} lines, {plain.stat().st_size >> 20} MiB")
        print("log              wall s    CPU s      MiB  lines/s  unpacking CPU s  memory  speed")
        for log in logs:
            wall, cpu, memory, text = timed([str(polcheck), "replay", log.name, "--undecided", "100", "--report", "json"], folder)
            answer = json.loads(text)["replay"]
            if answer["lines"] != args.lines or answer["decided"] != args.lines:
                raise SystemExit(f"{answer['decided']} of {answer['lines']} lines were decided")
            alone = "-"
            if log in unpack:
                with open("/dev/null", "wb") as nothing:
                    start = resource.getrusage(resource.RUSAGE_CHILDREN)
                    subprocess.run(unpack[log], stdout=nothing, check=True)
                    end = resource.getrusage(resource.RUSAGE_CHILDREN)
                alone = f"{end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime:.2f}"
            speed = args.lines / wall
            held = ["yes" if good else "NO" for good in (memory < MEMORY, speed >= SPEED)]
            print(f"{log.name:14} {wall:8.2f} {cpu:8.2f} {memory:8.0f} {speed:8.0f}  {alone:>15}  {held[0]:>6}  {held[1]:>5}")


if __name__ == "__main__":
    main()
