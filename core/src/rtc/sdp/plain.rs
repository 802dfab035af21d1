//! The plain offer that the library is given: the sections that are served, and of them what it has to know.

use std::collections::HashSet;
use std::fmt::Write;

use super::codec::{PROFILE, Payload};
use super::plan::{Part, Plan};
use super::read::{Direction, Section};

/// Sources of sound in a section that are told.
const SOURCES: usize = 4;

/// The extension that names a section in each packet (RFC 9143 section 15).
const NAME: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";

/// Those that name one of several qualities (RFC 8852), of which none is taken.
const QUALITIES: [&str; 2] = [
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
];

/// What may be reported of packets (RFC 4585, RFC 5104).
const FEEDBACK: [&str; 5] = ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"];

impl Plan<'_> {
    /// Writes it.
    pub(in crate::rtc) fn plain(&self) -> String {
        let tokens: Vec<&str> = self.served().map(|(.., token)| token).collect();
        let mut sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n",
            tokens.join(" ")
        );
        for (section, part, _, token) in self.served() {
            // Writing to a string does not fail.
            let _ = match part {
                Part::Media { payload, direction } => {
                    self.media(&mut sdp, section, payload, *direction, token)
                }
                _ => self.channel(&mut sdp, section, token),
            };
        }
        sdp
    }

    /// What all sections have. Candidates are left out: nothing is sent to where nobody has been heard from.
    fn transport(&self, sdp: &mut String, token: &str) -> std::fmt::Result {
        let transport = &self.transport;
        write!(
            sdp,
            "c=IN IP4 0.0.0.0\r\na=mid:{token}\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=fingerprint:sha-256 {}\r\na=setup:{}\r\n",
            transport.fragment, transport.password, transport.fingerprint, transport.setup
        )
    }

    fn media(
        &self,
        sdp: &mut String,
        section: &Section<'_>,
        payload: &Payload,
        direction: Direction,
        token: &str,
    ) -> std::fmt::Result {
        let number = payload.number;
        let resend = payload.resend.map(|resend| format!(" {resend}"));
        let medium = section.medium;
        write!(
            sdp,
            "m={medium} 9 UDP/TLS/RTP/SAVPF {number}{}\r\n",
            resend.unwrap_or_default()
        )?;
        self.transport(sdp, token)?;
        write!(sdp, "a={}\r\na=rtcp-mux\r\n", direction.word())?;
        match payload.profile {
            // The library compares profiles to the letter; the one that is answered is put in later.
            Some(_) => write!(
                sdp,
                "a=rtpmap:{number} H264/90000\r\na=fmtp:{number} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={PROFILE}\r\n"
            )?,
            None => write!(
                sdp,
                "a=rtpmap:{number} opus/48000/2\r\na=fmtp:{number} minptime=10;useinbandfec=1\r\n"
            )?,
        }
        if let Some(resend) = payload.resend {
            write!(
                sdp,
                "a=rtpmap:{resend} rtx/90000\r\na=fmtp:{resend} apt={number}\r\n"
            )?;
        }
        for feedback in feedback(section, number) {
            write!(sdp, "a=rtcp-fb:{number} {feedback}\r\n")?;
        }
        for (id, uri) in self.extensions(section) {
            write!(sdp, "a=extmap:{id} {uri}\r\n")?;
        }
        if direction.sends {
            for source in sources(section) {
                write!(sdp, "a=ssrc:{source} cname:-\r\n")?;
            }
        }
        Ok(())
    }

    fn channel(&self, sdp: &mut String, section: &Section<'_>, token: &str) -> std::fmt::Result {
        write!(sdp, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n")?;
        self.transport(sdp, token)?;
        write!(sdp, "a=sctp-port:5000\r\n")?;
        let most = section.attributes.value("max-message-size");
        if let Some(most) = most.and_then(|most| most.parse::<u32>().ok()) {
            write!(sdp, "a=max-message-size:{most}\r\n")?;
        }
        Ok(())
    }

    /// The header extensions of a section (RFC 8285) that one byte can number.
    fn extensions(&self, section: &Section<'_>) -> Vec<(u8, String)> {
        let mut known = HashSet::new();
        let mut extensions = Vec::new();
        let parts = [&section.attributes, &self.description.attributes];
        for value in parts.iter().flat_map(|part| part.values("extmap")) {
            let mut words = value.split_ascii_whitespace();
            let (Some(id), Some(uri)) = (words.next(), words.next()) else {
                continue;
            };
            let (id, way) = id.split_once('/').unwrap_or((id, ""));
            let Ok(id @ 1..15) = id.parse::<u8>() else {
                continue;
            };
            // Packets cannot name a section by a name that the library does not know.
            let unfit = QUALITIES.contains(&uri)
                || uri == NAME && self.renamed
                || way == "inactive"
                || !uri.bytes().all(|byte| byte.is_ascii_graphic());
            if !unfit && known.insert(id) {
                extensions.push((id, uri.to_owned()));
            }
        }
        extensions
    }
}

fn feedback(section: &Section<'_>, number: u8) -> Vec<&'static str> {
    let said: Vec<&str> = section
        .attributes
        .values("rtcp-fb")
        .filter_map(|value| {
            let (of, feedback) = value.split_once(char::is_whitespace)?;
            let applies = of == "*" || of.parse() == Ok(number);
            applies.then(|| feedback.trim())
        })
        .collect();
    let known = FEEDBACK.into_iter();
    known.filter(|feedback| said.contains(feedback)).collect()
}

fn sources(section: &Section<'_>) -> Vec<u32> {
    let mut sources: Vec<u32> = Vec::new();
    for value in section.attributes.values("ssrc") {
        let source = value.split_ascii_whitespace().next();
        if let Some(source) = source.and_then(|source| source.parse().ok())
            && sources.len() < SOURCES
            && !sources.contains(&source)
        {
            sources.push(source);
        }
    }
    sources
}
