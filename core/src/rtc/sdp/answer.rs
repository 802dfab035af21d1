//! The answer, for the offer that came.

use super::codec::Payload;
use super::plan::{Part, Plan};
use super::read::Section;

/// Characters of the words of a rejected m= line that are echoed.
const WORD: usize = 32;

/// Lines by which a transport is begun, which each section of the library's answer has.
const TRANSPORT: usize = 4;

impl Plan<'_> {
    /// Makes of the library's answer to the [plain](Self::plain) offer the one to the offer that came. `None` if it does not serve what
    /// it should.
    pub(in crate::rtc) fn answer(&self, plain: &str) -> Option<String> {
        let mut parts = plain.split("\r\nm=");
        let mut answer = String::new();
        for line in parts.next()?.split("\r\n") {
            if !line.starts_with("a=group:") {
                push(&mut answer, line);
            } else if let Some(group) = self.group() {
                push(&mut answer, &group);
            }
        }
        let transport: Vec<&str> = plain.split("\r\n").filter(is_of_transport).collect();
        let sections = self.description.sections.iter().zip(&self.parts);
        for ((section, part), name) in sections.zip(&self.names) {
            if *part == Part::Rejected {
                reject(&mut answer, section, *name, &transport);
            } else {
                let served = parts.next()?;
                serve(&mut answer, section, part, *name, served)?;
            }
        }
        parts.next().is_none().then_some(answer)
    }

    /// The sections that share one transport, if the offer says that they may.
    fn group(&self) -> Option<String> {
        let names: Vec<&str> = self.served().filter_map(|(_, _, name, _)| name).collect();
        (self.bundled && !names.is_empty()).then(|| format!("a=group:BUNDLE {}", names.join(" ")))
    }
}

fn push(answer: &mut String, line: &str) {
    if !line.is_empty() {
        answer.push_str(line);
        answer.push_str("\r\n");
    }
}

/// Whether a line is one of those by which a transport is begun.
fn is_of_transport(line: &&str) -> bool {
    ["a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=setup:"]
        .iter()
        .any(|name| line.starts_with(name))
}

/// A section that is not served (RFC 3264 section 6): one of the formats must be there, and means nothing.
fn reject(answer: &mut String, section: &Section<'_>, name: Option<&str>, transport: &[&str]) {
    let echo = |word: &str| -> String { word.chars().take(WORD).collect() };
    let (medium, protocol) = (echo(section.medium), echo(section.protocol));
    let format = section.formats.first().map(|format| echo(format));
    let format = format.unwrap_or_default();
    push(answer, &format!("m={medium} 0 {protocol} {format}"));
    push(answer, "c=IN IP4 0.0.0.0");
    if let Some(name) = name {
        push(answer, &format!("a=mid:{name}"));
    }
    push(answer, "a=inactive");
    // Nobody needs them here, but GStreamer takes no answer without them: one each, of which all sections have the same.
    for line in transport.iter().take(TRANSPORT) {
        push(answer, line);
    }
}

/// A section that is served, of which `plain` is the library's without its first two characters.
fn serve(
    answer: &mut String,
    section: &Section<'_>,
    part: &Part,
    name: Option<&str>,
    plain: &str,
) -> Option<()> {
    let mut lines = plain.split("\r\n");
    let mut words = lines.next()?.splitn(4, ' ');
    let [medium, port, _, formats] = [words.next()?, words.next()?, words.next()?, words.next()?];
    let by_number = section.formats.first().filter(|_| *part == Part::Channel);
    let by_number = by_number.filter(|format| format.bytes().all(|one| one.is_ascii_digit()));
    // As it was before RFC 8841: what stands there is a port.
    let formats = if by_number.is_some() { "5000" } else { formats };
    if port == "0" || formats.trim().is_empty() || medium != section.medium {
        return None;
    }
    // The same protocol as the offer's, by the same name.
    let protocol = section.protocol;
    push(answer, &format!("m={medium} {port} {protocol} {formats}"));
    for line in lines {
        if line.starts_with("a=mid:") {
            if let Some(name) = name {
                push(answer, &format!("a=mid:{name}"));
            }
        } else if let Some(port) = line.strip_prefix("a=sctp-port:")
            && by_number.is_some()
        {
            push(
                answer,
                &format!("a=sctpmap:{port} webrtc-datachannel 65535"),
            );
        } else {
            let profiled = match part {
                Part::Media { payload, .. } => profiled(payload, line),
                _ => None,
            };
            push(answer, profiled.as_deref().unwrap_or(line));
        }
    }
    Some(())
}

/// The line that says how pictures are encoded, with the profile that was offered.
fn profiled(payload: &Payload, line: &str) -> Option<String> {
    let profile = payload.profile.as_ref()?;
    let begin = format!("a=fmtp:{} ", payload.number);
    line.starts_with(&begin).then(|| {
        format!("{begin}level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={profile}")
    })
}
