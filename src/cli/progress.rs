//! A progress line: only on a terminal, and only when a run takes longer than half a second.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::run::ReplayProgress;
use crate::symbolic::Solvers;

const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(120);

/// While files are read.
const SPINNER: &str = "{spinner} {msg}, {elapsed}";

/// While questions are answered: of policies and kinds of request, as many as there are as far as is known.
const PARTS: &str = "{spinner} {msg} {wide_bar} {human_pos} of {human_len} steps, {elapsed}";

/// Shows that work goes on, until dropped.
pub(super) struct Progress {
    done: Option<Sender<()>>,
    shown: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts waiting; `what` is shown when the wait is over, with a bar once it is known what `solvers` are to answer.
    pub(super) fn start(what: &'static str, solvers: &Arc<Solvers>, quiet: bool) -> Self {
        let solvers = Arc::clone(solvers);
        Self::showing(quiet, move |wait| {
            let bar = ProgressBar::no_length().with_message(what);
            let mut shown = "";
            while wait.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                let (done, all) = solvers.meter().read();
                let template = if all == 0 { SPINNER } else { PARTS };
                if template != shown {
                    shown = template;
                    ProgressStyle::with_template(template).into_iter().for_each(|style| bar.set_style(style));
                }
                if all > 0 {
                    bar.set_length(all);
                    bar.set_position(done);
                }
                bar.tick();
            }
            bar.finish_and_clear();
        })
    }

    /// The same of records that are counted: a bar, as far as it is known how much there is to read.
    pub(super) fn counting(counted: &Arc<ReplayProgress>, quiet: bool) -> Self {
        let counted = Arc::clone(counted);
        Self::showing(quiet, move |wait| {
            let bar = ProgressBar::no_length();
            let mut shown = "";
            while wait.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                // Policies and entities are read first; how much there is in logs is known after that.
                let (read, total) = (counted.read.load(Ordering::Relaxed), counted.total.load(Ordering::Relaxed));
                let template = match (read, total) {
                    (0, 0) => "{spinner} reading policies and entities, {elapsed}",
                    (_, 0) => "{spinner} {bytes} read, {msg}, {elapsed}",
                    _ => "{wide_bar} {bytes} of {total_bytes}, {msg}, {eta} left",
                };
                if template != shown {
                    shown = template;
                    if total > 0 {
                        bar.set_length(total);
                    }
                    bar.reset_eta();
                    ProgressStyle::with_template(template).into_iter().for_each(|style| bar.set_style(style));
                }
                bar.set_message(format!("{} records", counted.lines.load(Ordering::Relaxed)));
                bar.set_position(read);
                bar.tick();
            }
            bar.finish_and_clear();
        })
    }

    fn showing(quiet: bool, show: impl FnOnce(Receiver<()>) + Send + 'static) -> Self {
        if quiet || !std::io::stderr().is_terminal() {
            return Self { done: None, shown: None };
        }
        let (done, wait) = channel();
        let shown = std::thread::spawn(move || {
            if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                show(wait);
            }
        });
        Self { done: Some(done), shown: Some(shown) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(shown) = self.shown.take() {
            let _ = shown.join();
        }
    }
}
