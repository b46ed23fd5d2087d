//! The access log: one JSON line a request.
//!
//! A worker copies the fixed fields and the text of a record into its own buffer and goes on;
//! one writer thread formats and writes. A buffer is bounded: when the writer is that far
//! behind, records are dropped and counted, and requests are never slowed down.

use std::cell::Cell;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;

use super::metrics::Metrics;
use super::redact;
use crate::clock::{self, SharedClock};
use crate::semantics::age::Instant;
use crate::semantics::dates::UnixTime;

/// Buffers; threads beyond this number share them.
const BUFFERS: usize = 32;
/// Text bytes that a buffer holds at the most; records that do not fit are dropped.
const BUFFER_BYTES: usize = 1 << 20;
/// A text field is cut at this many bytes.
const FIELD_BYTES: usize = 2_048;
/// The writer looks at the buffers this often.
const EVERY: Duration = Duration::from_millis(100);

/// Where the log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sink {
    /// Nowhere.
    Off,
    /// To standard output.
    Stdout,
    /// Appended to a file.
    File(PathBuf),
}

/// Which edge a log is of; in every line.
#[derive(Clone, Debug, Serialize)]
pub struct Labels {
    /// The edge's name.
    pub edge: String,
    /// Its region.
    pub region: String,
}

/// What is said of one request. Text is copied, cut at 2 048 bytes a field.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// When the request's head had come.
    pub at: Instant,
    /// From then to the end of the answer (zero for a hit, whose answer is made at once).
    pub took: Duration,
    /// The viewer's address.
    pub client: Option<IpAddr>,
    /// The method.
    pub method: &'a str,
    /// The host that was asked for.
    pub host: &'a str,
    /// The target as received: path and query.
    pub target: &'a str,
    /// `HTTP/1.1`, `HTTP/2.0`.
    pub protocol: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// Body bytes of the answer.
    pub bytes: u64,
    /// The verdict's word.
    pub verdict: &'static str,
    /// `Hit`, `RefreshHit`, `Miss`, `Error`.
    pub cache: &'static str,
    /// Why: a refusal's or failure's word, or empty.
    pub detail: &'static str,
    /// Our id of the request.
    pub request_id: &'a str,
    /// The viewer's `User-Agent`.
    pub user_agent: &'a str,
}

/// The log, shared by all workers.
#[derive(Clone, Debug)]
pub struct AccessLog(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    buffers: Box<[Mutex<Buffer>]>,
    metrics: Arc<Metrics>,
    closed: AtomicBool,
    wake: (Mutex<()>, Condvar),
}

#[derive(Debug, Default)]
struct Buffer {
    text: Vec<u8>,
    records: Vec<Fixed>,
}

/// A record without its text, which stands in the buffer: five fields, each with its length.
#[derive(Clone, Copy, Debug)]
struct Fixed {
    at: Instant,
    took: Duration,
    client: Option<IpAddr>,
    protocol: &'static str,
    status: u16,
    bytes: u64,
    verdict: &'static str,
    cache: &'static str,
    detail: &'static str,
    lengths: [u16; 5],
}

/// The writer thread; flushes and ends when it is closed.
#[derive(Debug)]
pub struct Writer {
    shared: Option<Arc<Shared>>,
    thread: Option<JoinHandle<()>>,
}

impl AccessLog {
    /// A log that keeps nothing.
    #[must_use]
    pub const fn off() -> Self {
        Self(None)
    }

    /// Opens `sink` and starts the writer.
    ///
    /// # Errors
    /// When the file cannot be opened for appending, or the thread cannot be started.
    pub fn open(
        sink: &Sink,
        labels: Labels,
        clock: SharedClock,
        metrics: Arc<Metrics>,
    ) -> io::Result<(Self, Writer)> {
        let out: Box<dyn Write + Send> = match sink {
            Sink::Off => {
                return Ok((
                    Self::off(),
                    Writer {
                        shared: None,
                        thread: None,
                    },
                ));
            }
            Sink::Stdout => Box::new(io::stdout()),
            Sink::File(path) => Box::new(open(path)?),
        };
        Self::start(out, labels, clock, metrics)
    }

    /// Starts a writer to `out`.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(
        mut out: Box<dyn Write + Send>,
        labels: Labels,
        clock: SharedClock,
        metrics: Arc<Metrics>,
    ) -> io::Result<(Self, Writer)> {
        let shared = Arc::new(Shared {
            buffers: (0..BUFFERS).map(|_| Mutex::default()).collect(),
            metrics,
            closed: AtomicBool::new(false),
            wake: Default::default(),
        });
        let theirs = Arc::clone(&shared);
        let run = move || {
            loop {
                let last = theirs.closed.load(Ordering::Acquire);
                theirs.drain(&mut *out, &labels, &clock);
                if last {
                    return;
                }
                let guard = theirs.wake.0.lock().unwrap_or_else(PoisonError::into_inner);
                if !theirs.closed.load(Ordering::Acquire) {
                    drop(theirs.wake.1.wait_timeout(guard, EVERY));
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(run)?;
        Ok((
            Self(Some(Arc::clone(&shared))),
            Writer {
                shared: Some(shared),
                thread: Some(thread),
            },
        ))
    }

    /// Puts a record into this worker's buffer.
    pub fn record(&self, record: &Record<'_>) {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static MINE: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed) % BUFFERS);
        }
        let Some(shared) = &self.0 else { return };
        // Only the writer ever contends for the lock, for as long as it takes to swap two vectors.
        let mut buffer = shared.buffers[MINE.get()]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !buffer.push(record) {
            shared.metrics.log_dropped.increment();
        }
    }
}

impl Writer {
    /// Writes what is in the buffers and ends the thread.
    pub fn close(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(shared) = self.shared.take() {
            shared.closed.store(true, Ordering::Release);
            let _guard = shared.wake.0.lock().unwrap_or_else(PoisonError::into_inner);
            shared.wake.1.notify_all();
        }
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has nothing left to write.
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end();
    }
}

impl Buffer {
    fn push(&mut self, record: &Record<'_>) -> bool {
        let texts = [
            record.method,
            record.host,
            record.target,
            record.request_id,
            record.user_agent,
        ]
        .map(cut);
        if self.text.len() + texts.iter().map(|text| text.len()).sum::<usize>() > BUFFER_BYTES {
            return false;
        }
        let mut lengths = [0; 5];
        for (length, text) in lengths.iter_mut().zip(texts) {
            self.text.extend_from_slice(text.as_bytes());
            // A field is cut at 2 048 bytes.
            *length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        }
        self.records.push(Fixed {
            at: record.at,
            took: record.took,
            client: record.client,
            protocol: record.protocol,
            status: record.status,
            bytes: record.bytes,
            verdict: record.verdict,
            cache: record.cache,
            detail: record.detail,
            lengths,
        });
        true
    }
}

impl Shared {
    fn drain(&self, out: &mut dyn Write, labels: &Labels, clock: &SharedClock) {
        let (now, wall) = (clock.now(), clock.wall());
        let mut lines = Vec::new();
        for buffer in &self.buffers {
            let full = {
                let mut buffer = buffer.lock().unwrap_or_else(PoisonError::into_inner);
                if buffer.records.is_empty() {
                    continue;
                }
                std::mem::take(&mut *buffer)
            };
            let mut text = full.text.as_slice();
            for fixed in &full.records {
                let since = now.saturating_since(fixed.at).as_millis();
                let at = wall
                    .millis()
                    .saturating_sub(i64::try_from(since).unwrap_or(i64::MAX));
                let fields = fixed.lengths.map(|length| {
                    let (field, rest) = text
                        .split_at_checked(usize::from(length))
                        .unwrap_or((text, &[]));
                    text = rest;
                    String::from_utf8_lossy(field)
                });
                let [method, host, target, request_id, user_agent] = &fields;
                let line = Line {
                    time: clock::rfc3339(UnixTime::from_millis(at)),
                    labels,
                    client: fixed.client,
                    method,
                    host: redact::host(host),
                    target: &redact::target(target),
                    protocol: fixed.protocol,
                    status: fixed.status,
                    bytes: fixed.bytes,
                    took_us: u64::try_from(fixed.took.as_micros()).unwrap_or(u64::MAX),
                    verdict: fixed.verdict,
                    cache: fixed.cache,
                    detail: fixed.detail,
                    request_id,
                    user_agent,
                };
                // Only a map with odd keys could fail here.
                if serde_json::to_writer(&mut lines, &line).is_ok() {
                    lines.push(b'\n');
                }
            }
        }
        if !lines.is_empty() && out.write_all(&lines).and_then(|()| out.flush()).is_err() {
            // A full disk or a closed pipe loses log lines, never requests.
            self.metrics
                .log_dropped
                .add(lines.iter().filter(|byte| **byte == b'\n').count() as u64);
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    #[serde(flatten)]
    labels: &'a Labels,
    client: Option<IpAddr>,
    method: &'a str,
    host: &'a str,
    target: &'a str,
    protocol: &'a str,
    status: u16,
    bytes: u64,
    took_us: u64,
    verdict: &'a str,
    cache: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    request_id: &'a str,
    user_agent: &'a str,
}

fn open(path: &Path) -> io::Result<std::fs::File> {
    OpenOptions::new().create(true).append(true).open(path)
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(FIELD_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn record(target: &str) -> Record<'_> {
        Record {
            at: Instant::from_nanos(1_000_000_000),
            took: Duration::from_micros(1_234),
            client: Some(IpAddr::from([127, 0, 0, 1])),
            method: "GET",
            host: "www.example.com",
            target,
            protocol: "HTTP/1.1",
            status: 200,
            bytes: 5,
            verdict: "serve",
            cache: "Hit",
            detail: "",
            request_id: "00ff",
            user_agent: "a \"quoted\"\tagent\u{1b}[31m",
        }
    }

    fn logged(targets: &[&str]) -> (String, Arc<Metrics>) {
        let (out, metrics) = (Kept::default(), Arc::new(Metrics::new()));
        let labels = Labels {
            edge: "edge-1".to_owned(),
            region: "local".to_owned(),
        };
        let clock = Arc::new(ManualClock::new(UnixTime::from_millis(1_700_000_000_123)));
        let (log, writer) =
            AccessLog::start(Box::new(out.clone()), labels, clock, Arc::clone(&metrics)).unwrap();
        for target in targets {
            log.record(&record(target));
        }
        writer.close();
        (
            String::from_utf8(out.0.lock().unwrap().clone()).unwrap(),
            metrics,
        )
    }

    #[test]
    fn a_record_is_one_line_whatever_it_contains() {
        let (text, _) = logged(&["/a\n{\"status\":500}", "/b"]);
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["target"], "/a\n{\"status\":500}");
        assert_eq!(lines[0]["time"], "2023-11-14T22:13:20.123Z");
        assert_eq!(
            (&lines[0]["edge"], &lines[0]["region"]),
            (&"edge-1".into(), &"local".into())
        );
        assert_eq!(lines[0]["took_us"], 1_234);
        assert_eq!(lines[0]["user_agent"], "a \"quoted\"\tagent\u{1b}[31m");
        assert_eq!(lines[1]["target"], "/b");
        assert!(!text.contains('\u{1b}'), "control characters are escaped");
    }

    #[test]
    fn a_long_field_is_cut_at_its_limit() {
        let long = format!("/{}", "é".repeat(FIELD_BYTES));
        let (text, _) = logged(&[&long]);
        let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
        assert_eq!(
            line["target"].as_str().unwrap().len(),
            FIELD_BYTES - 1,
            "cut before the split character"
        );
    }

    #[test]
    fn a_full_buffer_drops_and_says_so() {
        let mut buffer = Buffer::default();
        let long = "x".repeat(FIELD_BYTES);
        let fit = (0..).take_while(|_| buffer.push(&record(&long))).count();
        assert!(buffer.text.len() <= BUFFER_BYTES);
        assert!(fit >= BUFFER_BYTES / (FIELD_BYTES + 200), "{fit}");
    }
}
