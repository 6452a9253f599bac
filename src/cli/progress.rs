//! A progress line: only on a terminal, and only when a run takes longer than half a second.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::run::ReplayProgress;

const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(120);

/// Shows that work goes on, until dropped.
pub(super) struct Progress {
    done: Option<Sender<()>>,
    shown: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts waiting; `what` is shown when the wait is over.
    pub(super) fn start(what: &'static str, quiet: bool) -> Self {
        Self::showing(quiet, move |wait| {
            let bar = ProgressBar::new_spinner().with_message(what);
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(TICK);
            let _ = wait.recv();
            bar.finish_and_clear();
        })
    }

    /// The same of records that are counted: a bar, as far as it is known how much there is to read.
    pub(super) fn counting(counted: &Arc<ReplayProgress>, quiet: bool) -> Self {
        let counted = Arc::clone(counted);
        Self::showing(quiet, move |wait| {
            let total = counted.total.load(Ordering::Relaxed);
            let (bar, template) = match total {
                0 => (ProgressBar::no_length(), "{spinner} {bytes} read, {msg}, {elapsed}"),
                total => (ProgressBar::new(total), "{wide_bar} {bytes} of {total_bytes}, {msg}, {eta} left"),
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            while wait.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                bar.set_message(format!("{} records", counted.lines.load(Ordering::Relaxed)));
                bar.set_position(counted.read.load(Ordering::Relaxed));
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
