//! Answers that are read by and by.

use serde_json::Value;

use crate::{Connection, Nginx};

/// An answer that is read by and by.
pub struct Download {
    connection: Connection,
    head: String,
    /// What was read of the body, in chunks.
    raw: Vec<u8>,
}

impl Download {
    /// Posts `body` to `path`, and waits for the first bytes of the answer, which must be 200.
    pub fn begin(nginx: &Nginx, path: &str, body: &Value) -> Self {
        let body = body.to_string();
        Self::ask(
            nginx,
            &format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        )
    }

    /// The same for `GET`.
    pub fn get(nginx: &Nginx, path: &str) -> Self {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Self::ask(nginx, &request)
    }

    fn ask(nginx: &Nginx, request: &str) -> Self {
        let mut connection = nginx.connect();
        connection.write(request);
        let mut raw = Vec::new();
        let end = loop {
            let read = connection.read(4096);
            assert!(!read.is_empty(), "{}", String::from_utf8_lossy(&raw));
            raw.extend(read);
            if let Some(end) = raw.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let body = raw.split_off(end);
        let head = String::from_utf8(raw).unwrap();
        assert!(
            head.starts_with("HTTP/1.1 200"),
            "{head}{}",
            String::from_utf8_lossy(&body)
        );
        let mut download = Self {
            connection,
            head,
            raw: body,
        };
        // Something of the file itself.
        while download.raw.len() < 16 {
            let read = download.connection.read(4096);
            assert!(!read.is_empty());
            download.raw.extend(read);
        }
        download
    }

    /// One that another worker sends than the one that makes it.
    pub fn from_another_worker(nginx: &Nginx, path: &str, body: &Value) -> Self {
        loop {
            let download = Self::begin(nginx, path, body);
            if download.header("X-Worker") != nginx.generator().to_string() {
                return download;
            }
        }
    }

    /// The value of a header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        let field = |line: &'_ str| -> Option<usize> {
            let (found, value) = line.split_once(": ")?;
            found
                .eq_ignore_ascii_case(name)
                .then_some(line.len() - value.len())
        };
        let mut lines = self.head.lines();
        lines
            .find_map(|line| Some(&line[field(line)?..]))
            .unwrap_or_default()
    }

    /// The session it is an answer of.
    pub fn session(&self) -> &str {
        self.header("X-Avatar-Session")
    }

    /// The whole body, and whether it came to its end.
    pub fn finish(mut self) -> (Vec<u8>, bool) {
        loop {
            let read = self.connection.read(1 << 16);
            if read.is_empty() {
                break;
            }
            self.raw.extend(read);
        }
        // What was complete when its header left is not in chunks.
        if let Ok(length) = self.header("Content-Length").parse::<usize>() {
            let whole = self.raw.len() == length;
            return (self.raw, whole);
        }
        let (mut rest, mut body) = (self.raw.as_slice(), Vec::new());
        loop {
            let Some(end) = rest.windows(2).position(|two| two == b"\r\n") else {
                return (body, false);
            };
            let length = std::str::from_utf8(&rest[..end]).unwrap();
            let length = usize::from_str_radix(length, 16).unwrap();
            if length == 0 {
                return (body, true);
            }
            let chunk = &rest[end + 2..];
            body.extend(&chunk[..length.min(chunk.len())]);
            let Some(next) = chunk.get(length + 2..) else {
                return (body, false);
            };
            rest = next;
        }
    }
}
