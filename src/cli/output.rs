//! Where reports go: standard output, files, and GitHub's job summary.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{ColorArg, CommonArgs, ReadArgs};
use super::failure::Failure;
use super::progress::Progress;
use crate::outcome::{NoticeKind, Outcome};
use crate::report::{self, Format, Options};
use crate::run::{BaselineFile, Files, Reading, ReplayProgress, RunError};
use crate::source::{replace_file, write_new_file};
use crate::symbolic::Solvers;
use crate::text::{inline, nearest};

/// Where what a command finds is shown: known before it runs, so that a mistake in it costs nothing.
pub(super) struct Output<'a> {
    wanted: Vec<Wanted>,
    args: &'a CommonArgs,
    link_base: Option<&'static str>,
    statistics: bool,
    solvers: Arc<Solvers>,
}

impl<'a> Output<'a> {
    /// What `args` ask for.
    pub(super) fn of(args: &'a CommonArgs) -> Result<Self, Failure> {
        Ok(Self {
            wanted: wanted(args)?,
            args,
            link_base: link_base(args)?,
            statistics: false,
            solvers: solvers(args)?,
        })
    }

    /// The same, counting what rules find, if `wanted`, instead of showing it.
    pub(super) fn statistics(self, wanted: bool) -> Self {
        Self { statistics: wanted, ..self }
    }

    /// What to read, of a command with the arguments `read`.
    pub(super) fn reading(&self, read: &ReadArgs) -> Reading {
        let ReadArgs { paths, explicit } = read;
        let common = self.args;
        Reading {
            directory: common.directory.clone(),
            paths: paths.clone(),
            files: Files {
                policies: explicit.policies.clone(),
                schemas: explicit.schema.clone(),
                entities: explicit.entities.clone(),
                links: explicit.template_linked.clone(),
                tables: explicit.tests.clone(),
            },
            config: common.config.clone(),
            store: common.store.clone(),
            staged: common.staged,
            now: common.now.clone(),
            fail_on: common.fail_on.map(Into::into),
            baseline: BaselineFile::default(),
            filled: Vec::new(),
            brief: brief(&self.wanted, common),
            // GitHub's annotations bring the job summary along.
            matrix: self.wanted.iter().any(|one| matches!(one.format.name, "markdown" | "github")),
            solvers: Arc::clone(&self.solvers),
        }
    }

    /// Runs `command`, which is `doing` something, with a word about it on a terminal.
    pub(super) fn run(
        &self,
        doing: &'static str,
        command: impl FnOnce() -> Result<Outcome, RunError>,
    ) -> Result<Outcome, Failure> {
        let progress = Progress::start(doing, &self.solvers, self.args.quiet);
        let outcome = command();
        drop(progress);
        Ok(outcome?)
    }

    /// Runs `command`, which counts records of logs, with a bar about it on a terminal.
    pub(super) fn counting<T>(
        &self,
        counted: &Arc<ReplayProgress>,
        command: impl FnOnce() -> Result<T, RunError>,
    ) -> Result<T, Failure> {
        let progress = Progress::counting(counted, self.args.quiet);
        let made = command();
        drop(progress);
        Ok(made?)
    }

    /// Writes the reports of `outcome` and gives the exit code.
    pub(super) fn write(&self, outcome: Outcome) -> Result<u8, Failure> {
        let code = write(&outcome, &self.wanted, self.args, (self.link_base, self.statistics));
        // The process ends here; taking everything apart piece by piece would be work for nothing.
        std::mem::forget(outcome);
        code
    }

    /// Says how `outcome` ended to who reads something else on standard output, and gives the exit code.
    pub(super) fn without_report(&self, outcome: &Outcome) -> Result<u8, Failure> {
        if !self.args.quiet {
            let _ = writeln!(std::io::stderr(), "{}", report::verdict_line(outcome));
        }
        Ok(outcome.exit_code())
    }

    /// Refuses reports on standard output, which is wanted for something else.
    pub(super) fn is_free(&self, what: &str) -> Result<(), Failure> {
        match self.wanted.iter().find(|one| one.file.is_none()).filter(|_| !self.args.report.is_empty()) {
            None => Ok(()),
            Some(one) => Err(Failure(format!(
                "standard output takes {what}; write the report to a file: `--report {}=FILE`",
                one.format.name
            ))),
        }
    }

    /// Refuses `file`, relative to `-C`, where it cannot be written for all that is known before anything runs.
    pub(super) fn can_be_written(&self, file: &Path) -> Result<(), Failure> {
        let full = self.placed(file);
        let shown = file.display().to_string();
        let shown = inline(&shown);
        if full.is_dir() {
            return Err(Failure(format!("cannot write `{shown}`: it is a folder; name a file in it")));
        }
        match full.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
            Some(_) => Err(Failure(format!("cannot write `{shown}`: its folder is not there; make it first"))),
            None => Ok(()),
        }
    }

    /// Writes `outcome` as a page, to `file`, relative to `-C`, or to standard output.
    pub(super) fn write_page(&self, outcome: &Outcome, file: Option<&Path>) -> Result<(), Failure> {
        let options = Options { verbose: self.args.verbose, link_base: self.link_base, ..Options::default() };
        let page = report::html_page(outcome, &options);
        match file {
            Some(file) => save(&self.placed(file), &page),
            None => print(&page),
        }
    }

    fn placed(&self, file: &Path) -> PathBuf {
        self.args.directory.as_ref().map_or_else(|| file.to_owned(), |folder| folder.join(file))
    }

    /// Whether something that obeys what it reads shows standard output: a terminal, or GitHub's log.
    pub(super) fn is_watched(&self) -> bool {
        std::io::stdout().is_terminal() || on_github()
    }

    /// Writes the reports that go to files, says on standard error how it ended and what was mended, and gives the exit
    /// code.
    pub(super) fn write_aside(mut self, outcome: Outcome) -> Result<u8, Failure> {
        self.wanted.retain(|one| one.file.is_some());
        let mut lines = report::fix_lines(&outcome, self.args.verbose);
        let about = [NoticeKind::FileEmptied, NoticeKind::MoreToMend];
        let besides = outcome.notices.iter().filter(|notice| about.contains(&notice.kind));
        lines.extend(besides.map(|notice| format!("note: {}", notice.message)));
        if self.wanted.is_empty() {
            lines.push(report::verdict_line(&outcome));
        }
        for line in lines.iter().filter(|_| !self.args.quiet) {
            let _ = writeln!(std::io::stderr(), "{}", inline(line));
        }
        self.write(outcome)
    }

    /// Both.
    pub(super) fn show(
        &self,
        doing: &'static str,
        command: impl FnOnce() -> Result<Outcome, RunError>,
    ) -> Result<u8, Failure> {
        self.write(self.run(doing, command)?)
    }

    /// The same, of a process that goes on.
    pub(super) fn show_and_go_on(
        &self,
        doing: &'static str,
        command: impl FnOnce() -> Result<Outcome, RunError>,
    ) -> Result<u8, Failure> {
        write(&self.run(doing, command)?, &self.wanted, self.args, (self.link_base, self.statistics))
    }

    /// The files that reports are written to.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.wanted.iter().filter_map(|one| one.file.clone()).collect()
    }
}

/// One `--report`.
struct Wanted {
    format: &'static Format,
    file: Option<PathBuf>,
}

/// The address that `args` give for files, checked before anything runs. It stays until the process ends.
fn link_base(args: &CommonArgs) -> Result<Option<&'static str>, Failure> {
    let Some(base) = args.link_base.as_deref().filter(|base| !base.is_empty()) else { return Ok(None) };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&*+,;=%".contains(c);
    let web = base.starts_with("https://") || base.starts_with("http://");
    if !web || !base.chars().all(allowed) {
        let why = "an address is wanted, such as https://github.com/OWNER/NAME/blob/COMMIT";
        return Err(Failure(format!("`--link-base` cannot be `{}`: {why}", inline(base))));
    }
    Ok(Some(Box::leak(base.to_owned().into_boxed_str())))
}

/// The solvers that `args` ask for.
fn solvers(args: &CommonArgs) -> Result<Arc<Solvers>, Failure> {
    Solvers::new(args.solver.into(), &args.cvc5).map_err(|why| {
        let (name, why) = (args.cvc5.to_string_lossy(), why.trim_end_matches('.').to_owned());
        Failure(format!(
            "cvc5 cannot be started as `{}` ({}); install it and put it on the path, or name it in POLCHECK_CVC5",
            inline(&name),
            inline(&why)
        ))
    })
}

/// The reports that `args` ask for, checked before anything runs.
fn wanted(args: &CommonArgs) -> Result<Vec<Wanted>, Failure> {
    if args.report.is_empty() {
        let names: &[&str] = if on_github() { &["human", "github"] } else { &["human"] };
        return Ok(names
            .iter()
            .filter_map(|name| report::find(name))
            .map(|format| Wanted { format, file: None })
            .collect());
    }
    let wanted: Vec<Wanted> = args.report.iter().map(|text| parse(text)).collect::<Result<_, _>>()?;
    // Two reports in one stream are neither, but for GitHub's commands, which it takes out of the log.
    let printed: Vec<&str> = wanted.iter().filter(|one| one.file.is_none()).map(|one| one.format.name).collect();
    let together = printed.is_empty() || matches!(printed.as_slice(), [_] | ["human", "github"] | ["github", "human"]);
    if !together {
        let (all, last) = (printed.join("`, `"), printed.last().copied().unwrap_or_default());
        return Err(Failure(format!(
            "standard output takes one report, and `{all}` would go there; write the others to files: `--report \
             {last}=FILE`"
        )));
    }
    Ok(wanted)
}

fn parse(text: &str) -> Result<Wanted, Failure> {
    let (name, file) = match text.split_once('=') {
        Some((name, file)) => (name, Some(file)),
        None => (text, None),
    };
    let Some(format) = report::find(name) else {
        let names: Vec<_> = report::FORMATS.iter().map(|format| format.name).collect();
        let way_out = match nearest(name, names.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are: {}", names.join(", ")),
        };
        return Err(Failure(format!("there is no report format `{name}`; {way_out}")));
    };
    match file {
        Some("") => Err(Failure(format!("`--report {name}=` names no file"))),
        None | Some("-") => Ok(Wanted { format, file: None }),
        Some(file) => Ok(Wanted { format, file: Some(PathBuf::from(file)) }),
    }
}

/// Whether no report shows rows that passed.
fn brief(wanted: &[Wanted], args: &CommonArgs) -> bool {
    !args.verbose && !wanted.iter().any(|report| report.format.every_row)
}

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the command line is what reads the environment")]
    let value = std::env::var(name).ok();
    value.filter(|value| !value.is_empty())
}

fn on_github() -> bool {
    variable("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Writes every report of `outcome` and gives the exit code. The formats do not change it; only a report that cannot be
/// written does.
fn write(
    outcome: &Outcome,
    wanted: &[Wanted],
    args: &CommonArgs,
    (link_base, statistics): (Option<&'static str>, bool),
) -> Result<u8, Failure> {
    let terminal = std::io::stdout().is_terminal();
    let plain = variable("NO_COLOR").is_some() || variable("TERM").is_some_and(|term| term == "dumb");
    let color = match args.color {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto => terminal && !plain,
    };
    let width = if terminal { usize::from(console::Term::stdout().size().1).clamp(40, 140) } else { 80 };
    let on_stdout = Options { width, color, verbose: args.verbose, quiet: args.quiet, statistics, link_base, terminal };
    let in_file = Options { color: args.color == ColorArg::Always, width: 80, terminal: false, ..on_stdout };
    let mut failures = Vec::new();
    for report in wanted {
        let result = match &report.file {
            None => print(&(report.format.render)(outcome, &on_stdout)),
            Some(file) => {
                let full = args.directory.as_ref().map_or_else(|| file.clone(), |dir| dir.join(file));
                save(&full, &(report.format.render)(outcome, &in_file))
            }
        };
        failures.extend(result.err());
        if report.format.name == "github" {
            failures.extend(summary(outcome, &in_file).err());
        }
    }
    for attachment in outcome.notices.iter().filter_map(|notice| notice.attachment.as_deref()) {
        attach(attachment, &std::env::temp_dir());
    }
    // Whoever looks at the log of a run that only writes files sees how it ended.
    if !args.quiet && failures.is_empty() && !wanted.is_empty() && wanted.iter().all(|report| report.file.is_some()) {
        let _ = writeln!(std::io::stderr(), "{}", report::verdict_line(outcome));
    }
    match failures.into_iter().next() {
        Some(failure) => Err(failure),
        None => Ok(outcome.exit_code()),
    }
}

/// Writes a file to report an internal error with to `folder`, and says where it is.
fn attach(text: &str, folder: &Path) -> Option<PathBuf> {
    let file = folder.join(format!("polcheck-defect-{}.json", std::process::id()));
    let shown = file.display().to_string();
    let shown = inline(&shown);
    let written = write_new_file(&file, text.as_bytes());
    let told = match &written {
        Ok(()) => format!("polcheck: internal error: please report it with `{shown}`"),
        Err(error) => format!("polcheck: internal error; what it takes to report it is not in `{shown}`: {error}"),
    };
    let _ = writeln!(std::io::stderr(), "{told}");
    written.ok().map(|()| file)
}

/// Prints to standard output. A reader that has gone away is no failure.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints to standard output piece by piece, as `write` is handed them. A reader that has gone away is no failure.
pub(super) fn stream(pieces: impl FnOnce(&mut dyn FnMut(&str) -> bool)) -> Result<(), Failure> {
    let mut stdout = std::io::BufWriter::new(std::io::stdout().lock());
    let mut failure = None;
    pieces(&mut |text| match stdout.write_all(text.as_bytes()) {
        Ok(()) => true,
        Err(error) => {
            failure = Some(error);
            false
        }
    });
    match failure.map_or_else(|| stdout.flush(), Err) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

fn save(file: &Path, text: &str) -> Result<(), Failure> {
    replace_file(file, text.as_bytes()).map_err(|error| Failure(format!("cannot write `{}`: {error}", file.display())))
}

/// Appends to the job summary, where GitHub asks for one.
fn summary(outcome: &Outcome, options: &Options) -> Result<(), Failure> {
    let (Some(file), Some(format)) = (variable("GITHUB_STEP_SUMMARY"), report::find("markdown")) else { return Ok(()) };
    let text = (format.render)(outcome, options);
    let mut target = std::fs::OpenOptions::new().append(true).create(true).open(&file);
    let written = target
        .as_mut()
        .map_err(|error| error.to_string())
        .and_then(|target| target.write_all(text.as_bytes()).map_err(|error| error.to_string()));
    written.map_err(|error| Failure(format!("cannot write the job summary `{file}`: {error}")))
}

#[cfg(test)]
mod tests {
    use super::attach;

    #[test]
    fn an_internal_error_is_written_once_and_never_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let file = attach("{}\n", folder.path()).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "{}\n");
        assert!(attach("{\"other\": 1}", folder.path()).is_none(), "what is there stays");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "{}\n");
    }
}
