#!/usr/bin/env python3
"""Times `polcheck replay` over a generated log and a store of 100 policies; prints lines a second and memory.

Usage: benches/replay.py [--polcheck FILE] [--lines N] [--keep FOLDER]

Builds polcheck in release unless FILE names one. The log has a million lines from a fixed seed: 20,000 principals, 5,000
resources, 12 actions; every context has its own time, so that no two requests are the same. What is recorded is what the policies
decide, but for one record of a hundred. The log is read plain, in gzip and in Zstandard where `zstd` is installed, and beside gzip
stands what unpacking alone takes; then against a revision before (`--from`), of which one policy is another. `denied` is the
hardest log: all that is recorded is `deny`, so that a quarter of the records change, and Cedar's authorizer is asked about each. The
last two columns are what has to hold of all but that one.
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
WRONG = 0.01


# Conditions as policies write them, and what they come to for a principal, a resource and a context. All times in the log are
# before December.
CONDITIONS = (
    ("context.mfa", lambda user, doc, context, number: context["mfa"]),
    ("principal.level >= resource.level", lambda user, doc, context, number: user["level"] >= doc["level"]),
    ("resource.owner == principal", lambda user, doc, context, number: doc["owner"] == user["name"]),
    ("!principal.blocked", lambda user, doc, context, number: not user["blocked"]),
    ('context.net == "office"', lambda user, doc, context, number: context["net"] == "office"),
    ('context.now < datetime("2026-12-01T00:00:00Z")', lambda user, doc, context, number: True),
    ("principal.level > {}", lambda user, doc, context, number: user["level"] > number),
)


class Store:
    """A schema, a hundred policies and the entities that they are about, and what they decide."""

    def __init__(self, rng):
        """Draws all of it."""
        self.policies = []
        for number in range(POLICIES):
            effect = "forbid" if number % 12 == 0 else "permit"
            team = f"t{rng.randrange(TEAMS)}" if number % 3 else None
            chosen = [(condition, rng.randrange(9)) for condition in rng.sample(CONDITIONS, 2)]
            self.policies.append((effect, team, rng.randrange(ACTIONS), chosen))
        self.users = [
            {"name": f"u{user}", "level": rng.randrange(10), "blocked": rng.random() < 0.05, "team": f"t{rng.randrange(TEAMS)}"}
            for user in range(PRINCIPALS)
        ]
        self.docs = [
            {"owner": f"u{rng.randrange(PRINCIPALS)}", "level": rng.randrange(10), "team": f"t{rng.randrange(TEAMS)}"}
            for _ in range(RESOURCES)
        ]

    def allows(self, user, action, doc, context):
        """What the policies decide."""
        allowed = False
        for effect, team, of, chosen in self.policies:
            if of != action or (team and team != user["team"]) or (effect == "permit" and allowed):
                continue
            if all(holds(user, doc, context, number) for (_, holds), number in chosen):
                if effect == "forbid":
                    return False
                allowed = True
        return allowed

    def write(self, folder):
        """Writes it all into a folder."""
        actions = ", ".join(f"act{i}" for i in range(ACTIONS))
        (folder / "app.cedarschema").write_text(
            "entity Team;\nentity User in [Team] { level: Long, blocked: Bool };\nentity Doc in [Team] { owner: User, level: Long };\n"
            f"action {actions} appliesTo {{ principal: User, resource: Doc, context: {{ mfa: Bool, now: datetime, net: String }} }};\n"
        )
        text = []
        for number, (effect, team, action, chosen) in enumerate(self.policies):
            principal = f'principal in Team::"{team}"' if team else "principal"
            condition = " && ".join(words.format(number) for (words, _), number in chosen)
            text.append(f'@id("p{number}") {effect} ({principal}, action == Action::"act{action}", resource) when {{ {condition} }};\n')
        (folder / "policies.cedar").write_text("".join(text))

        def entity(ty, name, attrs, team):
            parents = [{"type": "Team", "id": team}] if team else []
            return {"uid": {"type": ty, "id": name}, "attrs": attrs, "parents": parents}

        entities = [entity("Team", f"t{t}", {}, None) for t in range(TEAMS)]
        for user in self.users:
            entities.append(entity("User", user["name"], {key: user[key] for key in ("level", "blocked")}, user["team"]))
        for number, doc in enumerate(self.docs):
            owner = {"type": "User", "id": doc["owner"]}
            entities.append(entity("Doc", f"d{number}", {"owner": owner, "level": doc["level"]}, doc["team"]))
        (folder / "entities.json").write_text(json.dumps(entities))


def write_log(file, lines, rng, store=None):
    """A log of so many lines. It records what `store` decides, but for a share that is wrong; without, always `deny`."""
    with file.open("w", encoding="utf-8") as log:
        for line in range(lines):
            at = f"2026-11-{1 + line % 28:02}T{line % 24:02}:{line // 24 % 60:02}:{line // 1440 % 60:02}.{line % 1000:03}Z"
            context = {"mfa": rng.random() < 0.5, "net": ("office", "home")[rng.randrange(2)]}
            user, action, doc = rng.randrange(PRINCIPALS), rng.randrange(ACTIONS), rng.randrange(RESOURCES)
            wrong = rng.random() < WRONG
            allowed = store is not None and store.allows(store.users[user], action, store.docs[doc], context) != wrong
            log.write(
                f'{{"time":"{at}","principal":"User::\\"u{user}\\"","action":"Action::\\"act{action}\\"","resource":"Doc::\\"d{doc}\\"",'
                f'"context":{{"mfa":{json.dumps(context["mfa"])},"now":"{at}","net":"{context["net"]}"}},'
                f'"decision":"{"allow" if allowed else "deny"}"}}\n'
            )


def commit(folder):
    """Makes what lies in a folder a revision, of which one policy is another."""
    run = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-C", str(folder)]
    policies = folder / "policies.cedar"
    text = policies.read_text()
    policies.write_text(text.replace("forbid (", "permit (", 1))
    for words in (["init", "-q"], ["add", "app.cedarschema", "policies.cedar", "entities.json"], ["commit", "-q", "-m", "before"]):
        subprocess.run([*run, *words], check=True)
    policies.write_text(text)


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
        plain, packed, frames, denied = (
            folder / name for name in ("log.jsonl", "log.jsonl.gz", "log.jsonl.zst", "denied.jsonl")
        )
        store = Store(random.Random(1))
        store.write(folder)
        commit(folder)
        write_log(plain, args.lines, random.Random(2), store)
        write_log(denied, args.lines, random.Random(2))
        with plain.open("rb") as source, gzip.open(packed, "wb", compresslevel=6) as target:
            shutil.copyfileobj(source, target)
        unpack = {packed: ["gzip", "-dc", str(packed)]}
        logs = [(plain, []), (packed, [])]
        if shutil.which("zstd"):
            subprocess.run(["zstd", "-q", "-f", str(plain), "-o", str(frames)], check=True)
            unpack[frames] = ["zstd", "-q", "-dc", str(frames)]
            logs.append((frames, []))
        logs += [(plain, ["--from", "HEAD"]), (denied, [])]
        print(f"{args.lines} lines, {plain.stat().st_size >> 20} MiB")
        print("log                     wall s    CPU s      MiB  lines/s  changed  unpacking CPU s  memory  speed")
        for log, more in logs:
            command = [str(polcheck), "replay", log.name, "--undecided", "100", "--report", "json", *more]
            wall, cpu, memory, text = timed(command, folder)
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
            name = " ".join([log.name, *more[:1]])
            changed = (answer["gained"] + answer["lost"]) / args.lines
            print(
                f"{name:21} {wall:8.2f} {cpu:8.2f} {memory:8.0f} {speed:8.0f} {changed:8.2%} {alone:>16}  {held[0]:>6}  {held[1]:>5}"
            )


if __name__ == "__main__":
    main()
