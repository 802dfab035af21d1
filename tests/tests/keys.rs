//! API keys.

use avatar_tests::Setup;
use serde_json::json;

#[test]
fn calls_need_a_key_and_media_do_not() {
    let nginx = Setup::new()
        .file("keys", "# two customers\nfirst key\n\n  second  \n")
        .location("avatar_keys keys;")
        .start();
    let start = |key: Option<&str>| {
        let request = nginx
            .request("POST", "/api/stream/start")
            .json(&json!({ "text": "One." }));
        match key {
            Some(key) => request.header("X-Avatar-Key", key),
            None => request,
        }
        .send()
    };
    for key in [
        None,
        Some(""),
        Some("first"),
        Some("# two customers"),
        Some("SECOND"),
    ] {
        let answer = start(key);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "unauthorized"),
            "{key:?}"
        );
    }
    let answer = start(Some("first key"));
    assert_eq!(answer.status, 200);
    let id = answer.value()["session_id"].as_str().unwrap().to_owned();
    assert_eq!(start(Some("second")).status, 200);

    let playlist = nginx
        .request("GET", &format!("/stream/{id}/playlist.m3u8"))
        .send();
    assert_eq!(playlist.status, 200);
    let status = format!("/api/stream/status/{id}");
    assert_eq!(nginx.request("GET", &status).send().status, 401);
    let known = nginx
        .request("GET", &status)
        .header("x-avatar-key", "second")
        .send();
    assert_eq!(known.status, 200);
}
