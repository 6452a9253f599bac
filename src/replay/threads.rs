//! Logs read as streams by one thread and counted by several, in bounded room.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::Builder;

use super::chunks::{Piece, Pieces, Whole};
use super::worker::{Asking, Counted, Worker};
use crate::outcome::replay::{Input, Merge};

/// A log that is there to be read.
pub struct Log {
    /// As it is named.
    pub name: String,
    /// Opens it.
    pub open: Box<dyn FnOnce() -> std::io::Result<Box<dyn Read + Send>> + Send>,
}

/// Why a run ends early.
#[derive(Debug)]
pub enum Failed {
    /// Cedar's authorizer is of another mind about this request.
    Disagreement(String),
    /// This log cannot be opened.
    Log(String, std::io::Error),
    /// No thread can be started.
    Thread(std::io::Error),
}

/// How many threads there are, and the stack of each in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Threads {
    /// Those that count.
    pub count: usize,
    /// Room for policies and values that nest deeply.
    pub stack: usize,
}

/// What threads tell.
enum Told {
    Counted(usize, Result<Box<Counted>, String>),
    Ended(usize, String, Whole, usize),
    Failed(Failed),
}

/// A log of which not everything is counted.
#[derive(Default)]
struct Pending {
    sum: Counted,
    counted: usize,
    ended: Option<(Input, usize)>,
}

/// Reads `logs` and hands what is counted of each to `take`. Lines that were counted are added to `lines` on the way.
///
/// # Errors
/// When a log cannot be opened, or Cedar's authorizer does not confirm a decision.
pub fn replay(
    asking: Asking<'_>,
    logs: Vec<Log>,
    threads: Threads,
    lines: &AtomicU64,
    take: &mut dyn FnMut(Input, Counted),
) -> Result<(), Failed> {
    let (send, receive) = sync_channel::<(usize, Arc<str>, Piece)>(threads.count.max(1) * 2);
    let (tell, told) = channel();
    let receive = Mutex::new(receive);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let started = || -> std::io::Result<()> {
            for _ in 0..threads.count.max(1) {
                let (tell, receive, stop) = (tell.clone(), &receive, &stop);
                let work = move || count(asking, receive, &tell, stop);
                Builder::new().stack_size(threads.stack).spawn_scoped(scope, work)?;
            }
            let (tell, stop) = (tell.clone(), &stop);
            Builder::new().spawn_scoped(scope, move || read(logs, &send, &tell, stop))?;
            Ok(())
        };
        let started = started();
        drop(tell);
        let gathered = gather(&told, lines, take);
        stop.store(true, Ordering::Relaxed);
        // Whoever still reads or counts finds nobody to tell.
        drop(told);
        started.map_err(Failed::Thread)?;
        gathered
    })
}

fn count(
    asking: Asking<'_>,
    pieces: &Mutex<Receiver<(usize, Arc<str>, Piece)>>,
    tell: &Sender<Told>,
    stop: &AtomicBool,
) {
    let mut worker = Worker::new(asking);
    loop {
        let next = match pieces.lock() {
            Ok(pieces) => pieces.recv(),
            Err(_) => return,
        };
        let Ok((log, name, piece)) = next else { return };
        if stop.load(Ordering::Relaxed) {
            continue;
        }
        // Where nobody listens any more, what is left is taken and not counted, so that no sender waits for ever.
        let _ = tell.send(Told::Counted(log, worker.count(&name, &piece).map(Box::new)));
    }
}

fn read(logs: Vec<Log>, send: &SyncSender<(usize, Arc<str>, Piece)>, tell: &Sender<Told>, stop: &AtomicBool) {
    for (number, log) in logs.into_iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let mut source = match (log.open)() {
            Ok(source) => source,
            Err(error) => {
                let _ = tell.send(Told::Failed(Failed::Log(log.name, error)));
                return;
            }
        };
        let name: Arc<str> = log.name.as_str().into();
        let mut pieces = Pieces::new(&mut *source);
        let mut count = 0;
        while let Some(piece) = pieces.next() {
            if stop.load(Ordering::Relaxed) || send.send((number, Arc::clone(&name), piece)).is_err() {
                return;
            }
            count += 1;
        }
        if tell.send(Told::Ended(number, log.name, pieces.whole(), count)).is_err() {
            return;
        }
    }
}

fn gather(told: &Receiver<Told>, lines: &AtomicU64, take: &mut dyn FnMut(Input, Counted)) -> Result<(), Failed> {
    let mut pending: BTreeMap<usize, Pending> = BTreeMap::new();
    while let Ok(told) = told.recv() {
        let log = match told {
            Told::Counted(log, counted) => {
                let counted = counted.map_err(Failed::Disagreement)?;
                lines.fetch_add(counted.tally.read(), Ordering::Relaxed);
                let place = pending.entry(log).or_default();
                place.sum.merge(*counted);
                place.counted += 1;
                log
            }
            Told::Ended(log, name, whole, pieces) => {
                let Whole { digest, bytes, cut } = whole;
                let place = pending.entry(log).or_default();
                place.ended = Some((Input { log: name, digest, bytes, cut }, pieces));
                log
            }
            Told::Failed(failed) => return Err(failed),
        };
        let done = |place: &Pending| place.ended.as_ref().is_some_and(|(_, pieces)| *pieces == place.counted);
        if pending.get(&log).is_some_and(done)
            && let Some(Pending { sum, ended: Some((input, _)), .. }) = pending.remove(&log)
        {
            take(input, sum);
        }
    }
    Ok(())
}
