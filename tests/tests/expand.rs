//! Prompts that a language model writes out before they are spoken.

use std::time::Duration;

use avatar_tests::chat::{finished, model, silent_after, unfinished};
use avatar_tests::engine::{End, Manner, SpeechServer};
use avatar_tests::spoken::said;
use avatar_tests::{Nginx, Setup, until};
use serde_json::{Value, json};

const PROMPT: &str = "A tale about a knight.";
const TALE: &str = "Once there was a knight who feared nothing but geese. One day a goose came to the castle. \
                    He left by the window, and nobody has seen him since.";
const BEGINNING: &str =
    "Once there was a knight who feared nothing but geese. One day a goose came to the castle.";

/// The two ways of starting a session, and what is said where a prompt is to be written out.
const KINDS: [(&str, &str); 2] = [
    ("/api/stream/start", "text"),
    ("/audiostream/start/", "prompt"),
];

fn setup(server: &SpeechServer, more: &str) -> Setup {
    let url = server.url("/v1");
    Setup::new().http(&format!("avatar_expand url={url} model=small {more};"))
}

fn start(nginx: &Nginx, (path, field): (&str, &str), more: Value) -> String {
    let mut body = more;
    body[field] = json!(PROMPT);
    body["expand"] = json!(true);
    body["voice"] = json!("en-us-male");
    let answer = nginx.request("POST", path).json(&body).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.value()["session_id"].as_str().unwrap().to_owned()
}

fn end(nginx: &Nginx, path: &str, id: &str) {
    let body = json!({ "session_id": id });
    assert_eq!(nginx.request("POST", path).json(&body).send().status, 200);
}

#[test]
fn what_the_model_writes_is_said() {
    let server = SpeechServer::answering(Manner {
        pause: Duration::from_millis(1),
        ..model(finished(TALE))
    });
    let nginx = setup(
        &server,
        "key_file=key \"system=Be brief.\" \"language=Answer in {language} ({lang}).\"",
    )
    .file("key", "sesame\n")
    .workers(2)
    .start();
    for kind in KINDS {
        let id = start(&nginx, kind, json!({}));
        let status = nginx.finished(&id);
        assert_eq!(status["status"], "ready", "{status}");
        assert_eq!(nginx.said(&id), TALE);
    }
    for asked in server.asked() {
        assert_eq!(asked.line, "POST /v1/chat/completions");
        assert_eq!(asked.fields["authorization"], "Bearer sesame");
        let body = asked.json();
        assert_eq!(
            (&body["model"], &body["stream"]),
            (&json!("small"), &json!(true))
        );
        assert_eq!(
            body["messages"][0],
            json!({ "role": "system", "content": "Be brief.\nAnswer in English (en)." })
        );
        assert_eq!(
            body["messages"][1],
            json!({ "role": "user", "content": PROMPT })
        );
    }
    assert!(!nginx.error_log().contains("sesame"));
}

#[test]
fn neither_thoughts_nor_markdown_are_said() {
    let written = "<think>A tale. Of whom?</think># A **tale**\n\nOnce there was a [knight](https://example.com/a.b?c=d). \
                   * He feared _geese_.\n";
    let server = SpeechServer::answering(model(finished(written)));
    let nginx = setup(&server, "").start();
    for kind in KINDS {
        let id = start(&nginx, kind, json!({}));
        let status = nginx.finished(&id);
        assert_eq!(status["status"], "ready", "{status}");
        assert_eq!(
            nginx.said(&id),
            "A tale Once there was a knight. He feared geese."
        );
    }
}

#[test]
fn it_is_asked_for_or_not() {
    let server = SpeechServer::answering(model(finished("Yes.")));
    let nginx = setup(&server, "").reuse("size=64m").start();
    // Sound alone is written out where nothing is said of it, and a face is not.
    let prompt = json!({ "prompt": PROMPT });
    let id = nginx.start_audio(&prompt)["session_id"].clone();
    assert_eq!(nginx.finished(id.as_str().unwrap())["status"], "ready");
    assert_eq!(nginx.said(id.as_str().unwrap()), "Yes.");
    let plain = nginx.speak(PROMPT);
    nginx.finished(&plain);
    assert_eq!(nginx.said(&plain), PROMPT);
    let plain = nginx.start_audio(&json!({ "prompt": PROMPT, "expand": false }));
    let plain = plain["session_id"].as_str().unwrap();
    nginx.finished(plain);
    assert_eq!(nginx.said(plain), PROMPT);
    assert_eq!(server.asked().len(), 1);
    // What a model wrote is not kept for those who ask for the same.
    let again = nginx.start_audio(&prompt)["session_id"].clone();
    nginx.finished(again.as_str().unwrap());
    assert_eq!(server.asked().len(), 2);

    let without = Setup::new().start();
    let id = without.read_out(PROMPT);
    without.finished(&id);
    assert_eq!(without.said(&id), PROMPT);
    for (path, field) in KINDS {
        let answer = without
            .request("POST", path)
            .json(&json!({ field: PROMPT, "expand": true }))
            .send();
        assert_eq!(
            (answer.status, answer.value()["code"].as_str()),
            (400, Some("bad_parameter")),
            "{path}"
        );
    }
}

#[test]
fn the_first_sentence_is_heard_before_the_last_is_written() {
    // The model never gets any further, and neither does the test unless it is heard all the same.
    let server = SpeechServer::answering(silent_after(unfinished(BEGINNING)));
    let nginx = setup(&server, "").start();
    for (number, kind) in KINDS.into_iter().enumerate() {
        let id = start(&nginx, kind, json!({}));
        nginx.grown(&id, 1);
        assert!(nginx.status(&id)["finished_at"].is_null());
        // The model is not left to write for nobody.
        let path = ["/api/stream/interrupt", "/api/cleanup"][number];
        end(&nginx, path, &id);
        until("the model's notice", || {
            (server.dropped() == number + 1).then_some(())
        });
    }
}

#[test]
fn each_sentence_is_spoken_as_soon_as_it_is_whole() {
    let audio = said("Yes.", "en", &["-f", "wav"]);
    let voice = SpeechServer::answering(Manner::good("audio/wav", audio));
    let server = SpeechServer::answering(silent_after(unfinished(TALE)));
    let nginx = setup(&server, "")
        .http(&format!(
            "avatar_speech_engine net openai url={};
             avatar_speech_voice nova engine=net lang=en;",
            voice.url("/v1")
        ))
        .start();
    let prompt = json!({ "prompt": PROMPT, "voice": "nova" });
    let id = nginx.start_audio(&prompt)["session_id"].clone();
    let asked = until("all sentences at the engine", || {
        let asked = voice.asked();
        (asked.len() == 3).then_some(asked)
    });
    let sentences: Vec<Value> = asked
        .iter()
        .map(|asked| asked.json()["input"].clone())
        .collect();
    let sentences: Vec<&str> = sentences
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect();
    assert_eq!(sentences.join(" "), TALE);
    end(&nginx, "/api/cleanup", id.as_str().unwrap());
}

#[test]
fn what_was_said_before_the_model_failed_is_all_of_it() {
    let broken = || {
        unfinished(
            "Once there was a knight who feared nothing but geese. One day a goose came to the castle. He l",
        )
    };
    let length = broken().len();
    let mut error = broken();
    error.extend(b"data: {\"error\":{\"message\":\"secret\"}}\n\n");
    let mut stopped = broken();
    stopped.extend(b"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n");
    let cases = [
        ("an answer that just ends", model(broken())),
        (
            "a connection that is lost",
            model(broken()).ending(End::Reset(length)),
        ),
        ("an error in the midst", model(error)),
        ("a limit of its own", model(stopped)),
        ("silence", silent_after(broken())),
    ];
    for (what, manner) in cases {
        let server = SpeechServer::answering(manner);
        let nginx = setup(&server, "progress=3s").start();
        for kind in KINDS {
            let id = start(&nginx, kind, json!({}));
            let status = nginx.finished(&id);
            assert_eq!(status["status"], "ready", "{what}: {status}");
            assert_eq!(nginx.said(&id), BEGINNING, "{what}");
        }
        // It is not asked to begin anew.
        assert_eq!(server.asked().len(), KINDS.len(), "{what}");
        nginx.told(&["the language model broke off"]);
        let log = nginx.error_log();
        assert!(!log.contains("secret"), "{what}: {log}");
    }
}

#[test]
fn a_model_that_fails_before_anything_was_said_fails_the_session() {
    let half = || unfinished("Once there was a knight who");
    let length = half().len();
    let slow = "first_byte=400ms progress=400ms retries=0";
    let cases = [
        (
            "a refusal",
            Manner::refusing("401 Unauthorized", "{\"error\":\"secret\"}"),
            "",
            1,
        ),
        (
            "an error",
            Manner::refusing("500 Oops", "{\"error\":\"secret\"}"),
            "retries=2",
            3,
        ),
        (
            "no answer",
            Manner {
                delay: Duration::from_secs(60),
                ..model(half())
            },
            slow,
            1,
        ),
        (
            "a head and nothing else",
            model(half()).ending(End::Hangs(0)),
            slow,
            1,
        ),
        (
            "half a sentence, then silence",
            silent_after(half()),
            slow,
            1,
        ),
        (
            "half a sentence, then a reset",
            model(half()).ending(End::Reset(length)),
            "",
            1,
        ),
        (
            "a reset at once",
            model(half()).ending(End::Reset(0)),
            "",
            2,
        ),
        ("an empty answer", model(finished("")), "", 1),
        ("nothing", model(Vec::new()), "", 1),
        (
            "a page",
            Manner::good("text/html", "<!DOCTYPE html><title>secret</title>"),
            "",
            1,
        ),
        (
            "an error with 200",
            Manner::good("application/json", "{\"error\":\"secret\"}"),
            "",
            1,
        ),
    ];
    for (what, manner, more, times) in cases {
        let server = SpeechServer::answering(manner);
        let nginx = setup(&server, more).start();
        let id = start(&nginx, KINDS[0], json!({}));
        let status = nginx.finished(&id);
        assert_eq!(
            (&status["status"], &status["error_code"]),
            (&json!("failed"), &json!("inference_failed")),
            "{what}: {status}"
        );
        let text = status["error"].as_str().unwrap();
        println!("{what}: {text}");
        assert!(
            text.starts_with("the language model failed: ") && !text.contains("secret"),
            "{what}: {text}"
        );
        assert_eq!(server.asked().len(), times, "{what}");
        let task = start(&nginx, KINDS[1], json!({}));
        nginx.finished(&task);
        let path = format!("/audiostream/task-status/{task}/");
        let told = nginx.request("GET", &path).send().value();
        assert_eq!(
            (&told["state"], &told["error"]),
            (&json!("FAILURE"), &json!(text)),
            "{what}"
        );
    }
    let nobody = Setup::new()
        .http("avatar_expand url=http://127.0.0.1:9/v1 model=small retries=0;")
        .start();
    let id = start(&nobody, KINDS[1], json!({}));
    let status = nobody.finished(&id);
    assert_eq!(status["error_code"], "inference_failed", "{status}");
}

#[test]
fn a_model_that_never_ends_is_stopped() {
    let sentence = "And so it goes on. ";
    let server = SpeechServer::answering(model(unfinished(sentence)).ending(End::Never));
    let nginx = setup(&server, "longest=200").start();
    for (number, kind) in KINDS.into_iter().enumerate() {
        let id = start(&nginx, kind, json!({}));
        let status = nginx.finished(&id);
        assert_eq!(status["status"], "ready", "{status}");
        // Ten sentences are 190 characters, and half a one is not said.
        assert_eq!(nginx.said(&id), sentence.repeat(10).trim_end());
        until("the model's notice", || {
            (server.dropped() == number + 1).then_some(())
        });
    }
}

#[test]
fn only_so_many_are_written_at_once() {
    let server = SpeechServer::answering(Manner {
        delay: Duration::from_millis(50),
        ..model(finished("Yes. No. Perhaps."))
    });
    let nginx = setup(&server, "concurrency=2").start();
    let ids: Vec<String> = (0..6)
        .map(|number| start(&nginx, KINDS[number % 2], json!({})))
        .collect();
    for id in &ids {
        assert_eq!(nginx.finished(id)["status"], "ready");
        assert_eq!(nginx.said(id), "Yes. No. Perhaps.");
    }
    assert_eq!(server.most_at_once(), 2);
    assert!(server.connections() <= 2, "connections are used again");
}

#[test]
fn whoever_does_not_stream_is_understood() {
    let answer =
        json!({ "choices": [{ "message": { "content": TALE }, "finish_reason": "stop" }] });
    let server = SpeechServer::answering(Manner::good("application/json", answer.to_string()));
    let nginx = setup(&server, "").start();
    let id = start(&nginx, KINDS[1], json!({}));
    assert_eq!(nginx.finished(&id)["status"], "ready");
    assert_eq!(nginx.said(&id), TALE);
}

#[test]
fn a_reload_loses_no_sentence() {
    let server = SpeechServer::answering(Manner {
        pause: Duration::from_millis(20),
        ..model(finished(TALE))
    });
    let nginx = setup(&server, "").start();
    let ids = KINDS.map(|kind| start(&nginx, kind, json!({ "pace": "live" })));
    for id in &ids {
        nginx.begun(id);
    }
    // The new workers know no model.
    nginx.reload_with(&Setup::new());
    for id in &ids {
        let status = nginx.finished(id);
        assert_eq!(status["status"], "ready", "{status}");
        assert_eq!(nginx.said(id), TALE);
    }
    assert_eq!(server.asked().len(), 2);
}
