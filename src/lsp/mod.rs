//! The language server: what is found, in an editor, while somebody types.
//!
//! Imports what the table of `lib.rs` gives it, never `cli`. Everything is read through `run::Editing`, which lays what
//! is not saved over the worktree.
//!
//! | file | what it does |
//! |---|---|
//! | `wire` | messages on streams, malformed ones too |
//! | `server` | the conversation |
//! | `work` | what takes time, on two threads |
//! | `client` | what the editor can do |
//! | `documents`, `positions`, `uri` | open texts, places in them, and what they are called |
//! | `diagnostics`, `hover`, `definition`, `completion`, `actions`, `lens`, `formatting` | one capability each |
//! | `cursor` | what stands at a place, by tokens |
//! | `admitted` | what a scope admits of a schema's requests |
//! | `view` | what a question is answered from |
//! | `markup` | text for people |

mod actions;
mod admitted;
mod client;
mod completion;
mod cursor;
mod definition;
mod diagnostics;
mod documents;
mod formatting;
mod hover;
mod lens;
mod markup;
mod positions;
mod server;
mod uri;
mod view;
mod wire;
mod work;

use std::io::{self, BufReader, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use serde_json::Value;

use self::server::{Channels, Event, Server};
use self::work::Common;
use crate::run::{Reading, STACK};

/// Serves an editor until it leaves: reads what it says from `input` and writes to `output`, as the Language Server
/// Protocol has it. `reading` says how repositories are read; which ones, the editor does. Gives whether the editor
/// left as agreed, with `shutdown` before `exit`.
///
/// # Errors
/// When threads cannot be started.
pub fn serve(
    reading: Reading,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> io::Result<bool> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    // What somebody waits for has a core for itself while something is proved.
    let quick_pool = Arc::new(pool("quick", cores)?);
    let slow_pool = Arc::new(pool("slow", cores.saturating_sub(1).max(1))?);
    let (answers, events) = channel();
    let (out, messages) = channel();
    let reader = answers.clone();
    thread::Builder::new().name("reader".to_owned()).spawn(move || read_all(input, &reader))?;
    let (stop, stopped) = channel::<()>();
    let gone = answers.clone();
    let writer = thread::Builder::new().name("writer".to_owned()).spawn(move || {
        if write_all(output, &messages, &stopped).is_err() {
            let _ = gone.send(Event::End);
        }
    })?;
    let start = |common: Arc<Common>| {
        let (quick, quick_jobs) = channel();
        let (slow, slow_jobs) = channel();
        let (to_slow, to_quick) = (slow.clone(), quick.clone());
        let (one, other) = (Arc::clone(&common), common);
        let (quick_pool, slow_pool) = (Arc::clone(&quick_pool), Arc::clone(&slow_pool));
        thread::spawn(move || work::quick(&one, &quick_jobs, &to_slow, &quick_pool));
        thread::spawn(move || work::slow(&other, &slow_jobs, &to_quick, &slow_pool));
        (quick, slow)
    };
    let agreed = Server::new(reading, Channels { events, answers, out: out.clone() }, &start).run();
    // The last answer has to arrive; what the workers still have to say has not.
    drop(stop);
    let _ = out.send(Value::Null);
    let _ = writer.join();
    Ok(agreed)
}

/// So many threads, which are called `name`: `benches/lsp.py` tells them by that.
fn pool(name: &'static str, threads: usize) -> io::Result<ThreadPool> {
    let named = ThreadPoolBuilder::new().thread_name(move |number| format!("{name}-{number}"));
    let pool = named.stack_size(STACK).num_threads(threads).build();
    pool.map_err(|error: ThreadPoolBuildError| io::Error::other(error.to_string()))
}

fn read_all(input: impl Read, events: &Sender<Event>) {
    let mut input = BufReader::new(input);
    while let Ok(Some(incoming)) = wire::read(&mut input) {
        if events.send(Event::Incoming(incoming)).is_err() {
            return;
        }
    }
    let _ = events.send(Event::End);
}

/// Writes messages until `stopped` and nothing is left that was sent before.
fn write_all(mut output: impl Write, messages: &Receiver<Value>, stopped: &Receiver<()>) -> io::Result<()> {
    use std::sync::mpsc::TryRecvError;
    while let Ok(message) = messages.recv() {
        if message.is_null() && stopped.try_recv() == Err(TryRecvError::Disconnected) {
            return Ok(());
        }
        wire::write(&mut output, &message)?;
    }
    Ok(())
}
