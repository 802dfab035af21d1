//! Cross-origin requests (the Fetch standard, section 3.3 "CORS protocol").

use crate::request::Request;

/// The origins whose pages may use the API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origins {
    /// Whether pages from anywhere may.
    any: bool,
    listed: Vec<Origin>,
}

/// One of those that are named.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    name: String,
    /// Whether its pages may send cookies and the like, and read what is answered then.
    credentials: bool,
}

/// What a page may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowed<'o> {
    /// The value of `Access-Control-Allow-Origin`.
    pub(crate) origin: &'o str,
    /// Whether the page may send cookies and the like.
    pub(crate) credentials: bool,
}

/// What pages may read of an answer beyond what they always may.
pub(crate) const EXPOSED: &str = "Accept-Post, Allow, Content-Length, Content-Range, ETag, Location, Retry-After, X-Avatar-Session, X-Request-Id";

/// What pages may send: anything, since clients of OpenAI's send headers of their own; the last is never meant by that.
pub(crate) const HEADERS: &str = "*, Content-Type, X-Avatar-Key, Range, Authorization";

/// Seconds for which a browser may remember what it may do.
pub(crate) const MAX_AGE: &str = "86400";

/// Bytes of the list of headers that a preflight asks for; more is answered with [`HEADERS`].
const MOST_HEADERS: usize = 2048;

impl Origins {
    /// Reads the values of a directive.
    pub(crate) fn parse(values: &[&str]) -> Result<Self, (String, &'static str)> {
        let fault = |value: &str, reason| Err((value.to_owned(), reason));
        let mut credentials = None;
        let mut names = Vec::new();
        for &value in values {
            match value.strip_prefix("credentials=") {
                Some(_) if credentials.is_some() => return fault(value, "it is said twice"),
                Some("on") => credentials = Some(true),
                Some("off") => credentials = Some(false),
                Some(_) => return fault(value, "it must be \"on\" or \"off\""),
                None => names.push(value),
            }
        }
        let credentials = credentials.unwrap_or(false);
        match names.as_slice() {
            [] => return fault(&values.join(" "), "it needs origins, or *"),
            ["*"] if credentials => {
                let reason = "browsers send no credentials where any origin is allowed: those that may send them are listed";
                return fault("credentials=on", reason);
            }
            ["*"] => {
                return Ok(Self {
                    any: true,
                    listed: Vec::new(),
                });
            }
            names if names.contains(&"*") => return fault("*", "it stands alone"),
            _ => {}
        }
        let mut origins = Self::default();
        for name in names {
            if !is_origin(name) {
                let reason =
                    "an origin is a scheme, a host and perhaps a port, such as https://example.org";
                return fault(name, reason);
            }
            let origin = Origin {
                name: name.to_ascii_lowercase(),
                credentials,
            };
            let one = Self {
                any: false,
                listed: vec![origin],
            };
            origins
                .add(one)
                .map_err(|name| (name, "it is said twice"))?;
        }
        Ok(origins)
    }

    /// Takes those of another directive as well; refuses one that is there already.
    pub(crate) fn add(&mut self, more: Self) -> Result<(), String> {
        if self.any && more.any {
            return Err("*".to_owned());
        }
        let known = |origin: &&Origin| self.listed.iter().any(|own| own.name == origin.name);
        if let Some(twice) = more.listed.iter().find(known) {
            return Err(twice.name.clone());
        }
        self.any |= more.any;
        self.listed.extend(more.listed);
        Ok(())
    }

    /// What a page from `origin` may do.
    fn allow<'o>(&self, origin: Option<&'o str>) -> Option<Allowed<'o>> {
        let listed = origin.and_then(|origin| {
            let own = self.listed.iter().find(|own| own.name == origin)?;
            Some(Allowed {
                origin,
                credentials: own.credentials,
            })
        });
        let any = self.any.then_some(Allowed {
            origin: "*",
            credentials: false,
        });
        listed.or(any)
    }

    /// Whether answers differ by origin, which caches must know.
    pub(crate) fn vary(&self) -> bool {
        !self.listed.is_empty()
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

/// What the page that sent `request` may do, if it may do anything.
pub(crate) fn allowed<'r>(request: Request<'r>) -> Option<Allowed<'r>> {
    let origin = request
        .header("Origin")
        .and_then(|origin| std::str::from_utf8(origin).ok());
    request.location()?.origins()?.allow(origin)
}

/// The headers that a preflight's page may send. Where it sends credentials, `*` is the name of a header and nothing else
/// (the Fetch standard, section 3.3.4), so that what is asked for is named.
pub(crate) fn headers(request: Request<'_>, allowed: Allowed<'_>) -> String {
    if !allowed.credentials {
        return HEADERS.to_owned();
    }
    let is_listed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_, ".contains(&byte);
    let asked = request
        .header("Access-Control-Request-Headers")
        .filter(|asked| asked.len() <= MOST_HEADERS && asked.iter().copied().all(is_listed))
        .and_then(|asked| std::str::from_utf8(asked).ok())
        .filter(|asked| !asked.trim().is_empty());
    match asked {
        Some(asked) => format!("{asked}, {HEADERS}"),
        None => HEADERS.to_owned(),
    }
}

/// Whether a browser asks leave for a page from the open internet to reach a server in a network of its user's (the draft
/// "Private Network Access").
pub(crate) fn asks_for_private_network(request: Request<'_>) -> bool {
    request.header("Access-Control-Request-Private-Network") == Some(b"true".as_slice())
}
