//! An independent reader of HLS playlists, and a recorder that follows a session as players do.
//!
//! Written from draft-pantos-hls-rfc8216bis-22 (1 May 2026), which replaces RFC 8216; its sections are what the code
//! cites. Nothing here is shared with what writes the playlists: a misreading of the draft must be made twice to go
//! unnoticed.
//!
//! The reader never gives up at the first fault. It takes what it can and lists what it could not, each with the
//! section that forbids it.

mod attributes;
mod capture;
mod date;
mod media;
mod multivariant;
mod packets;
mod recorder;

pub use attributes::Attributes;
pub use capture::{Capture, Exchange, Packet, Reading, Reason};
pub use media::{Hint, MediaPlaylist, Part, Report, Segment, ServerControl};
pub use multivariant::{Multivariant, Rendition, Variant};
pub use recorder::{Script, record};

/// Something a playlist must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The section that says so.
    pub section: &'static str,
    /// What is wrong, with the line.
    pub what: String,
}

impl Fault {
    fn new(section: &'static str, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { section, what }
    }
}

/// The lines of a playlist, and what is wrong with them as text (sections 4.1 and 4.4.1.1).
fn lines(bytes: &[u8], faults: &mut Vec<Fault>) -> Vec<String> {
    let mut fault = |section, what: String| faults.push(Fault::new(section, what));
    let text = String::from_utf8_lossy(bytes);
    if std::str::from_utf8(bytes).is_err() {
        fault("4.1", "not UTF-8".to_owned());
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        fault("4.1", "begins with a byte order mark".to_owned());
    }
    if !text.ends_with('\n') {
        fault("4.1", "the last line is not terminated".to_owned());
    }
    let mut lines = Vec::new();
    for line in text.split_terminator('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.chars().any(char::is_control) {
            fault("4.1", format!("control characters in {line:?}"));
        }
        if line.trim() != line {
            fault("4.1", format!("blanks around {line:?}"));
        }
        lines.push(line.to_owned());
    }
    if lines.first().is_none_or(|line| line != "#EXTM3U") {
        fault("4.4.1.1", "the first line is not #EXTM3U".to_owned());
    }
    lines
}

/// A decimal-integer (section 4.2): at most twenty digits, below 2^64.
fn integer(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// A decimal-floating-point (section 4.2): digits, and perhaps a point with more of them.
fn decimal(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(fraction)).then(|| text.parse().unwrap())
}
