//! What bytes are that are no sound, in words for whoever sent them.

/// What begins with certain bytes.
const MAGIC: [(&[u8], &str); 33] = [
    (b"PK\x03\x04", "a zip archive, as office documents are"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x1f\x8b\x08\0", "a file compressed by gzip"),
    (b"\x1f\x8b\x08\x08", "a file compressed by gzip"),
    (b"BZh91AY&SY", "a file compressed by bzip2"),
    (b"\xfd7zXZ\0", "a file compressed by xz"),
    (b"\x28\xb5\x2f\xfd", "a file compressed by zstd"),
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office document"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff\xdb", "a JPEG picture"),
    (b"\xff\xd8\xff\xe0", "a JPEG picture"),
    (b"\xff\xd8\xff\xe1", "a JPEG picture"),
    (b"\xff\xd8\xff\xe2", "a JPEG picture"),
    (b"\xff\xd8\xff\xee", "a JPEG picture"),
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"8BPS\0\x01", "a Photoshop picture"),
    (b"\x7fELF", "a program"),
    (
        b"MThd\0\0\0\x06",
        "a MIDI file, which has notes and no sound",
    ),
    (
        b"#!SILK_V3",
        "a SILK recording, as messengers keep them, which is not supported",
    ),
    (
        b"\x02#!SILK_V3",
        "a SILK recording, as messengers keep them, which is not supported",
    ),
    (b".RMF\0\0", "a RealMedia file, which is not supported"),
    (b"FLV\x01", "a Flash video, which is not supported"),
    (
        b"\0\0\x01\xba",
        "an MPEG program stream, which is not supported",
    ),
    (b"#EXTM3U", "a playlist, which only names sound"),
    (b"SQLite format 3\0", "a database"),
    (b"OTTO\0", "a font"),
];

/// Of files that are boxes: which brands are pictures (ISO/IEC 23008-12).
const PICTURES: [(&[u8], &str); 9] = [
    (b"heic", "a HEIC picture"),
    (b"heix", "a HEIC picture"),
    (b"heim", "a HEIC picture"),
    (b"heis", "a HEIC picture"),
    (b"hevc", "a HEIC picture"),
    (b"mif1", "a HEIF picture"),
    (b"msf1", "a HEIF picture"),
    (b"avif", "an AVIF picture"),
    (b"avis", "an AVIF picture"),
];

/// What file, certainly no sound that is supported, begins with `head`. Samples and pieces of other streams hardly ever do:
/// at least 28 bits are looked at.
pub(super) fn certain(head: &[u8]) -> Option<&'static str> {
    if let [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] = head {
        let found = PICTURES.iter().find(|(name, _)| brand.starts_with(name));
        return found.map(|(_, words)| *words);
    }
    if let [
        b'R',
        b'I',
        b'F',
        b'F',
        _,
        _,
        _,
        _,
        b'W',
        b'E',
        b'B',
        b'P',
        ..,
    ] = head
    {
        return Some("a WebP picture");
    }
    let found = MAGIC.iter().find(|(magic, _)| head.starts_with(magic));
    found.map(|(_, words)| *words).or_else(|| page(head))
}

fn page(head: &[u8]) -> Option<&'static str> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let head = head.trim_ascii_start();
    let begins = |words: &str| {
        let start = head.get(..words.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(words.as_bytes()))
    };
    if ["<!doctype html", "<html", "<head", "<body"]
        .into_iter()
        .any(begins)
    {
        return Some("a web page");
    }
    begins("<?xml").then_some("a document in XML")
}

/// What `head` seems to be where it is a text. Sound is none: it has bytes that no text has.
pub(super) fn text(head: &[u8]) -> Option<&'static str> {
    /// What is shorter may be anything.
    const LEAST: usize = 8;
    let whole = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The end may be cut within a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let shown = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    if head.len() < LEAST || !whole.chars().all(shown) {
        return None;
    }
    match whole.trim_start().chars().next() {
        Some('{' | '[') => Some("a text, perhaps JSON"),
        Some('<') => Some("a text, perhaps a web page"),
        _ if whole.starts_with("data:") => Some("a data URL; send the bytes it stands for"),
        _ if is_base64(whole) => Some("a text, perhaps sound in Base64; send the bytes themselves"),
        _ => Some("a text"),
    }
}

fn is_base64(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=');
    text.len() >= 64
        && text
            .trim_end()
            .chars()
            .all(|c| word(c) || matches!(c, '\n' | '\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_called_by_its_name() {
        for (head, words) in [
            (&b"PK\x03\x04\x14\0"[..], "zip"),
            (b"\n <!DOCTYPE html><html>", "web page"),
            (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
            (b"\0\0\0\x1cftypavif", "AVIF"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "WebP"),
        ] {
            let found = certain(head);
            assert!(found.is_some_and(|found| found.contains(words)), "{words}");
        }
        assert_eq!(certain(b"\0\0\0\x18ftypM4A "), None);
        assert_eq!(certain(b"RIFF\0\0\0\0WAVE"), None);
        for (head, words) in [
            ("{\"error\": 1}", "JSON"),
            ("Как дела?", "a text"),
            (&"UklGRgAAAABX".repeat(9), "Base64"),
            ("data:audio/wav;base64,UklG", "data URL"),
        ] {
            let found = text(head.as_bytes());
            assert!(found.is_some_and(|found| found.contains(words)), "{words}");
        }
        assert_eq!(text(&[0; 40]), None);
        assert_eq!(
            text(&[b'a', b'a', b'a', b'a', 0xff, b'a', b'a', b'a', b'a']),
            None
        );
    }
}
