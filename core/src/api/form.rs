//! Forms with files in them: `multipart/form-data` (RFC 7578), as it comes in pieces.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::stream;
use multer::{Field, Multipart};
use tempfile::SpooledTempFile;

use super::{Code, Refusal};

/// A file that is smaller is not written to the disk.
const SPOOLED: usize = 256 * 1024;
/// Bytes of a field that is no file.
const LONGEST: usize = 16 * 1024;
/// Fields and files together.
const MOST: usize = 64;

/// What a form said.
#[derive(Debug, Default)]
pub struct Form {
    fields: BTreeMap<String, String>,
    files: BTreeMap<String, Upload>,
}

/// A file of a form. Where it was written to the disk it is gone when this is dropped.
#[derive(Debug)]
pub struct Upload {
    file: SpooledTempFile,
    length: u64,
}

impl Upload {
    /// Its bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// All of it.
    ///
    /// # Errors
    ///
    /// As of reading a file.
    pub fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// What is at byte `at` and after it, at most `most` bytes.
    ///
    /// # Errors
    ///
    /// As of reading a file.
    pub(crate) fn look(&mut self, at: u64, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(at))?;
        (&mut self.file).take(most as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Has all of it taken in stretches of at most `most` bytes, with whether that was the last; an empty file is one
    /// stretch.
    ///
    /// # Errors
    ///
    /// As of reading a file, and those of `take`.
    pub fn in_stretches<E: From<io::Error>>(
        &mut self,
        most: usize,
        mut take: impl FnMut(&[u8], bool) -> Result<(), E>,
    ) -> Result<(), E> {
        self.file.seek(SeekFrom::Start(0))?;
        let mut left = self.length;
        loop {
            let mut stretch = Vec::new();
            (&mut self.file)
                .take(most as u64)
                .read_to_end(&mut stretch)?;
            left = left.saturating_sub(stretch.len() as u64);
            let last = left == 0 || stretch.is_empty();
            take(&stretch, last)?;
            if last {
                return Ok(());
            }
        }
    }
}

impl Form {
    /// Reads a form of the type that its header `content_type` names. Files that are large are written to `place` as they
    /// come.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: it is no form, it breaks off, a field is too long, or there is no room on the disk.
    pub fn read(
        content_type: &str,
        body: impl Iterator<Item = io::Result<Bytes>> + Send,
        place: &Path,
    ) -> Result<Self, Refusal> {
        let boundary = multer::parse_boundary(content_type).map_err(|_| {
            Refusal::new(
                Code::UnsupportedMediaType,
                "the body should be multipart/form-data with a boundary",
            )
        })?;
        let mut multipart = Multipart::new(stream::iter(body), boundary);
        let mut form = Self::default();
        while let Some(field) = now(multipart.next_field())? {
            if form.fields.len() + form.files.len() == MOST {
                return Err(bad(format!("the form has more than {MOST} fields")));
            }
            form.take(field, place)?;
        }
        Ok(form)
    }

    fn take(&mut self, mut field: Field<'_>, place: &Path) -> Result<(), Refusal> {
        let Some(name) = field.name().map(str::to_owned) else {
            return Err(bad("a field of the form has no name".to_owned()));
        };
        let binary = field
            .content_type()
            .is_some_and(|kind| kind.type_() != "text");
        if field.file_name().is_none() && !binary {
            let mut text = Vec::new();
            while let Some(piece) = now(field.chunk())? {
                if text.len() + piece.len() > LONGEST {
                    return Err(bad(format!("{name} is longer than {LONGEST} bytes")));
                }
                text.extend_from_slice(&piece);
            }
            let text = String::from_utf8(text).map_err(|_| bad(format!("{name} is no text")))?;
            self.fields.insert(name, text);
            return Ok(());
        }
        let mut file = SpooledTempFile::new_in(SPOOLED, place);
        let mut length = 0;
        while let Some(piece) = now(field.chunk())? {
            file.write_all(&piece)
                .map_err(|error| Refusal::of_writing(&error))?;
            length += piece.len() as u64;
        }
        self.files.insert(name, Upload { file, length });
        Ok(())
    }

    /// A field, without spaces around it; `None` where there is none or nothing in it.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let field = self.fields.get(name)?.trim();
        (!field.is_empty()).then_some(field)
    }

    /// Takes out a file. A field that is not marked as one is one all the same.
    pub(super) fn file(&mut self, name: &str) -> Option<Upload> {
        if let Some(file) = self.files.remove(name) {
            return Some(file);
        }
        let text = self.fields.remove(name)?;
        let mut file = SpooledTempFile::new(SPOOLED);
        file.write_all(text.as_bytes()).ok()?;
        Some(Upload {
            file,
            length: text.len() as u64,
        })
    }
}

/// The body is there: nothing is ever awaited.
fn now<T>(future: impl Future<Output = Result<T, multer::Error>>) -> Result<T, Refusal> {
    match future.now_or_never() {
        Some(Ok(value)) => Ok(value),
        Some(Err(multer::Error::StreamReadFailed(error))) => {
            tracing::error!(%error, "a form was not read");
            Err(Refusal::internal())
        }
        Some(Err(error)) => Err(bad(format!("the form cannot be read: {}", reason(&error)))),
        None => Err(Refusal::internal()),
    }
}

/// What is wrong with a form.
fn reason(error: &multer::Error) -> &'static str {
    use multer::Error;
    match error {
        Error::NoMultipart | Error::NoBoundary | Error::DecodeContentType(_) => {
            "its Content-Type is not multipart/form-data with a boundary"
        }
        Error::IncompleteFieldData { .. } | Error::IncompleteHeaders | Error::IncompleteStream => {
            "it breaks off before its last boundary"
        }
        _ => "the headers of one of its fields make no sense",
    }
}

fn bad(reason: String) -> Refusal {
    Refusal::new(Code::BadMultipart, reason)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=ab";

    fn read(body: &[u8], piece: usize) -> Result<Form, Refusal> {
        let pieces: Vec<_> = body
            .chunks(piece.max(1))
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        Form::read(TYPE, pieces.into_iter(), &std::env::temp_dir())
    }

    fn body(file: &[u8]) -> Vec<u8> {
        let head = "--ab\r\nContent-Disposition: form-data; name=\"crop\"\r\n\r\n true \r\n--ab\r\nContent-Disposition: form-data; \
            name=\"image\"; filename=\"me.png\"\r\nContent-Type: image/png\r\n\r\n";
        [head.as_bytes(), file, b"\r\n--ab--\r\n"].concat()
    }

    #[test]
    fn what_is_no_form_is_refused_with_a_reason() {
        let other = Form::read("text/plain", std::iter::empty(), &std::env::temp_dir());
        assert_eq!(other.unwrap_err().code(), Code::UnsupportedMediaType);
        let whole = body(b"abc");
        for cut in [1, 20, 60, whole.len() - 12] {
            let refusal = read(&whole[..cut], 7).unwrap_err();
            assert_eq!(refusal.code(), Code::BadMultipart, "{cut}");
        }
        let long = format!(
            "--ab\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{}\r\n--ab--\r\n",
            "x".repeat(20_000)
        );
        let refusal = read(long.as_bytes(), 1_000).unwrap_err();
        assert!(refusal.message().contains("a is longer"), "{refusal:?}");
    }

    #[test]
    fn large_files_come_in_stretches() {
        let file: Vec<u8> = (0..700_000_u32).map(|n| (n % 251) as u8).collect();
        let mut form = read(&body(&file), 65_536).unwrap();
        assert_eq!(form.field("crop"), Some("true"));
        let mut upload = form.file("image").unwrap();
        let (mut found, mut lasts) = (Vec::new(), Vec::new());
        upload
            .in_stretches(300_000, |stretch, last| {
                found.extend_from_slice(stretch);
                lasts.push(last);
                Ok::<(), io::Error>(())
            })
            .unwrap();
        assert!(found == file && lasts == [false, false, true]);
        assert!(upload.read().unwrap() == file);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_a_form_is_cut(file in prop::collection::vec(any::<u8>(), 0..400), piece in 1..90_usize) {
            let mut form = read(&body(&file), piece).unwrap();
            prop_assert_eq!(form.field("crop"), Some("true"));
            prop_assert_eq!(form.file("image").unwrap().read().unwrap(), file);
        }

        #[test]
        fn nothing_that_comes_breaks_it(body in prop::collection::vec(any::<u8>(), 0..400), piece in 1..90_usize) {
            let body = [b"--ab\r\n".as_slice(), &body].concat();
            drop(read(&body, piece));
        }
    }
}
