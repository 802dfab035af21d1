//! Text that comes while it is being spoken.

use avatar_tests::ffmpeg::decode;
use avatar_tests::{Answer, Nginx, Setup, until};
use serde_json::{Value, json};

const TEXT: &str = "This is the first sentence, and it is cut in the midst of words. Dr. Watson came at 10.30 in the \
                    morning. He said nothing at all! Was that wise?\n\nThe next paragraph has one sentence only.";

/// The two ways of starting a session.
const KINDS: [(&str, &str); 2] = [
    ("/api/stream/start", "text"),
    ("/audiostream/start/", "prompt"),
];

fn start(nginx: &Nginx, (path, field): (&str, &str), more: Value) -> String {
    let mut body = more;
    body[field] = body["text"].take();
    body["voice"] = json!("en-us-male");
    let answer = nginx.request("POST", path).json(&body).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.value()["session_id"].as_str().unwrap().to_owned()
}

fn append(nginx: &Nginx, body: &Value) -> Answer {
    nginx
        .request("POST", "/api/stream/append")
        .json(body)
        .send()
}

fn output(nginx: &Nginx, id: &str) -> String {
    let status = nginx.status(id);
    nginx.url(status["mp4_url"].as_str().unwrap())
}

#[test]
fn pieces_cut_anywhere_become_the_same_words() {
    let nginx = Setup::new().workers(2).start();
    for kind in KINDS {
        let id = start(&nginx, kind, json!({ "text": &TEXT[..7], "final": false }));
        let mut rest = &TEXT[7..];
        for length in [3, 20, 1, 33, 2, 60].iter().cycle() {
            let (piece, later) = rest.split_at((*length).min(rest.len()));
            nginx.append(&id, piece, later.is_empty());
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        assert_eq!(nginx.finished(&id)["status"], "ready");
        decode(&output(&nginx, &id));
        assert_eq!(
            nginx.said(&id),
            TEXT.split_whitespace().collect::<Vec<_>>().join(" ")
        );
    }
}

#[test]
fn it_speaks_while_more_is_awaited_and_goes_on_in_silence() {
    let nginx = Setup::new().workers(2).start();
    for kind in KINDS {
        let begin = json!({ "text": "Let me think about that for a moment. Well", "final": false, "pace": "live" });
        let id = start(&nginx, kind, begin);
        let path = |segment| format!("/stream/{id}/playlist.m3u8?_HLS_msn={segment}");
        // Longer than the first sentence takes.
        for segment in 1..=4 {
            let answer = nginx.request("GET", &path(segment)).send();
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        assert!(nginx.status(&id)["finished_at"].is_null());
        nginx.append(&id, ", here is the answer.", false);
        nginx.append(&id, "", true);
        let status = nginx.finished(&id);
        assert_eq!(status["status"], "ready", "{status}");
        let words = nginx.said(&id);
        assert_eq!(
            words,
            "Let me think about that for a moment. Well, here is the answer."
        );
        decode(&output(&nginx, &id));
    }
}

#[test]
fn a_sentence_is_not_kept_waiting_for_the_next() {
    let nginx = Setup::new().start();
    for kind in KINDS {
        let id = start(
            &nginx,
            kind,
            json!({ "text": "One moment, please.", "final": false }),
        );
        // It may be the whole sentence or not; nobody says more for a while.
        nginx.begun(&id);
        nginx.append(&id, " Thank you.", true);
        nginx.finished(&id);
        assert_eq!(nginx.said(&id), "One moment, please. Thank you.");
    }
}

#[test]
fn text_may_come_later_or_never() {
    let nginx = Setup::new().http("avatar_text_timeout 1s;").start();
    for kind in KINDS {
        let id = start(&nginx, kind, json!({ "final": false }));
        nginx.append(&id, "Better late than never.", false);
        // No end is sent.
        let status = nginx.finished(&id);
        assert_eq!(status["status"], "ready", "{status}");
        let id = start(&nginx, kind, json!({ "final": false }));
        assert_eq!(nginx.finished(&id)["error_code"], "tts_empty");
    }
}

#[test]
fn marks_alone_are_said_by_silence() {
    let nginx = Setup::new().start();
    for kind in KINDS {
        let id = start(&nginx, kind, json!({ "final": false }));
        nginx.append(&id, "👍", false);
        nginx.append(&id, " — …", true);
        let status = nginx.finished(&id);
        assert_eq!(status["status"], "ready", "{status}");
        decode(&output(&nginx, &id));
        // What nobody can read is no silence that was meant.
        let id = start(&nginx, kind, json!({ "final": false }));
        nginx.append(&id, "こんにちは。", true);
        assert_eq!(nginx.finished(&id)["error_code"], "tts_empty");
    }
}

#[test]
fn spaces_forgotten_between_pieces_are_none_that_is_said() {
    let nginx = Setup::new().start();
    for kind in KINDS {
        let id = start(
            &nginx,
            kind,
            json!({ "text": "It is done.", "final": false }),
        );
        nginx.append(&id, "Next comes 5.", false);
        nginx.append(&id, "Then the end.", true);
        assert_eq!(nginx.finished(&id)["status"], "ready");
        assert_eq!(nginx.said(&id), "It is done. Next comes 5. Then the end.");
    }
}

#[test]
fn what_cannot_be_added_is_refused() {
    let nginx = Setup::new()
        .http("avatar_max_text 20; avatar_max_session_text 30;")
        .workers(2)
        .start();
    let refused = |body: Value, status, code: &str| {
        let answer = append(&nginx, &body);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{body}"
        );
    };
    let unknown = "01936b5e-0000-7000-8000-000000000001";
    refused(
        json!({ "session_id": unknown, "text": "a" }),
        404,
        "unknown_session",
    );
    refused(json!({ "text": "a" }), 400, "bad_parameter");
    for kind in KINDS {
        let id = start(&nginx, kind, json!({ "text": "Hello. ", "final": false }));
        let piece =
            |text: &str, last: bool| json!({ "session_id": id, "text": text, "final": last });
        refused(piece(&"a".repeat(21), false), 400, "text_too_long");
        nginx.append(&id, "Seventeen letters.", false);
        refused(piece("One too many.", false), 400, "text_too_long");
        refused(json!({ "session_id": id }), 400, "bad_parameter");
        nginx.append(&id, "End.", true);
        refused(piece("More.", false), 400, "bad_parameter");
        nginx.finished(&id);
        refused(piece("More.", false), 400, "bad_parameter");
        assert_eq!(nginx.said(&id), "Hello. Seventeen letters. End.");

        let whole = start(&nginx, kind, json!({ "text": "All of it." }));
        refused(
            json!({ "session_id": whole, "text": "a" }),
            400,
            "bad_parameter",
        );
    }
    let answer = nginx.request("GET", "/api/stream/append").send();
    assert_eq!(
        (answer.status, answer.header("Allow")),
        (405, "POST, OPTIONS")
    );
}

#[test]
fn an_open_session_is_interrupted_and_cleaned_up_like_any_other() {
    let nginx = Setup::new().workers(2).start();
    for kind in KINDS {
        let begin = json!({ "text": "Hello there. ", "final": false, "pace": "live" });
        let id = start(&nginx, kind, begin);
        nginx.begun(&id);
        let body = json!({ "session_id": id });
        nginx
            .request("POST", "/api/stream/interrupt")
            .json(&body)
            .send();
        assert_eq!(nginx.finished(&id)["error_code"], "interrupted");
        nginx.whole_playlist(&id);
        let piece = json!({ "session_id": id, "text": "More." });
        assert_eq!(append(&nginx, &piece).status, 400);
        nginx.request("POST", "/api/cleanup").json(&body).send();
        assert_eq!(append(&nginx, &piece).status, 404);
        until("the files' end", || {
            (!nginx.session(&id).exists()).then_some(())
        });
    }
}

#[test]
fn pieces_are_taken_by_any_worker_and_across_a_reload() {
    let nginx = Setup::new().workers(3).start();
    for kind in KINDS {
        let id = start(&nginx, kind, json!({ "final": false }));
        let words: Vec<String> = (1..=20).map(|n| format!("word{n}")).collect();
        for (number, word) in words.iter().enumerate() {
            if number == 10 {
                nginx.reload();
            }
            nginx.append(&id, word, false);
            nginx.append(&id, if number % 5 == 4 { ". " } else { " " }, false);
        }
        nginx.append(&id, "", true);
        assert_eq!(nginx.finished(&id)["status"], "ready");
        let said = nginx.said(&id).replace('.', "");
        assert_eq!(said, words.join(" "));
    }
}

#[test]
fn an_open_text_is_never_answered_with_what_was_made_before() {
    let nginx = Setup::new().reuse("size=64m").start();
    let kind = KINDS[1];
    let id = start(&nginx, kind, json!({ "text": "Good morning." }));
    nginx.finished(&id);
    let reuse = nginx.prefix().join("avatar/reuse");
    until("something kept", || {
        (reuse.read_dir().unwrap().count() == 1).then_some(())
    });
    let id = start(
        &nginx,
        kind,
        json!({ "text": "Good morning.", "final": false }),
    );
    nginx.append(&id, " And good evening.", true);
    nginx.finished(&id);
    assert_eq!(nginx.said(&id), "Good morning. And good evening.");
    assert_eq!(reuse.read_dir().unwrap().count(), 1);
}
