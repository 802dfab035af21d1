//! By what the offer's maker is known: its credentials (RFC 8839) and its certificate's fingerprint (RFC 8122).

use super::fault::Fault;
use super::read::{Attributes, Description, Section};

/// Characters of a name or a password at most (RFC 8839 section 5.4).
const MOST: usize = 256;

/// Bytes of a SHA-256.
const DIGEST: usize = 32;

/// What a connection is made by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transport<'a> {
    pub(super) fragment: &'a str,
    pub(super) password: &'a str,
    /// Of a certificate, by SHA-256, in upper case.
    pub(super) fingerprint: String,
    /// Who begins the handshake (RFC 8842).
    pub(super) setup: &'static str,
}

impl<'a> Transport<'a> {
    /// Of `section`, whose transport the `others` use that are served. Where it says nothing itself, what is said of the whole offer
    /// holds, or else what one of the others says.
    pub(super) fn of<'d>(
        description: &'d Description<'a>,
        section: &'d Section<'a>,
        others: impl Iterator<Item = &'d Section<'a>>,
    ) -> Result<Self, Fault> {
        let mut parts = vec![&section.attributes, &description.attributes];
        parts.extend(others.map(|other| &other.attributes));
        if parts.iter().any(|part| part.has("ice-lite")) {
            return Err(Fault::BothLite);
        }
        let credential = |name| {
            let value = parts.iter().find_map(|part| part.value(name));
            let value = value.ok_or(Fault::NoCredentials)?;
            let sound = (1..=MOST).contains(&value.len())
                && value.bytes().all(|byte| byte.is_ascii_graphic());
            sound.then_some(value).ok_or(Fault::Credentials)
        };
        let setup = parts.iter().find_map(|part| part.value("setup"));
        Ok(Self {
            fragment: credential("ice-ufrag")?,
            password: credential("ice-pwd")?,
            fingerprint: fingerprint(&parts)?,
            setup: match setup {
                Some("active") => "active",
                Some("passive") => "passive",
                _ => "actpass",
            },
        })
    }
}

/// Of several fingerprints, by several hashes, the one that can be compared here.
fn fingerprint(parts: &[&Attributes<'_>]) -> Result<String, Fault> {
    let mut others = Vec::new();
    let values = parts.iter().flat_map(|part| part.values("fingerprint"));
    for value in values {
        let (hash, digest) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
        if hash.eq_ignore_ascii_case("sha-256") {
            return read_digest(digest.trim()).ok_or(Fault::Fingerprint);
        }
        let name = hash.chars().filter(char::is_ascii_graphic).take(16);
        let name = name.collect::<String>().to_ascii_lowercase();
        if others.len() < 4 && !others.contains(&name) {
            others.push(name);
        }
    }
    Err(match others.is_empty() {
        true => Fault::NoFingerprint,
        false => Fault::OtherFingerprint(others.join(" and ")),
    })
}

fn read_digest(digest: &str) -> Option<String> {
    let bytes: Vec<&str> = digest.split(':').collect();
    let is_byte =
        |byte: &&str| byte.len() == 2 && byte.bytes().all(|half| half.is_ascii_hexdigit());
    (bytes.len() == DIGEST && bytes.iter().all(is_byte)).then(|| digest.to_ascii_uppercase())
}
