//! What a camera notes of its colours (CIPA DC-008, DCF 2.0).

/// The directory of the picture's own notes, the one of interoperability, and the index in that.
const EXIF: u16 = 0x8769;
const INTEROPERABILITY: u16 = 0xa005;
const INDEX: u16 = 0x0001;

/// Entries of a directory that are looked at.
const MOST: usize = 256;

/// Whether the TIFF part of an EXIF says that the colours are Adobe RGB's: its index of interoperability is `R03`.
pub(super) fn is_adobe_rgb(tiff: &[u8]) -> bool {
    let index = Tiff::new(tiff).and_then(|tiff| {
        let exif = tiff.place(tiff.first()?, EXIF)?;
        let index = tiff.entry(tiff.place(exif, INTEROPERABILITY)?, INDEX)?;
        // Four characters stand in the entry itself.
        tiff.bytes.get(index + 8..index + 11)
    });
    index == Some(b"R03")
}

struct Tiff<'a> {
    bytes: &'a [u8],
    little: bool,
}

impl<'a> Tiff<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let little = match bytes.first_chunk::<4>()? {
            b"II*\0" => true,
            b"MM\0*" => false,
            _ => return None,
        };
        Some(Self { bytes, little })
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.little {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    }

    fn long(&self, at: usize) -> Option<usize> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        } as usize)
    }

    /// Where the first directory is.
    fn first(&self) -> Option<usize> {
        self.long(4)
    }

    /// Where an entry of a directory is.
    fn entry(&self, directory: usize, tag: u16) -> Option<usize> {
        let count = usize::from(self.short(directory)?).min(MOST);
        let mut entries = (0..count).map(|n| directory + 2 + n * 12);
        entries.find(|at| self.short(*at) == Some(tag))
    }

    /// Where the directory is that an entry names.
    fn place(&self, directory: usize, tag: u16) -> Option<usize> {
        self.long(self.entry(directory, tag)? + 8)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::is_adobe_rgb;

    /// An EXIF that holds nothing but an index of interoperability.
    pub(in super::super) fn indexed(index: &[u8; 4], little: bool) -> Vec<u8> {
        let short = |value: u16| {
            if little {
                value.to_le_bytes()
            } else {
                value.to_be_bytes()
            }
        };
        let long = |value: u32| {
            if little {
                value.to_le_bytes()
            } else {
                value.to_be_bytes()
            }
        };
        let mut tiff = if little { b"II*\0" } else { b"MM\0*" }.to_vec();
        tiff.extend(long(8));
        for (tag, kind, value) in [(0x8769, 4, long(26)), (0xa005, 4, long(44)), (1, 2, *index)] {
            tiff.extend(short(1));
            tiff.extend(short(tag));
            tiff.extend(short(kind));
            tiff.extend(long(if kind == 2 { 4 } else { 1 }));
            tiff.extend(value);
            tiff.extend(long(0));
        }
        tiff
    }

    #[test]
    fn the_index_is_found_and_nothing_else_is_taken_for_it() {
        for little in [true, false] {
            assert!(is_adobe_rgb(&indexed(b"R03\0", little)));
            assert!(!is_adobe_rgb(&indexed(b"R98\0", little)));
            let whole = indexed(b"R03\0", little);
            for cut in 0..whole.len() - 5 {
                assert!(!is_adobe_rgb(&whole[..cut]), "{cut}");
            }
        }
    }
}
