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
