//! Files whose index may come after their sound: MPEG-4 (ISO/IEC 14496-12), as phones' recorders write it, and Apple's CAF.
//!
//! Where it comes before, the sound is decoded while it arrives. Where not, everything up to the index is kept first, since
//! nothing can be told without it.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;

/// A file that is smaller is kept in memory.
const SPOOLED: usize = 1 << 20;
/// More than this is not kept.
const MOST: u64 = 1 << 28;

/// A file that can be decoded from here on.
pub(super) enum Arranged {
    /// As it comes.
    Flowing(Box<dyn Read + Send>),
    /// From a copy of all that matters.
    Kept(SpooledTempFile),
}

/// A part of such a file.
struct Part {
    name: [u8; 4],
    /// Bytes that follow its header; `None` where that is all that comes.
    length: Option<u64>,
}

/// Reads an MPEG-4 file up to where it can be decoded.
///
/// # Errors
///
/// Those of reading, and [`io::ErrorKind::FileTooLarge`].
pub(super) fn mp4(bytes: impl Read + Send + 'static) -> io::Result<Arranged> {
    arrange(bytes, 0, mp4_part, |part, sound| match &part.name {
        b"moov" if sound => Step::LastToKeep,
        b"moov" | b"moof" => Step::Flow,
        b"mdat" => Step::Sound,
        _ => Step::Keep,
    })
}

/// The same of a CAF file.
///
/// # Errors
///
/// As of [`mp4`].
pub(super) fn caf(bytes: impl Read + Send + 'static) -> io::Result<Arranged> {
    arrange(bytes, 8, caf_part, |part, sound| match &part.name {
        b"pakt" if sound => Step::LastToKeep,
        b"pakt" => Step::Flow,
        b"data" => Step::Sound,
        _ => Step::Keep,
    })
}

enum Step {
    Keep,
    /// It is kept, and has sound in it.
    Sound,
    /// It is kept, and what follows is of no interest.
    LastToKeep,
    /// From it on nothing need be kept.
    Flow,
}

fn arrange<R: Read + Send + 'static>(
    mut bytes: R,
    preamble: u64,
    read: fn(&mut R, &mut SpooledTempFile) -> io::Result<Option<Part>>,
    judge: fn(&Part, bool) -> Step,
) -> io::Result<Arranged> {
    let mut kept = SpooledTempFile::new(SPOOLED);
    copy(&mut bytes, &mut kept, preamble)?;
    let mut sound = false;
    while let Some(part) = read(&mut bytes, &mut kept)? {
        let step = judge(&part, sound);
        if matches!(step, Step::Flow) && !sound {
            let mut before = Vec::new();
            kept.seek(SeekFrom::Start(0))?;
            kept.read_to_end(&mut before)?;
            return Ok(Arranged::Flowing(Box::new(
                Cursor::new(before).chain(bytes),
            )));
        }
        sound |= matches!(step, Step::Sound);
        let left = part.length.unwrap_or(u64::MAX);
        let whole = copy(&mut bytes, &mut kept, left)? == left;
        if !whole || matches!(step, Step::LastToKeep) {
            break;
        }
    }
    kept.seek(SeekFrom::Start(0))?;
    Ok(Arranged::Kept(kept))
}

/// Copies `length` bytes, or as many as there are; says how many.
fn copy(bytes: &mut impl Read, kept: &mut SpooledTempFile, length: u64) -> io::Result<u64> {
    let room = MOST.saturating_sub(kept.stream_position()?);
    let copied = io::copy(&mut bytes.by_ref().take(length.min(room + 1)), kept)?;
    if copied > room {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(copied)
}

/// The next `N` bytes, if there are as many.
fn take<const N: usize>(
    bytes: &mut impl Read,
    kept: &mut SpooledTempFile,
) -> io::Result<Option<[u8; N]>> {
    let mut taken = [0; N];
    let mut at = 0;
    while let Some(rest) = taken.get_mut(at..).filter(|rest| !rest.is_empty()) {
        match bytes.read(rest) {
            Ok(0) => break,
            Ok(count) => at += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    kept.write_all(taken.get(..at).unwrap_or_default())?;
    Ok((at == N).then_some(taken))
}

fn mp4_part<R: Read>(bytes: &mut R, kept: &mut SpooledTempFile) -> io::Result<Option<Part>> {
    let Some([a, b, c, d, name @ ..]) = take::<8>(bytes, kept)? else {
        return Ok(None);
    };
    let length = match u32::from_be_bytes([a, b, c, d]) {
        0 => None,
        1 => match take::<8>(bytes, kept)? {
            Some(long) => Some(u64::from_be_bytes(long).saturating_sub(16)),
            None => return Ok(None),
        },
        short => Some(u64::from(short).saturating_sub(8)),
    };
    Ok(Some(Part { name, length }))
}

fn caf_part<R: Read>(bytes: &mut R, kept: &mut SpooledTempFile) -> io::Result<Option<Part>> {
    let Some(name) = take::<4>(bytes, kept)? else {
        return Ok(None);
    };
    let Some(length) = take::<8>(bytes, kept)? else {
        return Ok(None);
    };
    let length = u64::try_from(i64::from_be_bytes(length)).ok();
    Ok(Some(Part { name, length }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &[u8; 4], length: usize) -> Vec<u8> {
        let mut bytes = (length as u32 + 8).to_be_bytes().to_vec();
        bytes.extend(name);
        bytes.resize(length + 8, 7);
        bytes
    }

    #[test]
    fn what_has_its_index_first_flows_and_else_all_is_kept_up_to_it() {
        let first = [part(b"ftyp", 8), part(b"moov", 90), part(b"mdat", 50)].concat();
        let Arranged::Flowing(mut flowing) = mp4(Cursor::new(first.clone())).unwrap() else {
            panic!("it is kept");
        };
        let mut found = Vec::new();
        flowing.read_to_end(&mut found).unwrap();
        assert_eq!(found, first);
        let last = [part(b"ftyp", 8), part(b"mdat", 50), part(b"moov", 90)].concat();
        let followed = [&last[..], b"something else"].concat();
        let Arranged::Kept(mut kept) = mp4(Cursor::new(followed)).unwrap() else {
            panic!("it flows");
        };
        found.clear();
        kept.read_to_end(&mut found).unwrap();
        assert_eq!(found, last);
    }
}
