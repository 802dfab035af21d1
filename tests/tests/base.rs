//! The API below a path of its own: in nginx's own location, and behind proxies that take the path away.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use avatar_tests::{FormBody, Nginx, Setup};
use serde_json::{Value, json};

/// The addresses in everything that says one, for clients that find the API below `path`.
fn addresses(nginx: &Nginx, path: &str) -> Vec<String> {
    let post = |call: &str, body: &Value| {
        let answer = nginx
            .request("POST", &format!("{path}{call}"))
            .json(body)
            .send();
        assert_eq!(answer.status, 200, "{call}: {}", answer.text());
        answer.value()
    };
    let get = |call: &str| {
        let answer = nginx.request("GET", &format!("{path}{call}")).send();
        assert_eq!(answer.status, 200, "{call}: {}", answer.text());
        answer
    };
    let id = |answer: &Value| answer["session_id"].as_str().unwrap().to_owned();
    let text = json!({ "text": "Hello.", "language": "en" });

    let started = post("/api/stream/start", &text);
    let session = id(&started);
    let events = get(&format!("/api/stream/events/{session}")).events();
    let told = &events.last().unwrap().1;
    let status = get(&format!("/api/stream/status/{session}")).value();
    let sound = post("/audiostream/start/", &json!({ "prompt": "Hello." }));
    let task = loop {
        let task = get(&format!("/audiostream/task-status/{}/", id(&sound))).value();
        if task["state"] == "SUCCESS" {
            break task;
        }
    };
    let film = post("/api/generate?async=1", &text);
    let form = FormBody::default().field("avatar", "anna");
    let driven = nginx
        .request("POST", &format!("{path}/api/audio-driven/chunked/init"))
        .form(form)
        .send()
        .value();
    let call = format!("/api/audio-driven/chunked/session/{}", id(&driven));
    nginx.request("DELETE", &format!("{path}{call}")).send();
    [
        &started["playlist_url"],
        &told["playlist_url"],
        &told["mp4_url"],
        &status["playlist_url"],
        &status["mp4_url"],
        &sound["playlist"],
        &task["playlist"],
        &task["result"]["playlist"],
        &film["status_url"],
        &film["video_url"],
        &driven["hls_url"],
    ]
    .into_iter()
    .map(|address| address.as_str().unwrap().to_owned())
    .collect()
}

/// All of them begin with `path`, and are found where they say.
fn are_found(nginx: &Nginx, path: &str) {
    let addresses = addresses(nginx, path);
    let (driven, found) = addresses.split_last().unwrap();
    assert!(driven.starts_with(&format!("{path}/hls/")), "{driven}");
    for address in found {
        assert!(address.starts_with(&format!("{path}/")), "{address}");
        let answer = nginx.request("GET", address).send();
        assert_eq!(answer.status, 200, "{address}: {}", answer.text());
        if address.ends_with(".m3u8") {
            // What it lists is beside it.
            assert!(!answer.text().contains("\n/"), "{}", answer.text());
            assert!(!answer.text().contains("URI=\"/"), "{}", answer.text());
        }
    }
}

#[test]
fn everything_is_found_below_a_location_of_its_own() {
    let nginx = Setup::new()
        .off()
        .server("location /avatar/ { avatar on; avatar_base /avatar; avatar_origins *; }")
        .start();
    are_found(&nginx, "/avatar");
    let refused = |method: &str, path: &str| {
        let answer = nginx.request(method, path).send();
        (answer.status, answer.code())
    };
    let nobody = "/avatar/hls/01936b5e-0000-7000-8000-000000000001/init.mp4";
    assert_eq!(refused("GET", nobody), (404, "unknown_session".to_owned()));
    assert_eq!(
        refused("GET", "/avatar/whep/1"),
        (404, "unknown_session".to_owned())
    );
    let method = refused("PUT", "/avatar/api/stream/start");
    assert_eq!(method, (405, "method_not_allowed".to_owned()));
    // What nginx itself refuses is said in the API's words there as well.
    let preflight = nginx
        .request("OPTIONS", "/avatar/v1/audio/speech")
        .header("Origin", "https://example.org")
        .send();
    assert_eq!(
        (
            preflight.status,
            preflight.header("Access-Control-Allow-Methods")
        ),
        (204, "POST, OPTIONS")
    );
    for elsewhere in ["/avatar/other", "/avatars/api/voices", "/api/voices"] {
        assert_eq!(nginx.request("GET", elsewhere).send().status, 404);
    }
}

#[test]
fn everything_is_found_behind_a_proxy_that_takes_the_path_away() {
    for (base, header) in [
        ("avatar_base /avatar;", ""),
        (
            "avatar_base / forwarded;",
            "proxy_set_header X-Forwarded-Prefix /avatar;",
        ),
        (
            "avatar_base /other forwarded;",
            "proxy_set_header X-Forwarded-Prefix /avatar/;",
        ),
    ] {
        let nginx = Setup::new()
            .off()
            .origin(&format!("avatar on; {base}"))
            .server(&format!(
                "location /avatar/ {{
                     proxy_pass http://unix:origin.sock:/; proxy_http_version 1.1; {header}
                 }}"
            ))
            .start();
        are_found(&nginx, "/avatar");
    }
}

/// What a browser offers that wants to watch, and whom nobody will ever reach.
const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
m=video 9 UDP/TLS/RTP/SAVPF 102\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\n\
a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 \
00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n\
a=setup:actpass\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\na=rtpmap:102 H264/90000\r\na=rtcp-fb:102 nack pli\r\n\
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n\
m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\n\
a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 \
00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n\
a=setup:actpass\r\na=mid:1\r\na=recvonly\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n";

#[test]
fn peers_are_hung_up_on_below_it() {
    let nginx = Setup::new()
        .http("avatar_webrtc 127.0.0.1:0;")
        .off()
        .server(
            "location /avatar/ {
                 proxy_pass http://unix:origin.sock:/; proxy_http_version 1.1;
                 proxy_set_header X-Forwarded-Prefix /avatar;
             }",
        )
        .origin("avatar on; avatar_base / forwarded;")
        .start();
    let offered = nginx
        .request("POST", "/avatar/api/realtime/offer")
        .json(&json!({ "sdp": OFFER, "type": "offer" }))
        .send();
    assert_eq!(offered.status, 200, "{}", offered.text());
    let offered = offered.value();
    let session = offered["session_id"].as_str().unwrap();
    let watched = nginx
        .request("POST", &format!("/avatar/whep/{session}"))
        .header("Content-Type", "application/sdp")
        .body(OFFER)
        .send();
    assert_eq!(watched.status, 201, "{}", watched.text());
    let talks = offered["peer_url"].as_str().unwrap();
    for peer in [watched.header("Location"), talks] {
        assert!(
            peer.starts_with(&format!("/avatar/whep/{session}/")),
            "{peer}"
        );
        assert_eq!(nginx.request("DELETE", peer).send().status, 204, "{peer}");
    }
}

/// Where a film would be, for a client whose proxies say `prefixes`.
fn film(nginx: &Nginx, path: &str, prefixes: &[&str]) -> String {
    let request = nginx.request("POST", &format!("{path}/api/generate?async=1"));
    let request = prefixes.iter().fold(request, |request, prefix| {
        request.header("X-Forwarded-Prefix", prefix)
    });
    let film = request
        .json(&json!({ "text": "Hello.", "language": "en" }))
        .send()
        .value();
    let address = film["video_url"].as_str().unwrap();
    address.split("/hls/").next().unwrap().to_owned()
}

#[test]
fn what_proxies_say_is_believed_where_that_is_said_and_where_it_can_be_so() {
    let nginx = Setup::new()
        .location("avatar_base /own forwarded;")
        .reuse("size=100m")
        .server("location /silent/ { avatar on; avatar_base /silent; }")
        .start();
    for (path, prefixes, base) in [
        ("", &[][..], "/own"),
        ("/own", &[], "/own"),
        ("", &["/avatar"], "/avatar"),
        ("", &["/"], ""),
        // What stands in the path is what the proxy left there.
        ("/own", &["/avatar"], "/avatar/own"),
        // One proxy behind another: each says what it took away, in the order in which that stood in the path.
        ("", &["/one", "/two"], "/one/two"),
        ("", &["/one, /two/"], "/one/two"),
        // Nothing that leads elsewhere.
        ("", &["//example.org"], "/own"),
        ("", &["https://example.org"], "/own"),
        ("", &["avatar"], "/own"),
        ("", &["/a/../b"], "/own"),
        ("", &["/a\"b"], "/own"),
        ("", &["/a?b"], "/own"),
        ("", &["/\\example.org"], "/own"),
        ("", &[&"/long".repeat(60)], "/own"),
        ("/silent", &["/avatar"], "/silent"),
    ] {
        assert_eq!(film(&nginx, path, prefixes), base, "{path} {prefixes:?}");
    }
}

#[test]
fn a_base_may_be_a_word_of_the_api_and_locations_may_differ() {
    let nginx = Setup::new()
        .http("avatar_base /outer;")
        .server(
            "location /api/ { avatar on; avatar_base /api; }
             location /stream/ { avatar on; avatar_base /stream/; }
             location /v1/ { avatar on; avatar_base off; }",
        )
        .start();
    for path in [
        "/api/api/voices",
        "/api/voices",
        "/stream/api/voices",
        "/outer/api/voices",
        "/v1/models",
    ] {
        assert_eq!(nginx.request("GET", path).send().status, 200, "{path}");
    }
    assert_eq!(nginx.request("GET", "/v1/v1/models").send().status, 404);
    assert_eq!(film(&nginx, "/stream", &["/avatar"]), "/stream");
}

#[test]
fn whoever_is_told_of_the_end_is_told_where_the_client_found_the_api() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let told = thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut read = Vec::new();
        loop {
            let mut bytes = [0; 4096];
            let length = connection.read(&mut bytes).unwrap();
            assert!(length > 0, "{}", String::from_utf8_lossy(&read));
            read.extend(&bytes[..length]);
            let text = String::from_utf8_lossy(&read);
            let body = text.split_once("\r\n\r\n").map(|(_, body)| body);
            if let Some(status) = body.and_then(|body| serde_json::from_str::<Value>(body).ok()) {
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                connection.write_all(answer).unwrap();
                break status;
            }
        }
    });
    let nginx = Setup::new()
        .http("avatar_webhook_hosts 127.0.0.1;")
        .location("avatar_base /avatar;")
        .start();
    let webhook = format!("http://127.0.0.1:{port}/");
    let started = nginx.start_session(&json!({ "text": "Hello.", "webhook": webhook }));
    let id = started["session_id"].as_str().unwrap();
    let status = told.join().unwrap();
    assert_eq!(status["mp4_url"], format!("/avatar/hls/{id}/output.mp4"));
}
