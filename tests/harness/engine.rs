//! A speech engine on the network: it answers with real audio, or misbehaves.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What an engine was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The method and the target.
    pub line: String,
    /// The header fields, their names in lower case.
    pub fields: HashMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
    /// When the whole request was there.
    pub at: Instant,
}

impl Asked {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// How an engine answers.
#[derive(Debug, Clone)]
pub struct Manner {
    /// The status and its reason.
    pub status: &'static str,
    /// The media type; none where it is empty.
    pub media: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// So many bytes at once.
    pub pieces: usize,
    /// Between them.
    pub pause: Duration,
    /// Before the first of them, and the header.
    pub delay: Duration,
    /// What becomes of the body.
    pub end: End,
}

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// As it should, its length being said beforehand or not.
    Whole {
        /// Whether it is.
        length: bool,
    },
    /// After so many bytes, as if that had been all.
    Short(usize),
    /// After so many bytes, with a connection that is reset.
    Reset(usize),
    /// After so many bytes nothing comes any more.
    Hangs(usize),
    /// It begins again and again.
    Never,
}

impl Manner {
    /// Well-mannered, with a body of some media type.
    pub fn good(media: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: "200 OK",
            media,
            body: body.into(),
            pieces: 4096,
            pause: Duration::ZERO,
            delay: Duration::ZERO,
            end: End::Whole { length: false },
        }
    }

    /// The same with another end.
    pub fn ending(self, end: End) -> Self {
        Self { end, ..self }
    }

    /// A refusal.
    pub fn refusing(status: &'static str, body: &str) -> Self {
        Self {
            status,
            ..Self::good("application/json", body)
        }
    }
}

type Answer = dyn Fn(&Asked) -> Manner + Send + Sync;

#[derive(Default)]
struct Watch {
    asked: Mutex<Vec<Asked>>,
    connections: AtomicUsize,
    active: AtomicUsize,
    most: AtomicUsize,
    dropped: AtomicUsize,
    closed: AtomicBool,
}

/// A running engine; it ends with this value.
pub struct SpeechServer {
    port: u16,
    watch: Arc<Watch>,
}

impl SpeechServer {
    /// An engine that answers as `answer` says.
    pub fn start(answer: impl Fn(&Asked) -> Manner + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let watch = Arc::new(Watch::default());
        let answer: Arc<Answer> = Arc::new(answer);
        let watched = Arc::clone(&watch);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if watched.closed.load(Ordering::Relaxed) {
                    return;
                }
                watched.connections.fetch_add(1, Ordering::Relaxed);
                let (watch, answer) = (Arc::clone(&watched), Arc::clone(&answer));
                thread::spawn(move || serve(stream, &watch, &*answer));
            }
        });
        Self { port, watch }
    }

    /// An engine that answers the same to everybody.
    pub fn answering(manner: Manner) -> Self {
        Self::start(move |_| manner.clone())
    }

    /// Its URL with this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.watch.asked.lock().unwrap().clone()
    }

    /// How many connections were made to it.
    pub fn connections(&self) -> usize {
        self.watch.connections.load(Ordering::Relaxed)
    }

    /// How many requests it answered at once, at the most.
    pub fn most_at_once(&self) -> usize {
        self.watch.most.load(Ordering::Relaxed)
    }

    /// How many of its answers nobody wanted to the end.
    pub fn dropped(&self) -> usize {
        self.watch.dropped.load(Ordering::Relaxed)
    }
}

impl Drop for SpeechServer {
    fn drop(&mut self) {
        self.watch.closed.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(stream: TcpStream, watch: &Watch, answer: &Answer) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(asked) = receive(&mut reader) {
        watch.asked.lock().unwrap().push(asked.clone());
        let active = watch.active.fetch_add(1, Ordering::Relaxed) + 1;
        watch.most.fetch_max(active, Ordering::Relaxed);
        let kept = send(&stream, &answer(&asked));
        watch.active.fetch_sub(1, Ordering::Relaxed);
        match kept {
            Some(true) => {}
            Some(false) => break,
            None => {
                watch.dropped.fetch_add(1, Ordering::Relaxed);
                break;
            }
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
}

fn receive(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&read| read > 0)?;
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    let mut fields = HashMap::new();
    loop {
        let mut field = String::new();
        reader.read_line(&mut field).ok()?;
        let Some((name, value)) = field.trim_end().split_once(':') else {
            break;
        };
        fields.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = fields
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked {
        line,
        fields,
        body,
        at: Instant::now(),
    })
}

/// Whether the connection can be used again; `None` when the other side has gone.
fn send(mut stream: &TcpStream, manner: &Manner) -> Option<bool> {
    wait(stream, manner.delay)?;
    let Manner {
        status,
        media,
        body,
        end,
        ..
    } = manner;
    let mut head = format!("HTTP/1.1 {status}\r\n");
    if !media.is_empty() {
        head += &format!("Content-Type: {media}\r\n");
    }
    let length = *end == (End::Whole { length: true });
    // An end that cannot be told from a whole one is one that closes the connection.
    let closes = matches!(end, End::Short(_));
    head += &match (length, closes) {
        (true, _) => format!("Content-Length: {}\r\n\r\n", body.len()),
        (_, true) => "Connection: close\r\n\r\n".to_owned(),
        _ => "Transfer-Encoding: chunked\r\n\r\n".to_owned(),
    };
    stream.write_all(head.as_bytes()).ok()?;
    let whole = match end {
        End::Whole { .. } | End::Never => body.len(),
        End::Short(most) | End::Reset(most) | End::Hangs(most) => *most.min(&body.len()),
    };
    loop {
        for piece in body[..whole].chunks(manner.pieces.max(1)) {
            let framed = !length && !closes;
            if framed {
                let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
                chunk.extend(piece);
                chunk.extend(b"\r\n");
                stream.write_all(&chunk).ok()?;
            } else {
                stream.write_all(piece).ok()?;
            }
            wait(stream, manner.pause)?;
        }
        match end {
            End::Whole { length } => {
                if !length {
                    stream.write_all(b"0\r\n\r\n").ok()?;
                }
                return Some(true);
            }
            End::Short(_) => return Some(false),
            // What is not read when a socket closes resets it; here it is the chunk that is missing.
            End::Reset(_) => return Some(false),
            End::Hangs(_) => wait(stream, Duration::from_secs(60))?,
            End::Never => {}
        }
    }
}

/// Waits, unless the other side goes meanwhile.
fn wait(stream: &TcpStream, time: Duration) -> Option<()> {
    if time.is_zero() {
        return Some(());
    }
    stream.set_read_timeout(Some(time)).unwrap();
    let mut byte = [0];
    let read = stream.peek(&mut byte);
    stream.set_read_timeout(None).unwrap();
    match read {
        Ok(0) => None,
        Err(error)
            if !matches!(
                error.kind(),
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
            ) =>
        {
            None
        }
        _ => Some(()),
    }
}

/// An address at which nobody answers the knock: the queue before its door is full. It stays so as long as the value lives.
#[derive(Debug)]
pub struct ShutDoor {
    listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl ShutDoor {
    /// Fills the queue.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut queue = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
            queue.push(stream);
        }
        Self {
            listener,
            _queue: queue,
        }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.listener.local_addr().unwrap())
    }
}

impl Default for ShutDoor {
    fn default() -> Self {
        Self::new()
    }
}
