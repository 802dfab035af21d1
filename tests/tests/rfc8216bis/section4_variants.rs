//! Tags of multivariant playlists.

use std::collections::BTreeSet;

use avatar_tests::hls::{Capture, Multivariant, Variant};

use crate::check;
use crate::specimen::{good, repacked, reworded_from};
use crate::timeline::Timeline;

fn of_master(capture: &Capture, wrong: impl Fn(&Multivariant) -> Vec<String>) -> Vec<String> {
    match capture.master() {
        Some(master) => wrong(master),
        None => vec!["there is no multivariant playlist".to_owned()],
    }
}

/// The variant that the captures follow.
fn followed(master: &Multivariant) -> Option<&Variant> {
    let names = ["playlist.m3u8", "index.m3u8", "audio.m3u8"];
    let mut variants = master.variants.iter();
    variants.find(|variant| names.contains(&variant.uri.as_str()))
}

fn spoilt(old: &str, new: &str) -> Capture {
    reworded_from(0.0, "master.m3u8", old, new)
}

fn renditions(capture: &Capture) -> Vec<String> {
    of_master(capture, |master| {
        let mut faults = Vec::new();
        let mut names = BTreeSet::new();
        for rendition in &master.renditions {
            let name = &rendition.name;
            if !names.insert((
                rendition.kind.clone(),
                rendition.group.clone(),
                name.clone(),
            )) {
                faults.push(format!("two renditions named {name}"));
            }
            if rendition.kind == "SUBTITLES" && rendition.uri.is_none() {
                faults.push(format!("{name} has no URI"));
            }
            if rendition.default && rendition.autoselect == Some(false) {
                faults.push(format!("{name} is the default and not to be selected"));
            }
        }
        let defaults = master
            .renditions
            .iter()
            .filter(|rendition| rendition.default);
        let groups: Vec<&String> = defaults.map(|rendition| &rendition.group).collect();
        if groups.iter().collect::<BTreeSet<_>>().len() < groups.len() {
            faults.push("two defaults in a group".to_owned());
        }
        faults
    })
}

#[test]
fn s4_4_6_1_renditions_are_told_apart_and_can_be_found() {
    let line =
        "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"words\",NAME=\"English\",URI=\"other.m3u8\"\n";
    check(
        renditions,
        &[
            (
                "subtitles without a URI",
                spoilt(",URI=\"captions.m3u8\"", ""),
            ),
            (
                "a default that is not to be selected",
                spoilt("AUTOSELECT=YES", "AUTOSELECT=NO"),
            ),
            (
                "two of a name",
                spoilt("#EXT-X-STREAM-INF", &format!("{line}#EXT-X-STREAM-INF")),
            ),
        ],
    );
}

/// The highest bit rate of neighbouring segments that last half to one and a half target durations together.
fn peak(capture: &Capture, names: &[(String, f64)], target: f64) -> f64 {
    let sizes: Vec<(f64, f64)> = names
        .iter()
        .filter_map(|(name, duration)| Some((capture.bytes(name)?.len() as f64 * 8.0, *duration)))
        .collect();
    let mut peak: f64 = 0.0;
    for from in 0..sizes.len() {
        let (mut bits, mut seconds) = (0.0, 0.0);
        for (more, duration) in &sizes[from..] {
            bits += more;
            seconds += duration;
            if seconds > 1.5 * target {
                break;
            }
            if seconds >= 0.5 * target {
                peak = peak.max(bits / seconds);
            }
        }
    }
    peak
}

fn bandwidth(capture: &Capture) -> Vec<String> {
    of_master(capture, |master| {
        let listed = |reading: &avatar_tests::hls::Reading| -> Vec<(String, f64)> {
            let segments = reading.playlist.segments.iter();
            segments
                .map(|segment| (segment.uri.clone(), segment.duration))
                .collect()
        };
        let media = capture
            .full()
            .last()
            .map(|reading| (listed(reading), reading.playlist.target));
        let captions = capture.captions().last().map(listed).unwrap_or_default();
        let (Some(variant), Some((segments, target))) = (followed(master), media) else {
            return vec!["there is no variant with segments".to_owned()];
        };
        let target = target as f64;
        let most = peak(capture, &segments, target) + peak(capture, &captions, target);
        let said = variant.bandwidth.unwrap_or_default();
        if (said as f64) < most {
            return vec![format!("{said} bits a second are said, {most:.0} reached")];
        }
        let average = variant.average.filter(|average| *average > said);
        average
            .map(|average| format!("an average of {average} bits a second, at most {said}"))
            .into_iter()
            .collect()
    })
}

#[test]
fn s4_4_6_2_no_stretch_of_media_takes_more_than_the_bandwidth() {
    check(
        bandwidth,
        &[
            (
                "a bandwidth too small",
                spoilt("BANDWIDTH=100000", "BANDWIDTH=1000"),
            ),
            (
                "an average above the peak",
                spoilt(
                    "BANDWIDTH=100000",
                    "BANDWIDTH=100000,AVERAGE-BANDWIDTH=200000",
                ),
            ),
        ],
    );
}

/// The four bytes that lie `skip` bytes after a box's name. The last such box is meant: brands are named like boxes.
fn after<'a>(init: &'a [u8], name: &[u8], skip: usize) -> Option<&'a [u8]> {
    let at = init.windows(4).rposition(|window| window == name)?;
    init.get(at + 4 + skip..at + 8 + skip)
}

fn codecs(capture: &Capture) -> Vec<String> {
    of_master(capture, |master| {
        let init = capture.bytes("init.mp4").unwrap_or_default();
        let mut formats = Vec::new();
        if let Some(&[_, profile, compatibility, level]) = after(init, b"avcC", 0) {
            formats.push(format!("avc1.{profile:02X}{compatibility:02X}{level:02X}"));
        }
        if after(init, b"mp4a", 0).is_some() {
            formats.push("mp4a.40.2".to_owned());
        }
        let mut faults = Vec::new();
        let tracks = if capture.is_sound_alone() { 1 } else { 2 };
        if formats.len() != tracks {
            faults.push(format!("init.mp4 has not {tracks} tracks of H.264 and AAC"));
        }
        let said = followed(master).map(|variant| variant.codecs.as_slice());
        let said = said.unwrap_or_default();
        let unnamed =
            |format: &&String| !said.iter().any(|codec| codec.eq_ignore_ascii_case(format));
        let missing = formats.iter().filter(unnamed);
        faults.extend(missing.map(|format| format!("{format} is not named")));
        faults
    })
}

#[test]
fn s4_4_6_2_codecs_name_every_format_in_the_media() {
    check(
        codecs,
        &[
            ("another level", spoilt("avc1.64001F", "avc1.640015")),
            ("no sound", spoilt(",mp4a.40.2", "")),
            ("no codecs", spoilt("CODECS=\"avc1.64001F,mp4a.40.2\",", "")),
        ],
    );
}

fn pictures(capture: &Capture) -> Vec<String> {
    of_master(capture, |master| {
        let Some(variant) = followed(master) else {
            return vec!["there is no variant".to_owned()];
        };
        if capture.is_sound_alone() {
            let said = variant.resolution.is_some() || variant.frame_rate.is_some();
            return said
                .then(|| "pictures are said, and there are none".to_owned())
                .into_iter()
                .collect();
        }
        let init = capture.bytes("init.mp4").unwrap_or_default();
        let size = after(init, b"avc1", 24).map(|size| {
            let number = |high: u8, low: u8| u64::from(u16::from_be_bytes([high, low]));
            (number(size[0], size[1]), number(size[2], size[3]))
        });
        let mut faults = Vec::new();
        if variant.resolution.is_none() || variant.resolution != size {
            faults.push(format!("{:?} is said, {size:?} it is", variant.resolution));
        }
        let video: Vec<f64> = capture
            .packets
            .iter()
            .filter(|packet| packet.leading)
            .map(|packet| packet.at)
            .collect();
        let nearest = video
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .filter(|gap| *gap > 0.0)
            .fold(1.0, f64::min);
        let rate = variant.frame_rate.unwrap_or_default();
        if (rate - 1.0 / nearest).abs() > 0.01 {
            faults.push(format!(
                "{rate} frames a second are said, {:.3} they are",
                1.0 / nearest
            ));
        }
        faults
    })
}

#[test]
fn s4_4_6_2_resolution_and_frame_rate_are_those_of_the_pictures() {
    let slower = repacked(|packet| packet.at *= 2.0);
    check(
        pictures,
        &[
            ("another size", spoilt("512x512", "256x256")),
            ("no size", spoilt("RESOLUTION=512x512,", "")),
            (
                "another rate",
                spoilt("FRAME-RATE=25.000", "FRAME-RATE=30.000"),
            ),
            ("no rate", spoilt("FRAME-RATE=25.000,", "")),
            ("slower pictures", slower),
        ],
    );
}

fn groups(capture: &Capture) -> Vec<String> {
    of_master(capture, |master| {
        let missing = master.variants.iter().filter_map(|variant| {
            let group = variant.subtitles.as_ref()?;
            let known = master
                .renditions
                .iter()
                .any(|rendition| rendition.kind == "SUBTITLES" && rendition.group == *group);
            (!known).then(|| format!("there is no group {group}"))
        });
        missing.collect()
    })
}

#[test]
fn s4_4_6_2_1_groups_that_variants_name_are_there() {
    check(
        groups,
        &[(
            "a group that is not there",
            spoilt("SUBTITLES=\"words\"", "SUBTITLES=\"sentences\""),
        )],
    );
}

fn variants(capture: &Capture) -> Vec<String> {
    let known = Timeline::of(capture).0.len();
    of_master(capture, |master| {
        let any = followed(master).is_some() && known > 0;
        if any {
            Vec::new()
        } else {
            vec!["no variant leads to the media".to_owned()]
        }
    })
}

#[test]
fn s4_4_6_2_a_variant_leads_to_the_media() {
    assert!(
        good()
            .master()
            .is_some_and(|master| master.variants.len() == 1)
    );
    check(
        variants,
        &[(
            "a variant that leads elsewhere",
            spoilt("\nplaylist.m3u8", "\nother.m3u8"),
        )],
    );
}
