//! The comment on the pull request and the job summary.

use super::job::Job;
use super::repository::{Remote, git};
use super::stub::{Comment, Stub};

/// A run that comments on the pull request of `remote`.
fn job(remote: &Remote, stub: &Stub, fork: bool) -> Job {
    let job = Job::new("pull_request", &remote.payload(fork)).env("GITHUB_SHA", &remote.merge);
    remote.check_out("refs/pull/7/merge", &job.work());
    job.api(&stub.url).input("comment", "true").input("summary", "false")
}

fn comment(login: &'static str, kind: &'static str, body: &str) -> Comment {
    Comment { login, kind, body: body.to_owned() }
}

#[test]
fn a_comment_is_created_once_and_then_edited() {
    let (remote, stub) = (Remote::new("card"), Stub::start());
    stub.state.lock().unwrap().comments.push(comment("ada", "User", "Looks good"));
    let first = job(&remote, &stub, false).run();
    assert_eq!(first.code, 1, "the job fails after the comment: {}", first.log);
    let [_, body] = &stub.bodies()[..] else { panic!("{:?}", stub.bodies()) };
    assert!(body.starts_with("<!-- polcheck ") && body.contains("polcheck check: "), "{body}");
    assert!(first.summary.is_empty());
    let tokens = stub.state.lock().unwrap().tokens.clone();
    assert!(!tokens.is_empty() && tokens.iter().all(|token| token == "Bearer the-token"));

    // The policies are repaired: the comment says so, and there is no second one.
    let second = job(&remote, &stub, false);
    git(&second.work(), &["fetch", "-q", "--depth=1", "origin", &remote.main]);
    git(&second.work(), &["checkout", "-q", &remote.main, "--", "policies"]);
    let done = second.run();
    assert_eq!(done.code, 0, "{}", done.log);
    let [_, edited] = &stub.bodies()[..] else { panic!("{:?}", stub.bodies()) };
    assert_ne!(body, edited);
    assert!(edited.contains("no change"), "{edited}");
    assert_eq!(stub.count("PATCH"), 1);
}

#[test]
fn nothing_worth_reading_creates_no_comment() {
    let (remote, stub) = (Remote::new("card"), Stub::start());
    let quiet = job(&remote, &stub, false);
    git(&quiet.work(), &["fetch", "-q", "--depth=1", "origin", &remote.main]);
    git(&quiet.work(), &["checkout", "-q", &remote.main, "--", "policies"]);
    let done = quiet.run();
    assert_eq!((done.code, stub.bodies().len()), (0, 0), "{}", done.log);
}

#[test]
fn the_comment_is_found_behind_a_hundred_others() {
    let (remote, stub) = (Remote::new("card"), Stub::start());
    for _ in 0..230 {
        stub.state.lock().unwrap().comments.push(comment("ada", "User", "and another thing"));
    }
    job(&remote, &stub, false).run();
    for _ in 0..70 {
        stub.state.lock().unwrap().comments.push(comment("ada", "User", "and one more"));
    }
    let done = job(&remote, &stub, false).run();
    assert_eq!(stub.bodies().len(), 301, "{}", done.log);
    let ours = stub.bodies().iter().filter(|body| body.starts_with("<!-- polcheck ")).count();
    assert_eq!((ours, stub.count("PATCH")), (1, 1));
}

/// Anybody may write the hidden line; only the token's own comment is edited.
#[test]
fn somebody_elses_comment_is_never_taken_over() {
    let remote = Remote::new("card");
    for login in ["github-actions[bot]", ""] {
        let stub = Stub::start();
        job(&remote, &stub, false).run();
        let body = stub.bodies()[0].clone();
        {
            let mut state = stub.state.lock().unwrap();
            state.login = login;
            // The same text by others, and quoted by ourselves.
            state.comments = vec![
                comment("mallory", "User", &body),
                comment("github-actions", "User", &body),
                comment("other-app[bot]", "Bot", &body),
                comment("github-actions[bot]", "Bot", &format!("> {body}")),
                comment("github-actions[bot]", "Bot", &format!("see\n{body}")),
            ];
        }
        let before = stub.bodies();
        job(&remote, &stub, false).run();
        let after = stub.bodies();
        assert_eq!(after[..5], before[..]);
        assert_eq!(after.len(), 6);
        job(&remote, &stub, false).run();
        assert_eq!(stub.bodies().len(), 6, "our own is found again");
    }
}

#[test]
fn two_uses_of_the_action_have_a_comment_each() {
    let (remote, stub) = (Remote::new("card"), Stub::start());
    for paths in ["policies", "."] {
        job(&remote, &stub, false).input("paths", paths).run();
    }
    assert_eq!(stub.bodies().len(), 2);
}

#[test]
fn the_token_of_a_fork_leads_to_the_summary() {
    let (remote, stub) = (Remote::new("card"), Stub::start());
    stub.state.lock().unwrap().read_only = true;
    let done = job(&remote, &stub, true).run();
    assert_eq!(done.code, 1, "what polcheck found, not the refusal: {}", done.log);
    assert!(done.log.contains("::notice title=polcheck::the token of a pull request from a fork may not comment"));
    assert!(done.summary.contains("polcheck check: "), "{}", done.summary);
    // Written once where both were wanted.
    let both = job(&remote, &stub, true).input("summary", "true").run();
    assert_eq!(both.summary.matches("polcheck check: ").count(), 1);
    assert!(stub.bodies().is_empty());
}

#[test]
fn a_github_that_does_not_answer_leads_to_the_summary() {
    let (remote, stub) = (Remote::new("card"), Stub::start());
    stub.state.lock().unwrap().down = true;
    let done = job(&remote, &stub, false).run();
    assert_eq!(done.code, 1);
    assert!(done.log.contains("::warning title=polcheck::the comment could not be written (502"), "{}", done.log);
    assert!(done.summary.contains("polcheck check: "));
}

#[test]
fn an_answer_that_breaks_off_leads_to_the_summary() {
    let (remote, stub) = (Remote::new("card"), Stub::start());
    stub.state.lock().unwrap().cut = true;
    let done = job(&remote, &stub, false).run();
    assert_eq!(done.code, 1, "{}", done.log);
    assert!(done.log.contains("::warning title=polcheck::the comment could not be written"), "{}", done.log);
    assert!(done.summary.contains("polcheck check: ") && !done.log.contains("Traceback"));
}

/// Whatever else goes wrong while the result is shown, the job ends with what polcheck found.
#[test]
fn a_summary_that_cannot_be_written_hides_no_exit_code() {
    let (remote, stub) = (Remote::new("card"), Stub::start());
    let job = job(&remote, &stub, false).input("paths", "nothing-there").input("summary", "true");
    let done = job.env("GITHUB_STEP_SUMMARY", "/dev/null/x").run();
    assert!(done.log.contains("Traceback"), "{}", done.log);
    assert_eq!(done.code, 2, "{}", done.log);
}

/// Two runs that find no comment both create one; in the end there is one.
#[test]
fn a_comment_that_another_run_created_at_once_is_the_one_that_stays() {
    let (remote, stub) = (Remote::new("card"), Stub::start());
    stub.state.lock().unwrap().meanwhile = Some(comment("github-actions[bot]", "Bot", "by another run"));
    let done = job(&remote, &stub, false).run();
    let [older, ours] = &stub.bodies()[..] else { panic!("{}", done.log) };
    assert!(older.contains("polcheck check: ") && !older.contains("by another run"), "{older}");
    assert!(ours.is_empty() && done.code == 1, "{ours}");

    // Those that are left from before are removed too.
    let again = comment("github-actions[bot]", "Bot", older);
    stub.state.lock().unwrap().comments.push(again);
    job(&remote, &stub, false).run();
    let kept = stub.bodies().iter().filter(|body| !body.is_empty()).count();
    assert_eq!(kept, 1);
}

#[test]
fn a_run_of_an_older_commit_leaves_the_comment_alone() {
    let (remote, stub) = (Remote::new("card"), Stub::start());
    for (head, count) in [(remote.main.clone(), 0), (remote.head.clone(), 1), (remote.main.clone(), 1)] {
        stub.state.lock().unwrap().head = head.clone();
        let done = job(&remote, &stub, false).run();
        assert_eq!((done.code, stub.bodies().len()), (1, count), "{}", done.log);
        let said = done.log.contains("::notice title=polcheck::the pull request has a newer commit");
        assert_eq!(said, head != remote.head, "{}", done.log);
    }
    assert_eq!(stub.count("PATCH"), 0);
}

/// A report of an older commit does not stay when there is none of this one.
#[test]
fn a_run_without_a_report_says_so_where_there_was_one() {
    let (remote, stub) = (Remote::new("card"), Stub::start());
    let mut broken = job(&remote, &stub, false).input("summary", "true");
    broken.set("fail-on", "no such level");
    let done = broken.run();
    assert_eq!((done.code, stub.bodies().len()), (2, 0), "no reason for a first comment: {}", done.log);
    assert!(
        done.log.contains("::error title=polcheck::polcheck ended with exit code 2 and wrote no report"),
        "{}",
        done.log
    );
    assert!(done.summary.contains("polcheck did not get as far as a report"), "{}", done.summary);

    broken.set("fail-on", "warning");
    broken.run();
    assert!(stub.bodies()[0].contains("polcheck check: "));
    broken.set("fail-on", "no such level");
    broken.run();
    let [body] = &stub.bodies()[..] else { panic!("{:?}", stub.bodies()) };
    assert!(body.starts_with("<!-- polcheck ") && body.contains("did not get as far as a report"), "{body}");
}

#[test]
fn a_long_report_says_what_it_leaves_out() {
    let (remote, stub) = (Remote::new("card"), Stub::start());
    // Every policy here has a finding.
    let job = job(&remote, &stub, false).input("base", "none");
    let policy = |n: usize| format!("@id(\"p{n}\")\npermit (principal, action == Action::\"nope{n}\", resource);\n");
    let text: String = (0..600).map(policy).collect();
    std::fs::write(job.work().join("policies/many.cedar"), text).unwrap();
    let done = job.run();
    let [body] = &stub.bodies()[..] else { panic!("{}", done.log) };
    assert!(body.encode_utf16().count() <= 65_536 && body.contains("601 errors"), "{}", body.len());
    assert!(body.contains("590 more of error"), "{body}");
}

/// The page in docs/ is the comment that the pull request in these tests gets.
#[test]
fn the_comment_in_docs_is_the_one_that_is_written() {
    let (remote, stub) = (Remote::new("card"), Stub::start());
    job(&remote, &stub, false).run();
    let body = stub.bodies().remove(0);
    let path = "docs/pull-request-comment.md";
    if std::env::var_os("POLCHECK_BLESS").is_some() {
        std::fs::write(path, &body).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(kept, body, "run this test with POLCHECK_BLESS=1 to write {path} anew");
}

/// All of it is kept as a page, which the comment links.
#[test]
fn the_page_is_an_artifact_that_the_comment_links() {
    let (remote, stub) = (Remote::new("card"), Stub::start());
    let done = job(&remote, &stub, false).run();
    let (page, name) = done.page.unwrap_or_else(|| panic!("{}", done.log));
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("id=\"changes\""), "{page}");
    assert!(
        name.strip_prefix("polcheck-report-").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_hexdigit())),
        "{name}"
    );
    let url = "https://github.example/acme/support/actions/runs/1/artifacts/42";
    assert_eq!(done.outputs["html-url"], url);
    let [body] = &stub.bodies()[..] else { panic!("{:?}", stub.bodies()) };
    assert!(body.contains(&format!("[everything on one page]({url})")), "{body}");
    // Another use of the action has another.
    let other = job(&remote, &stub, false).input("paths", "policies").run();
    assert_ne!(other.page.unwrap().1, name);
}

#[test]
fn without_the_page_the_run_ends_as_it_would() {
    let (remote, stub) = (Remote::new("card"), Stub::start());
    let mut unwanted = job(&remote, &stub, false).input("html", "false");
    let done = unwanted.run();
    assert!(done.page.is_none() && done.code == 1, "{}", done.log);
    assert!(!stub.bodies()[0].contains("one page"));
    unwanted.set("html", "true");
    unwanted.page = "failure";
    let done = unwanted.run();
    assert!(done.log.contains("::warning title=polcheck::the page was not uploaded"), "{}", done.log);
    assert_eq!((done.code, done.outputs["html-url"].as_str()), (1, ""));
    assert!(!stub.bodies()[0].contains("one page"));
}
