//! Forms with files in them, as browsers send them.

use crate::client::Request;

/// A form that is being put together.
#[derive(Debug, Clone, Default)]
pub struct FormBody(Vec<u8>);

const BOUNDARY: &str = "----AvatarFormBoundary7MA4YWxk";

impl FormBody {
    /// With a field.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        let head =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        self.0
            .extend(head.bytes().chain(value.bytes()).chain(*b"\r\n"));
        self
    }

    /// With a file.
    pub fn file(mut self, name: &str, bytes: &[u8]) -> Self {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"file.bin\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        self.0.extend(head.bytes());
        self.0.extend_from_slice(bytes);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    /// What is sent, complete.
    pub fn whole(mut self) -> Vec<u8> {
        self.0.extend(format!("--{BOUNDARY}--\r\n").bytes());
        self.0
    }

    /// Its media type.
    pub fn kind() -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }
}

impl Request {
    /// With a form as its body.
    pub fn form(self, form: FormBody) -> Self {
        self.header("Content-Type", &FormBody::kind())
            .body(form.whole())
    }
}
