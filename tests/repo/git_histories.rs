//! Real repositories: what names resolve to, what a clone lacks, what a commit hook sees.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use polcheck::source::{
    Asked, GitIndex, GitRevision, ReadError, Source, Worktree, merge_base, parse_revisions, resolve,
};
use tempfile::TempDir;

use crate::common::write;

const GOOD: &str = "permit (principal in Team::\"t\", action, resource);\n";

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

    /// The message about the files of `revision`, which resolves.
    fn unopened(&self, revision: &str) -> String {
        self.resolve(revision).unwrap();
        let error = GitRevision::open(&self.path, revision).map(|_| ()).expect_err(revision).to_string();
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
        assert_eq!(repo.open(revision).commit(), ids[at], "{revision}");
    }
    // What is opened at once, without a question about the name.
    for (revision, at) in [(ids[3].clone(), 3), (format!("{}~2", ids[3]), 0), (format!("{}^^", ids[3]), 0)] {
        assert_eq!(repo.open(&revision).commit(), ids[at], "{revision}");
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
    repo.git(&["update-ref", "refs/heads/HEAD", "feature"]);
    assert_eq!(repo.resolve("HEAD").unwrap(), repo.git(&["rev-parse", "refs/heads/main"]));
    // A remote stands for its main branch.
    let clone = place.clone(&repo, "clone", &["--no-tags"]);
    assert!(clone.resolve("origin").is_ok());
    clone.git(&["tag", "origin"]);
    has(&clone.refused("origin"), &["`refs/remotes/origin/HEAD` or `refs/tags/origin`"]);
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
fn what_is_no_commit_makes_no_id_ambiguous() {
    let place = Place::new();
    let repo = place.init("repo", &["--bare"]);
    let mut stream = String::new();
    for n in 0..1500 {
        let text = format!("blob {n}");
        stream.push_str(&format!("blob\ndata {}\n{text}\n", text.len()));
    }
    for n in 0..300 {
        stream.push_str(&format!("commit refs/heads/main\ncommitter t <t@example.com> {n} +0000\ndata 1\nx\n"));
    }
    write(&repo.home, &[("stream", &stream)]);
    repo.shell("git fast-import --quiet < \"$HOME/stream\"");
    let all = repo.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)"]);
    let count = |prefix: &str, kind: &str| all.lines().filter(|l| l.starts_with(prefix) && l.ends_with(kind)).count();
    let shared = all.lines().filter_map(|line| line.strip_suffix(" commit")).find(|id| {
        let prefix = &id[..4];
        count(prefix, "commit") == 1 && count(prefix, "blob") > 0
    });
    let shared = shared.unwrap();
    assert_eq!(repo.resolve(&shared[..4]).as_deref(), Ok(shared));
    // Of a file alone, the kind is told.
    let blob = all.lines().filter_map(|line| line.strip_suffix(" blob")).find(|id| count(&id[..5], "") == 1).unwrap();
    has(&repo.refused(&blob[..5]), &["a file, not a commit"]);
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

/// Does what the message about `revision` says, in a copy of the clone.
#[track_caller]
fn fetched(clone: &Repo, revision: &str, expected: &str) {
    let message = clone.refused(revision);
    has(&message, &["shallow"]);
    let copy = Repo { path: clone.path.with_extension("copy"), home: clone.home.clone() };
    let _ = std::fs::remove_dir_all(&copy.path);
    copy_folder(&clone.path, &copy.path);
    copy.shell(commands(&message).first().unwrap_or_else(|| panic!("{message}")));
    assert_eq!(copy.resolve(revision).as_deref(), Ok(expected), "{message}");
    copy.open(revision);
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
    repo.git(&["branch", "facade", "feature"]);
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
    // A word of hexadecimal digits may be a branch.
    let error = clone.refused("facade");
    clone.shell(commands(&error)[1]);
    assert_eq!(clone.resolve("facade").as_deref(), Ok(ids[2].as_str()));
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
fn a_pull_request_on_a_ci_runner_can_be_compared_after_what_is_printed() {
    let place = Place::new();
    let (repo, ids) = history(&place);
    repo.git(&["checkout", "-q", "--detach", "main"]);
    repo.git(&["merge", "-q", "-m", "merge", "feature"]);
    let merge = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["update-ref", "refs/pull/7/merge", "HEAD"]);
    repo.git(&["checkout", "-q", "main"]);
    // What actions/checkout does.
    let runner = |name: &str| {
        let clone = place.init(name, &[]);
        clone.git(&["remote", "add", "origin", &format!("file://{}", repo.path.display())]);
        let spec = format!("+{merge}:refs/remotes/pull/7/merge");
        clone.git(&["fetch", "-q", "--no-tags", "--depth=1", "origin", &spec]);
        clone.git(&["checkout", "-q", "--detach", "refs/remotes/pull/7/merge"]);
        clone
    };
    let clone = runner("parent");
    fetched(&clone, "HEAD^1", &ids[3]);
    fetched(&clone, "HEAD^2", &ids[2]);
    fetched(&clone, "main", &ids[3]);
    // Message after message, as a user would.
    for asked in ["origin/main", "origin/main..HEAD", "origin/main...HEAD", "main...", "HEAD^1..HEAD"] {
        let clone = runner(&asked.replace(['/', '^'], "_"));
        let asked = parse_revisions(asked, None).unwrap();
        let mut steps = 0;
        let (old, _) = loop {
            match asked.open(&clone.path) {
                Ok(sides) => break sides,
                Err(error) => clone.shell(commands(&error.to_string())[0]),
            }
            steps += 1;
            assert!(steps <= 2, "{asked:?}");
        };
        assert_eq!(old.commit(), ids[3], "{asked:?}");
    }
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

const AT_ONCE: &str = "git diff-tree -r --shortstat 4b825dc642cb6eb9a060e54bf8d69288fbee4904";

#[test]
fn a_partial_clone_is_told_once_how_to_get_its_contents() {
    let place = Place::new();
    let (repo, ids) = history(&place);
    let old = [("blobs", "--filter=blob:none"), ("roots", "--filter=tree:1"), ("trees", "--filter=tree:0")];
    for (name, filter) in old {
        let clone = place.clone(&repo, name, &[filter, "--no-checkout"]);
        let error = clone.unopened("main~1");
        has(&error, &["partial clone", "of main~1", &format!("`{AT_ONCE} {}`", ids[1])]);
        // Nothing was fetched on the way.
        assert_eq!(clone.unopened("main~1"), error);
        clone.shell(commands(&error)[0]);
        let opened = clone.open("main~1");
        assert_eq!(opened.read("policies/b.cedar").unwrap(), GOOD.as_bytes(), "{name}");
    }
    // A label of several words.
    let clone = place.clone(&repo, "base", &["--filter=blob:none", "--no-checkout"]);
    let error = parse_revisions("origin/main...origin/feature", None).unwrap().open(&clone.path).unwrap_err();
    has(&error.to_string(), &["the contents of 2 files of the merge base of origin/main and origin/feature"]);
}

#[test]
fn contents_that_are_not_surely_needed_fail_one_by_one_in_the_same_words() {
    let place = Place::new();
    let repo = place.init("origin", &[]);
    write(&repo.path, &[("a.json", "[]"), ("b.json", "{}")]);
    repo.git(&["add", "."]);
    let id = repo.commit("p.txt", "x");
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let clone = place.clone(&repo, "clone", &["--filter=blob:none", "--no-checkout"]);
    let opened = clone.open("HEAD");
    let error = opened.read("a.json").unwrap_err();
    assert_eq!(opened.read("b.json"), Err(error.clone()));
    has(&error.to_string(), &["a partial clone", &format!("`{AT_ONCE} {id}`")]);
    clone.shell(commands(&error.to_string())[0]);
    assert_eq!(clone.open("HEAD").read("b.json").unwrap(), b"{}");
    // A whole clone that lacks a blob is damaged, which is something else.
    let blob = repo.git(&["rev-parse", "HEAD:a.json"]);
    std::fs::remove_file(repo.path.join(format!(".git/objects/{}/{}", &blob[..2], &blob[2..]))).unwrap();
    let opened = repo.open("HEAD");
    has(&opened.read("a.json").unwrap_err().to_string(), &["damaged", "git fsck"]);
    assert_eq!(opened.read("b.json").unwrap(), b"{}");
}

/// polcheck as built, in the repository, with its isolation.
fn polcheck(repo: &Repo, args: &[&str]) -> (Command, Vec<String>) {
    let command = repo.command(env!("CARGO_BIN_EXE_polcheck"));
    (command, args.iter().map(|arg| (*arg).to_owned()).collect())
}

fn report(repo: &Repo, args: &[&str], set: &[(&str, &str)]) -> serde_json::Value {
    let (mut command, args) = polcheck(repo, args);
    let output = command.args(args).args(["--report", "json"]).envs(set.iter().copied()).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_git_that_would_fetch_by_itself_may_not() {
    let place = Place::new();
    let (repo, _) = history(&place);
    let clone = place.clone(&repo, "clone", &["--filter=blob:none", "--no-checkout"]);
    clone.git(&["read-tree", "HEAD"]);
    // An older git does not know the variable.
    let bin = clone.home.join("bin");
    let real = String::from_utf8(
        clone
            .finish({
                let mut which = clone.command("sh");
                which.args(["-c", "command -v git"]);
                which
            })
            .stdout,
    )
    .unwrap();
    write(&bin, &[("git", &format!("#!/bin/sh\nunset GIT_NO_LAZY_FETCH\nexec {} \"$@\"\n", real.trim()))]);
    clone.shell(&format!("chmod +x '{}'", bin.join("git").display()));
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    for set in [&[("PATH", path.as_str())][..], &[]] {
        let report = report(&clone, &["validate", "--staged"], set);
        let findings = report["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 3, "{report:#}");
        for finding in findings {
            has(&finding.to_string(), &["unreadable-file", "a partial clone", "diff-tree"]);
        }
    }
}

#[test]
fn what_git_lfs_keeps_elsewhere_is_not_taken_for_policy() {
    let place = Place::new();
    let repo = place.init("repo", &[]);
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 37\n", "0".repeat(64));
    // A filter that would leave a trace if it were run.
    let trace = repo.home.join("ran");
    repo.commit("p.cedar", &pointer);
    for side in ["clean", "smudge", "process"] {
        repo.git(&["config", &format!("filter.lfs.{side}"), &format!("touch '{}'; cat", trace.display())]);
    }
    repo.git(&["config", "diff.lfs.textconv", &format!("touch '{}'; cat", trace.display())]);
    write(&repo.path, &[(".gitattributes", "*.cedar filter=lfs diff=lfs -text\n"), ("p.cedar", GOOD)]);
    let revision = repo.open("HEAD");
    let error = revision.read("p.cedar").unwrap_err();
    assert!(matches!(error, ReadError::Pointer(_)));
    has(&error.to_string(), &["git-lfs keeps its content elsewhere", "polcheck diff --files"]);
    assert!(matches!(GitIndex::open(&repo.path).unwrap().read("p.cedar"), Err(ReadError::Pointer(_))));
    let worktree = Worktree::new(&repo.path).as_git_sees_it();
    assert_eq!(paths(&worktree), [".gitattributes", "p.cedar"]);
    assert_eq!(worktree.read("p.cedar").unwrap(), GOOD.as_bytes());
    write(&repo.path, &[("p.cedar", &pointer)]);
    has(&worktree.read("p.cedar").unwrap_err().to_string(), &["run `git lfs pull`"]);
    assert!(!trace.exists(), "a filter was run");
    // Policy that only mentions git-lfs is policy.
    let close = format!("// version https://git-lfs.github.com/spec/v1\n{GOOD}");
    repo.git(&["config", "--remove-section", "filter.lfs"]);
    repo.commit("q.cedar", &close);
    assert_eq!(repo.open("HEAD").read("q.cedar").unwrap(), close.as_bytes());
}

#[test]
fn line_ends_that_git_converts_make_no_difference() {
    let place = Place::new();
    let text = "@note(\"two\nlines\")\npermit (principal, action, resource);\n";
    let crlf = text.replace('\n', "\r\n");
    for (name, attributes, autocrlf, same) in [
        ("eol", "*.cedar text eol=crlf\n", "false", true),
        ("auto", "# none\n", "true", true),
        ("attribute", "*.cedar text=auto\n", "false", true),
        ("binary", "*.cedar -text\n", "true", false),
        ("nothing", "# none\n", "false", false),
    ] {
        let repo = place.init(name, &[]);
        repo.commit("p.cedar", text);
        repo.git(&["config", "core.autocrlf", autocrlf]);
        write(&repo.path, &[(".gitattributes", attributes), ("p.cedar", &crlf), ("new.cedar", &crlf)]);
        let worktree = Worktree::new(&repo.path);
        assert_eq!(worktree.read("p.cedar").unwrap(), crlf.as_bytes(), "the disk is the disk");
        let worktree = worktree.as_git_sees_it();
        let read = worktree.read("p.cedar").unwrap();
        assert_eq!(read == repo.open("HEAD").read("p.cedar").unwrap(), same, "{name}");
        assert_eq!(read == crlf.as_bytes(), !same, "{name}");
        // A lone carriage return is nobody's line end.
        write(&repo.path, &[("p.cedar", "a\r\nb\rc\r\r\n")]);
        let read = worktree.read("p.cedar").unwrap();
        assert_eq!(read == b"a\nb\rc\r\n", same, "{name}: {read:?}");
    }
}

#[cfg(unix)]
#[test]
fn all_sources_agree_on_odd_entries() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    let place = Place::new();
    let (other, _) = history(&place);
    let repo = place.init("repo", &[]);
    let names =
        [" a b.cedar", "\"q\".cedar", "t\tb.cedar", "n\nl.cedar", "b\\s.cedar", "ü.cedar", "-x.cedar", ":y.cedar"];
    for name in names {
        write(&repo.path, &[(name, GOOD)]);
    }
    write(&repo.path, &[("run.cedar", GOOD), ("dir/in.cedar", GOOD), ("plain.txt", GOOD)]);
    let bytes = std::ffi::OsStr::from_bytes(b"l\xe9.cedar");
    std::fs::write(repo.path.join(bytes), GOOD).unwrap();
    std::fs::set_permissions(repo.path.join("run.cedar"), std::fs::Permissions::from_mode(0o755)).unwrap();
    for (target, link) in
        [("plain.txt", "link.cedar"), ("nothing", "dangling.cedar"), ("dir", "folder.cedar"), (".", "dot.cedar")]
    {
        symlink(target, repo.path.join(link)).unwrap();
    }
    let url = other.path.display().to_string();
    repo.git(&["submodule", "--quiet", "add", &url, "sub"]);
    repo.git(&["add", "."]);
    repo.git(&["commit", "-qm", "odd"]);
    let worktree = Worktree::new(&repo.path).as_git_sees_it();
    let (index, revision) = (GitIndex::open(&repo.path).unwrap(), repo.open("HEAD"));
    let all = paths(&worktree);
    assert_eq!(all, paths(&index));
    assert_eq!(all, paths(&revision));
    assert_eq!(all, paths(&Worktree::new(&repo.path)));
    assert!(!all.iter().any(|path| path.starts_with("sub")), "{all:?}");
    for name in names.iter().chain(&["run.cedar"]) {
        assert!(all.contains(&(*name).to_owned()), "{name:?}");
    }
    for path in &all {
        let expected = worktree.read(path);
        assert_eq!(index.read(path), expected, "{path:?}");
        assert_eq!(revision.read(path), expected, "{path:?}");
    }
    assert_eq!(revision.read("l\u{fffd}.cedar"), Err(ReadError::NotUnicode));
    assert_eq!(revision.read("link.cedar"), Err(ReadError::LinkTo("plain.txt".to_owned())));
    assert_eq!(revision.read("folder.cedar"), Err(ReadError::NotAFile));
    assert_eq!(revision.read("dot.cedar"), Err(ReadError::NotAFile));
    assert_eq!(revision.read("dangling.cedar"), Err(ReadError::Missing));
    // A submodule that is not checked out is no different.
    repo.git(&["submodule", "--quiet", "deinit", "-f", "sub"]);
    assert_eq!(paths(&Worktree::new(&repo.path).as_git_sees_it()), all);
}

/// The kind: a folder that is lost, or taken for another, where folders are many, deep, alike or oddly called.
#[test]
fn the_files_of_a_commit_are_those_that_git_lists() {
    let place = Place::new();
    for format in ["sha1", "sha256"] {
        let repo = place.init(format, &[&format!("--object-format={format}")]);
        let deep = (0..30).map(|depth| format!("d{depth}/")).collect::<String>();
        let mut files: Vec<String> = (0..200).map(|at| format!("many {}/same/{at}.cedar", at % 150)).collect();
        files.extend((0..100).map(|at| format!("alike{at}/a/b/c.cedar")));
        files.extend([format!("{deep}end"), "ü/tab\t/new\nline".to_owned(), "empty".to_owned()]);
        for file in &files {
            write(&repo.path, &[(file.as_str(), if file.starts_with("alike") { GOOD } else { file.as_str() })]);
        }
        repo.git(&["add", "."]);
        // A submodule stands among them.
        let commit = if format == "sha1" { "1".repeat(40) } else { "1".repeat(64) };
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},many 1/module")]);
        repo.git(&["commit", "-qm", "many"]);
        let first = repo.git(&["rev-parse", "HEAD"]);
        repo.commit("alike7/a/b/c.cedar", "other");
        let listed = |revision: &str| -> Vec<String> {
            let listing = repo.git(&["ls-tree", "-r", "-z", "--full-tree", revision]);
            let records = listing.split('\0').filter(|record| !record.is_empty() && !record.starts_with("160000"));
            let mut paths: Vec<String> = records.map(|one| one.split_once('\t').unwrap().1.to_owned()).collect();
            paths.sort();
            paths
        };
        let (old, new) = parse_revisions("HEAD~1", Some("HEAD")).unwrap().open(&repo.path).unwrap();
        let new = new.unwrap();
        for (side, revision) in [(&old, "HEAD~1"), (&new, "HEAD")] {
            assert_eq!(paths(side), listed(revision), "{format} {revision}");
            assert_eq!(side.not_entered().len(), 1);
        }
        assert_eq!((old.commit(), old.read("alike7/a/b/c.cedar").unwrap()), (first.as_str(), GOOD.as_bytes().to_vec()));
        assert_eq!(new.read("alike7/a/b/c.cedar").unwrap(), b"other");
        assert_eq!(new.read("alike8/a/b/c.cedar").unwrap(), GOOD.as_bytes());
        for file in &files {
            assert!(new.read(file).is_ok(), "{file}");
        }
    }
}

#[test]
fn what_a_sparse_checkout_leaves_out_is_not_removed() {
    let place = Place::new();
    let repo = place.init("repo", &[]);
    write(&repo.path, &[("in/a.cedar", GOOD), ("in/gone.cedar", GOOD), ("out/b.cedar", "// b\n"), ("top.cedar", GOOD)]);
    repo.git(&["add", "."]);
    repo.git(&["commit", "-qm", "one"]);
    for how in
        [&["sparse-checkout", "set", "--cone", "in"][..], &["sparse-checkout", "set", "--cone", "--sparse-index", "in"]]
    {
        repo.git(how);
        assert!(!repo.path.join("out").exists());
        let everything = ["in/a.cedar", "in/gone.cedar", "out/b.cedar", "top.cedar"];
        assert_eq!(paths(&GitIndex::open(&repo.path).unwrap()), everything);
        let worktree = Worktree::new(&repo.path).as_git_sees_it();
        // Read before anything is listed, as a configuration file is.
        assert_eq!(worktree.read("out/b.cedar").unwrap(), b"// b\n");
        assert_eq!(worktree.read("out/c.cedar"), Err(ReadError::Missing));
        assert_eq!(paths(&worktree), everything);
        assert_eq!(paths(&Worktree::new(&repo.path)), ["in/a.cedar", "in/gone.cedar", "top.cedar"]);
    }
    // Deleted is deleted, and what is there counts as it is.
    std::fs::remove_file(repo.path.join("in/gone.cedar")).unwrap();
    write(&repo.path, &[("out/b.cedar", "// on disk\n")]);
    let worktree = Worktree::new(&repo.path).as_git_sees_it();
    assert_eq!(paths(&worktree), ["in/a.cedar", "out/b.cedar", "top.cedar"]);
    assert_eq!(worktree.read("out/b.cedar").unwrap(), b"// on disk\n");
    assert_eq!(worktree.read("in/gone.cedar"), Err(ReadError::Missing));
    // As with `git update-index --skip-worktree` on one file.
    repo.git(&["sparse-checkout", "disable"]);
    repo.git(&["update-index", "--skip-worktree", "top.cedar"]);
    std::fs::remove_file(repo.path.join("top.cedar")).unwrap();
    assert_eq!(Worktree::new(&repo.path).as_git_sees_it().read("top.cedar").unwrap(), GOOD.as_bytes());
}

#[test]
fn a_worktree_that_git_refuses_to_list_is_not_guessed_at() {
    let place = Place::new();
    let repo = place.init("repo", &[]);
    repo.commit("p.cedar", GOOD);
    std::fs::write(repo.path.join(".git/index"), "broken").unwrap();
    assert_eq!(paths(&Worktree::new(&repo.path)), ["p.cedar"]);
    let error = Worktree::new(&repo.path).as_git_sees_it().list().unwrap_err().to_string();
    has(&error, &["git: ", "index"]);
    // What git traces is no message.
    let traces = ["GIT_TRACE", "GIT_TRACE_SETUP", "GIT_TRACE2", "GIT_TRACE2_PERF"].map(|name| (name, "1"));
    assert_eq!(staged_refused(&repo, &traces), staged_refused(&repo, &[]));
    // Outside of git nothing changes.
    let plain = TempDir::new().unwrap();
    write(plain.path(), &[("p.cedar", GOOD)]);
    assert_eq!(paths(&Worktree::new(plain.path()).as_git_sees_it()), ["p.cedar"]);
}

#[test]
fn announced_files_are_not_staged() {
    let place = Place::new();
    for format in ["sha1", "sha256"] {
        let repo = place.init(format, &[&format!("--object-format={format}")]);
        write(&repo.path, &[("later.cedar", GOOD), ("empty.cedar", ""), ("p.cedar", GOOD)]);
        repo.git(&["add", "empty.cedar", "p.cedar"]);
        repo.git(&["add", "-N", "later.cedar"]);
        // Before the first commit and after it.
        assert_eq!(paths(&GitIndex::open(&repo.path).unwrap()), ["empty.cedar", "p.cedar"]);
        repo.git(&["commit", "-qm", "one"]);
        assert_eq!(paths(&GitIndex::open(&repo.path).unwrap()), paths(&repo.open("HEAD")));
        assert_eq!(paths(&Worktree::new(&repo.path)), ["empty.cedar", "later.cedar", "p.cedar"]);
        repo.git(&["add", "later.cedar"]);
        assert_eq!(paths(&GitIndex::open(&repo.path).unwrap()), ["empty.cedar", "later.cedar", "p.cedar"]);
    }
}

#[test]
fn sha256_repositories_and_detached_heads_work() {
    let place = Place::new();
    let repo = place.init("origin", &["--object-format=sha256"]);
    let first = repo.commit("p.cedar", GOOD);
    let second = repo.commit("q.cedar", GOOD);
    assert_eq!(first.len(), 64);
    repo.git(&["checkout", "-q", "--detach", "main~1"]);
    assert_eq!(repo.resolve("HEAD").as_deref(), Ok(first.as_str()));
    assert_eq!(repo.open(&second).read("q.cedar").unwrap(), GOOD.as_bytes());
    has(&repo.refused("@{upstream}"), &["HEAD does not point to a branch"]);
    repo.git(&["checkout", "-q", "main"]);
    for key in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
        repo.git(&["config", key, "true"]);
    }
    let clone = place.clone(&repo, "shallow", &["--depth=1"]);
    fetched(&clone, &first, &first);
    let clone = place.clone(&repo, "partial", &["--filter=blob:none", "--no-checkout"]);
    let error = clone.unopened("HEAD");
    clone.shell(commands(&error)[0]);
    assert_eq!(clone.open("HEAD").read("q.cedar").unwrap(), GOOD.as_bytes());
}

#[test]
fn a_repository_of_somebody_else_is_refused_in_git_s_words() {
    let place = Place::new();
    let repo = place.init("repo", &[]);
    repo.commit("p.cedar", GOOD);
    let error = staged_refused(&repo, &[("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")]);
    has(&error, &["dubious ownership", "call: git config --global --add safe.directory /"]);
}

/// Standard error, one line, of a check of the index that fails.
fn staged_refused(repo: &Repo, set: &[(&str, &str)]) -> String {
    let (mut command, args) = polcheck(repo, &["validate", "--staged"]);
    let output = command.args(args).envs(set.iter().copied()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(error.trim().lines().count(), 1, "{error}");
    error
}

/// Installs a hook that reports what polcheck says of what is staged, from the top, from a folder and with paths.
fn install_hook(repo: &Repo, hooks: &Path) {
    let binary = env!("CARGO_BIN_EXE_polcheck");
    let out = repo.home.join("hook");
    std::fs::create_dir_all(&out).unwrap();
    let script = format!(
        "#!/bin/sh\nout='{}'\nenv | grep ^GIT_ > \"$out/env\"\n'{binary}' check --staged --report json > \"$out/top\"\n\
         cd sub && '{binary}' check --staged --report json . > \"$out/sub\"\n\
         cd .. && '{binary}' check --staged\n",
        out.display()
    );
    std::fs::create_dir_all(hooks).unwrap();
    write(hooks, &[("pre-commit", &script)]);
    repo.shell(&format!("chmod +x '{}'", hooks.join("pre-commit").display()));
}

/// What the hook saw: policies at the top and in `sub`, and its environment.
fn seen(repo: &Repo) -> (u64, u64, String) {
    let out = repo.home.join("hook");
    let count = |name: &str| {
        let text = std::fs::read_to_string(out.join(name)).unwrap();
        let report: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{name}: {text}"));
        report["summary"]["policies"].as_u64().unwrap()
    };
    (count("top"), count("sub"), std::fs::read_to_string(out.join("env")).unwrap())
}

/// Commits in ways that give the hook different indexes; for a plain commit its environment has the parts `plain`.
fn commit_in_all_ways(repo: &Repo, plain: &[&str]) {
    let in_sub = Repo { path: repo.path.join("sub"), home: repo.home.clone() };
    // Only what is added.
    write(&repo.path, &[("a.cedar", GOOD), ("sub/b.cedar", GOOD), ("untracked.cedar", "permit (oops")]);
    repo.git(&["add", "a.cedar", "sub/b.cedar"]);
    repo.git(&["commit", "-qm", "added"]);
    let (top, sub, env) = seen(repo);
    assert_eq!((top, sub), (2, 1));
    has(&env, plain);
    // All that is tracked: an index of its own.
    let two = format!("{GOOD}{GOOD}");
    write(&repo.path, &[("a.cedar", &two)]);
    in_sub.git(&["commit", "-qam", "all"]);
    let (top, sub, env) = seen(repo);
    assert_eq!((top, sub), (3, 1));
    has(&env, &["index.lock"]);
    // One file only, while another is staged.
    write(&repo.path, &[("a.cedar", GOOD), ("sub/b.cedar", &two)]);
    repo.git(&["add", "a.cedar"]);
    in_sub.git(&["commit", "-qm", "only", "b.cedar"]);
    assert_eq!((seen(repo).0, seen(repo).1), (4, 2));
    // What would be broken is not committed.
    write(&repo.path, &[("sub/b.cedar", "permit (oops")]);
    let head = repo.git(&["rev-parse", "HEAD"]);
    let mut refused = in_sub.command("git");
    assert!(!refused.args(["commit", "-qam", "broken"]).output().unwrap().status.success());
    assert_eq!(repo.git(&["rev-parse", "HEAD"]), head);
}

#[test]
fn a_commit_hook_sees_what_is_committed() {
    let place = Place::new();
    let repo = place.init("repo", &[]);
    install_hook(&repo, &repo.path.join(".git/hooks"));
    commit_in_all_ways(&repo, &["GIT_INDEX_FILE=.git/index\n"]);
}

#[test]
fn a_commit_hook_in_a_linked_worktree_sees_its_own_index() {
    let place = Place::new();
    let main = place.init("repo", &[]);
    main.commit("only-on-main.txt", "");
    main.git(&["worktree", "add", "-q", "-b", "other", "../linked"]);
    let linked = place.repo("linked");
    install_hook(&linked, &main.path.join(".git/hooks"));
    commit_in_all_ways(&linked, &["GIT_DIR=/", "/.git/worktrees/linked\n", "GIT_INDEX_FILE=/"]);
    assert_eq!(linked.resolve("HEAD").unwrap(), main.resolve("other").unwrap());
    assert_eq!(paths(&linked.open("HEAD")), ["a.cedar", "only-on-main.txt", "sub/b.cedar"]);
}

#[test]
fn a_stray_git_dir_points_nowhere_else() {
    let place = Place::new();
    let repo = place.init("repo", &[]);
    repo.commit("sub/p.cedar", GOOD);
    let other = place.init("other", &[]);
    other.commit("q.cedar", "permit (oops");
    let theirs = other.path.join(".git").display().to_string();
    for set in [
        vec![("GIT_DIR", ".git")],
        vec![("GIT_DIR", theirs.as_str())],
        vec![("GIT_DIR", theirs.as_str()), ("GIT_WORK_TREE", "/")],
        vec![("GIT_OBJECT_DIRECTORY", "/nowhere")],
        vec![("GIT_TRACE", "1"), ("GIT_TRACE_SETUP", "1"), ("GIT_TRACE2", "1")],
        // As git gives it to hooks: from the top of the worktree.
        vec![("GIT_DIR", ".git"), ("GIT_INDEX_FILE", ".git/index")],
    ] {
        let in_sub = Repo { path: repo.path.join("sub"), home: repo.home.clone() };
        for dir in [&repo, &in_sub] {
            let report = report(dir, &["check", "--staged"], &set);
            assert_eq!(report["summary"]["policies"], 1, "{set:?} {report:#}");
        }
    }
}
