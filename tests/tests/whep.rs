//! Sessions watched by WHEP: what is said over HTTP. That something is seen, real peers try.

use avatar_tests::{Answer, Nginx, Setup, until};
use serde_json::json;

const NOBODY: &str = "01936b5e-0000-7000-8000-000000000001";

/// An offer of one player; it has no candidates, which nobody needs.
const OFFER: &str = "v=0\r\n\
    o=- 42 2 IN IP4 127.0.0.1\r\n\
    s=-\r\n\
    t=0 0\r\n\
    a=group:BUNDLE the-picture-of-it sound\r\n\
    a=ice-ufrag:abcd\r\n\
    a=ice-pwd:abcdefghijklmnopqrstuvwx\r\n\
    a=fingerprint:sha-256 01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F:20\r\n\
    a=setup:actpass\r\n\
    m=video 9 UDP/TLS/RTP/SAVPF 98\r\n\
    a=mid:the-picture-of-it\r\n\
    a=sendrecv\r\n\
    a=rtcp-mux\r\n\
    a=rtpmap:98 H264/90000\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
    a=mid:sound\r\n\
    a=sendrecv\r\n\
    a=rtcp-mux\r\n\
    a=rtpmap:111 opus/48000/2\r\n";

fn nginx() -> Nginx {
    Setup::new()
        .http("avatar_webrtc 127.0.0.1:0;")
        .location("avatar_origins *;")
        .start()
}

fn session(nginx: &Nginx, pace: &str) -> String {
    let text = "This sentence is said many times. ".repeat(30);
    let body = json!({ "text": text, "language": "en", "pace": pace, "reuse": false });
    let begun = nginx.start_session(&body);
    begun["session_id"].as_str().unwrap().to_owned()
}

fn watch(nginx: &Nginx, session: &str, offer: impl AsRef<[u8]>) -> Answer {
    nginx
        .request("POST", &format!("/whep/{session}"))
        .header("Content-Type", "application/sdp")
        .body(offer)
        .send()
}

#[test]
fn a_player_is_answered_as_it_asked() {
    let nginx = nginx();
    let id = session(&nginx, "live");
    let answer = watch(&nginx, &id, OFFER);
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.header("Content-Type"), "application/sdp");
    let sdp = answer.text();
    let lines: Vec<&str> = sdp
        .lines()
        .filter(|line| {
            line.starts_with("a=mid:") || line.starts_with("a=send") || line.starts_with("a=recv")
        })
        .collect();
    let expected = [
        "a=mid:the-picture-of-it",
        "a=sendonly",
        "a=mid:sound",
        "a=sendonly",
    ];
    assert_eq!(lines, expected, "{sdp}");
    assert!(sdp.contains("a=group:BUNDLE the-picture-of-it sound\r\n"));

    let place = answer.header("Location").to_owned();
    let path = format!("/whep/{id}");
    for method in ["GET", "HEAD", "OPTIONS"] {
        let looked = nginx.request(method, &path).send();
        assert_eq!((looked.status, looked.body.len()), (204, 0), "{method}");
        assert_eq!(looked.header("Accept-Post"), "application/sdp", "{method}");
        assert_eq!(nginx.request(method, &place).send().status, 204, "{method}");
    }
    let trickled = nginx.request("PATCH", &place).send();
    assert_eq!(
        (trickled.status, trickled.code()),
        (405, "method_not_allowed".to_owned())
    );
    assert!(trickled.header("Allow").contains("DELETE"));
    assert_eq!(nginx.request("DELETE", &place).send().status, 204);
}

#[test]
fn what_is_not_shown_cannot_be_watched() {
    let nginx = nginx();
    let ahead = session(&nginx, "fast");
    let refused = watch(&nginx, &ahead, OFFER);
    assert_eq!(
        (refused.status, refused.code()),
        (409, "not_live".to_owned())
    );
    assert!(refused.header("Retry-After").parse::<u32>().unwrap() > 0);
    let over = nginx.speak("Over.");
    nginx.finished(&over);
    let refused = watch(&nginx, &over, OFFER);
    assert_eq!(
        (refused.status, refused.code()),
        (409, "not_live".to_owned())
    );
    assert_eq!(watch(&nginx, NOBODY, OFFER).status, 404);
    for nothing in ["/whep", "/whep/", "/whep/x", "/whep/x/y/z"] {
        let answer = nginx.request("POST", nothing).send();
        assert_eq!(
            (answer.status, answer.code()),
            (404, "unknown_session".to_owned())
        );
    }
}

#[test]
fn offers_are_refused_in_plain_words() {
    let nginx = nginx();
    let id = session(&nginx, "live");
    until("the session", || {
        (nginx.status(&id)["status"] == "processing").then_some(())
    });
    for (offer, words) in [
        ("v=0\r\nnonsense", "line 2"),
        ("hello", "v=0"),
        ("v=0\r\ns=-\r\n", "m="),
        (
            &OFFER.replace("a=mid:sound", "a=mid:the-picture-of-it"),
            "the-picture-of-it",
        ),
        (&OFFER.replace("H264", "VP8"), "it takes VP8"),
        (&OFFER.replace("a=fingerprint", "a=x"), "a=fingerprint"),
        (&OFFER.replace("sha-256", "sha-384"), "sha-384"),
        (&OFFER.replace("sendrecv", "sendonly"), "a=recvonly"),
    ] {
        let refused = watch(&nginx, &id, offer);
        let text = refused.text();
        assert_eq!(
            (refused.status, refused.code()),
            (400, "bad_parameter".to_owned()),
            "{text}"
        );
        assert!(text.contains(words), "{text}");
        assert!(!text.contains("0x"), "{text}");
    }
    let latin: Vec<u8> = OFFER
        .replace("s=-", "s=caf?")
        .bytes()
        .map(|byte| if byte == b'?' { 0xe9 } else { byte })
        .collect();
    assert_eq!(watch(&nginx, &id, latin).status, 201);
    let long = format!("{OFFER}{}", "a=x\r\n".repeat(40_000));
    let refused = watch(&nginx, &id, long);
    assert_eq!(
        (refused.status, refused.code()),
        (413, "too_large".to_owned())
    );
    let typed = nginx
        .request("POST", &format!("/whep/{id}"))
        .header("Content-Type", "text/plain")
        .body(OFFER)
        .send();
    assert_eq!(typed.status, 415);
    assert_eq!(typed.header("Accept-Post"), "application/sdp");
}
