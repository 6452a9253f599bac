#!/usr/bin/env python3
"""Runs the Spark job of integrations/spark on a cluster of its own, kills an executor in the middle, and compares.

Usage: benches/spark.py [--polcheck FILE] [--files N] [--lines N]

Needs a Java runtime (Debian: `openjdk-17-jre-headless`) and `pyspark` from PyPI in the Python that runs it. The cluster is Spark's
`local-cluster` mode: a master, two workers and their executors as processes of this machine. One executor is killed while tasks run
on it; what the job prints has to be what one run of polcheck over the same files prints, places of examples aside.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from replay import ROOT, Store, write_log

EXECUTOR = b"org.apache.spark.executor.CoarseGrainedExecutorBackend"


def below(root):
    """The processes that the process `root` started, and those that they started."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rsplit(")", 1)[1].split()[1])
    found, grown = {root}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return found - {root}


def words(pid):
    """The command line of a process; none where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def executors(root):
    """The executors among them, with whether a task runs in each."""
    found = {}
    for pid in below(root):
        if EXECUTOR in words(pid):
            found[pid] = any(b"--partial" in words(child) for child in below(pid))
    return found


def answer(text):
    """What is compared: all that does not say where something stands."""
    replay = json.loads(text)["replay"]
    replay.pop("repeated")
    digests = sorted(one["digest"] for one in replay.pop("inputs"))
    for one in replay["examples"] + replay["causes"]:
        one.pop("log", None)
        one.pop("line", None)
        one["places"] = len(one.get("places", []))
    return replay, digests


def main():
    """Generates logs, runs both and compares; 0 where they are the same."""
    parser = argparse.ArgumentParser(description="the Spark job against one machine")
    parser.add_argument("--polcheck", type=Path, default=ROOT / "target/release/polcheck")
    parser.add_argument("--files", type=int, default=12)
    parser.add_argument("--lines", type=int, default=2_000)
    args = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        repository, logs = folder / "repository", folder / "logs"
        repository.mkdir()
        logs.mkdir()
        store = Store(random.Random(1))
        store.write(repository)
        for number in range(args.files):
            write_log(logs / f"{number}.jsonl", args.lines, random.Random(100 + number), store)
        (logs / "broken.jsonl").write_text('not json\n{"principal": "User::\n')
        report = ["--report", "json", "--undecided", "100"]
        alone = subprocess.run(
            [args.polcheck, "replay", str(logs), "-C", str(repository), *report], capture_output=True, text=True, check=False
        )
        # A task takes a while, so that an executor can be killed in the middle of one.
        slow = folder / "polcheck"
        slow.write_text(f'#!/bin/sh\ncase "$*" in *--partial*) sleep 2 ;; esac\nexec "{args.polcheck}" "$@"\n')
        slow.chmod(0o755)
        import pyspark  # noqa: PLC0415 (so that its absence is told by the name of what is missing)

        home = Path(pyspark.__file__).parent
        environment = dict(os.environ, SPARK_HOME=str(home), PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
        command = [
            home / "bin/spark-submit", "--master", "local-cluster[2,1,512]", "--conf", "spark.executor.memory=512m",
            "--conf", "spark.ui.enabled=false", ROOT / "integrations/spark/replay.py", "--polcheck", slow,
            "--repository", repository, "--report=json", "--undecided=100", f"file://{logs}/*.jsonl",
        ]
        with (folder / "out").open("w+") as out, (folder / "err").open("w+") as err:
            job = subprocess.Popen([str(word) for word in command], stdout=out, stderr=err, env=environment, cwd=folder)
            killed = None
            try:
                while job.poll() is None:
                    running = executors(job.pid)
                    busy = [pid for pid, at_work in running.items() if at_work]
                    if killed is None and len(running) > 1 and busy:
                        killed = busy[0]
                        os.kill(killed, signal.SIGKILL)
                    time.sleep(0.2)
            finally:
                for pid in below(job.pid) if job.poll() is None else []:
                    os.kill(pid, signal.SIGKILL)
            out.seek(0)
            err.seek(0)
            text, said = out.read(), err.read()
        if killed is None:
            raise SystemExit(f"no executor was at work to be killed\n{said[-4000:]}")
        try:
            same = answer(text) == answer(alone.stdout)
        except (json.JSONDecodeError, KeyError):
            raise SystemExit(f"the job exits {job.returncode} and prints {text[:400]!r}\n{said[-4000:]}") from None
        lost = "ExecutorLostFailure" in said or "Lost executor" in said
        seconds = time.monotonic() - started
        print(f"executor {killed} killed{', and Spark says so' if lost else ''}; same answer: {same}; {seconds:.0f} s")
        return 0 if same and job.returncode == alone.returncode else 1


if __name__ == "__main__":
    sys.exit(main())
