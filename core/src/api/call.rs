//! Offers of peers that want to talk, in JSON, or to watch, by WHEP (draft-ietf-wish-whep).

use serde_json::{Value, json};

use super::fields::{object, string};
use super::realtime::begin;
use super::{Catalogue, Code, Refusal, Urls};
use crate::config::Config;
use crate::rtc::{MOST_OFFER, PeerId};
use crate::session::{Job, Kind, Pace, SessionId};
use crate::store::{Answered, Microphone, Offer};

/// The media type of session descriptions (RFC 8866 section 8.2.1).
pub const SDP_TYPE: &str = "application/sdp";

/// Bytes of an answer at most, whatever it is written in.
pub const MOST_ANSWER: usize = 64 * 1024;

/// Reads the body of `POST /api/realtime/offer`: the session it begins, and the offer.
///
/// # Errors
///
/// A [`Refusal`] naming the field at fault.
pub fn offer(body: &[u8], config: &Config, catalogue: &Catalogue) -> Result<(Job, Offer), Refusal> {
    check(config)?;
    let mut fields = object(body)?;
    match string(&fields, "type")? {
        None | Some("offer") => {}
        Some(_) => return Err(Refusal::new(Code::BadParameter, "type must be \"offer\"")),
    }
    let sdp = string(&fields, "sdp")?.unwrap_or_default().to_owned();
    if sdp.is_empty() {
        return Err(Refusal::new(Code::BadParameter, "sdp is missing").about("sdp"));
    }
    check_length(sdp.len())?;
    let microphone = match string(&fields, "microphone")? {
        None => Microphone::default(),
        Some(word) => Microphone::from_word(word).ok_or_else(|| {
            Refusal::new(
                Code::BadParameter,
                "microphone must be \"drive\", \"interrupt\" or \"off\"",
            )
        })?,
    };
    // Beside that it is a session that is begun as others are, and whose text is never complete.
    fields.insert("final".to_owned(), Value::Bool(false));
    let job = begin(&fields, config, catalogue)?;
    let job = Job {
        kind: Kind::Stream,
        pace: Pace::Prompt,
        reuse: false,
        ..job
    };
    Ok((job, Offer { sdp, microphone }))
}

/// Reads the body of `POST /whep/<session>`: an offer and nothing else.
///
/// # Errors
///
/// A [`Refusal`]
pub fn whep(body: &[u8], config: &Config) -> Result<Offer, Refusal> {
    check(config)?;
    check_length(body.len())?;
    // Only titles and comments may be in another character set (RFC 8866 section 6.10), and nobody reads them.
    let sdp = String::from_utf8_lossy(body).into_owned();
    if sdp.is_empty() {
        return Err(Refusal::new(
            Code::BadParameter,
            "the body must be an offer in the session description protocol",
        ));
    }
    let microphone = Microphone::Off;
    Ok(Offer { sdp, microphone })
}

/// An offer that no switchboard would read is not left for one.
fn check_length(bytes: usize) -> Result<(), Refusal> {
    match bytes <= MOST_OFFER {
        true => Ok(()),
        false => Err(Refusal::new(
            Code::TooLarge,
            format!("the offer is longer than {MOST_OFFER} bytes"),
        )
        .about("sdp")),
    }
}

fn check(config: &Config) -> Result<(), Refusal> {
    match config.webrtc {
        Some(_) => Ok(()),
        None => Err(Refusal::new(
            Code::BadParameter,
            "this server has no WebRTC; avatar_webrtc would turn it on",
        )),
    }
}

/// What the maker of an offer gets: the answer, or why there is none.
///
/// # Errors
///
/// A [`Refusal`]
pub fn answered(answer: Answered) -> Result<String, Refusal> {
    match answer {
        Answered::Taken(sdp) => Ok(sdp),
        Answered::Refused(reason) => Err(Refusal::new(Code::BadParameter, reason).about("sdp")),
        Answered::Busy(reason) => Err(Refusal::new(Code::Busy, reason)),
    }
}

/// The answer of `POST /api/realtime/offer`.
pub fn offered(session: SessionId, peer: PeerId, sdp: &str, urls: &Urls) -> String {
    json!({
        "sdp": sdp,
        "type": "answer",
        "session_id": session,
        "peer_url": peer_url(session, peer, urls),
    })
    .to_string()
}

/// Where a peer is hung up on.
pub fn peer_url(session: SessionId, peer: PeerId, urls: &Urls) -> String {
    urls.to(format_args!("/whep/{session}/{peer}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::language::Language;
    use crate::rtc::Settings;

    fn config() -> Config {
        Config {
            webrtc: Some(Settings {
                bind: ([127, 0, 0, 1], 0).into(),
                public: None,
                peers: 10,
            }),
            ..Config::default()
        }
    }

    fn catalogue() -> Catalogue {
        Catalogue::speaking(&[("en-us", Language::En)])
    }

    fn read(body: &str) -> Result<(Job, Offer), Refusal> {
        offer(body.as_bytes(), &config(), &catalogue())
    }

    #[test]
    fn an_offer_begins_a_session_that_stays_open() {
        let (job, call) = read(r#"{"sdp":"v=0","type":"offer"}"#).unwrap();
        assert_eq!(
            (call.sdp.as_str(), call.microphone),
            ("v=0", Microphone::Drive)
        );
        let (_, call) = read(r#"{"sdp":"v=0","microphone":"interrupt"}"#).unwrap();
        assert_eq!(call.microphone, Microphone::Interrupt);
        assert_eq!((job.kind, job.pace), (Kind::Stream, Pace::Prompt));
        assert!(job.open && !job.reuse && job.text.is_empty());
        let (job, _) = read(r#"{"sdp":"v=0","text":"Hello.","avatar":"anna"}"#).unwrap();
        assert_eq!(job.text, "Hello.");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, code) in [
            ("{}", Code::BadParameter),
            (r#"{"sdp":1}"#, Code::BadParameter),
            (r#"{"sdp":"v=0","type":"answer"}"#, Code::BadParameter),
            (r#"{"sdp":"v=0","microphone":"on"}"#, Code::BadParameter),
            (r#"{"sdp":"v=0","avatar":"bob"}"#, Code::UnknownAvatar),
            (
                r#"{"sdp":"v=0","language":"xx"}"#,
                Code::UnsupportedLanguage,
            ),
            ("[]", Code::BadJson),
        ] {
            assert_eq!(read(body).unwrap_err().code(), code, "{body}");
        }
        let off = offer(br#"{"sdp":"v=0"}"#, &Config::default(), &catalogue());
        assert_eq!(off.unwrap_err().code(), Code::BadParameter);
        assert!(whep(b"", &config()).is_err());
        let latin = whep(b"v=0\r\ns=caf\xe9\r\n", &config()).unwrap();
        assert!(latin.sdp.starts_with("v=0\r\ns=caf"));
        let long = "a=x\r\n".repeat(40_000);
        let refused = whep(long.as_bytes(), &config()).unwrap_err();
        assert_eq!((refused.code(), refused.status()), (Code::TooLarge, 413));
        let refused = read(&json!({ "sdp": long }).to_string()).unwrap_err();
        assert_eq!(refused.code(), Code::TooLarge);
        assert_eq!(whep(b"v=0", &config()).unwrap().sdp, "v=0");
    }

    #[test]
    fn answers_are_told_in_json() {
        let (session, peer) = (SessionId::generate(), PeerId::generate());
        let urls = Urls {
            base: "/avatar".to_owned(),
        };
        let told: Value = serde_json::from_str(&offered(session, peer, "v=0\r\n", &urls)).unwrap();
        assert_eq!(told["sdp"], "v=0\r\n");
        assert_eq!(told["type"], "answer");
        assert_eq!(told["session_id"], session.to_string());
        assert_eq!(told["peer_url"], format!("/avatar/whep/{session}/{peer}"));
        assert_eq!(answered(Answered::Taken("v=0".to_owned())).unwrap(), "v=0");
        let busy = answered(Answered::Busy("later".to_owned())).unwrap_err();
        assert_eq!(busy.status(), 503);
        let refused = answered(Answered::Refused("no".to_owned())).unwrap_err();
        assert_eq!((refused.status(), refused.parameter()), (400, Some("sdp")));
    }

    proptest! {
        #[test]
        fn no_body_panics(body in "\\PC{0,80}|\\{\"(sdp|type|text)\":[\"0-9a-z\\[\\]{}]{0,30}\\}", bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = read(&body);
            let _ = whep(&bytes, &config());
            let _ = offer(&bytes, &config(), &catalogue());
        }
    }
}
