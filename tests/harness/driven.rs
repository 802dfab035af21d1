//! Faces that are driven by sound.

use serde_json::Value;

use crate::client::Answer;
use crate::{FormBody, Nginx, until};

impl Nginx {
    /// Sends a form to one of the calls below `/api/audio-driven`.
    pub fn drive(&self, call: &str, form: FormBody) -> Answer {
        let path = format!("/api/audio-driven{call}");
        self.request("POST", &path).form(form).send()
    }

    /// Begins a session that is fed; its name.
    pub fn begin_driven(&self, form: FormBody) -> String {
        let answer = self.drive("/chunked/init", form);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let id = &answer.value()["session_id"];
        id.as_str().unwrap().to_owned()
    }

    /// Feeds a piece of sound to a session.
    pub fn feed(&self, id: &str, sound: &[u8], last: bool) -> Answer {
        let form = FormBody::default()
            .field("session_id", id)
            .field("is_final_chunk", if last { "true" } else { "false" })
            .file("audio_chunk", sound);
        self.drive("/chunked/feed", form)
    }

    /// The status of such a session.
    pub fn driven(&self, id: &str) -> Value {
        let path = format!("/api/audio-driven/chunked/status/{id}");
        self.request("GET", &path).send().value()
    }

    /// Waits until such a session has come to its end.
    pub fn completed(&self, id: &str) {
        until("the session is completed", || {
            let state = self.driven(id);
            assert_ne!(state["status"], "error", "{state}");
            (state["status"] == "completed").then_some(())
        });
    }
}
