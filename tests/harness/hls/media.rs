//! Media playlists (sections 4.4.3 to 4.4.5).

use std::collections::BTreeMap;

use super::attributes::Attributes;
use super::{Fault, date, decimal, integer, lines};

/// A media playlist as it was read.
#[derive(Debug, Clone, Default)]
pub struct MediaPlaylist {
    /// The very text.
    pub text: String,
    /// How often each tag stands in it.
    pub tags: BTreeMap<String, usize>,
    /// `EXT-X-VERSION`, or 1.
    pub version: u64,
    /// `EXT-X-TARGETDURATION` in seconds, or 0.
    pub target: u64,
    /// `EXT-X-MEDIA-SEQUENCE`, or 0.
    pub sequence: u64,
    /// `EXT-X-PLAYLIST-TYPE`.
    pub kind: Option<String>,
    /// The `TIME-OFFSET` of `EXT-X-START` in seconds.
    pub start: Option<f64>,
    /// `EXT-X-SERVER-CONTROL`.
    pub control: Option<ServerControl>,
    /// `EXT-X-PART-INF` in seconds.
    pub part_target: Option<f64>,
    /// The `SKIPPED-SEGMENTS` of `EXT-X-SKIP`.
    pub skipped: Option<u64>,
    /// The segments that are spelt out.
    pub segments: Vec<Segment>,
    /// The parts of the segment in progress.
    pub open: Vec<Part>,
    /// `EXT-X-PRELOAD-HINT`.
    pub hints: Vec<Hint>,
    /// `EXT-X-RENDITION-REPORT`.
    pub reports: Vec<Report>,
    /// Whether there is an `EXT-X-ENDLIST`.
    pub ended: bool,
    /// What is wrong with it by itself.
    pub faults: Vec<Fault>,
}

/// What `EXT-X-SERVER-CONTROL` promises (section 4.4.3.8), times in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerControl {
    /// The tag's attributes.
    pub attributes: Vec<(String, String)>,
    /// `CAN-SKIP-UNTIL`: the skip boundary.
    pub can_skip_until: Option<f64>,
    /// `HOLD-BACK`.
    pub hold_back: Option<f64>,
    /// `PART-HOLD-BACK`.
    pub part_hold_back: Option<f64>,
    /// `CAN-BLOCK-RELOAD`.
    pub can_block_reload: bool,
}

/// A media segment.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Its media sequence number.
    pub sequence: u64,
    /// `EXTINF` in seconds.
    pub duration: f64,
    /// Where it is.
    pub uri: String,
    /// Its parts, as far as they are listed.
    pub parts: Vec<Part>,
    /// The `EXT-X-MAP` that applies to it.
    pub map: Option<String>,
    /// The `EXT-X-PROGRAM-DATE-TIME` that stands before it, in seconds since 1970.
    pub date: Option<f64>,
    /// Whether a tag that also applies to its first part stands behind a part of it.
    pub late_tags: bool,
}

/// A partial segment (section 4.4.4.9).
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its parent's media sequence number.
    pub sequence: u64,
    /// Its place among the parts of its parent that are listed.
    pub index: u64,
    /// `DURATION` in seconds.
    pub duration: f64,
    /// Where it is.
    pub uri: String,
    /// `INDEPENDENT`.
    pub independent: bool,
    /// `GAP`.
    pub gap: bool,
}

/// A preload hint (section 4.4.5.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// `TYPE`.
    pub kind: String,
    /// Where the resource will be.
    pub uri: String,
}

/// A rendition report (section 4.4.5.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The playlist it is about.
    pub uri: String,
    /// `LAST-MSN`.
    pub last_msn: Option<u64>,
    /// `LAST-PART`.
    pub last_part: Option<u64>,
}

/// What has been said of the segment that comes next.
#[derive(Default)]
struct Next {
    duration: Option<f64>,
    parts: Vec<Part>,
    date: Option<f64>,
    late_tags: bool,
}

/// Tags of which a media playlist has one at most (sections 4.4.1.2, 4.4.2, 4.4.3 and 4.4.5.2).
const ONCE: [&str; 11] = [
    "EXT-X-VERSION",
    "EXT-X-INDEPENDENT-SEGMENTS",
    "EXT-X-START",
    "EXT-X-TARGETDURATION",
    "EXT-X-MEDIA-SEQUENCE",
    "EXT-X-DISCONTINUITY-SEQUENCE",
    "EXT-X-ENDLIST",
    "EXT-X-PLAYLIST-TYPE",
    "EXT-X-PART-INF",
    "EXT-X-SERVER-CONTROL",
    "EXT-X-SKIP",
];

impl MediaPlaylist {
    /// Reads a media playlist.
    pub fn read(bytes: &[u8]) -> Self {
        let mut faults = Vec::new();
        let mut read = Self {
            text: String::from_utf8_lossy(bytes).into_owned(),
            version: 1,
            ..Self::default()
        };
        let mut next = Next::default();
        let mut map = None;
        for line in lines(bytes, &mut faults).iter().skip(1) {
            if let Some(tag) = line.strip_prefix("#EXT") {
                let (name, value) = tag.split_once(':').unwrap_or((tag, ""));
                let name = format!("EXT{name}");
                *read.tags.entry(name.clone()).or_default() += 1;
                read.tag(&name, value, &mut next, &mut map, &mut faults);
            } else if !line.is_empty() && !line.starts_with('#') {
                read.segment(line, &mut next, map.as_ref(), &mut faults);
            }
        }
        if next.duration.is_some() {
            faults.push(Fault::new("4.4.4.1", "an EXTINF without its URI"));
        }
        read.open = next.parts;
        for name in ONCE {
            if read.tags.get(name).is_some_and(|count| *count > 1) {
                faults.push(Fault::new("4.4.3", format!("{name} stands twice")));
            }
        }
        read.faults = faults;
        read
    }

    fn segment(
        &mut self,
        uri: &str,
        next: &mut Next,
        map: Option<&String>,
        faults: &mut Vec<Fault>,
    ) {
        let next = std::mem::take(next);
        if next.duration.is_none() {
            faults.push(Fault::new("4.4.4.1", format!("{uri} has no EXTINF")));
        }
        self.segments.push(Segment {
            sequence: self.upcoming(),
            duration: next.duration.unwrap_or_default(),
            uri: uri.to_owned(),
            parts: next.parts,
            map: map.cloned(),
            date: next.date,
            late_tags: next.late_tags,
        });
    }

    /// The media sequence number of the segment that comes next.
    fn upcoming(&self) -> u64 {
        self.sequence + self.skipped.unwrap_or_default() + self.segments.len() as u64
    }

    fn tag(
        &mut self,
        name: &str,
        value: &str,
        next: &mut Next,
        map: &mut Option<String>,
        faults: &mut Vec<Fault>,
    ) {
        let bare = [
            "EXT-X-INDEPENDENT-SEGMENTS",
            "EXT-X-ENDLIST",
            "EXT-X-DISCONTINUITY",
            "EXT-X-GAP",
        ];
        if bare.contains(&name) != value.is_empty() {
            faults.push(Fault::new("4.4", format!("{name} with value {value:?}")));
        }
        let number = |faults: &mut Vec<Fault>| {
            let number = integer(value);
            if number.is_none() {
                let what = format!("{name}: {value:?} is no decimal-integer");
                faults.push(Fault::new("4.2", what));
            }
            number.unwrap_or_default()
        };
        match name {
            "EXT-X-VERSION" => self.version = number(faults),
            "EXT-X-TARGETDURATION" => self.target = number(faults),
            "EXT-X-MEDIA-SEQUENCE" => {
                if !self.segments.is_empty() || !next.parts.is_empty() {
                    let what = "EXT-X-MEDIA-SEQUENCE after a segment";
                    faults.push(Fault::new("4.4.3.2", what));
                }
                self.sequence = number(faults);
            }
            "EXT-X-PLAYLIST-TYPE" => {
                if !["EVENT", "VOD"].contains(&value) {
                    faults.push(Fault::new("4.4.3.5", format!("a playlist of type {value}")));
                }
                self.kind = Some(value.to_owned());
            }
            "EXT-X-ENDLIST" => self.ended = true,
            "EXT-X-INDEPENDENT-SEGMENTS" => {}
            "EXTINF" => {
                let (seconds, _) = value.split_once(',').unwrap_or_else(|| {
                    faults.push(Fault::new(
                        "4.4.4.1",
                        format!("EXTINF:{value} without comma"),
                    ));
                    (value, "")
                });
                next.duration = decimal(seconds);
                if next.duration.is_none() {
                    faults.push(Fault::new("4.4.4.1", format!("EXTINF of {seconds:?}")));
                }
            }
            "EXT-X-PROGRAM-DATE-TIME" => {
                next.date = date::seconds(value);
                next.late_tags |= !next.parts.is_empty();
                if next.date.is_none() {
                    faults.push(Fault::new("4.4.4.6", format!("{value:?} is no date")));
                }
            }
            _ => self.listed(name, value, next, map, faults),
        }
    }

    /// Tags that hold attribute lists.
    fn listed(
        &mut self,
        name: &str,
        value: &str,
        next: &mut Next,
        map: &mut Option<String>,
        faults: &mut Vec<Fault>,
    ) {
        let list = Attributes::read(name, value, faults);
        match name {
            "EXT-X-START" => {
                list.require("4.4.2.2", &["TIME-OFFSET"], faults);
                list.allow("4.4.2.2", &["TIME-OFFSET", "PRECISE"], faults);
                list.word("PRECISE", &["YES", "NO"], faults);
                self.start = list.signed("TIME-OFFSET", faults);
            }
            "EXT-X-SERVER-CONTROL" => {
                let known = [
                    "CAN-SKIP-UNTIL",
                    "CAN-SKIP-DATERANGES",
                    "HOLD-BACK",
                    "PART-HOLD-BACK",
                    "CAN-BLOCK-RELOAD",
                ];
                list.allow("4.4.3.8", &known, faults);
                self.control = Some(ServerControl {
                    attributes: list.sorted(),
                    can_skip_until: list.decimal("CAN-SKIP-UNTIL", faults),
                    hold_back: list.decimal("HOLD-BACK", faults),
                    part_hold_back: list.decimal("PART-HOLD-BACK", faults),
                    can_block_reload: list.yes("CAN-BLOCK-RELOAD", faults),
                });
            }
            "EXT-X-PART-INF" => {
                list.require("4.4.3.7", &["PART-TARGET"], faults);
                list.allow("4.4.3.7", &["PART-TARGET"], faults);
                self.part_target = list.decimal("PART-TARGET", faults);
            }
            "EXT-X-MAP" => {
                list.require("4.4.4.5", &["URI"], faults);
                list.allow("4.4.4.5", &["URI", "BYTERANGE"], faults);
                next.late_tags |= !next.parts.is_empty();
                *map = list.quoted("URI", faults);
            }
            "EXT-X-PART" => {
                list.require("4.4.4.9", &["URI", "DURATION"], faults);
                let known = ["URI", "DURATION", "INDEPENDENT", "BYTERANGE", "GAP"];
                list.allow("4.4.4.9", &known, faults);
                if next.duration.is_some() {
                    let what = "EXT-X-PART between an EXTINF and its URI";
                    faults.push(Fault::new("4.4.4.9", what));
                }
                next.parts.push(Part {
                    sequence: self.upcoming(),
                    index: next.parts.len() as u64,
                    duration: list.decimal("DURATION", faults).unwrap_or_default(),
                    uri: list.quoted("URI", faults).unwrap_or_default(),
                    independent: list.yes("INDEPENDENT", faults),
                    gap: list.yes("GAP", faults),
                });
            }
            "EXT-X-SKIP" => {
                list.require("4.4.5.2", &["SKIPPED-SEGMENTS"], faults);
                let known = ["SKIPPED-SEGMENTS", "RECENTLY-REMOVED-DATERANGES"];
                list.allow("4.4.5.2", &known, faults);
                if !self.segments.is_empty() {
                    faults.push(Fault::new("4.4.5.2", "EXT-X-SKIP after a segment"));
                }
                self.skipped = list.integer("SKIPPED-SEGMENTS", faults);
            }
            "EXT-X-PRELOAD-HINT" => {
                list.require("4.4.5.3", &["TYPE", "URI"], faults);
                let known = ["TYPE", "URI", "BYTERANGE-START", "BYTERANGE-LENGTH"];
                list.allow("4.4.5.3", &known, faults);
                self.hints.push(Hint {
                    kind: list
                        .word("TYPE", &["PART", "MAP"], faults)
                        .unwrap_or_default(),
                    uri: list.quoted("URI", faults).unwrap_or_default(),
                });
            }
            "EXT-X-RENDITION-REPORT" => {
                list.require("4.4.5.4", &["URI"], faults);
                list.allow("4.4.5.4", &["URI", "LAST-MSN", "LAST-PART"], faults);
                self.reports.push(Report {
                    uri: list.quoted("URI", faults).unwrap_or_default(),
                    last_msn: list.integer("LAST-MSN", faults),
                    last_part: list.integer("LAST-PART", faults),
                });
            }
            _ => faults.push(Fault::new(
                "4.4",
                format!("{name} is no tag of a media playlist"),
            )),
        }
    }

    /// All parts that are listed, in order.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        let closed = self.segments.iter().flat_map(|segment| &segment.parts);
        closed.chain(&self.open)
    }

    /// The URIs of all that can be fetched now.
    pub fn resources(&self) -> Vec<String> {
        let maps = self
            .segments
            .iter()
            .filter_map(|segment| segment.map.clone());
        let segments = self.segments.iter().map(|segment| segment.uri.clone());
        let parts = self.parts().map(|part| part.uri.clone());
        maps.chain(segments).chain(parts).collect()
    }

    /// The media sequence number of the segment in progress, or of the one that would come next.
    pub fn in_progress(&self) -> u64 {
        self.upcoming()
    }

    /// How long it is in seconds, from the first segment that is spelt out.
    pub fn duration(&self) -> f64 {
        let segments: f64 = self.segments.iter().map(|segment| segment.duration).sum();
        segments + self.open.iter().map(|part| part.duration).sum::<f64>()
    }

    /// How far it has come: complete segments, and parts of the next.
    pub fn edge(&self) -> (u64, usize) {
        (self.upcoming(), self.open.len())
    }
}
