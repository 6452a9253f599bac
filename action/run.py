"""Runs polcheck once, with every report that is wanted. Sets the outputs; the last step of the action fails the job."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from typing import Any

from github import at, command_input, directory, fail, flag_input, lines_input, output, say, text_input, variable

LONGEST_CATEGORY = 120
#: What says where the runner's checkout is shown.
LINKED = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA")


def arguments(command: str, base: str, files: dict[str, str]) -> list[str]:
    """polcheck's arguments. What comes from inputs is joined to its option, or follows `--`."""
    args = [command]
    if command == "diff":
        args.append(base)
    elif command == "check" and base:
        args.append(f"--against={base}")
    args.append("--report=human")
    args.extend(f"--report={name}={path}" for name, path in files.items())
    if flag_input("annotations"):
        args.append("--report=github")
    return args + common_arguments()


def page_arguments(base: str, path: str) -> list[str]:
    """Those of the run that makes the page."""
    args = ["report", f"--html={path}", "--quiet"]
    if base:
        args.append(f"--against={base}")
    return args + common_arguments()


def common_arguments() -> list[str]:
    """What every run is given."""
    args: list[str] = []
    for name in ("config", "fail-on"):
        value = text_input(name)
        if value:
            args.append(f"--{name}={value}")
    return args + ["--", *lines_input("paths")]


def link() -> None:
    """Has places in the report link to the commit that was checked out. As a variable, which versions that know none ignore."""
    server, repository, commit = (os.environ.get(name, "") for name in LINKED)
    # There the commit is the base's, and what was checked out is for the workflow to say.
    elsewhere = os.environ.get("GITHUB_EVENT_NAME") == "pull_request_target"
    if server and repository and commit and not elsewhere:
        os.environ.setdefault("POLCHECK_LINK_BASE", f"{server}/{repository}/blob/{commit}")


def changed(report: dict[str, Any]) -> str:
    """How many kinds of request are not known to be permitted as before, and changed policies of which nothing is known; empty when
    nothing was compared."""
    changes = at(report, "changes")
    if not isinstance(changes, list):
        return ""
    return str(sum(at(change, "relation") != "same" for change in changes) + len(at(report, "undecided") or []))


def is_noteworthy(report: dict[str, Any], code: int, changes: str) -> bool:
    """Whether there is anything that a reviewer should read."""
    findings = at(report, "summary", "findings") or {}
    milder = findings.get("error") or findings.get("warning") or at(report, "weakened")
    return code != 0 or changes not in ("", "0") or bool(milder)


def page_name(command: str) -> str:
    """What the artifact is called: another name for each use of the action in a run, of letters that artifacts may have."""
    parts = [variable("GITHUB_JOB"), command, text_input("working-directory"), "\0".join(lines_input("paths")), text_input("config")]
    return "polcheck-report-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


def make_page(base: str, where: str, folder: str, environment: dict[str, str]) -> str:
    """The page, by path; empty where there is none. What it exits with is said by the run before it."""
    path = os.path.join(folder, "polcheck-report.html")
    try:
        args = [variable("STEP_BIN"), *page_arguments(base, path)]
        done = subprocess.run(args, cwd=where, env=environment, stderr=subprocess.PIPE, check=False)
    except OSError as error:
        say("warning", f"there is no page: {error}")
        return ""
    if os.path.isfile(path):
        return path
    # Releases before `report` know no such command.
    say("warning", f"there is no page: {done.stderr.decode(errors='replace').strip() or done.returncode}")
    return ""


def category(command: str) -> str:
    """What tells this use of the action from others in code scanning, which takes one report of each category."""
    where = text_input("working-directory").strip("/")
    parts = [command, "" if where == "." else where, ", ".join(lines_input("paths")), text_input("config")]
    name = "/".join(part for part in ["polcheck", *parts] if part)
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    return name if len(name) <= LONGEST_CATEGORY else f"{name[:LONGEST_CATEGORY]} {digest}"


def set_category(path: str, name: str) -> None:
    """Writes the category into the SARIF report: the action that uploads keeps one that is there, and ignores its input."""
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    for run in report["runs"]:
        run["automationDetails"] = {"id": name + "/"}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(report, file)


def read(path: str) -> dict[str, Any]:
    """The JSON report; empty when there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            report: dict[str, Any] = json.load(file)
            return report
    except (OSError, ValueError):
        return {}


def main() -> None:
    command, where, base = command_input(), directory(), variable("STEP_BASE")
    if command == "diff" and not base:
        say("error", "there is no base, so `diff` has nothing to compare with")
        output("exit-code", "3")
        output("outcome", "nothing_checked")
        return
    folder = tempfile.mkdtemp(prefix="polcheck-", dir=variable("RUNNER_TEMP") or None)
    names = {"json": "polcheck.json", "markdown": "polcheck.md"}
    if flag_input("sarif"):
        names["sarif"] = "polcheck.sarif"
    files = {name: os.path.join(folder, file) for name, file in names.items()}
    # polcheck appends to the summary whenever it writes annotations; the action writes it once, where it is wanted.
    link()
    environment = {name: value for name, value in os.environ.items() if name != "GITHUB_STEP_SUMMARY"}
    sys.stdout.flush()
    try:
        args = [variable("STEP_BIN"), *arguments(command, base, files)]
        code = subprocess.run(args, cwd=where, env=environment, check=False).returncode
    except OSError as error:
        fail(f"polcheck does not start: {error}")
    if code < 0:
        say("error", f"polcheck was ended by signal {-code}")
        code, report = 2, {}
    elif not (report := read(files["json"])):
        say("error", f"polcheck ended with exit code {code} and wrote no report; the log says why")
        code = code or 2
    if not report:
        # Without it, what else lies there may be cut off as well.
        files = {}
    changes = changed(report)
    output("exit-code", str(code))
    output("outcome", str(at(report, "outcome") or "error"))
    output("changes", changes)
    output("noteworthy", "true" if is_noteworthy(report, code, changes) else "false")
    if os.path.isfile(files.get("sarif", "")):
        set_category(files["sarif"], category(command))
    for name in ("json", "sarif", "markdown"):
        path = files.get(name, "")
        output(f"{name}-file", path if os.path.isfile(path) else "")
    if flag_input("html") and command == "check" and report:
        output("html-file", make_page(base, where, folder, environment))
        output("html-name", page_name(command))


if __name__ == "__main__":
    main()
