//! Multivariant playlists (section 4.4.6).

use super::attributes::Attributes;
use super::{Fault, integer, lines};

/// A multivariant playlist as it was read.
#[derive(Debug, Clone, Default)]
pub struct Multivariant {
    /// The very text.
    pub text: String,
    /// `EXT-X-VERSION`, or 1.
    pub version: u64,
    /// `EXT-X-STREAM-INF`.
    pub variants: Vec<Variant>,
    /// `EXT-X-MEDIA`.
    pub renditions: Vec<Rendition>,
    /// What is wrong with it by itself.
    pub faults: Vec<Fault>,
}

/// A variant stream (section 4.4.6.2).
#[derive(Debug, Clone, Default)]
pub struct Variant {
    /// Where its media playlist is.
    pub uri: String,
    /// `BANDWIDTH` in bits a second.
    pub bandwidth: Option<u64>,
    /// `AVERAGE-BANDWIDTH` in bits a second.
    pub average: Option<u64>,
    /// `CODECS`.
    pub codecs: Vec<String>,
    /// `RESOLUTION`.
    pub resolution: Option<(u64, u64)>,
    /// `FRAME-RATE`.
    pub frame_rate: Option<f64>,
    /// `SUBTITLES`.
    pub subtitles: Option<String>,
}

/// A rendition (section 4.4.6.1).
#[derive(Debug, Clone, Default)]
pub struct Rendition {
    /// `TYPE`.
    pub kind: String,
    /// `GROUP-ID`.
    pub group: String,
    /// `NAME`.
    pub name: String,
    /// Where its media playlist is.
    pub uri: Option<String>,
    /// `DEFAULT`.
    pub default: bool,
    /// `AUTOSELECT`, where it says anything.
    pub autoselect: Option<bool>,
}

impl Multivariant {
    /// Reads a multivariant playlist.
    pub fn read(bytes: &[u8]) -> Self {
        let mut faults = Vec::new();
        let mut read = Self {
            text: String::from_utf8_lossy(bytes).into_owned(),
            version: 1,
            ..Self::default()
        };
        let mut next: Option<Variant> = None;
        for line in lines(bytes, &mut faults).iter().skip(1) {
            if let Some(tag) = line.strip_prefix("#EXT") {
                if next.is_some() {
                    let what = format!("#EXT{tag} between EXT-X-STREAM-INF and its URI");
                    faults.push(Fault::new("4.4.6.2", what));
                }
                let (name, value) = tag.split_once(':').unwrap_or((tag, ""));
                match name {
                    "-X-VERSION" => read.version = integer(value).unwrap_or_default(),
                    "-X-INDEPENDENT-SEGMENTS" => {}
                    "-X-STREAM-INF" => next = Some(variant(value, &mut faults)),
                    "-X-MEDIA" => read.renditions.push(rendition(value, &mut faults)),
                    _ => {
                        let what = format!("EXT{name} is no tag of a multivariant playlist");
                        faults.push(Fault::new("4.4", what));
                    }
                }
            } else if !line.is_empty() && !line.starts_with('#') {
                match next.take() {
                    Some(mut variant) => {
                        variant.uri = line.clone();
                        read.variants.push(variant);
                    }
                    None => faults.push(Fault::new("4.4.6.2", format!("{line} has no variant"))),
                }
            }
        }
        if next.is_some() {
            faults.push(Fault::new("4.4.6.2", "an EXT-X-STREAM-INF without its URI"));
        }
        read.faults = faults;
        read
    }
}

fn variant(value: &str, faults: &mut Vec<Fault>) -> Variant {
    let list = Attributes::read("EXT-X-STREAM-INF", value, faults);
    list.require("4.4.6.2", &["BANDWIDTH"], faults);
    let codecs = list.quoted("CODECS", faults).unwrap_or_default();
    Variant {
        uri: String::new(),
        bandwidth: list.integer("BANDWIDTH", faults),
        average: list.integer("AVERAGE-BANDWIDTH", faults),
        codecs: codecs
            .split(',')
            .map(|codec| codec.trim().to_owned())
            .collect(),
        resolution: list.resolution("RESOLUTION", faults),
        frame_rate: list.decimal("FRAME-RATE", faults),
        subtitles: list.quoted("SUBTITLES", faults),
    }
}

fn rendition(value: &str, faults: &mut Vec<Fault>) -> Rendition {
    let list = Attributes::read("EXT-X-MEDIA", value, faults);
    list.require("4.4.6.1", &["TYPE", "GROUP-ID", "NAME"], faults);
    let kinds = ["AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"];
    let whether = ["YES", "NO"];
    list.word("FORCED", &whether, faults);
    list.quoted("LANGUAGE", faults);
    list.quoted("CHARACTERISTICS", faults);
    Rendition {
        kind: list.word("TYPE", &kinds, faults).unwrap_or_default(),
        group: list.quoted("GROUP-ID", faults).unwrap_or_default(),
        name: list.quoted("NAME", faults).unwrap_or_default(),
        uri: list.quoted("URI", faults),
        default: list.word("DEFAULT", &whether, faults).as_deref() == Some("YES"),
        autoselect: list
            .word("AUTOSELECT", &whether, faults)
            .map(|word| word == "YES"),
    }
}
