//! What a language model is asked, and the text in its answer.

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Request};
use serde_json::{Value, json};

use super::Settings;
use super::events::Events;
use crate::language::Language;

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
        }
    }

    /// How it stands.
    pub(crate) fn standing(&self) -> Standing {
        self.standing
    }

    /// Takes in more of it; returns the text in that.
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
        for data in carried {
            self.take(&data, "delta", &mut text);
        }
        text
    }

    /// The connection has ended; returns the text that only now is known.
    pub(crate) fn end(&mut self) -> String {
        let mut text = String::new();
        if self.events.is_none() {
            let body = std::mem::take(&mut self.body);
            self.take(&String::from_utf8_lossy(&body), "message", &mut text);
            if self.standing == Standing::Open && !text.is_empty() {
                self.standing = Standing::Whole;
            }
        }
        if self.standing == Standing::Open {
            self.standing = Standing::Stopped;
        }
        text
    }

    /// One event, or the whole.
    fn take(&mut self, data: &str, place: &str, text: &mut String) {
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
        let choice = value.pointer("/choices/0");
        let said = choice.and_then(|choice| choice.get(place)?.get("content")?.as_str());
        text.push_str(said.unwrap_or_default());
        match choice.and_then(|choice| choice.get("finish_reason")?.as_str()) {
            None => {}
            Some("length" | "content_filter") => self.standing = Standing::Stopped,
            Some(_) => self.standing = Standing::Whole,
        }
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
