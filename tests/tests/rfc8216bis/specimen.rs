//! A capture written by hand, in which everything is right; and ways to spoil it.
//!
//! Twelve segments of a second in parts of 200 ms, of which the first is one part and the last is shorter than others. Every
//! part is listed when it ends and hinted before.

use std::fmt::Write as _;
use std::ops::Range;
use std::process::{Command, Stdio};

use avatar_tests::hls::{Capture, Exchange, Packet, Reason};

/// The parts of all segments.
const PARTS: usize = 1 + 10 * 5 + 3;

const CONTROL: &str =
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.6,CAN-SKIP-UNTIL=6.0\n";
const MASTER: &str = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n\
    #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"words\",NAME=\"English\",LANGUAGE=\"en\",DEFAULT=YES,\
    AUTOSELECT=YES,URI=\"captions.m3u8\"\n\
    #EXT-X-STREAM-INF:BANDWIDTH=100000,CODECS=\"avc1.64001F,mp4a.40.2\",RESOLUTION=512x512,\
    FRAME-RATE=25.000,SUBTITLES=\"words\"\nplaylist.m3u8\n";

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Full,
    Delta,
    Legacy,
    Captions,
}

fn length(part: usize) -> f64 {
    if part == PARTS - 1 { 0.12 } else { 0.2 }
}

/// The segment of a part that is counted through the session, and which part of that segment it is.
fn place(part: usize) -> (usize, usize) {
    match part.checked_sub(1) {
        None => (0, 0),
        Some(after) => (after / 5 + 1, after % 5),
    }
}

/// The parts of a segment, counted through the session.
fn parts_of(segment: usize) -> Range<usize> {
    match segment.checked_sub(1) {
        None => 0..1,
        Some(after) => after * 5 + 1..PARTS.min(after * 5 + 6),
    }
}

/// Names of a part, counted through the session.
fn part_name(part: usize) -> String {
    let (segment, index) = place(part);
    format!("segment_{segment:03}.{index}.m4s")
}

/// The playlist with so many parts listed.
fn playlist(listed: usize, form: Form) -> String {
    let ended = listed == PARTS;
    let whole = if ended { 12 } else { place(listed).0 };
    let seconds = |segment: usize| parts_of(segment).map(length).sum::<f64>();
    let end: f64 = (0..listed).map(length).sum();
    let low_latency = matches!(form, Form::Full | Form::Delta);
    let mut out = format!(
        "#EXTM3U\n#EXT-X-VERSION:{}\n#EXT-X-TARGETDURATION:1\n",
        if form == Form::Legacy { 7 } else { 9 }
    );
    if form != Form::Legacy {
        out += CONTROL;
    }
    if low_latency {
        out += "#EXT-X-PART-INF:PART-TARGET=0.2\n";
    }
    out += "#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-START:TIME-OFFSET=0\n";
    let skipped = match form {
        Form::Delta if !ended => whole.saturating_sub(6),
        _ => 0,
    };
    if skipped > 0 {
        writeln!(out, "#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}").unwrap();
    } else {
        if form != Form::Captions {
            out += "#EXT-X-MAP:URI=\"init.mp4\"\n";
        }
        out += "#EXT-X-PROGRAM-DATE-TIME:2030-01-02T03:04:05.678+00:00\n";
    }
    let parts = |out: &mut String, segment: usize| {
        for part in parts_of(segment).filter(|&part| part < listed) {
            let independent = match place(part) {
                (_, 0) => ",INDEPENDENT=YES",
                _ => "",
            };
            let (length, name) = (length(part), part_name(part));
            writeln!(
                out,
                "#EXT-X-PART:DURATION={length},URI=\"{name}\"{independent}"
            )
            .unwrap();
        }
    };
    for segment in skipped..whole {
        let ends: f64 = (0..=segment).map(seconds).sum();
        if low_latency && end - ends < 3.001 {
            parts(&mut out, segment);
        }
        let kind = if form == Form::Captions {
            ("captions", "vtt")
        } else {
            ("segment", "m4s")
        };
        let seconds = seconds(segment);
        writeln!(
            out,
            "#EXTINF:{seconds:.6},\n{}_{segment:03}.{}",
            kind.0, kind.1
        )
        .unwrap();
    }
    if ended {
        return out + "#EXT-X-ENDLIST\n";
    }
    if low_latency {
        parts(&mut out, whole);
        writeln!(
            out,
            "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{}\"",
            part_name(listed)
        )
        .unwrap();
        writeln!(
            out,
            "#EXT-X-RENDITION-REPORT:URI=\"captions.m3u8\",LAST-MSN={whole}"
        )
        .unwrap();
    }
    if form == Form::Captions {
        let (segment, part) = place(listed - 1);
        let msn = segment + 1;
        writeln!(
            out,
            "#EXT-X-RENDITION-REPORT:URI=\"playlist.m3u8\",LAST-MSN={msn},LAST-PART={part}"
        )
        .unwrap();
    }
    out
}

fn box_of(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(content.len() + 8)
        .unwrap()
        .to_be_bytes()
        .to_vec();
    bytes.extend(name);
    bytes.extend(content);
    bytes
}

fn part_bytes(part: usize) -> Vec<u8> {
    let head = box_of(b"tfhd", &[0, 2, 0, 0, 0, 0, 0, 1]);
    let time = box_of(b"tfdt", &(part as u64).to_be_bytes());
    let traf = box_of(b"traf", &[head, time].concat());
    let mut bytes = box_of(b"moof", &traf);
    bytes.extend(box_of(b"mdat", format!("part {part}").as_bytes()));
    bytes
}

fn init_bytes() -> Vec<u8> {
    let mut entry = vec![0; 24];
    entry.extend([2, 0, 2, 0]);
    entry.extend([0; 50]);
    entry.extend(box_of(b"avcC", &[1, 0x64, 0, 0x1f]));
    let content = [
        box_of(b"avc1", &entry),
        box_of(b"mp4a", &[0; 28]),
        box_of(b"mvex", &[]),
    ];
    [box_of(b"ftyp", b"iso6"), box_of(b"moov", &content.concat())].concat()
}

fn gzip(text: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut command = Command::new("gzip");
    command
        .arg("-c")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap().stdout
}

struct Writer(Vec<Exchange>);

impl Writer {
    fn say(
        &mut self,
        reason: Reason,
        at: (f64, f64),
        target: &str,
        body: impl Into<Vec<u8>>,
    ) -> &mut Exchange {
        let (name, query) = target.split_once('?').unwrap_or((target, ""));
        let kind = match name.rsplit_once('.').map(|name| name.1) {
            Some("m3u8") => "application/vnd.apple.mpegurl",
            Some("vtt") => "text/vtt",
            _ => "video/mp4",
        };
        self.0.push(Exchange {
            reason,
            asked: at.0,
            answered: at.1,
            name: name.to_owned(),
            query: query.to_owned(),
            status: 200,
            headers: vec![("content-type".to_owned(), kind.to_owned())],
            body: body.into(),
        });
        self.0.last_mut().unwrap()
    }
}

/// The capture as it should be.
pub(crate) fn good() -> Capture {
    let mut out = Writer(Vec::new());
    let segment = |number: usize| parts_of(number).flat_map(part_bytes).collect::<Vec<_>>();
    out.say(Reason::Poll, (0.0, 0.2), "master.m3u8", MASTER);
    out.say(Reason::Listed, (0.21, 0.21), "init.mp4", init_bytes());
    for part in 0..PARTS {
        let (asked, answered) = (0.2 * part as f64 + 0.01, 0.2 * (part + 1) as f64);
        let (number, index) = place(part);
        let place = format!("_HLS_msn={}&_HLS_part={index}", number + 1);
        let (target, form) = match part {
            0 => ("playlist.m3u8".to_owned(), Form::Full),
            _ if part % 3 == 0 => (format!("playlist.m3u8?{place}"), Form::Full),
            _ => (format!("playlist.m3u8?{place}&_HLS_skip=YES"), Form::Delta),
        };
        out.say(
            Reason::Follow,
            (asked, answered),
            &target,
            playlist(part + 1, form),
        );
        let name = part_name(part);
        out.say(Reason::Hinted, (asked, answered), &name, part_bytes(part));
        let now = (answered + 0.01, answered + 0.02);
        out.say(Reason::Listed, now, &name, part_bytes(part));
        out.say(
            Reason::Poll,
            now,
            "captions.m3u8",
            playlist(part + 1, Form::Captions),
        );
        out.say(
            Reason::Poll,
            now,
            "playlist.m3u8?_HLS_legacy=YES",
            playlist(part + 1, Form::Legacy),
        );
        out.say(
            Reason::Poll,
            now,
            "playlist.m3u8?_HLS_msn=1&_HLS_part=0",
            playlist(part + 1, Form::Full),
        );
        if number < 11 && part + 1 == parts_of(number).end {
            let name = format!("segment_{number:03}.m4s");
            out.say(Reason::Listed, now, &name, segment(number));
        }
        // Its segment is followed by three others and the first part of a fourth when it goes.
        let leaves = 0.2 * (parts_of(number).end + 3 * 5 + 1) as f64;
        if number < 8 {
            out.say(
                Reason::Departed,
                (leaves + 2.6, leaves + 2.7),
                &name,
                part_bytes(part),
            );
        }
        if part == 12 {
            for (query, code) in [
                ("_HLS_part=0", 400),
                ("_HLS_msn=next", 400),
                ("_HLS_msn=11", 400),
                ("_HLS_msn=3&_HLS_part=43", 400),
            ] {
                out.say(Reason::Wrong, now, &format!("playlist.m3u8?{query}"), "")
                    .status = code;
            }
        }
    }
    let end = 0.2 * PARTS as f64;
    out.say(Reason::Listed, (end, end), "segment_011.m4s", segment(11));
    for turn in 0..2 {
        let at = end + 1.0 + f64::from(turn);
        let text = playlist(PARTS, Form::Full);
        let packed = out.say(Reason::Ended, (at, at), "playlist.m3u8", gzip(&text));
        packed
            .headers
            .push(("content-encoding".to_owned(), "gzip".to_owned()));
        for query in [
            "",
            "?_HLS_skip=YES",
            "?_HLS_msn=13&_HLS_part=0",
            "?_HLS_msn=99",
        ] {
            out.say(
                Reason::Ended,
                (at, at),
                &format!("playlist.m3u8{query}"),
                text.as_str(),
            );
        }
        let legacy = playlist(PARTS, Form::Legacy);
        out.say(
            Reason::Ended,
            (at, at),
            "playlist.m3u8?_HLS_legacy=YES",
            legacy,
        );
        let captions = playlist(PARTS, Form::Captions);
        out.say(Reason::Ended, (at, at), "captions.m3u8", captions);
    }
    for number in 0..12 {
        let name = format!("captions_{number:03}.vtt");
        out.say(Reason::Listed, (end + 3.0, end + 3.0), &name, "WEBVTT\n");
    }
    Capture::new("the specimen", out.0, packets())
}

fn packets() -> Vec<Packet> {
    let of_part = |part: usize| {
        let at = 0.2 * part as f64;
        let frames = if part == PARTS - 1 { 3 } else { 5 };
        (0..=frames).map(move |frame| Packet {
            uri: part_name(part),
            leading: frame < frames,
            key: frame == frames || (place(part).1 == 0 && frame == 0),
            at: at + 0.04 * f64::from(frame % frames),
        })
    };
    (0..PARTS).flat_map(of_part).collect()
}

/// The specimen with every exchange edited.
pub(crate) fn edited(mut edit: impl FnMut(&mut Exchange)) -> Capture {
    let good = good();
    let mut exchanges = good.exchanges.clone();
    exchanges.iter_mut().for_each(&mut edit);
    good.with(exchanges)
}

/// The specimen without some exchanges.
pub(crate) fn without(gone: impl Fn(&Exchange) -> bool) -> Capture {
    let good = good();
    let mut exchanges = good.exchanges.clone();
    exchanges.retain(|exchange| !gone(exchange));
    assert!(exchanges.len() < good.exchanges.len(), "nothing is gone");
    good.with(exchanges)
}

/// The specimen with other words in the text of all files of that name from a moment on.
pub(crate) fn reworded_from(since: f64, name: &str, old: &str, new: &str) -> Capture {
    let mut changed = false;
    let capture = edited(|exchange| {
        let text = String::from_utf8_lossy(&exchange.body).into_owned();
        let plain = exchange.header("content-encoding").is_empty();
        if exchange.name == name && exchange.answered >= since && plain && text.contains(old) {
            exchange.body = text.replace(old, new).into_bytes();
            changed = true;
        }
    });
    assert!(changed, "{old:?} stands nowhere");
    capture
}

/// The specimen with other words in all media playlists of video and sound.
pub(crate) fn reworded(old: &str, new: &str) -> Capture {
    reworded_from(0.0, "playlist.m3u8", old, new)
}

/// The specimen with other packets.
pub(crate) fn repacked(mut edit: impl FnMut(&mut Packet)) -> Capture {
    let mut capture = good();
    capture.packets.iter_mut().for_each(&mut edit);
    capture
}
