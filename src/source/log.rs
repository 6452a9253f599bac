//! Logs: files that are read as a stream, unpacked on the way.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use walkdir::WalkDir;

/// What a file is read by at a time, in bytes.
const BUFFER: usize = 256 * 1024;

/// The magic numbers of RFC 1952 and RFC 8878; the last stands before what Zstandard skips, its first byte being any of
/// sixteen.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTANDARD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const SKIPPED: [u8; 3] = [0x2a, 0x4d, 0x18];

/// The name of standard input.
pub const STDIN: &str = "-";

/// The logs that `path` stands for: the files below a folder, sorted, hidden ones left out; else what it names.
///
/// # Errors
/// When there is nothing, or a folder cannot be read.
pub fn logs(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path == Path::new(STDIN) || !path.metadata()?.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let shown = |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.');
    let mut files = Vec::new();
    for entry in WalkDir::new(path).into_iter().filter_entry(shown) {
        let entry = entry.map_err(io::Error::from)?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    files.sort();
    Ok(files)
}

/// How many bytes the log at `path` has as it lies there; none where that is not known.
#[must_use]
pub fn log_size(path: &Path) -> Option<u64> {
    path.metadata().ok().filter(std::fs::Metadata::is_file).map(|about| about.len())
}

/// What the log at `path` holds, or standard input; gzip and Zstandard are told by how they begin, and unpacked. How
/// much is read, as it lies there, is added to `read`.
///
/// # Errors
/// When it cannot be opened.
pub fn open_log(path: &Path, read: Arc<AtomicU64>) -> io::Result<Box<dyn Read + Send>> {
    let raw: Box<dyn Read + Send> = match path == Path::new(STDIN) {
        true => Box::new(io::stdin()),
        false => Box::new(open(path)?),
    };
    unpacked(Counted { raw, read })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a log is the user's to name, and may be larger than what a source reads"
)]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Whether the log at `path` is unpacked where it is read.
///
/// # Errors
/// When it cannot be read.
pub fn is_packed(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    open(path)?.take(4).read_to_end(&mut head)?;
    Ok(packing(&head) != Packing::Plain)
}

/// How a log is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstandard,
}

/// How a log that begins with `head` is packed.
fn packing(head: &[u8]) -> Packing {
    match head {
        _ if head.starts_with(&GZIP) => Packing::Gzip,
        [first, rest @ ..] if head == ZSTANDARD || (first >> 4 == 5 && *rest == SKIPPED) => Packing::Zstandard,
        _ => Packing::Plain,
    }
}

fn unpacked(mut raw: Counted) -> io::Result<Box<dyn Read + Send>> {
    let mut head = Vec::with_capacity(ZSTANDARD.len());
    (&mut raw).take(4).read_to_end(&mut head)?;
    let packing = packing(&head);
    let whole = io::Cursor::new(head).chain(raw);
    Ok(match packing {
        Packing::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, whole))),
        Packing::Zstandard => Box::new(Frames {
            decoder: FrameDecoder::new(),
            rest: BufReader::with_capacity(BUFFER, whole),
            open: false,
        }),
        Packing::Plain => Box::new(whole),
    })
}

/// A reader that counts.
struct Counted {
    raw: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.raw.read(buffer)?;
        self.read.fetch_add(u64::try_from(count).unwrap_or_default(), Ordering::Relaxed);
        Ok(count)
    }
}

/// The frames of a Zstandard file, one after the other, what is to be skipped left out.
struct Frames<R> {
    decoder: FrameDecoder,
    rest: BufReader<R>,
    /// Whether a frame is begun.
    open: bool,
}

impl<R: Read> Frames<R> {
    /// Begins the next frame; whether there is one.
    fn next(&mut self) -> io::Result<bool> {
        while !self.rest.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.rest) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let length = u64::from(length);
                    let skipped = io::copy(&mut (&mut self.rest).take(length), &mut io::sink())?;
                    if skipped < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.open && self.decoder.can_collect() > 0 {
                return self.decoder.read(buffer);
            }
            if self.open && !self.decoder.is_finished() {
                let decoded = self.decoder.decode_blocks(&mut self.rest, BlockDecodingStrategy::UptoBlocks(1));
                decoded.map_err(io::Error::other)?;
                continue;
            }
            self.open = self.next()?;
            if !self.open {
                return Ok(0);
            }
        }
    }
}
