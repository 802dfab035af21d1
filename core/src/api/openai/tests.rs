//! What clients of OpenAI's send, and what they are told.

use proptest::prelude::*;

use super::*;
use crate::api::Words;

fn catalogue() -> Catalogue {
    Catalogue {
        voice: Some("en-gb".to_owned()),
        ..Catalogue::speaking(&[
            ("en-us", Language::En),
            ("en-gb", Language::En),
            ("ru", Language::Ru),
            ("sage", Language::Ru),
        ])
    }
}

fn read(body: &Value) -> Result<SpeechOrder, Refusal> {
    speech(
        body.to_string().as_bytes(),
        &Config::default(),
        &catalogue(),
    )
}

fn voice_of(body: &Value) -> (Language, String) {
    let job = read(body).unwrap().job;
    (job.language, job.voice)
}

#[test]
fn what_openai_s_clients_send_is_understood() {
    let order = read(&json!({
        "model": "gpt-4o-mini-tts", "input": "Hello.", "voice": "alloy", "instructions": "Whisper.",
        "response_format": "opus", "speed": 1.5, "stream_format": "sse",
    }))
    .unwrap();
    assert_eq!(order.delivery, Delivery::Events);
    assert_eq!(order.job.kind, Kind::Recording(RecordingFormat::Opus));
    assert_eq!(order.job.tempo, Tempo::new(1.5).unwrap());
    assert_eq!(order.job.text, "Hello.");
    let order = read(&json!({ "model": "tts-1", "input": "Hello.", "voice": "echo" })).unwrap();
    assert_eq!(order.delivery, Delivery::Bytes);
    assert_eq!(order.job.kind, Kind::Recording(RecordingFormat::Mp3));
    assert_eq!(order.job.tempo, Tempo::default());
}

#[test]
fn their_voices_are_ours_in_the_language_of_the_text() {
    let ru = |voice: &str| (Language::Ru, voice.to_owned());
    let en = |voice: &str| (Language::En, voice.to_owned());
    for (body, wanted) in [
        (json!({ "input": "Hello.", "voice": "alloy" }), en("en-gb")),
        (json!({ "input": "Привет.", "voice": "alloy" }), ru("ru")),
        (json!({ "input": "Привет." }), ru("ru")),
        (json!({ "input": "7", "voice": "nova" }), en("en-gb")),
        (
            json!({ "input": "Hello.", "voice": "nova", "language": "ru" }),
            ru("ru"),
        ),
        (
            json!({ "input": "Hello.", "voice": "nova", "lang": "ru" }),
            ru("ru"),
        ),
        (json!({ "input": "Привет.", "voice": "en-us" }), en("en-us")),
        (
            json!({ "input": "Hello.", "voice": { "id": "ru" } }),
            ru("ru"),
        ),
        // Tags are in no language.
        (
            json!({ "input": "<speak><s>Да</s></speak>", "voice": "alloy" }),
            ru("ru"),
        ),
        // The operator's own voice of that name.
        (json!({ "input": "Hello.", "voice": "sage" }), ru("sage")),
    ] {
        assert_eq!(voice_of(&body), wanted, "{body}");
    }
}

#[test]
fn marks_are_no_empty_text() {
    for input in ["👍", "—", "…", "-", "***", "<speak>…</speak>"] {
        let order = read(&json!({ "input": input }));
        assert!(order.is_ok(), "{input}: {order:?}");
    }
    assert!(read(&json!({ "input": "In Japan they say こんにちは." })).is_ok());
}

#[test]
fn each_fault_names_its_field() {
    let long = "a".repeat(5001);
    for (body, code, field) in [
        (json!({}), Code::EmptyText, "input"),
        (json!({ "input": " \n" }), Code::EmptyText, "input"),
        (json!({ "input": "<speak>" }), Code::EmptyText, "input"),
        (json!({ "input": "&#0;" }), Code::EmptyText, "input"),
        (
            json!({ "input": "שלום עולם 5" }),
            Code::UnsupportedLanguage,
            "input",
        ),
        (
            json!({ "input": "<speak>こんにちは</speak>" }),
            Code::UnsupportedLanguage,
            "input",
        ),
        (json!({ "input": 5 }), Code::BadParameter, "input"),
        (json!({ "input": long }), Code::TextTooLong, "input"),
        (
            json!({ "input": "a", "model": 1 }),
            Code::BadParameter,
            "model",
        ),
        (
            json!({ "input": "a", "voice": "bob" }),
            Code::UnknownVoice,
            "voice",
        ),
        (
            json!({ "input": "a", "voice": 1 }),
            Code::BadParameter,
            "voice",
        ),
        (
            json!({ "input": "a", "voice": { "id": 7 } }),
            Code::BadParameter,
            "voice",
        ),
        (
            json!({ "input": "a", "voice": "ru", "language": "en" }),
            Code::UnknownVoice,
            "voice",
        ),
        (
            json!({ "input": "a", "language": "fr" }),
            Code::UnsupportedLanguage,
            "language",
        ),
        (
            json!({ "input": "a", "response_format": "ogg" }),
            Code::BadParameter,
            "response_format",
        ),
        (
            json!({ "input": "a", "response_format": 3 }),
            Code::BadParameter,
            "response_format",
        ),
        (
            json!({ "input": "a", "speed": 0.2 }),
            Code::BadParameter,
            "speed",
        ),
        (
            json!({ "input": "a", "speed": 4.5 }),
            Code::BadParameter,
            "speed",
        ),
        (
            json!({ "input": "a", "speed": "1" }),
            Code::BadParameter,
            "speed",
        ),
        (
            json!({ "input": "a", "stream_format": "x" }),
            Code::BadParameter,
            "stream_format",
        ),
        (
            json!({ "input": "a", "mixed": 1 }),
            Code::BadParameter,
            "mixed",
        ),
        (
            json!({ "input": "a", "input_type": "html" }),
            Code::BadParameter,
            "input_type",
        ),
        (
            json!({ "input": "<speak>a", "input_type": "ssml" }),
            Code::BadParameter,
            "input",
        ),
    ] {
        let refusal = read(&body).unwrap_err();
        assert_eq!(
            (refusal.code(), refusal.parameter()),
            (code, Some(field)),
            "{body}"
        );
    }
    assert_eq!(
        speech(b"{", &Config::default(), &catalogue())
            .unwrap_err()
            .code(),
        Code::BadJson
    );
}

#[test]
fn refusals_have_openai_s_shape() {
    let refusal = Refusal::new(Code::UnknownVoice, "there is no voice").about("voice");
    let (status, body) = refusal.in_words(Words::OpenAi);
    assert_eq!(status, 400);
    assert_eq!(
        serde_json::from_str::<Value>(&body).unwrap(),
        json!({ "error": {
            "message": "there is no voice", "type": "invalid_request_error", "param": "voice", "code": "unknown_voice",
        } })
    );
    for (code, status, kind, word) in [
        (
            Code::Unauthorized,
            401,
            "invalid_request_error",
            "invalid_api_key",
        ),
        (Code::Busy, 503, "server_error", "busy"),
        (
            Code::Failed(FailureCode::TtsFailed),
            500,
            "server_error",
            "tts_failed",
        ),
        (
            Code::Failed(FailureCode::TtsTimeout),
            504,
            "server_error",
            "tts_timeout",
        ),
    ] {
        let (found, body) = Refusal::new(code, "x").in_words(Words::OpenAi);
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(found, status);
        assert_eq!(
            (&body["error"]["type"], &body["error"]["code"]),
            (&json!(kind), &json!(word))
        );
        assert!(body["error"]["param"].is_null());
    }
}

proptest! {
    #[test]
    fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = speech(&body, &Config::default(), &catalogue());
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        if let Ok(order) = read(&json!({ "input": text })) {
            prop_assert_eq!(order.job.text, text);
        }
    }
}
