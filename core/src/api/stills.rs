//! Faces as streams of still pictures: `multipart/x-mixed-replace` (RFC 2046 section 5.1.1, and what browsers make of it).

use reqwest::Url;
use serde_json::{Map, Value, json};

use super::fields::{boolean, object, session_id};
use super::realtime::begin;
use super::{Catalogue, Code, Refusal};
use crate::config::Config;
use crate::session::{Job, Kind, Pace, SessionId};

/// Whose pictures a client wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// Those of a new session, which nobody else knows of.
    New(Box<Job>),
    /// Those of a session that is there.
    Of(SessionId),
}

/// What separates pictures. The header that names it is [`STILLS_TYPE`].
const BOUNDARY: &str = "avatar-still";
/// The media type of such a stream.
pub const STILLS_TYPE: &str = "multipart/x-mixed-replace; boundary=avatar-still";
/// Where in its room a picture lies before [`enclose`] is called; as much is left free after it.
pub const STILL_MARGIN: usize = 160;
/// What follows each picture: browsers show it when they see that.
const TAIL: &[u8] = b"\r\n--avatar-still";
/// What follows the last.
pub const STILLS_END: &[u8] = b"--\r\n";

/// Puts around the picture of `length` bytes at [`STILL_MARGIN`] of `room` what separates it from the others, of which it may be
/// the `first`, and returns how long all of it is, from the beginning of `room`; `None` where there is not enough of that.
pub fn enclose(room: &mut [u8], length: usize, first: bool) -> Option<usize> {
    let boundary = if first { BOUNDARY } else { "" };
    let dashes = if first { "--" } else { "" };
    let head = format!(
        "{dashes}{boundary}\r\nContent-Type: image/jpeg\r\nContent-Length: {length}\r\n\r\n"
    );
    let picture = STILL_MARGIN..STILL_MARGIN.checked_add(length)?;
    room.get(picture.clone())?;
    room.get(..head.len())?;
    room.copy_within(picture, head.len());
    let (before, rest) = room.split_at_mut(head.len());
    before.copy_from_slice(head.as_bytes());
    rest.get_mut(length..length + TAIL.len())?
        .copy_from_slice(TAIL);
    Some(head.len() + length + TAIL.len())
}

/// Reads the body of `POST /api/stream_mjpeg`.
///
/// # Errors
///
/// A [`Refusal`] naming the field at fault.
pub fn stills(body: &[u8], config: &Config, catalogue: &Catalogue) -> Result<Sight, Refusal> {
    read(&object(body)?, config, catalogue)
}

/// Reads the query of `GET /api/stream_mjpeg`, which has the same fields.
///
/// # Errors
///
/// As of [`stills`].
pub fn stills_asked(query: &str, config: &Config, catalogue: &Catalogue) -> Result<Sight, Refusal> {
    read(&fields(query)?, config, catalogue)
}

fn read(
    fields: &Map<String, Value>,
    config: &Config,
    catalogue: &Catalogue,
) -> Result<Sight, Refusal> {
    if fields.contains_key("session_id") {
        return session_id(fields).map(Sight::Of);
    }
    let prompt = boolean(fields, "low_latency")?.unwrap_or(false);
    let job = begin(fields, config, catalogue)?;
    Ok(Sight::New(Box::new(Job {
        kind: Kind::Stream,
        pace: if prompt { Pace::Prompt } else { Pace::Live },
        reuse: false,
        ..job
    })))
}

/// The fields of a query: what is true or false is that, and everything else is text.
fn fields(query: &str) -> Result<Map<String, Value>, Refusal> {
    let url = Url::parse(&format!("http://localhost/?{query}"))
        .map_err(|_| Refusal::new(Code::BadParameter, "the query cannot be read"))?;
    let value = |name: &str, text: &str| match (name, text) {
        ("text", _) => json!(text),
        (_, "true" | "1" | "on") => json!(true),
        (_, "false" | "0" | "off") => json!(false),
        _ => json!(text),
    };
    let pairs = url.query_pairs();
    Ok(pairs
        .map(|(name, text)| (name.to_string(), value(&name, &text)))
        .collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::language::Language;
    use crate::session::Source;

    fn catalogue() -> Catalogue {
        Catalogue::speaking(&[("en-us", Language::En), ("ru", Language::Ru)])
    }

    fn asked(query: &str) -> Result<Job, Refusal> {
        match stills_asked(query, &Config::default(), &catalogue())? {
            Sight::New(job) => Ok(*job),
            Sight::Of(id) => panic!("{id}"),
        }
    }

    #[test]
    fn a_query_says_what_a_body_says() {
        let job =
            asked("text=%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82+1&language=ru&low_latency=1").unwrap();
        assert_eq!(
            (job.text.as_str(), job.language),
            ("Привет 1", Language::Ru)
        );
        assert_eq!((job.kind, job.pace), (Kind::Stream, Pace::Prompt));
        assert_eq!((job.source, job.reuse), (Source::Text, false));
        let body = br#"{"text":"true","low_latency":false}"#;
        let Sight::New(job) = stills(body, &Config::default(), &catalogue()).unwrap() else {
            panic!("it is a new one");
        };
        assert_eq!((job.text.as_str(), job.pace), ("true", Pace::Live));
        assert_eq!(asked("text=true").unwrap().text, "true");
        assert_eq!(asked("text=%20").unwrap_err().code(), Code::EmptyText);
        assert_eq!(
            asked("text=a&low_latency=perhaps").unwrap_err().code(),
            Code::BadParameter
        );
    }

    #[test]
    fn a_session_that_is_there_can_be_named() {
        let id = SessionId::generate();
        let query = format!("session_id={id}");
        let sight = stills_asked(&query, &Config::default(), &catalogue());
        assert_eq!(sight.unwrap(), Sight::Of(id));
        let sight = stills_asked("session_id=1", &Config::default(), &catalogue());
        assert!(sight.is_err());
    }

    #[test]
    fn pictures_are_separated_as_multipart_bodies_are() {
        let mut stream = Vec::new();
        for (picture, first) in [(&b"one"[..], true), (b"three", false)] {
            let mut room = [0; 3 * STILL_MARGIN];
            room[STILL_MARGIN..][..picture.len()].copy_from_slice(picture);
            let length = enclose(&mut room, picture.len(), first).unwrap();
            stream.extend(&room[..length]);
            assert_eq!(enclose(&mut room[..STILL_MARGIN + 2], 3, first), None);
        }
        stream.extend(STILLS_END);
        let text = String::from_utf8(stream).unwrap();
        assert_eq!(
            text,
            "--avatar-still\r\nContent-Type: image/jpeg\r\nContent-Length: 3\r\n\r\none\r\n\
             --avatar-still\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\nthree\r\n\
             --avatar-still--\r\n"
        );
        assert!(STILLS_TYPE.ends_with(BOUNDARY));
    }

    proptest! {
        #[test]
        fn no_query_panics(query in "\\PC{0,80}|(text|low_latency|session_id|avatar)=[%0-9a-z&=]{0,30}") {
            let _ = stills_asked(&query, &Config::default(), &catalogue());
        }
    }
}
