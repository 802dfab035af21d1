//! What a file that is not read seems to be.

/// First bytes, from where they stand on, and what has them.
const KINDS: [(usize, &[u8], &str); 24] = [
    (0, b"GIF8", "a GIF"),
    (0, b"BM", "a Windows bitmap"),
    (0, b"II*\0", "a TIFF or a camera's raw picture"),
    (0, b"MM\0*", "a TIFF or a camera's raw picture"),
    (0, b"II+\0", "a TIFF"),
    (0, b"IIRO", "a camera's raw picture"),
    (0, b"IIU\0", "a camera's raw picture"),
    (0, b"FUJIFILMCCD-RAW", "a camera's raw picture"),
    (4, b"ftypcrx ", "a camera's raw picture"),
    (0, b"\xff\x0a", "a JPEG XL"),
    (0, b"\0\0\0\x0cJXL \r\n", "a JPEG XL"),
    (0, b"\0\0\0\x0cjP  \r\n", "a JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"%PDF", "a PDF"),
    (0, b"%!PS", "a PostScript document"),
    (0, b"\0\0\x01\0", "an icon"),
    (0, b"PK\x03\x04", "a zip"),
    (0, b"\x1f\x8b", "a gzip"),
    (4, b"ftyp", "a film"),
    (4, b"moov", "a film"),
    (0, b"\x1a\x45\xdf\xa3", "a film"),
    (0, b"RIFF", "sound or a film"),
    (0, b"OggS", "sound or a film"),
];

/// Words for what a file seems to be, by its first bytes.
pub(super) fn seems(bytes: &[u8]) -> Option<&'static str> {
    let known = KINDS.iter().find(|(from, first, _)| {
        let rest = bytes.get(*from..);
        rest.is_some_and(|rest| rest.starts_with(first))
    });
    if let Some((.., words)) = known {
        return Some(words);
    }
    let start: String = bytes
        .iter()
        .take(512)
        .map(|byte| char::from(*byte))
        .collect();
    let start = start
        .trim_start_matches('\u{feff}')
        .trim_start()
        .to_ascii_lowercase();
    if start.starts_with("<svg") || (start.starts_with("<?xml") && start.contains("<svg")) {
        return Some("an SVG");
    }
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return Some("a web page");
    }
    start
        .starts_with("data:image/")
        .then_some("a data URL, whose part behind the comma must be decoded first")
}

#[cfg(test)]
mod tests {
    use super::seems;

    #[test]
    fn files_are_named() {
        assert_eq!(seems(b"GIF89a"), Some("a GIF"));
        assert_eq!(seems(b"\0\0\0\x18ftypisom"), Some("a film"));
        assert_eq!(seems(b"\n<!DOCTYPE HTML>"), Some("a web page"));
        assert_eq!(
            seems(b"<?xml version='1.0'?>\n<svg width='1'>"),
            Some("an SVG")
        );
        assert_eq!(seems(b"\xef\xbb"), None);
        assert_eq!(seems(b""), None);
    }
}
