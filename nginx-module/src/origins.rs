//! Cross-origin requests (the Fetch standard, section 3.3 "CORS protocol").

use crate::request::Request;

/// The origins whose pages may use the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origins {
    /// Any.
    Any,
    /// These.
    Listed(Vec<String>),
}

/// What pages may read of an answer beyond what they always may.
pub(crate) const EXPOSED: &str =
    "Content-Length, Content-Range, ETag, Location, Retry-After, X-Avatar-Session";

/// What pages may send: anything, since clients of OpenAI's send headers of their own; the last is never meant by that.
pub(crate) const HEADERS: &str = "*, Content-Type, X-Avatar-Key, Range, Authorization";

/// Seconds for which a browser may remember what it may do.
pub(crate) const MAX_AGE: &str = "86400";

impl Origins {
    /// Reads the values of a directive.
    pub(crate) fn parse(values: &[&str]) -> Result<Self, (String, &'static str)> {
        if values.contains(&"*") {
            return match values {
                ["*"] => Ok(Self::Any),
                _ => Err(("*".to_owned(), "it stands alone")),
            };
        }
        let fault = |value: &&&str| !is_origin(value);
        if let Some(value) = values.iter().find(fault) {
            return Err((
                (*value).to_owned(),
                "an origin is a scheme, a host and perhaps a port, such as https://example.org",
            ));
        }
        let listed = values.iter().map(|value| value.to_ascii_lowercase());
        Ok(Self::Listed(listed.collect()))
    }

    /// The value of `Access-Control-Allow-Origin` for a page from `origin`.
    pub(crate) fn allow<'a>(&self, origin: Option<&'a str>) -> Option<&'a str> {
        match self {
            Self::Any => Some("*"),
            Self::Listed(listed) => origin.filter(|origin| listed.iter().any(|one| one == origin)),
        }
    }

    /// Whether answers differ by origin, which caches must know.
    pub(crate) fn vary(&self) -> bool {
        matches!(self, Self::Listed(_))
    }
}

fn is_origin(value: &str) -> bool {
    value
        .strip_prefix("https://")
        .or_else(|| value.strip_prefix("http://"))
        .is_some_and(is_host)
}

/// Whether `value` looks like a host, perhaps with a port.
pub(crate) fn is_host(value: &str) -> bool {
    !value.is_empty()
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte))
}

/// The value of `Access-Control-Allow-Origin` in the answer to `request`, if it may have one.
pub(crate) fn allowed<'r>(request: Request<'r>) -> Option<&'r str> {
    let origin = request
        .header("Origin")
        .and_then(|origin| std::str::from_utf8(origin).ok());
    request.location()?.origins()?.allow(origin)
}
