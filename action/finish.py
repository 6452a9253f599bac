"""The last step: fails the job with polcheck's exit code, after everything has been shown, even when showing it failed."""

import sys

from github import event, fail, is_fork, say, variable


def main() -> int:
    code = variable("STEP_EXIT_CODE")
    if not code.isdigit():
        fail("polcheck did not run")
    failed = int(code)
    if variable("STEP_UPLOAD") == "failure":
        if is_fork(event()):
            say("warning", "the SARIF report was not uploaded: the token of a pull request from a fork may not")
        else:
            say("error", "the SARIF report was not uploaded, and the log of that step says why; it needs `security-events: write`")
            failed = failed or 2
    if variable("STEP_PAGE") == "failure":
        say("warning", "the page was not uploaded, and the log of that step says why; what polcheck found is in the log of its own step")
    return failed


if __name__ == "__main__":
    sys.exit(main())
