//! What a language model is asked, and the text in its answer.

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Request};
use serde_json::{Value, json};

use super::Settings;
use super::events::Events;
use crate::language::Language;
use crate::text::{Thoughts, without_thoughts};

/// The request that has `prompt` written out in `language`.
pub(crate) fn request(
    settings: &Settings,
    client: &Client,
    prompt: &str,
    language: Language,
) -> Result<Request, reqwest::Error> {
    let instruction = settings
        .instruction
        .replace("{language}", language.name())
        .replace("{lang}", language.code());
    let system = format!("{}\n{instruction}", settings.system);
    let body = json!({
        "model": settings.model,
        "stream": true,
        "messages": [
            { "role": "system", "content": system.trim() },
            { "role": "user", "content": prompt },
        ],
    });
    let mut request = client
        .post(settings.url.clone())
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "text/event-stream")
        .body(body.to_string());
    if let Some(key) = &settings.key {
        request = request.header(AUTHORIZATION, format!("Bearer {}", key.reveal()));
    }
    request.build()
}

/// How an answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// More is to come.
    Open,
    /// The model has said all it wanted to.
    Whole,
    /// It was stopped, by its own limit or its own fault.
    Stopped,
}

/// An answer as it arrives: the events of a stream, or one piece of JSON from those who do not stream.
#[derive(Debug)]
pub(crate) struct Answer {
    events: Option<Events>,
    body: Vec<u8>,
    standing: Standing,
    thoughts: Thoughts,
}

/// An answer in one piece has this many bytes at the most.
const LONGEST: usize = 4 << 20;

impl Answer {
    /// An answer of some media type.
    pub(crate) fn new(media: &str) -> Self {
        let whole = media.to_ascii_lowercase().starts_with("application/json");
        Self {
            events: (!whole).then(Events::default),
            body: Vec::new(),
            standing: Standing::Open,
            thoughts: Thoughts::default(),
        }
    }

    /// How it stands.
    pub(crate) fn standing(&self) -> Standing {
        self.standing
    }

    /// Takes in more of it; returns the text in that, without what the model thinks aloud.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> String {
        let mut text = String::new();
        let Some(events) = &mut self.events else {
            if self.body.len() + bytes.len() > LONGEST {
                self.standing = Standing::Stopped;
            } else {
                self.body.extend_from_slice(bytes);
            }
            return text;
        };
        let mut carried = Vec::new();
        if events.push(bytes, &mut carried).is_err() {
            self.standing = Standing::Stopped;
        }
        let mut written = String::new();
        for data in carried {
            self.take(&data, &mut written);
        }
        self.thoughts.push(&written, &mut text);
        if self.standing != Standing::Open {
            self.thoughts.finish(&mut text);
        }
        text
    }

    /// The connection has ended; returns the text that only now is known.
    pub(crate) fn end(&mut self) -> String {
        let mut text = String::new();
        if self.events.is_none() {
            let body = std::mem::take(&mut self.body);
            let mut written = String::new();
            self.take(&String::from_utf8_lossy(&body), &mut written);
            if self.standing == Standing::Open && !written.is_empty() {
                self.standing = Standing::Whole;
            }
            text = without_thoughts(&written);
        }
        self.thoughts.finish(&mut text);
        if self.standing == Standing::Open {
            self.standing = Standing::Stopped;
        }
        text
    }

    /// One event, or the whole.
    fn take(&mut self, data: &str, text: &mut String) {
        if self.standing != Standing::Open {
            return;
        }
        if data.trim() == "[DONE]" {
            self.standing = Standing::Whole;
            return;
        }
        let Ok(value) = serde_json::from_str::<Value>(data) else {
            return;
        };
        if value.get("error").is_some_and(|error| !error.is_null()) {
            self.standing = Standing::Stopped;
            return;
        }
        let Some(choice) = value.pointer("/choices/0") else {
            return;
        };
        let said = ["delta", "message"]
            .iter()
            .find_map(|place| choice.get(place));
        if let Some(content) = said.and_then(|said| said.get("content")) {
            read_content(content, text);
        }
        match choice.get("finish_reason").and_then(Value::as_str) {
            // Some servers send an empty one with every word.
            None | Some("") => {}
            Some("length" | "content_filter") => self.standing = Standing::Stopped,
            Some(_) => self.standing = Standing::Whole,
        }
    }
}

/// Appends the text of what a model wrote: a string, or a list of blocks of which those of text count.
fn read_content(content: &Value, text: &mut String) {
    match content {
        Value::String(written) => text.push_str(written),
        Value::Array(blocks) => {
            for block in blocks {
                let kind = block.get("type").and_then(Value::as_str);
                match block {
                    Value::String(written) => text.push_str(written),
                    _ if matches!(kind, None | Some("text" | "output_text")) => {
                        let written = block.get("text");
                        // The assistants' form: {"text": {"value": "…"}}
                        let value = written.and_then(|written| written.get("value"));
                        let written = value.or(written).and_then(Value::as_str);
                        text.push_str(written.unwrap_or_default());
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(media: &str, bytes: &str) -> (String, Standing) {
        let mut answer = Answer::new(media);
        let mut text = String::new();
        for piece in bytes.as_bytes().chunks(7) {
            text += &answer.push(piece);
        }
        text += &answer.end();
        (text, answer.standing())
    }

    #[test]
    fn a_stream_is_read_to_its_end() {
        let stream = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
            data: {\"choices\":[{\"delta\":{\"content\":\"One \"}}]}\n\n\
            data: {\"choices\":[]}\n\n\
            data: {\"choices\":[{\"delta\":{\"content\":\"\u{434}\u{432}\u{430}.\"},\"finish_reason\":null}]}\n\n";
        let event = |data: &str| {
            told(
                "text/event-stream; charset=utf-8",
                &format!("{stream}{data}"),
            )
        };
        let text = "One два.".to_owned();
        assert_eq!(event("data: [DONE]\n\n"), (text.clone(), Standing::Whole));
        let stop = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
        assert_eq!(event(stop), (text.clone(), Standing::Whole));
        let length = stop.replace("stop", "length");
        assert_eq!(event(&length), (text.clone(), Standing::Stopped));
        assert_eq!(event(""), (text.clone(), Standing::Stopped));
        let error = "data: {\"error\":{\"message\":\"overloaded\"}}\n\n";
        assert_eq!(event(error), (text, Standing::Stopped));
    }

    #[test]
    fn whoever_does_not_stream_is_understood() {
        let whole = r#"{"choices":[{"message":{"content":"All."},"finish_reason":"stop"}]}"#;
        assert_eq!(
            told("application/json", whole),
            ("All.".to_owned(), Standing::Whole)
        );
        for nothing in ["", "{}", "[]", "<html>", r#"{"error":"no"}"#] {
            assert_eq!(
                told("application/json", nothing),
                (String::new(), Standing::Stopped)
            );
        }
    }

    #[test]
    fn thoughts_are_not_said() {
        let event = |content: &Value, finish: &str| {
            let choice = json!({ "delta": { "content": content }, "finish_reason": finish });
            format!("data: {}\n\n", json!({ "choices": [choice] }))
        };
        let words = ["<thi", "nk>Is ", "it?</th", "ink>", "Yes", ", 1 < 2."];
        let mut stream: String = words.iter().map(|word| event(&json!(word), "")).collect();
        stream += "data: [DONE]\n\n";
        let said = ("Yes, 1 < 2.".to_owned(), Standing::Whole);
        assert_eq!(told("text/event-stream", &stream), said);
        let unclosed = event(&json!("<reasoning>Is it?"), "stop");
        assert_eq!(
            told("text/event-stream", &unclosed),
            (String::new(), Standing::Whole)
        );
        let cut = event(&json!("Is a <"), "stop");
        assert_eq!(told("text/event-stream", &cut).0, "Is a <");
        for content in ["<think>Hm.</think>Yes.", "Hm.\n</think>Yes."] {
            let whole = json!({ "choices": [{ "message": { "content": content } }] });
            assert_eq!(told("application/json", &whole.to_string()).0, "Yes.");
        }
    }

    #[test]
    fn content_may_come_in_blocks() {
        let blocks = json!([
            { "type": "thinking", "thinking": [{ "type": "text", "text": "Hm." }] },
            { "type": "text", "text": "One " },
            { "text": "two " },
            "three.",
            { "type": "image_url", "image_url": { "url": "https://x" } },
        ]);
        let said = ("One two three.".to_owned(), Standing::Whole);
        let whole =
            json!({ "choices": [{ "message": { "content": blocks }, "finish_reason": "stop" }] });
        assert_eq!(told("application/json", &whole.to_string()), said);
        let delta =
            json!({ "choices": [{ "delta": { "content": blocks }, "finish_reason": "stop" }] });
        assert_eq!(
            told("text/event-stream", &format!("data: {delta}\n\n")),
            said
        );
    }

    #[test]
    fn the_model_is_told_the_language() {
        let settings = Settings {
            system: "Be brief.".to_owned(),
            ..Settings::new("http://host/v1", "small").unwrap()
        };
        let request = request(&settings, &Client::new(), "A \"tale\"", Language::Kk).unwrap();
        assert_eq!(request.url().as_str(), "http://host/v1/chat/completions");
        let body = request.body().unwrap().as_bytes().unwrap();
        let body: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(
            (&body["model"], &body["stream"]),
            (&json!("small"), &json!(true))
        );
        assert_eq!(
            body["messages"][0]["content"],
            "Be brief.\nWrite in Kazakh."
        );
        assert_eq!(body["messages"][1]["content"], "A \"tale\"");
    }
}
