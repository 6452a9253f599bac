"""Runs the `run:` steps of a job as GitHub would, one by one: steps.py WORKFLOW JOB KEY=VALUE ...

KEY=VALUE chooses the entry of the job's matrix. Steps that use an action are named and left out: they move files
between machines, sign, or publish.
"""

import os
import re
import subprocess
import sys
from typing import Any, Dict, List

import yaml


def filled(text: str, known: Dict[str, str]) -> str:
    """`text` with its expressions replaced; only names that are known are understood."""

    def value(found: "re.Match[str]") -> str:
        name = found.group(1)
        return known[name] if name in known else sys.exit(f"steps.py: `{name}` is not known here")

    return re.sub(r"\$\{\{\s*([\w.-]+)\s*\}\}", value, text)


def main(path: str, job_name: str, *wanted: str) -> None:
    with open(path, encoding="utf-8") as file:
        workflow: Dict[str, Any] = yaml.safe_load(file)
    job = workflow["jobs"][job_name]
    chosen = dict(one.split("=", 1) for one in wanted)
    entries: List[Dict[str, str]] = job["strategy"]["matrix"]["include"]
    fitting = [entry for entry in entries if all(entry.get(key) == value for key, value in chosen.items())]
    if len(fitting) != 1:
        sys.exit(f"steps.py: {len(fitting)} entries of the matrix fit {chosen}")
    known = {f"matrix.{key}": value for key, value in fitting[0].items()}
    # pip and npm go on without asking what is newer.
    environment = {**os.environ, **{key: filled(value, known) for key, value in job.get("env", {}).items()}}
    ran = 0
    for step in job["steps"]:
        if "uses" in step:
            print(f"-- not here: {step['uses']}", flush=True)
            continue
        command = filled(step["run"], known)
        print(f"-- {step['name']}: {command}", flush=True)
        own = {key: filled(str(value), known) for key, value in step.get("env", {}).items()}
        # What `shell: bash` stands for.
        done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command], env={**environment, **own})
        if done.returncode:
            sys.exit(f"steps.py: the step `{step['name']}` exits {done.returncode}")
        ran += 1
    print(f"-- {ran} steps of {job_name} ran", flush=True)
    if not ran:
        sys.exit("steps.py: no step ran")


if __name__ == "__main__":
    main(*sys.argv[1:])
