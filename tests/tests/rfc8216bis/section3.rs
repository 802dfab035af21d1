//! Media segments and partial segments.

use avatar_tests::hls::Capture;

use crate::specimen::{edited, reworded};
use crate::timeline::Timeline;
use crate::{ROUNDING, check, each};

/// The top boxes of a file with their contents; nothing where its lengths do not add up.
fn boxes(mut bytes: &[u8]) -> Vec<(String, &[u8])> {
    let mut found = Vec::new();
    while let Some((head, _)) = bytes.split_first_chunk::<8>() {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if length < 8 || length > bytes.len() {
            return Vec::new();
        }
        let name = String::from_utf8_lossy(&head[4..]).into_owned();
        found.push((name, &bytes[8..length]));
        bytes = &bytes[length..];
    }
    found
}

fn has(bytes: &[u8], name: &str) -> bool {
    bytes.windows(4).any(|window| window == name.as_bytes())
}

fn fragments(capture: &Capture) -> Vec<String> {
    let files = capture.files().filter(|file| file.status == 200);
    files
        .filter_map(|file| {
            let boxes = boxes(&file.body);
            let all = |name: &'static str| boxes.iter().filter(move |(other, _)| other == name);
            let wrong = match file.name.as_str() {
                "init.mp4" if boxes.first()?.0 != "ftyp" => "does not begin with ftyp",
                "init.mp4" if all("moov").count() != 1 => "has not one moov",
                "init.mp4" if !has(all("moov").next()?.1, "mvex") => "expects no fragments",
                "init.mp4" if all("mdat").count() > 0 => "has samples",
                name if !name.ends_with(".m4s") => return None,
                _ if boxes.is_empty() => "has boxes whose lengths do not add up",
                _ if all("moof").count() == 0 => "has no fragment",
                _ if all("moov").count() > 0 => "has a moov",
                _ if all("moof").any(|(_, moof)| !has(moof, "tfdt")) => {
                    "does not say when it begins"
                }
                _ => return None,
            };
            Some(format!("{} {wrong}", file.name))
        })
        .collect()
}

#[test]
fn s3_1_2_segments_and_parts_are_fragments_that_say_when_they_begin() {
    let spoil = |name: &'static str, from: &'static [u8], to: &'static [u8]| {
        edited(move |file| {
            if let Some(at) = file.body.windows(4).position(|window| window == from)
                && file.name == name
            {
                file.body[at..at + 4].copy_from_slice(to);
            }
        })
    };
    check(
        fragments,
        &[
            (
                "a part without a time",
                spoil("segment_003.2.m4s", b"tfdt", b"free"),
            ),
            (
                "a segment without a fragment",
                spoil("segment_003.m4s", b"moof", b"moov"),
            ),
            (
                "an init.mp4 that expects no fragments",
                spoil("init.mp4", b"mvex", b"free"),
            ),
        ],
    );
}

fn maps(capture: &Capture) -> Vec<String> {
    let without = |reading: &avatar_tests::hls::Reading| {
        let lost = reading
            .playlist
            .segments
            .iter()
            .find(|segment| segment.map.is_none())?;
        // What is skipped takes its map with it; it stays in force.
        reading
            .playlist
            .skipped
            .is_none()
            .then(|| format!("{} has no map", lost.uri))
    };
    let mut faults = each(capture.media(), without);
    let maps = capture
        .media()
        .flat_map(|reading| &reading.playlist.segments)
        .filter_map(|segment| segment.map.as_ref());
    for map in maps {
        if capture.bytes(map).is_none() {
            faults.push(format!("{map} is not there"));
        }
    }
    faults
}

#[test]
fn s3_1_2_every_fragment_has_a_map_that_is_there() {
    check(
        maps,
        &[
            ("no map", reworded("#EXT-X-MAP:URI=\"init.mp4\"\n", "")),
            ("a map that is not there", reworded("init.mp4", "first.mp4")),
        ],
    );
}

fn captions(capture: &Capture) -> Vec<String> {
    let files = capture
        .files()
        .filter(|file| file.status == 200 && file.name.ends_with(".vtt"));
    files
        .filter(|file| !file.body.starts_with(b"WEBVTT"))
        .map(|file| format!("{} is no WebVTT", file.name))
        .collect()
}

#[test]
fn s3_1_4_captions_begin_with_their_header() {
    let spoilt = edited(|file| {
        if file.name == "captions_002.vtt" {
            file.body = b"1\n".to_vec();
        }
    });
    check(captions, &[("captions without a header", spoilt)]);
}

fn same_samples(capture: &Capture) -> Vec<String> {
    let mut faults = Vec::new();
    for parent in Timeline::of(capture).0.values() {
        let Some(segment) = parent.uri.as_ref().and_then(|uri| capture.bytes(uri)) else {
            continue;
        };
        let parts: Option<Vec<&[u8]>> = parent
            .parts
            .iter()
            .map(|part| capture.bytes(&part.uri))
            .collect();
        let Some(parts) = parts else { continue };
        let parts = parts.concat();
        let same = if parent.complete {
            segment == parts
        } else {
            segment.starts_with(&parts)
        };
        if !same {
            faults.push(format!("the parts of {:?} are something else", parent.uri));
        }
    }
    faults
}

#[test]
fn s3_2_a_segment_holds_what_its_parts_hold() {
    let spoilt = edited(|file| {
        if file.name == "segment_003.2.m4s" {
            *file.body.last_mut().unwrap() ^= 1;
        }
    });
    check(same_samples, &[("a part of something else", spoilt)]);
}

fn sums(capture: &Capture) -> Vec<String> {
    let timeline = Timeline::of(capture);
    each(capture.low_latency(), |reading| {
        let whole = reading.playlist.segments.iter().filter(|segment| {
            let known = timeline
                .0
                .get(&segment.sequence)
                .map_or(0, |parent| parent.parts.len());
            !segment.parts.is_empty() && segment.parts.len() == known
        });
        let parts = |segment: &avatar_tests::hls::Segment| {
            segment.parts.iter().map(|part| part.duration).sum::<f64>()
        };
        let wrong = whole
            .clone()
            .find(|segment| (parts(segment) - segment.duration).abs() > ROUNDING)?;
        Some(format!(
            "{} lasts {} s, its parts {} s",
            wrong.uri,
            wrong.duration,
            parts(wrong)
        ))
    })
}

#[test]
fn s3_2_the_parts_of_a_segment_are_as_long_as_it_is() {
    check(
        sums,
        &[
            (
                "a longer segment",
                reworded(
                    "#EXTINF:1.000000,\nsegment_004",
                    "#EXTINF:1.200000,\nsegment_004",
                ),
            ),
            (
                "a part too little",
                reworded("#EXT-X-PART:DURATION=0.2,URI=\"segment_004.4.m4s\"\n", ""),
            ),
        ],
    );
}

fn orphans(capture: &Capture) -> Vec<String> {
    let ended = capture.media().filter(|reading| reading.playlist.ended);
    each(ended, |reading| {
        let orphan = reading.playlist.open.first()?;
        Some(format!("{} belongs to no segment", orphan.uri))
    })
}

#[test]
fn s3_2_at_the_end_every_part_belongs_to_a_segment() {
    let spoilt = reworded("#EXTINF:0.520000,\nsegment_011.m4s\n", "");
    check(orphans, &[("parts without their segment", spoilt)]);
}

/// A part's index is its place among the parts of its segment, which a playlist that lists some of them hides.
fn together(capture: &Capture) -> Vec<String> {
    let timeline = Timeline::of(capture);
    each(capture.low_latency(), |reading| {
        let torn = reading.playlist.segments.iter().find(|segment| {
            let first = timeline
                .0
                .get(&segment.sequence)
                .and_then(|parent| parent.parts.first());
            let listed = segment.parts.first();
            listed.is_some() && listed.map(|part| &part.uri) != first.map(|part| &part.uri)
        })?;
        Some(format!(
            "the first part listed of {} is {}",
            torn.uri, torn.parts[0].uri
        ))
    })
}

#[test]
fn s3_2_the_index_of_a_part_never_changes() {
    let first = "#EXT-X-PART:DURATION=0.2,URI=\"segment_004.0.m4s\",INDEPENDENT=YES\n";
    let spoilt = crate::specimen::reworded_from(7.0, "playlist.m3u8", first, "");
    check(together, &[("a segment without its first part", spoilt)]);
}
