//! API keys.

use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::request::Request;

/// The keys that open the API. Only their digests are kept, so comparing them takes the same time for
/// every key offered, whatever its length.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    digests: Vec<[u8; 32]>,
}

impl Keys {
    /// The header that carries a key.
    pub(crate) const HEADER: &str = "X-Avatar-Key";

    /// Reads a file with one key a line. Blank lines and those that begin with `#` are skipped.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let digests: Vec<_> = fs::read_to_string(path)?
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|key| digest(key.as_bytes()))
            .collect();
        if digests.is_empty() {
            return Err(io::Error::other("there is no key in it"));
        }
        Ok(Self { digests })
    }

    /// The key that a request offers: in our header, or as a bearer token (RFC 6750 section 2.1).
    pub(crate) fn offered<'r>(request: Request<'r>) -> Option<&'r [u8]> {
        request.header(Self::HEADER).or_else(|| {
            let value = request.header("Authorization")?;
            let (scheme, token) = value.split_at_checked(SCHEME.len())?;
            let bearer = scheme.eq_ignore_ascii_case(SCHEME);
            bearer.then(|| token.trim_ascii())
        })
    }

    /// Whether `offered` is one of them.
    pub(crate) fn open_for(&self, offered: Option<&[u8]>) -> bool {
        let Some(offered) = offered.map(digest) else {
            return false;
        };
        self.digests
            .iter()
            .fold(Choice::from(0), |open, key| open | key.ct_eq(&offered))
            .into()
    }
}

/// What a bearer token comes after, in any case.
const SCHEME: &[u8] = b"Bearer ";

fn digest(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}
