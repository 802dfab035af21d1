//! Which of a section's formats is sent.

use super::read::{Attributes, Section};

/// The format that is used in a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Payload {
    /// Its payload type.
    pub(super) number: u8,
    /// That of packets that are sent again (RFC 4588).
    pub(super) resend: Option<u8>,
    /// For pictures, the profile that is answered, six hexadecimal digits (RFC 6184 section 8.1).
    pub(super) profile: Option<String>,
}

/// Constrained baseline, level 3.1 (RFC 6184 section 8.1).
pub(super) const PROFILE: &str = "42e01f";

/// Names that are told of what cannot be sent.
const NAMES: usize = 8;

/// The format of pictures, or a list of those that are offered.
pub(super) fn pictures(section: &Section<'_>) -> Result<Payload, String> {
    let formats = formats(section);
    let mut usable: Vec<(u8, u8, &Format<'_>)> = formats
        .iter()
        .filter(|format| format.is("H264") && format.clock == 90_000)
        .filter_map(|format| {
            let mode = match format.parameter("packetization-mode") {
                Some("1") => 0,
                // Strictly that is mode 0; yet who does not speak of modes takes both.
                None => 1,
                Some(_) => return None,
            };
            Some((mode, rank(format.parameter("profile-level-id"))?, format))
        })
        .collect();
    usable.sort_by_key(|&(mode, rank, _)| (mode, rank));
    let Some((_, _, format)) = usable.first() else {
        return Err(names(&formats));
    };
    let profile = format.parameter("profile-level-id").map(str::to_owned);
    Ok(Payload {
        number: format.number,
        resend: resend(&formats, format.number),
        profile: Some(profile.unwrap_or_else(|| PROFILE.to_owned())),
    })
}

/// How well a decoder of a profile is served with constrained baseline: the less the better, and not at all for `None`. Those of the
/// main and the high profile decode it (H.264 section A.2).
fn rank(profile: Option<&str>) -> Option<u8> {
    let Some(profile) = profile else {
        return Some(1);
    };
    if profile.len() != 6 || !profile.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let [_, indication, constraints, _] = u32::from_str_radix(profile, 16).ok()?.to_be_bytes();
    match (indication, constraints) {
        (0x42, constraints) if constraints & 0x40 != 0 => Some(0),
        (0x4d, constraints) if constraints & 0x80 != 0 => Some(0),
        (0x42, _) => Some(1),
        (0x4d, _) => Some(2),
        (0x64, _) => Some(3),
        _ => None,
    }
}

/// The format of sound, or a list of those that are offered.
pub(super) fn sound(section: &Section<'_>) -> Result<Payload, String> {
    let formats = formats(section);
    let opus = formats
        .iter()
        .find(|format| format.is("opus") && format.clock == 48_000);
    match opus {
        Some(opus) => Ok(Payload {
            number: opus.number,
            resend: None,
            profile: None,
        }),
        None => Err(names(&formats)),
    }
}

/// A format of an m= line, with what its attributes say of it.
struct Format<'a> {
    number: u8,
    /// Empty where nothing is said of it.
    name: &'a str,
    clock: u32,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> Format<'a> {
    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn parameter(&self, name: &str) -> Option<&'a str> {
        let mut parameters = self.parameters.iter();
        let found = parameters.find(|(one, _)| one.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }
}

fn formats<'a>(section: &Section<'a>) -> Vec<Format<'a>> {
    let numbers = section.formats.iter().filter_map(|one| one.parse().ok());
    // Between them lies what is RTCP's on one port (RFC 5761 section 4).
    let numbers = numbers.filter(|number| matches!(number, 0..64 | 96..128));
    numbers
        .map(|number| format(&section.attributes, number))
        .collect()
}

fn format<'a>(attributes: &Attributes<'a>, number: u8) -> Format<'a> {
    let map = attributes.of_payload("rtpmap", number).next();
    let (name, rest) = map.and_then(|map| map.split_once('/')).unwrap_or_default();
    let clock = rest.split('/').next().and_then(|clock| clock.parse().ok());
    let parameters = attributes
        .of_payload("fmtp", number)
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.trim(), value.trim()));
    Format {
        number,
        name,
        clock: clock.unwrap_or_default(),
        parameters: parameters.collect(),
    }
}

fn resend(formats: &[Format<'_>], number: u8) -> Option<u8> {
    let of_it = |format: &&Format<'_>| {
        let of = format.parameter("apt").and_then(|of| of.parse().ok());
        format.is("rtx") && of == Some(number) && format.number != number
    };
    formats.iter().find(of_it).map(|format| format.number)
}

/// What is offered, for people.
fn names(formats: &[Format<'_>]) -> String {
    let mut names: Vec<String> = Vec::new();
    for format in formats {
        let aside = [
            "rtx",
            "red",
            "ulpfec",
            "flexfec-03",
            "CN",
            "telephone-event",
        ];
        if aside.iter().any(|name| format.is(name)) {
            continue;
        }
        let clean = |text: &str| -> String {
            let clean = text
                .chars()
                .filter(|one| one.is_ascii_alphanumeric() || *one == '-');
            clean.take(16).collect()
        };
        let mut name = match format.name {
            "" => format!("payload type {}", format.number),
            name => clean(name),
        };
        if format.is("H264") {
            for parameter in ["packetization-mode", "profile-level-id"] {
                if let Some(value) = format.parameter(parameter) {
                    name.push_str(&format!(" with {parameter}={}", clean(value)));
                }
            }
        }
        if names.len() < NAMES && !names.contains(&name) {
            names.push(name);
        }
    }
    match names.is_empty() {
        true => "nothing that is known".to_owned(),
        false => names.join(", "),
    }
}
