"""What GitHub tells a step and what a step tells GitHub: environment, event, outputs, log, summary.

Everything that is read here may come from a stranger's pull request. It is checked before it means anything, and escaped
before it is written anywhere.
"""

from __future__ import annotations

import io
import json
import os
import re
import secrets
import sys
from typing import Any, NoReturn

SHA = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
COMMANDS = ("check", "validate", "lint", "test", "diff")
#: GitHub drops a job summary above 1 MiB.
LARGEST_SUMMARY = 1024 * 1024

# Runners read logs as UTF-8, whatever the system's code page is.
if isinstance(sys.stdout, io.TextIOWrapper):
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def variable(name: str) -> str:
    """The environment variable, empty when it is not set."""
    return os.environ.get(name, "")


def text_input(name: str) -> str:
    """An input of one line, without the spaces around it."""
    value = variable("INPUT_" + name.upper().replace("-", "_")).strip()
    if any(c in value for c in "\r\n\0"):
        fail(f"the input `{name}` is one line")
    return value


def lines_input(name: str) -> list[str]:
    """An input of several lines: those that are not blank, without the spaces around them."""
    value = variable("INPUT_" + name.upper().replace("-", "_"))
    return [line.strip() for line in value.splitlines() if line.strip()]


def flag_input(name: str) -> bool:
    """An input that is `true` or `false`."""
    value = text_input(name)
    if value not in ("true", "false"):
        fail(f"the input `{name}` is `true` or `false`, not `{value}`")
    return value == "true"


def command_input() -> str:
    """The command to run."""
    command = text_input("command")
    if command not in COMMANDS:
        fail(f"the input `command` is one of {', '.join(COMMANDS)}, not `{command}`")
    return command


def directory() -> str:
    """The working directory, absolute."""
    path = os.path.join(variable("GITHUB_WORKSPACE") or os.getcwd(), text_input("working-directory") or ".")
    if not os.path.isdir(path):
        fail(f"the input `working-directory` names no folder: `{path}`; is there an actions/checkout step?")
    return os.path.abspath(path)


def event() -> dict[str, Any]:
    """The event's payload; empty when there is none."""
    path = variable("GITHUB_EVENT_PATH")
    if not path or not os.path.isfile(path):
        return {}
    with open(path, encoding="utf-8") as file:
        payload = json.load(file)
    return payload if isinstance(payload, dict) else {}


def at(value: Any, *keys: str) -> Any:
    """What lies under `keys` in nested objects; None where something is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def sha_at(value: Any, *keys: str) -> str:
    """The commit id under `keys`; empty where there is none."""
    found = at(value, *keys)
    return found if isinstance(found, str) and SHA.match(found) else ""


def number_at(value: Any, *keys: str) -> int:
    """The positive number under `keys`; 0 where there is none."""
    found = at(value, *keys)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0


def is_fork(payload: dict[str, Any]) -> bool:
    """Whether a pull request comes from another repository."""
    request = at(payload, "pull_request")
    names = [at(request, side, "repo", "full_name") for side in ("head", "base")]
    return request is not None and names[0] != names[1]


def output(name: str, value: str) -> None:
    """Sets an output. The delimiter cannot be guessed, so that no value can end itself and set another."""
    path = variable("GITHUB_OUTPUT")
    if path:
        end = f"end-{secrets.token_hex(16)}"
        with open(path, "a", encoding="utf-8", newline="\n") as file:
            file.write(f"{name}<<{end}\n{value}\n{end}\n")


def append_summary(text: str) -> None:
    """Appends Markdown to the job summary, or its first line where it is too long."""
    path = variable("GITHUB_STEP_SUMMARY")
    if not path:
        return
    there = os.path.getsize(path) if os.path.isfile(path) else 0
    if there + len(text.encode()) + 1 > LARGEST_SUMMARY:
        text = text.split("\n", 1)[0] + "\n\nThe report is too long for a job summary; the log has it all.\n"
    with open(path, "a", encoding="utf-8", newline="\n") as file:
        file.write(text + "\n")


def shown(text: str) -> str:
    """Untrusted text on one line, without what could steer a terminal."""
    return "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in text)


def say(kind: str, message: str) -> None:
    """An annotation of the run: kind is notice, warning or error."""
    data = shown(message).replace("%", "%25")
    print(f"::{kind} title=polcheck::{data}", flush=True)


def fail(message: str) -> NoReturn:
    """Ends the step and the job: wrong usage, or something that the action cannot do without."""
    say("error", message)
    sys.exit(2)
