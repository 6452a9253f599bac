//! Real repositories: what names resolve to, what a clone lacks, what a commit hook sees.

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::write;
use polcheck::source::{Asked, GitRevision, Source, merge_base, parse_revisions, resolve};
use tempfile::TempDir;

const GOOD: &str = "permit (principal, action, resource);\n";

/// A folder with repositories in it, and a home of its own.
struct Place {
    dir: TempDir,
}

/// One repository of a place.
struct Repo {
    path: PathBuf,
    home: PathBuf,
}

impl Place {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        std::fs::create_dir(dir.path().join("home")).unwrap();
        Self { dir }
    }

    fn repo(&self, name: &str) -> Repo {
        Repo { path: self.dir.path().join(name), home: self.dir.path().join("home") }
    }

    fn init(&self, name: &str, args: &[&str]) -> Repo {
        let repo = self.repo(name);
        std::fs::create_dir(&repo.path).unwrap();
        repo.git(&[&["init", "-q"], args].concat());
        repo
    }

    /// A clone of `from` by a protocol that can leave things out.
    fn clone(&self, from: &Repo, name: &str, args: &[&str]) -> Repo {
        let repo = self.repo(name);
        let url = format!("file://{}", from.path.display());
        let home = Repo { path: self.dir.path().to_path_buf(), home: repo.home.clone() };
        home.git(&[&["clone", "-q"], args, &[&url, name]].concat());
        repo
    }
}

impl Repo {
    /// `program` in the repository: a fixed name and date, and no configuration but the repository's own.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        command.current_dir(&self.path);
        command.env("HOME", &self.home).env("XDG_CONFIG_HOME", &self.home).env("LC_ALL", "C");
        command.env("GIT_CONFIG_GLOBAL", self.home.join("gitconfig")).env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "t").env(format!("GIT_{who}_EMAIL"), "t@example.com");
            command.env(format!("GIT_{who}_DATE"), "2026-01-02T03:04:05Z");
        }
        command.env("GIT_DEFAULT_BRANCH", "main");
        command
    }

    fn finish(&self, mut command: Command) -> Output {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    fn git(&self, args: &[&str]) -> String {
        let mut command = self.command("git");
        command.args(["-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always"]).args(args);
        String::from_utf8_lossy(&self.finish(command).stdout).trim().to_owned()
    }

    /// What a user does with a command that a message prints.
    fn shell(&self, line: &str) {
        let mut command = self.command("sh");
        command.args(["-ec", line]);
        self.finish(command);
    }

    fn commit(&self, path: &str, text: &str) -> String {
        write(&self.path, &[(path, text)]);
        self.git(&["add", "--", path]);
        self.git(&["commit", "-qm", &format!("change {path}")]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn resolve(&self, revision: &str) -> Result<String, String> {
        resolve(&self.path, revision).map_err(|error| error.to_string())
    }

    /// The message about `revision`, which does not resolve.
    fn refused(&self, revision: &str) -> String {
        let error = self.resolve(revision).expect_err(revision);
        let opened = GitRevision::open(&self.path, revision).map(|_| ()).unwrap_err().to_string();
        assert_eq!(error, opened);
        assert!(!error.contains('\n'), "{error}");
        error
    }

    fn open(&self, revision: &str) -> GitRevision {
        GitRevision::open(&self.path, revision).unwrap_or_else(|error| panic!("{revision}: {error}"))
    }
}

/// The commands that a message prints.
fn commands(message: &str) -> Vec<&str> {
    message.split('`').skip(1).step_by(2).filter(|part| part.starts_with("git ")).collect()
}

fn paths(source: &dyn Source) -> Vec<String> {
    source.list().unwrap().into_iter().map(|entry| entry.path).collect()
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

/// Three commits on `main`, an annotated and a plain tag, and a branch that left after the second.
fn history(place: &Place) -> (Repo, Vec<String>) {
    let repo = place.init("origin", &[]);
    let mut ids = vec![repo.commit("policies/a.cedar", GOOD), repo.commit("policies/b.cedar", GOOD)];
    repo.git(&["tag", "v1.0"]);
    repo.git(&["tag", "-am", "two", "v2.0"]);
    repo.git(&["checkout", "-qb", "feature"]);
    ids.push(repo.commit("policies/f.cedar", GOOD));
    repo.git(&["checkout", "-q", "main"]);
    ids.push(repo.commit("policies/c.cedar", GOOD));
    for key in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
        repo.git(&["config", key, "true"]);
    }
    (repo, ids)
}

#[test]
fn names_resolve_as_in_git() {
    let place = Place::new();
    let (repo, ids) = history(&place);
    repo.git(&["branch", "-q", "--set-upstream-to=feature", "main"]);
    let expected = [
        ("HEAD", 3),
        ("@", 3),
        ("main", 3),
        ("refs/heads/main", 3),
        ("HEAD~1", 1),
        ("main^^", 0),
        ("v1.0", 1),
        ("v2.0", 1),
        ("v2.0^{}", 1),
        ("v2.0^{commit}", 1),
        ("v2.0~1", 0),
        ("@{upstream}", 2),
        ("main@{u}", 2),
        ("@{-1}", 2),
        ("main@{1}", 1),
        (":/change policies/b", 1),
        ("HEAD^{/a.cedar}", 0),
    ];
    for (revision, at) in expected {
        assert_eq!(repo.resolve(revision).as_deref(), Ok(ids[at].as_str()), "{revision}");
    }
    assert_eq!(repo.resolve(&ids[0][..9]).as_deref(), Ok(ids[0].as_str()));
    let opened = repo.open("v2.0");
    assert_eq!((opened.label().as_str(), opened.commit()), ("v2.0", ids[1].as_str()));
    assert_eq!(paths(&opened), ["policies/a.cedar", "policies/b.cedar"]);
}

#[test]
fn a_reflog_that_does_not_go_back_so_far_is_no_answer() {
    let place = Place::new();
    let (repo, ids) = history(&place);
    // Every entry is from 2026-01-02.
    assert_eq!(repo.resolve("main@{2026-01-03}").as_deref(), Ok(ids[3].as_str()));
    let clone = place.clone(&repo, "clone", &[]);
    has(&clone.refused("main@{2001-01-01}"), &["reflog", "only goes back to", "2026", "name a commit"]);
    has(&clone.refused("main@{7}"), &["only has 1 entries"]);
}

#[test]
fn both_sides_open_as_asked() {
    let place = Place::new();
    let (repo, ids) = history(&place);
    let open = |old: &str, new: Option<&str>| {
        let (old, new) = parse_revisions(old, new).unwrap().open(&repo.path).unwrap();
        (old.commit().to_owned(), new.map(|new| new.commit().to_owned()))
    };
    let [base, feature, main] = [&ids[1], &ids[2], &ids[3]].map(Clone::clone);
    assert_eq!(open("feature", None), (feature.clone(), None));
    assert_eq!(open("feature", Some("main")), (feature.clone(), Some(main.clone())));
    assert_eq!(open("feature..main", None), (feature.clone(), Some(main.clone())));
    assert_eq!(open("..feature", None), (main.clone(), Some(feature.clone())));
    assert_eq!(open("feature..", None), (feature.clone(), Some(main.clone())));
    assert_eq!(open("main...feature", None), (base.clone(), Some(feature.clone())));
    assert_eq!(open("...feature", None), (base, Some(feature)));
    let (old, _) = Asked::MergeBase("main".to_owned(), "feature".to_owned()).open(&repo.path).unwrap();
    assert_eq!(old.label(), "the merge base of main and feature");
}

#[test]
fn what_names_no_commit_is_said_with_a_way_out() {
    let place = Place::new();
    let (repo, ids) = history(&place);
    has(&repo.refused("HEAD:policies"), &["a folder, not a commit", "`HEAD`"]);
    has(&repo.refused("main:policies/a.cedar"), &["a file, not a commit", "`main`"]);
    has(&repo.refused("main:nothing"), &["a file or a folder, not a commit", "`main`"]);
    has(&repo.refused("HEAD^{tree}"), &["a folder, not a commit"]);
    has(&repo.refused(":policies/a.cedar"), &["a file, not a commit"]);
    let blob = repo.git(&["rev-parse", "HEAD:policies/a.cedar"]);
    repo.git(&["tag", "-am", "a file", "file", &blob]);
    has(&repo.refused("file"), &["a file, not a commit"]);
    has(&repo.refused("mian"), &["there is no revision `mian`", "did you mean `main`?"]);
    has(&repo.refused("mian~1"), &["did you mean `main~1`?"]);
    has(&repo.refused("nowhere"), &["there is no revision `nowhere`", "a branch, a tag or a commit id"]);
    has(&repo.refused(":/nothing like it"), &["there is no revision"]);
    has(&repo.refused("HEAD~9"), &["`HEAD` is there", "past the first commit"]);
    has(&repo.refused("HEAD^2"), &["`HEAD` is there"]);
    has(&repo.refused("@{upstream}"), &["no upstream configured for branch 'main'"]);
    for set in ["^HEAD", "HEAD^!", "HEAD^@", "HEAD^-", "HEAD^-1", "main..feature"] {
        has(&repo.refused(set), &["not for one"]);
    }
    let unknown = "0123456789012345678901234567890123456789";
    has(&repo.refused(unknown), &["there is no commit", unknown]);
    has(&repo.refused(&format!("{unknown}~1")), &["no"]);
    // Options and odd texts never reach git as such.
    for odd in ["-h", "--all", "--output=x", "", " "] {
        assert!(repo.resolve(odd).is_err());
    }
    for odd in ["a b", "a\nb", "\u{1b}[31m", "$(touch x)", "HEAD^{nope", "HEAD^{blob}", "HEAD^{/nope}"] {
        has(&repo.refused(&odd.replace('\n', "?")), &["there is no revision"]);
        assert!(repo.resolve(odd).is_err());
    }
    assert!(resolve(&repo.path, &ids[0]).is_ok());
}

#[test]
fn what_is_several_things_is_refused() {
    let place = Place::new();
    let (repo, _) = history(&place);
    repo.git(&["tag", "main", "feature"]);
    has(&repo.refused("main"), &["ambiguous", "`refs/heads/main` or `refs/tags/main`"]);
    has(&repo.refused("main~1"), &["ambiguous"]);
    assert!(repo.resolve("refs/heads/main").is_ok() && repo.resolve("heads/main").is_ok());
    // The settings of a repository do not make it guess.
    repo.git(&["config", "core.warnAmbiguousRefs", "false"]);
    has(&repo.refused("main"), &["ambiguous"]);
    // Nobody can make `HEAD` unusable, which has no longer name.
    repo.git(&["update-ref", "refs/tags/HEAD", "feature"]);
    assert_eq!(repo.resolve("HEAD").unwrap(), repo.git(&["rev-parse", "refs/heads/main"]));
    // A branch that is called as an id begins.
    let id = repo.git(&["rev-parse", "feature"]);
    repo.git(&["branch", &id[..7], "refs/heads/main"]);
    has(&repo.refused(&id[..7]), &["ambiguous", &format!("refs/heads/{}", &id[..7]), &id]);
    assert_eq!(repo.resolve(&id).as_deref(), Ok(id.as_str()));
}

#[test]
fn an_id_cut_too_short_lists_what_it_could_be() {
    let place = Place::new();
    let repo = place.init("repo", &[]);
    repo.commit("p.cedar", GOOD);
    let tree = repo.git(&["rev-parse", "HEAD^{tree}"]);
    // Commits until two share four digits.
    let mut seen = std::collections::BTreeMap::new();
    let (prefix, both) = (0..)
        .find_map(|n| {
            let id = repo.git(&["commit-tree", "-m", &format!("n{n}"), &tree]);
            let other = seen.insert(id[..4].to_owned(), id.clone())?;
            Some((id[..4].to_owned(), [id, other]))
        })
        .unwrap();
    let error = repo.refused(&prefix);
    has(&error, &["several ids begin like this", &format!("`{}`", both[0]), &format!("`{}`", both[1])]);
}

#[test]
fn merge_bases_are_found_or_their_lack_is_said() {
    let place = Place::new();
    let (repo, ids) = history(&place);
    let of = |a: &str, b: &str| merge_base(&repo.path, a, b).map_err(|error| error.to_string());
    assert_eq!(of("main", "feature").as_deref(), Ok(ids[1].as_str()));
    assert_eq!(of("feature", "feature~1").as_deref(), Ok(ids[1].as_str()));
    has(&of("main", "nowhere").unwrap_err(), &["no revision `nowhere`"]);
    repo.git(&["checkout", "-q", "--orphan", "other"]);
    repo.commit("o.cedar", GOOD);
    has(&of("main", "other").unwrap_err(), &["no commit in common", "`main..other`"]);
    // A criss-cross: both `main~1`-like commits are equally good; git's first one is taken.
    repo.git(&["checkout", "-q", "-B", "x", "main"]);
    repo.git(&["merge", "-qm", "x", "feature"]);
    repo.git(&["checkout", "-q", "-B", "y", "feature"]);
    repo.git(&["merge", "-qm", "y", "main"]);
    assert_eq!(repo.git(&["merge-base", "--all", "x", "y"]).lines().count(), 2);
    assert_eq!(of("x", "y").unwrap(), repo.git(&["merge-base", "x", "y"]));
}

/// Does what the message about `revision` says, in a copy of the clone for each command; one has to do.
#[track_caller]
fn fetched(clone: &Repo, revision: &str, expected: &str) {
    let message = clone.refused(revision);
    has(&message, &["shallow"]);
    let commands = commands(&message);
    assert!(!commands.is_empty(), "{message}");
    for command in &commands {
        let copy = Repo { path: clone.path.with_extension("copy"), home: clone.home.clone() };
        let _ = std::fs::remove_dir_all(&copy.path);
        copy_folder(&clone.path, &copy.path);
        let mut line = copy.command("sh");
        let done = line.args(["-ec", command]).output().unwrap().status.success();
        if done && copy.resolve(revision).as_deref() == Ok(expected) {
            copy.open(revision);
            return;
        }
    }
    panic!("none of {commands:?} brings `{revision}`");
}

fn copy_folder(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_shallow_clone_is_told_how_to_get_what_it_lacks() {
    let place = Place::new();
    let (repo, ids) = history(&place);
    repo.git(&["branch", "releases/2026", "feature"]);
    repo.git(&["branch", "odd$(x)&'y", "feature"]);
    // As a CI runner does it: one branch, one commit.
    let clone = place.clone(&repo, "clone", &["--depth=1", "--branch=main"]);
    fetched(&clone, &ids[0], &ids[0]);
    fetched(&clone, &format!("{}~1", ids[1]), &ids[0]);
    fetched(&clone, "origin/feature", &ids[2]);
    fetched(&clone, "refs/remotes/origin/feature", &ids[2]);
    fetched(&clone, "origin/releases/2026", &ids[2]);
    fetched(&clone, "feature", &ids[2]);
    fetched(&clone, "feature~1", &ids[1]);
    fetched(&clone, "feature^{}", &ids[2]);
    fetched(&clone, "refs/heads/feature", &ids[2]);
    fetched(&clone, "releases/2026", &ids[2]);
    fetched(&clone, "odd$(x)&'y", &ids[2]);
    fetched(&clone, "v1.0", &ids[1]);
    fetched(&clone, "v2.0", &ids[1]);
    fetched(&clone, "refs/tags/v2.0", &ids[1]);
    fetched(&clone, "HEAD~1", &ids[1]);
    fetched(&clone, "main^", &ids[1]);
    fetched(&clone, "HEAD~2", &ids[0]);
    fetched(&clone, &ids[0][..10], &ids[0]);
    // The exact words, once each.
    has(&clone.refused(&ids[0]), &[&format!("`git fetch --depth=1 origin {}`", ids[0])]);
    has(&clone.refused("origin/feature"), &["`git fetch --depth=1 origin feature:refs/remotes/origin/feature`"]);
    has(&clone.refused("feature"), &["`git fetch --depth=1 origin feature:feature`"]);
    has(&clone.refused("v2.0"), &["`git fetch --depth=1 origin tag v2.0`"]);
    has(&clone.refused("HEAD~1"), &["`git fetch --unshallow origin`"]);
    // Where the branch is tracked, its name is enough.
    clone.shell("git fetch --depth=1 origin feature:refs/remotes/origin/feature");
    has(&clone.refused("feature"), &["did you mean `origin/feature`?"]);
}

#[test]
fn a_merge_base_beyond_a_shallow_clone_is_fetched_by_what_is_printed() {
    let place = Place::new();
    let (repo, ids) = history(&place);
    let clone = place.clone(&repo, "clone", &["--depth=1", "--branch=feature"]);
    clone.shell("git fetch -q --depth=1 origin main:refs/remotes/origin/main");
    let asked = parse_revisions("origin/main...HEAD", None).unwrap();
    let error = asked.open(&clone.path).map(|_| ()).unwrap_err().to_string();
    has(&error, &["merge base of `origin/main` and `HEAD` is not in this clone", "`git fetch --unshallow origin`"]);
    clone.shell(commands(&error)[0]);
    let (old, new) = asked.open(&clone.path).unwrap();
    assert_eq!((old.commit(), new.unwrap().commit()), (ids[1].as_str(), ids[2].as_str()));
}

#[test]
fn the_remote_to_fetch_from_is_the_repository_s_own() {
    let place = Place::new();
    let (repo, ids) = history(&place);
    let clone = place.clone(&repo, "clone", &["--depth=1", "--branch=main", "--origin=up/stream"]);
    fetched(&clone, "up/stream/feature", &ids[2]);
    fetched(&clone, "feature", &ids[2]);
    // Of several the upstream's, else `origin`.
    clone.git(&["remote", "add", "another", "file:///nowhere"]);
    clone.git(&["remote", "add", "origin", "file:///nowhere"]);
    has(&clone.refused(&ids[0]), &["git fetch --depth=1 up/stream "]);
    clone.git(&["checkout", "-q", "--detach"]);
    has(&clone.refused(&ids[0]), &["git fetch --depth=1 origin "]);
    has(&clone.refused("another/feature"), &["git fetch --depth=1 another "]);
    for remote in ["another", "origin", "up/stream"] {
        clone.git(&["remote", "remove", remote]);
    }
    has(&clone.refused("HEAD~1"), &["no remote to fetch from"]);
    has(&clone.refused("feature"), &["no remote to fetch from"]);
}

#[test]
fn a_whole_clone_that_lacks_a_branch_is_told_too_and_stays_whole() {
    let place = Place::new();
    let (repo, ids) = history(&place);
    let clone = place.clone(&repo, "clone", &["--single-branch", "--branch=main"]);
    let error = clone.refused("origin/feature");
    has(&error, &["`git fetch origin feature:refs/remotes/origin/feature`"]);
    clone.shell(commands(&error)[0]);
    assert_eq!(clone.resolve("origin/feature").as_deref(), Ok(ids[2].as_str()));
    assert_eq!(clone.git(&["rev-parse", "--is-shallow-repository"]), "false");
}

#[test]
fn without_a_commit_there_is_nothing_to_compare_with() {
    let place = Place::new();
    let repo = place.init("repo", &[]);
    for revision in ["HEAD", "@", "main", "HEAD~1"] {
        has(&repo.refused(revision), &["no commit on `main` yet", "commit first"]);
    }
    has(&repo.refused("other"), &["no commit yet"]);
    repo.commit("p.cedar", GOOD);
    repo.git(&["checkout", "-q", "--orphan", "fresh"]);
    has(&repo.refused("HEAD"), &["no commit on `fresh` yet"]);
    assert!(repo.resolve("main").is_ok());
}
