//! From an answer to its sound: what it is, and where in it the audio lies.

use std::io::{self, Cursor, Read};
use std::sync::{Arc, Mutex, PoisonError};

use avatar_codec::{SoundDecoder, SoundFormat};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::StatusCode;
use serde_json::Value;

use super::fault::Fault;
use super::template::{Audio, Template};
use crate::net::{self, Exchange};

/// An answer in JSON may have this many bytes: minutes of uncompressed sound in base64.
const LONGEST: u64 = 64 << 20;

/// Of an answer that is no sound, this many bytes are logged.
const QUOTED: u64 = 300;

/// The audio of one answer as it was sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Raw(Arc<Mutex<Vec<u8>>>);

impl Raw {
    fn append(&self, bytes: &[u8]) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
    }

    /// All that was read so far.
    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Passes bytes on and remembers them.
struct Remembering<R>(R, Raw);

impl<R: Read> Read for Remembering<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.append(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// Sound about to be decoded.
#[derive(Debug)]
pub(super) struct Sound {
    pub(super) decoder: SoundDecoder,
    /// `None` where it is bare samples.
    pub(super) format: Option<SoundFormat>,
}

/// The sound in `exchange`; `engine` is for the log. What is read of it goes to `raw` as well.
pub(super) fn sound(
    mut exchange: Exchange,
    template: &Template,
    raw: Option<&Raw>,
    engine: &str,
) -> Result<Sound, Fault> {
    let status = exchange.status();
    if status == StatusCode::NO_CONTENT {
        return Err(Fault::Empty);
    }
    if !status.is_success() {
        let said = quote(&mut exchange);
        tracing::warn!(
            engine,
            status = status.as_u16(),
            said,
            "the speech engine refused"
        );
        return Err(net::Fault::Refused(status).into());
    }
    match &template.audio {
        Audio::Body => {
            let media = exchange.media().to_owned();
            open(exchange, &media, template, raw, engine)
        }
        Audio::Field(path) => {
            let audio = field(exchange, path, engine)?;
            open(Cursor::new(audio), "", template, raw, engine)
        }
    }
}

/// Tells from its beginning what `bytes` are.
fn open(
    mut bytes: impl Read + Send + 'static,
    media: &str,
    template: &Template,
    raw: Option<&Raw>,
    engine: &str,
) -> Result<Sound, Fault> {
    let mut head = Vec::new();
    read_head(&mut bytes, SoundFormat::HEAD as u64, &mut head)?;
    if head.is_empty() {
        return Err(Fault::Empty);
    }
    let sniffed = SoundFormat::sniff(&head);
    let format = match template.headerless {
        // Samples may look like the beginning of a frame of MP3, but hardly like four letters.
        Some(_) => sniffed.filter(|format| !matches!(format, SoundFormat::Mp3 | SoundFormat::Adts)),
        None => sniffed,
    };
    let headerless = template
        .headerless
        .filter(|_| format.is_none() && !is_text(media, &head));
    if format.is_none() && headerless.is_none() {
        let what = describe(media, &head);
        let _ = read_head(&mut bytes, QUOTED, &mut head);
        let said = String::from_utf8_lossy(&head).into_owned();
        tracing::warn!(
            engine,
            media,
            said,
            "the speech engine did not answer with sound"
        );
        return Err(Fault::NotSound(what));
    }
    let bytes = Cursor::new(head).chain(bytes);
    let decoder = match raw {
        Some(raw) => decoder(Remembering(bytes, raw.clone()), format, headerless),
        None => decoder(bytes, format, headerless),
    };
    Ok(Sound {
        decoder: decoder?,
        format,
    })
}

fn decoder(
    bytes: impl Read + Send + 'static,
    format: Option<SoundFormat>,
    headerless: Option<u32>,
) -> Result<SoundDecoder, Fault> {
    Ok(match (format, headerless) {
        (Some(format), _) => SoundDecoder::open(format, bytes)?,
        (None, rate) => SoundDecoder::headerless(rate.unwrap_or_default(), bytes),
    })
}

/// Appends the next bytes, at most so many.
fn read_head(bytes: &mut impl Read, most: u64, to: &mut Vec<u8>) -> Result<(), Fault> {
    let read = bytes.by_ref().take(most).read_to_end(to);
    read.map(|_| ()).map_err(fault)
}

fn fault(error: io::Error) -> Fault {
    avatar_codec::DecodeError::Source(error).into()
}

/// What an engine said that refused.
fn quote(exchange: &mut Exchange) -> String {
    let mut said = Vec::new();
    let _ = read_head(exchange, QUOTED, &mut said);
    String::from_utf8_lossy(&said).into_owned()
}

fn is_text(media: &str, head: &[u8]) -> bool {
    let media = media.to_ascii_lowercase();
    let says = media.starts_with("text/") || media.contains("json") || media.contains("html");
    let begins = |text: &str| head.trim_ascii_start().starts_with(text.as_bytes());
    says || begins("<!") || begins("<html") || begins("{\"")
}

/// What it is that is no sound.
fn describe(media: &str, head: &[u8]) -> String {
    let media = media.split(';').next().unwrap_or_default().trim();
    match head.trim_ascii_start().first() {
        Some(b'<') => "a web page or XML".to_owned(),
        Some(b'{' | b'[') => "JSON".to_owned(),
        _ if media.is_empty() || media.starts_with("audio/") => "something unknown".to_owned(),
        // It goes to clients, so it must be as plain as media types are.
        _ => media
            .chars()
            .filter(char::is_ascii_graphic)
            .take(40)
            .collect(),
    }
}

/// The audio in a field of the JSON that the answer is.
fn field(exchange: Exchange, path: &[String], engine: &str) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    let mut exchange = exchange;
    read_head(&mut exchange, LONGEST + 1, &mut body)?;
    if body.len() as u64 > LONGEST {
        return Err(Fault::Endless);
    }
    if body.is_empty() {
        return Err(Fault::Empty);
    }
    let missing = |why: &str| {
        let said: String = String::from_utf8_lossy(&body)
            .chars()
            .take(QUOTED as usize)
            .collect();
        tracing::warn!(engine, said, "the speech engine's answer {why}");
        Fault::NotSound(format!("an answer that {why}"))
    };
    let answer: Value = serde_json::from_slice(&body).map_err(|_| missing("is not JSON"))?;
    let found = path.iter().try_fold(&answer, |value, name| match value {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => value.get(name),
    });
    let text = found
        .and_then(Value::as_str)
        .ok_or_else(|| missing("lacks the field"))?;
    // Some put it into a data URL (RFC 2397).
    let text = match text.split_once(";base64,") {
        Some((head, rest)) if head.starts_with("data:") => rest,
        _ => text,
    };
    BASE64_STANDARD
        .decode(text.trim())
        .map_err(|_| missing("is not base64"))
}
