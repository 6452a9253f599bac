"""Shows the report in the job summary and in one comment on the pull request.

The comment is found by a hidden first line and by its author, who has to be the owner of the token: anybody may write a comment
that starts with that line. GraphQL says who the owner is for every kind of token (`viewer.login`). The comment is edited, never
repeated; a run with nothing worth reading edits one that is there and creates none. Of two runs at once, both end with the older comment. A run of a commit that is no longer the head leaves the comment alone.
A token that may not comment, as on pull requests from forks, leads to the job summary.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import urllib.error
import urllib.request
from typing import Any

from github import append_summary, at, event, flag_input, is_fork, number_at, say, sha_at, shown, text_input, variable

PER_PAGE = 100
MOST_PAGES = 100
#: For a run that ended before there was a report. It replaces an older report, but is no reason for a first comment.
NO_REPORT = "### ❌ polcheck did not get as far as a report\n\nThe log of the run says why.\n"


class Refused(Exception):
    """GitHub said no; `status` is 0 when it did not answer."""

    def __init__(self, status: int, words: str):
        super().__init__(words)
        self.status = status


def ask(method: str, url: str, body: dict[str, Any] | None = None) -> Any:
    """One request to the API and its JSON."""
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header("Accept", "application/vnd.github+json")
    request.add_header("Content-Type", "application/json")
    request.add_header("User-Agent", "polcheck-action")
    # Not sent along when GitHub redirects elsewhere.
    request.add_unredirected_header("Authorization", f"Bearer {text_input('token')}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = answer.read()
            return json.loads(content) if content else None
    except urllib.error.HTTPError as error:
        raise Refused(error.code, f"{error.code} {error.reason}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Refused(0, str(error)) from error


def marker() -> str:
    """The hidden line that tells this use of the action from others on the same pull request."""
    names = ("COMMAND", "WORKING_DIRECTORY", "PATHS", "CONFIG")
    key = "\0".join([variable("GITHUB_WORKFLOW"), variable("GITHUB_JOB"), *(variable("INPUT_" + name) for name in names)])
    return f"<!-- polcheck {hashlib.sha256(key.encode()).hexdigest()[:16]} -->"


def own_login() -> str:
    """Who the token is."""
    try:
        answer = ask("POST", variable("GITHUB_GRAPHQL_URL"), {"query": "query { viewer { login } }"})
        login = at(answer, "data", "viewer", "login")
    except Refused:
        login = None
    return login if isinstance(login, str) and login else "github-actions[bot]"


def is_own(comment: Any, login: str, line: str) -> bool:
    """Whether the token's owner wrote `comment` for this use of the action."""
    author, kind = at(comment, "user", "login"), at(comment, "user", "type")
    # An app's login may come without its suffix; only apps have names with one.
    same = author == login or (kind == "Bot" and author == f"{login}[bot]")
    body = at(comment, "body")
    return same and isinstance(body, str) and body.replace("\r\n", "\n").split("\n", 1)[0] == line


def find(comments_url: str, login: str, line: str) -> list[int]:
    """The ids of the comments that are ours, the oldest first; one, unless runs got into each other's way."""
    found: list[int] = []
    for page in range(1, MOST_PAGES + 1):
        comments = ask("GET", f"{comments_url}?per_page={PER_PAGE}&page={page}")
        if not isinstance(comments, list):
            raise Refused(0, "the answer is no list of comments")
        found.extend(number_at(comment, "id") for comment in comments if is_own(comment, login, line))
        if len(comments) < PER_PAGE:
            return sorted(found)
    raise Refused(0, f"the pull request has more than {MOST_PAGES * PER_PAGE} comments")


def footer(payload: dict[str, Any]) -> str:
    """What the report is about: program, commit, run; and where all of it is."""
    parts = [f"polcheck {variable('STEP_VERSION')}"]
    head = sha_at(payload, "pull_request", "head", "sha")
    if head:
        parts.append(f"commit {head[:12]}")
    run = f"{variable('GITHUB_SERVER_URL')}/{variable('GITHUB_REPOSITORY')}/actions/runs/{variable('GITHUB_RUN_ID')}"
    if re.match(r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9._-]+/[A-Za-z0-9._-]+/actions/runs/[0-9]+\Z", run):
        parts.append(f"[the run]({run})")
    page = variable("STEP_PAGE_URL")
    if re.match(r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9._-]+/[A-Za-z0-9._-]+/actions/runs/[0-9]+/artifacts/[0-9]+\Z", page):
        parts.append(f"[everything on one page]({page})")
    return f"\n<sub>{' · '.join(parts)}</sub>\n"


def comment_body(markdown: str, payload: dict[str, Any]) -> str:
    """The comment's text. polcheck keeps its page well below the 65,536 characters that a comment may have."""
    return f"{marker()}\n{markdown}{footer(payload)}"


def is_stale(repository: str, number: int, payload: dict[str, Any]) -> bool:
    """Whether the pull request has gone on to another commit. Who may not ask takes it that it has not."""
    head = sha_at(payload, "pull_request", "head", "sha")
    try:
        now = sha_at(ask("GET", f"{repository}/pulls/{number}"), "head", "sha")
    except Refused:
        return False
    return bool(head and now) and head != now


def keep_one(repository: str, ids: list[int], body: str) -> None:
    """Writes `body` into the first of our comments, and removes the others."""
    ask("PATCH", f"{repository}/issues/comments/{ids[0]}", {"body": body})
    for other in ids[1:]:
        try:
            ask("DELETE", f"{repository}/issues/comments/{other}")
        except Refused as refused:
            print(f"comment {other} is left: {shown(str(refused))}")


def post(body: str, payload: dict[str, Any], number: int, noteworthy: bool) -> None:
    """Edits the comment, or creates it when there is none and something is worth reading."""
    repository = f"{variable('GITHUB_API_URL')}/repos/{variable('GITHUB_REPOSITORY')}"
    comments_url = f"{repository}/issues/{number}/comments"
    login, line = own_login(), body.split("\n", 1)[0]
    found = find(comments_url, login, line)
    if is_stale(repository, number, payload):
        say("notice", "the pull request has a newer commit, so the comment is left to the run of that one")
    elif found:
        keep_one(repository, found, body)
    elif noteworthy:
        created = number_at(ask("POST", comments_url, {"body": body}), "id")
        # Another run may have created one in the meantime; both keep the older one.
        found = find(comments_url, login, line)
        if found and found != [created]:
            keep_one(repository, found, body)
    else:
        print("nothing to comment on")


def comment(markdown: str, payload: dict[str, Any], noteworthy: bool) -> bool:
    """Comments where there is a pull request. Whether the reader has to look into the summary instead."""
    number = number_at(payload, "pull_request", "number")
    if not number:
        print("there is no pull request to comment on")
        return False
    body = comment_body(markdown, payload)
    try:
        post(body, payload, number, noteworthy)
    except Refused as refused:
        if refused.status in (401, 403, 404):
            whose = "of a pull request from a fork " if is_fork(payload) else ""
            say("notice", f"the token {whose}may not comment ({shown(str(refused))}); the job summary has the report")
        else:
            say("warning", f"the comment could not be written ({shown(str(refused))}); the job summary has the report")
        return True
    return False


def main() -> None:
    path = variable("STEP_MARKDOWN_FILE")
    wanted, commenting = flag_input("summary"), flag_input("comment")
    markdown, noteworthy = NO_REPORT, False
    if path and os.path.isfile(path):
        with open(path, encoding="utf-8") as file:
            markdown, noteworthy = file.read(), variable("STEP_NOTEWORTHY") == "true"
    fallen_back = commenting and comment(markdown, event(), noteworthy)
    if wanted or fallen_back:
        append_summary(markdown)


if __name__ == "__main__":
    main()
