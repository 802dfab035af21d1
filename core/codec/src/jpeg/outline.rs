//! What a JPEG says of itself before and between its pictures' data (ITU-T T.81, annex B).

/// How its samples are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// In one go, from top to bottom.
    Sequential,
    /// In several scans, or one after another for each colour: all of it is held before the first row is known.
    Progressive,
    /// Without loss.
    Lossless,
    /// In a way that is not read.
    Other(&'static str),
}

/// An outline of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bits of a sample.
    pub(super) bits: u8,
    /// Colours of a pixel.
    pub(super) channels: u8,
    pub(super) coding: Coding,
    /// Whether Adobe's marker is there, whose inks are stored the other way round.
    pub(super) adobe: bool,
    /// The TIFF part of its EXIF.
    pub(super) exif: Option<Vec<u8>>,
    /// Its ICC profile, put together (ICC.1:2022, annex B.4).
    pub(super) icc: Option<Vec<u8>>,
    /// Whether it has the marker that ends it.
    pub(super) ended: bool,
    /// Whether bytes that belong to nothing lie between its segments.
    pub(super) stuffed: bool,
}

/// More than profiles have.
const MOST_ICC: usize = 4 << 20;

const START_OF_IMAGE: u8 = 0xd8;
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;
const NUMBER_OF_LINES: u8 = 0xdc;

/// Reads the outline of a file. `None` where it breaks off, or makes no sense, before there is a picture.
pub(super) fn outline(file: &[u8]) -> Option<Outline> {
    let mut rest = file.strip_prefix(&[0xff, START_OF_IMAGE])?;
    let mut found: Option<Outline> = None;
    let mut adobe = false;
    let mut exif = None;
    let mut icc = Icc::default();
    let mut ended = false;
    let mut scans = 0_usize;
    let mut stuffed = false;
    while let Some((marker, after)) = marker(rest) {
        stuffed |= scans == 0 && rest.first() != Some(&0xff);
        match marker {
            END_OF_IMAGE => {
                ended = true;
                break;
            }
            // Restarts, and what has no length.
            0x01 | 0xd0..=START_OF_IMAGE => {
                rest = after;
                continue;
            }
            _ => {}
        }
        let Some((segment, next)) = segment(after) else {
            break;
        };
        rest = next;
        match marker {
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf | 0xf7 if found.is_none() => {
                found = Some(frame(marker, segment)?);
            }
            0xe1 if exif.is_none() => {
                exif = segment.strip_prefix(b"Exif\0\0").map(<[u8]>::to_vec);
            }
            0xe2 => icc.take(segment),
            0xee if segment.starts_with(b"Adobe") => adobe = true,
            START_OF_SCAN => {
                scans += 1;
                if let Some(outline) = &mut found
                    && outline.coding == Coding::Sequential
                    && segment
                        .first()
                        .is_some_and(|count| *count < outline.channels)
                {
                    outline.coding = Coding::Progressive;
                }
            }
            NUMBER_OF_LINES => {
                if let (Some(outline), Some(&[high, low])) = (&mut found, segment.first_chunk())
                    && outline.height == 0
                {
                    outline.coding = Coding::Other("whose height stands at its end");
                    outline.height = u32::from(u16::from_be_bytes([high, low]));
                }
            }
            _ => {}
        }
    }
    let found = found.filter(|_| scans > 0)?;
    Some(Outline {
        adobe,
        exif,
        icc: icc.whole(),
        ended,
        stuffed,
        ..found
    })
}

/// The next marker, and what follows it. What lies before it is the data of a scan, or nothing that matters.
fn marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = bytes;
    loop {
        let at = rest.iter().position(|byte| *byte == 0xff)?;
        rest = rest.get(at + 1..)?;
        match rest.first()? {
            // A byte of data, and filling.
            0x00 | 0xff => {}
            marker => return Some((*marker, rest.get(1..)?)),
        }
    }
}

/// A segment's content, and what follows it.
fn segment(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)).checked_sub(2)?)
}

fn frame(marker: u8, segment: &[u8]) -> Option<Outline> {
    let &[bits, high, low, left, right, channels] = segment.first_chunk()?;
    let coding = match marker {
        0xc0 | 0xc1 | 0xc9 => Coding::Sequential,
        0xc2 | 0xca => Coding::Progressive,
        0xc3 => Coding::Lossless,
        0xcb => Coding::Other("coded without loss and arithmetically"),
        0xf7 => Coding::Other("of the kind JPEG-LS"),
        _ => Coding::Other("of the hierarchical kind"),
    };
    Some(Outline {
        width: u32::from(u16::from_be_bytes([left, right])),
        height: u32::from(u16::from_be_bytes([high, low])),
        bits,
        channels,
        coding,
        adobe: false,
        exif: None,
        icc: None,
        ended: false,
        stuffed: false,
    })
}

/// The file without what lies between its segments and belongs to none, up to the data of its first scan.
pub(super) fn without_stuffing(file: &[u8]) -> Vec<u8> {
    let mut clean = vec![0xff, START_OF_IMAGE];
    let mut rest = file.get(2..).unwrap_or_default();
    while let Some((marker, after)) = marker(rest) {
        clean.extend([0xff, marker]);
        rest = after;
        if marker == START_OF_SCAN {
            break;
        }
        if let Some((_, next)) = segment(after) {
            clean.extend_from_slice(after.get(..after.len() - next.len()).unwrap_or_default());
            rest = next;
        }
    }
    clean.extend_from_slice(rest);
    clean
}

/// A profile in pieces, which may come in any order.
#[derive(Default)]
struct Icc {
    pieces: Vec<(u8, Vec<u8>)>,
    count: u8,
    length: usize,
}

impl Icc {
    fn take(&mut self, segment: &[u8]) {
        let Some(piece) = segment.strip_prefix(b"ICC_PROFILE\0") else {
            return;
        };
        let Some((&[number, count], data)) = piece.split_first_chunk::<2>() else {
            return;
        };
        self.length += data.len();
        let known = self.pieces.iter().any(|(known, _)| *known == number);
        if !known && self.length <= MOST_ICC {
            self.count = count;
            self.pieces.push((number, data.to_vec()));
        }
    }

    fn whole(mut self) -> Option<Vec<u8>> {
        self.pieces.sort_by_key(|(number, _)| *number);
        let all = self.pieces.iter().map(|(number, _)| *number);
        let complete = all.eq(1..=self.count) && self.count > 0;
        complete.then(|| self.pieces.into_iter().flat_map(|(_, data)| data).collect())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn file(segments: &[(u8, &[u8])], end: &[u8]) -> Vec<u8> {
        let mut file = vec![0xff, 0xd8];
        for (marker, content) in segments {
            file.extend([0xff, *marker]);
            file.extend((content.len() as u16 + 2).to_be_bytes());
            file.extend(*content);
        }
        file.extend(end);
        file
    }

    const FRAME: &[u8] = &[8, 0, 40, 0, 50, 3];
    const SCAN: &[u8] = &[3, 0, 0];

    #[test]
    fn what_is_said_is_read() {
        let mut second = b"ICC_PROFILE\0\x02\x02".to_vec();
        second.extend(b"world");
        let mut first = b"ICC_PROFILE\0\x01\x02".to_vec();
        first.extend(b"hello ");
        let bytes = file(
            &[
                (0xe2, &second),
                (0xe1, b"Exif\0\0II*\0"),
                (0xe2, &first),
                (0xee, b"Adobe\0d"),
                (0xc2, FRAME),
                (0xda, SCAN),
            ],
            &[1, 0xff, 0, 2, 0xff, 0xd0, 3, 0xff, 0xd9, 9],
        );
        let read = outline(&bytes).unwrap();
        assert_eq!((read.width, read.height), (50, 40));
        assert_eq!((read.bits, read.channels), (8, 3));
        assert_eq!(read.coding, Coding::Progressive);
        assert!(read.adobe && read.ended);
        assert_eq!(read.exif.as_deref(), Some(b"II*\0".as_slice()));
        assert_eq!(read.icc.as_deref(), Some(b"hello world".as_slice()));
        // The end of a preview within another segment is not the picture's.
        let cut = file(
            &[
                (0xe1, b"Exif\0\0\xff\xd8\xff\xd9"),
                (0xc0, FRAME),
                (0xda, SCAN),
            ],
            &[1, 2, 3],
        );
        assert!(!outline(&cut).unwrap().ended);
    }

    #[test]
    fn a_profile_with_a_piece_missing_is_none() {
        let bytes = file(
            &[
                (0xe2, b"ICC_PROFILE\0\x02\x02x"),
                (0xc0, FRAME),
                (0xda, SCAN),
            ],
            &[],
        );
        assert_eq!(outline(&bytes).unwrap().icc, None);
    }

    #[test]
    fn colours_one_after_another_are_held_like_progressive_ones() {
        let bytes = file(&[(0xc0, FRAME), (0xda, &[1, 0, 0])], &[]);
        assert_eq!(outline(&bytes).unwrap().coding, Coding::Progressive);
    }

    #[test]
    fn what_breaks_off_before_its_picture_is_nothing() {
        let bytes = file(&[(0xc0, FRAME), (0xda, SCAN)], &[]);
        for cut in 0..bytes.len() {
            assert_eq!(outline(&bytes[..cut]), None, "{cut}");
        }
        assert!(outline(&bytes).is_some());
    }
}
