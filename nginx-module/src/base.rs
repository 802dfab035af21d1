//! The path below which clients find the API, where that is not the root.
//!
//! It may stand in the path of a request, or a proxy in front may have taken it away; answers name it either way. A proxy
//! can say what it took away in `X-Forwarded-Prefix`. Whoever else sends that header misleads nobody but himself: what is
//! taken from it is a plain path, and answers that hold it are not cached.

use avatar_core::api::{Route, Urls, route};

use crate::request::Request;

/// The header in which proxies say what they took away from the beginning of a path.
const FORWARDED: &str = "X-Forwarded-Prefix";

/// Bytes of such a path.
const LONGEST: usize = 256;

/// What `avatar_base` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    /// Without a slash at its end; empty where it is the root.
    path: String,
    /// Whether what proxies say they took away is believed.
    forwarded: bool,
}

impl Base {
    /// Reads the values of a directive.
    pub(crate) fn parse(values: &[&str]) -> Result<Self, (String, &'static str)> {
        let (path, forwarded) = match values {
            [path] => (path, false),
            [path, "forwarded"] => (path, true),
            [_, word, ..] => {
                return Err((
                    (*word).to_owned(),
                    "after the path there may be \"forwarded\"",
                ));
            }
            [] => return Err((String::new(), "it needs a path")),
        };
        let path = plain(path).ok_or_else(|| {
            let reason =
                "it must be \"/\", or a path of letters, digits and \"-._~\", such as /avatar";
            ((*path).to_owned(), reason)
        })?;
        Ok(Self {
            path: path.to_owned(),
            forwarded,
        })
    }

    /// What follows the base in `path`, if that begins with it.
    fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(self.path.as_str())?;
        (!self.path.is_empty() && rest.starts_with('/')).then_some(rest)
    }

    /// What `path` asks for, and whether it begins with the base. A path that is the API's as it stands means what it says,
    /// also where the base is a word of the API.
    fn route(&self, path: &str) -> (Option<Route>, bool) {
        let here = route(path);
        if !matches!(here, None | Some(Route::Nothing)) {
            return (here, false);
        }
        match self.below(path).and_then(route) {
            Some(below) => (Some(below), true),
            None => (here, false),
        }
    }
}

/// A path without a slash at its end, if it can stand before the API's own and mean nothing else: `//host` would be another server.
fn plain(path: &str) -> Option<&str> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let names = |name: &str| {
        let ordinary = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        !matches!(name, "" | "." | "..") && name.bytes().all(ordinary)
    };
    let fits = match path.strip_prefix('/') {
        Some(rest) => path.len() <= LONGEST && rest.split('/').all(names),
        None => path.is_empty(),
    };
    fits.then_some(path)
}

/// What a client's request asks for, if its path is one of ours.
pub(crate) fn asked(request: Request<'_>) -> Option<Route> {
    let path = request.path()?;
    match request.location().and_then(|location| location.base()) {
        Some(base) => base.route(path).0,
        None => route(path),
    }
}

/// Where the client of a call found the API.
pub(crate) fn urls(request: Request<'_>) -> Urls {
    let Some(base) = request.location().and_then(|location| location.base()) else {
        return Urls::default();
    };
    let taken = match base.forwarded {
        true => taken_away(request),
        false => None,
    };
    let base = match (taken, base.route(request.path().unwrap_or_default())) {
        // The proxy took away what stood before our own base.
        (Some(taken), (_, true)) => taken + &base.path,
        (Some(taken), (_, false)) => taken,
        (None, _) => base.path.clone(),
    };
    Urls { base }
}

/// What proxies say they took away, the outermost first; `None` where they say nothing that can be so.
fn taken_away(request: Request<'_>) -> Option<String> {
    let mut taken = None::<String>;
    for value in request.headers(FORWARDED) {
        for path in std::str::from_utf8(value).ok()?.split(',') {
            let path = plain(path.trim())?;
            taken.get_or_insert_default().push_str(path);
        }
    }
    taken.filter(|taken| taken.len() <= LONGEST)
}
