//! A language model on the network, which writes its answer as server-sent events.

use serde_json::json;

use crate::engine::{End, Manner};

/// An answer that is still being written: one event for each word of `text`.
pub fn unfinished(text: &str) -> Vec<u8> {
    let words = text.split_inclusive(char::is_whitespace);
    let events = words.map(|word| event(&json!({ "delta": { "content": word } })));
    let role = event(&json!({ "delta": { "role": "assistant", "content": "" } }));
    [role].into_iter().chain(events).flatten().collect()
}

/// The whole of an answer.
pub fn finished(text: &str) -> Vec<u8> {
    let mut body = unfinished(text);
    body.extend(event(&json!({ "delta": {}, "finish_reason": "stop" })));
    body.extend(b"data: [DONE]\n\n");
    body
}

fn event(choice: &serde_json::Value) -> Vec<u8> {
    let chunk = json!({ "object": "chat.completion.chunk", "choices": [choice] });
    format!("data: {chunk}\n\n").into_bytes()
}

/// How a model answers that has written all of `body`, a few bytes at once.
pub fn model(body: Vec<u8>) -> Manner {
    Manner {
        pieces: 50,
        ..Manner::good("text/event-stream", body)
    }
}

/// The same of one that falls silent after it.
pub fn silent_after(body: Vec<u8>) -> Manner {
    let length = body.len();
    model(body).ending(End::Hangs(length))
}
