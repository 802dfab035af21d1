//! What lies in the files of a session, told by ffprobe.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::capture::{Exchange, Packet};

/// The packets of all parts that were fetched, and of the segments whose parts were not.
pub(super) fn probe(exchanges: &[Exchange], scratch: &Path) -> Vec<Packet> {
    let good = |exchange: &&Exchange| exchange.status == 200;
    let files: BTreeMap<&str, &[u8]> = exchanges
        .iter()
        .filter(good)
        .map(|exchange| (exchange.name.as_str(), exchange.body.as_slice()))
        .collect();
    let Some(init) = files.get("init.mp4") else {
        return Vec::new();
    };
    let pictures = files.keys().any(|name| name.starts_with("segment_"));
    let (stem, leader) = match pictures {
        true => ("segment_", "video"),
        false => ("audio_", "audio"),
    };
    let mut all = init.to_vec();
    let mut starts = Vec::new();
    for (number, parts) in segments(&files, stem) {
        let whole = format!("{stem}{number:03}.m4s");
        let length: usize = parts.values().map(|(_, bytes)| bytes.len()).sum();
        let files: Vec<(&str, &[u8])> = match files.get_key_value(whole.as_str()) {
            Some((name, bytes)) if bytes.len() != length => vec![(name, bytes)],
            _ => parts.into_values().collect(),
        };
        for (name, bytes) in files {
            starts.push((all.len(), name.to_owned()));
            all.extend(bytes);
        }
    }
    let path = scratch.join("probed.mp4");
    fs::write(&path, all).unwrap();
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "csv=p=0", "-show_entries"])
        .arg("packet=codec_type,pts_time,pos,flags")
        .arg(&path)
        .output()
        .expect("ffprobe (Debian package ffmpeg) is installed");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(',');
            let leading = fields.next()? == leader;
            let at = fields.next()?.parse().ok()?;
            let position: usize = fields.next()?.parse().ok()?;
            let key = fields.next()?.starts_with('K');
            let (_, uri) = starts.iter().rfind(|(start, _)| *start <= position)?;
            let uri = uri.clone();
            Some(Packet {
                uri,
                leading,
                key,
                at,
            })
        })
        .collect()
}

type Parts<'a> = BTreeMap<u64, (&'a str, &'a [u8])>;

/// The parts by segment and place, told by their names.
fn segments<'a>(files: &BTreeMap<&'a str, &'a [u8]>, stem: &str) -> BTreeMap<u64, Parts<'a>> {
    let mut segments: BTreeMap<u64, Parts<'a>> = BTreeMap::new();
    for (name, bytes) in files {
        let numbers = name
            .strip_prefix(stem)
            .and_then(|name| name.strip_suffix(".m4s"));
        let Some(numbers) = numbers else { continue };
        let (segment, part) = numbers.split_once('.').unwrap_or((numbers, ""));
        let parts = segments.entry(segment.parse().unwrap()).or_default();
        if let Ok(part) = part.parse() {
            parts.insert(part, (name, bytes));
        }
    }
    segments
}
