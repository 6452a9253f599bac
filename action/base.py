"""Finds the revision to compare with, and fetches it when the checkout lacks it. Sets the output `base`: a commit, or nothing.

A pull request is checked out as GitHub's test merge. Its first parent is the target branch as it was merged, so the comparison
shows what the pull request changes, and not what others merged into the target since the branch was made. The event's base commit
is older as soon as somebody else merges. Even a checkout of depth 1 names the parent: `git cat-file -p HEAD` shows what was cut off.

A pull request without its base fails, because the comparison is what it was run for; a push without one says so and goes on.
"""

from __future__ import annotations

import os
import subprocess
from typing import Any

from github import SHA, at, command_input, directory, event, fail, output, say, sha_at, shown, text_input, variable

WHERE = ""
#: A pull request may commit the files of a bare repository into a folder. Its configuration, which names programs, is not obeyed.
SAFE = ("-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false")


def run(*args: str) -> subprocess.CompletedProcess[str]:
    """Runs git in the working directory."""
    # Nobody is there to answer a question for a password. Neither a helper program nor a command is a way to a remote.
    environment = dict(os.environ, GIT_TERMINAL_PROMPT="0", GIT_ALLOW_PROTOCOL="https:http:ssh:git:file")
    return subprocess.run(
        ["git", *SAFE, *args], cwd=WHERE, env=environment, capture_output=True, encoding="utf-8", errors="replace", check=False
    )


def git(*args: str) -> str | None:
    """What git answers; None when it fails."""
    done = run(*args)
    return done.stdout.strip() if done.returncode == 0 else None


def words(done: subprocess.CompletedProcess[str]) -> str:
    """Why git failed: the last line that it said."""
    return shown((done.stderr.strip().splitlines() or ["it does not say why"])[-1])


def commit(name: str) -> str:
    """The commit that `name` stands for here; empty when the checkout lacks it."""
    return git("rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}") or ""


def fetched(what: str) -> str:
    """Fetches a commit or a branch; the commit, or nothing when it cannot be had."""
    depth = ["--depth=1"] if git("rev-parse", "--is-shallow-repository") == "true" else []
    done = run("fetch", "--quiet", "--no-tags", *depth, "origin", what)
    if done.returncode != 0:
        print(f"git fetch: {words(done)}")
        return ""
    return commit(what if SHA.match(what) else "FETCH_HEAD")


def at_hand(sha: str) -> str:
    """The commit, fetched when the checkout lacks it; nothing when it cannot be had."""
    return commit(sha) or fetched(sha)


def demanded(sha: str, why: str) -> str:
    """The commit, without which the run would leave out what it is there to show."""
    if not at_hand(sha):
        here = run("rev-parse", "--git-dir")
        if here.returncode != 0:
            fail(f"there is no git repository to use, so is there an actions/checkout step? git says: {words(here)}")
        fail(f"the base {sha} ({why}) is not in this checkout and cannot be fetched; let actions/checkout fetch it: fetch-depth: 2")
    return sha


def parents() -> list[str]:
    """The parents of HEAD, which a shallow checkout names without having them."""
    lines = (git("cat-file", "-p", "HEAD") or "").split("\n\n", 1)[0].splitlines()
    return [line[len("parent ") :] for line in lines if line.startswith("parent ")]


def of_pull_request(payload: dict[str, Any]) -> str:
    here, above = commit("HEAD"), parents()
    head, base = sha_at(payload, "pull_request", "head", "sha"), sha_at(payload, "pull_request", "base", "sha")
    # For `pull_request_target`, GITHUB_SHA is the target branch, whose tip may be a merge too.
    is_event = variable("GITHUB_EVENT_NAME") == "pull_request" and here == variable("GITHUB_SHA")
    if len(above) == 2 and (is_event or above[1] == head):
        return demanded(above[0], "the first parent of the merge commit")
    if not base:
        fail("the event names no base commit")
    demanded(base, "the target branch in the event")
    if here == base:
        say("warning", "the target branch itself is checked out, not the pull request: there is nothing to compare")
    # With the history at hand, where the branch began.
    shallow = git("rev-parse", "--is-shallow-repository") == "true"
    began = "" if shallow else git("merge-base", base, "HEAD") or ""
    if not began:
        say("notice", "HEAD is not the merge commit of the pull request, so what others merged since may show as removed by it")
    return began or base


def of_push(payload: dict[str, Any]) -> str:
    before = sha_at(payload, "before")
    if not before or not before.strip("0"):
        say("notice", "this is the first push of this branch or tag: there is nothing before it to compare with")
        return ""
    found = at_hand(before)
    if not found:
        say("warning", f"{before}, which was there before this push, cannot be fetched: permissions are not compared")
    return found


def of_input(wanted: str) -> str:
    """The base that the workflow names: a revision of the checkout, else a commit, branch or tag of the remote."""
    if wanted.startswith("-"):
        fail(f"the input `base` is a revision, not `{wanted}`")
    found = commit(wanted)
    if not found and SHA.match(wanted):
        found = fetched(wanted)
    elif not found:
        short = wanted[len("origin/") :] if wanted.startswith("origin/") else wanted
        names = [wanted] if wanted.startswith("refs/") else [f"refs/heads/{short}", f"refs/tags/{short}"]
        known = (fetched(name) for name in names if git("check-ref-format", name) is not None)
        found = next((commit for commit in known if commit), "")
    return found or fail(
        f"the base `{wanted}` is not in this checkout and cannot be fetched; what is named by its distance from another commit, such as "
        "HEAD~1, needs the history: fetch-depth: 0"
    )


def base() -> str:
    wanted, name, payload = text_input("base"), variable("GITHUB_EVENT_NAME"), event()
    if wanted == "none":
        return ""
    if wanted:
        return of_input(wanted)
    if at(payload, "pull_request"):
        return of_pull_request(payload)
    if name == "merge_group":
        sha = sha_at(payload, "merge_group", "base_sha")
        return demanded(sha, "the base of the merge group") if sha else fail("the event names no base commit")
    if name == "push":
        return of_push(payload)
    say("notice", f"the event `{name}` has no base: permissions are not compared")
    return ""


def main() -> None:
    global WHERE
    command, WHERE = command_input(), directory()
    if command not in ("check", "diff"):
        return
    found = base()
    if found:
        print(f"base: {found}")
    output("base", found)


if __name__ == "__main__":
    main()
