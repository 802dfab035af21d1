//! How an engine is asked: one form for all that are reached by HTTP.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Client, Method, Request, Url};

use super::escape::Context;
use super::pattern::{Pattern, Slot, Values};

/// The kinds of audio an OpenAI-compatible engine can be asked for.
pub const FORMATS: [&str; 6] = ["mp3", "opus", "aac", "flac", "wav", "pcm"];

/// Where in an answer the audio is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Audio {
    /// The body is it.
    Body,
    /// A field of the JSON that the body is, by its path, in base64.
    Field(Vec<String>),
}

/// A request with places in it, and what is made of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    method: Method,
    url: Pattern,
    headers: Vec<(HeaderName, Pattern)>,
    body: Option<Pattern>,
    content_type: Option<String>,
    pub(super) audio: Audio,
    /// Samples a second, where the audio has no header that says so.
    pub(super) headerless: Option<u32>,
    /// Characters of one request's text at the most.
    pub(super) longest: Option<usize>,
}

impl Template {
    /// A `GET` request to nowhere, to be described.
    pub fn new() -> Self {
        Self {
            method: Method::GET,
            url: Pattern::default(),
            headers: Vec::new(),
            body: None,
            content_type: None,
            audio: Audio::Body,
            headerless: None,
            longest: None,
        }
    }

    /// What OpenAI's `POST /v1/audio/speech` takes; `base` is everything before `/audio/speech`. `format` is one of
    /// [`FORMATS`]. A `model` that is not named is not sent: whoever is asked has one of its own.
    ///
    /// # Errors
    ///
    /// What is wrong with `base`.
    pub fn openai(base: &str, model: Option<&str>, format: &str) -> Result<Self, String> {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let model = model.map(|model| format!("\"model\":{},", quoted(model)));
        let body = Pattern::default()
            .text(&format!("{{{}\"input\":\"", model.unwrap_or_default()))
            .slot(Slot::Text)
            .text("\",\"voice\":\"")
            .slot(Slot::Voice)
            .text(&format!("\",\"response_format\":{}}}", quoted(format)));
        let mut template = Self {
            method: Method::POST,
            body: Some(body),
            content_type: Some("application/json".to_owned()),
            // The samples of OpenAI and of those who do as it does.
            headerless: (format == "pcm").then_some(24_000),
            ..Self::new()
        };
        template.set_url(&format!("{}/audio/speech", base.trim_end_matches('/')))?;
        Ok(template)
    }

    /// What the speech of Google Translate takes, and what does as it does: a text of a hundred characters at the most in
    /// the query.
    ///
    /// # Errors
    ///
    /// What is wrong with `url`.
    pub fn gtts(url: &str) -> Result<Self, String> {
        let mut template = Self {
            longest: Some(100),
            ..Self::new()
        };
        template.set_url(&format!(
            "{url}?ie=UTF-8&client=tw-ob&tl={{lang}}&q={{text}}"
        ))?;
        Ok(template)
    }

    /// Where to ask. Only what follows the host may depend on what is asked.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn set_url(&mut self, url: &str) -> Result<(), String> {
        let pattern = parse(url)?;
        let with = |value| {
            let values = Values {
                text: value,
                lang: value,
                voice: value,
                key: value,
            };
            Url::parse(&pattern.fill(&values, Context::Url))
        };
        let (Ok(one), Ok(other)) = (with("a"), with("b")) else {
            return Err("it must be a URL".to_owned());
        };
        if !matches!(one.scheme(), "http" | "https") {
            return Err("it must be an http or https URL".to_owned());
        }
        if one.origin() != other.origin() || one.username() != other.username() {
            return Err("the host must not depend on what is said".to_owned());
        }
        self.url = pattern;
        Ok(())
    }

    /// How to ask: `GET`, `POST` or `PUT`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn set_method(&mut self, method: &str) -> Result<(), String> {
        self.method = match method {
            "GET" => Method::GET,
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            _ => return Err("it must be GET, POST or PUT".to_owned()),
        };
        Ok(())
    }

    /// One more header, such as `X-Key: {key}`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn add_header(&mut self, line: &str) -> Result<(), String> {
        let (name, value) = line
            .split_once(':')
            .ok_or("it must be a name and a value, such as \"X-Key: {key}\"")?;
        let name: HeaderName = name
            .trim()
            .parse()
            .map_err(|_| "the name of the header has characters that none can have".to_owned())?;
        self.headers.push((name, parse(value.trim())?));
        Ok(())
    }

    /// The body. What it is, unless that is said, is told from how it begins.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn set_body(&mut self, body: &str) -> Result<(), String> {
        self.body = Some(parse(body)?);
        if self.method == Method::GET {
            self.method = Method::POST;
        }
        Ok(())
    }

    /// The media type of the body, which decides how text is written in it.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn set_content_type(&mut self, media: &str) -> Result<(), String> {
        if HeaderValue::from_str(media).is_err() || !media.contains('/') {
            return Err("it must be a media type, such as application/json".to_owned());
        }
        self.content_type = Some(media.to_owned());
        Ok(())
    }

    /// Where in the answer the audio is: `body`, or a field of JSON in base64, such as `json:data.audio`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn set_audio(&mut self, place: &str) -> Result<(), String> {
        let wrong = || "it must be body, or json: and the path of a field".to_owned();
        self.audio = match place.split_once(':') {
            None if place == "body" => Audio::Body,
            Some(("json", path)) if path.split('.').all(|name| !name.is_empty()) => {
                Audio::Field(path.split('.').map(str::to_owned).collect())
            }
            _ => return Err(wrong()),
        };
        Ok(())
    }

    /// The audio is bare samples of 16 bits, so many a second.
    pub fn set_headerless(&mut self, rate: u32) {
        self.headerless = Some(rate);
    }

    /// Whether the audio is bare samples.
    pub fn is_headerless(&self) -> bool {
        self.headerless.is_some()
    }

    /// Characters of one request's text at the most; longer ones are cut between words.
    pub fn set_longest(&mut self, characters: usize) {
        self.longest = Some(characters);
    }

    /// Whether it has a place for a key.
    pub fn wants_key(&self) -> bool {
        let patterns = self.headers.iter().map(|(_, pattern)| pattern);
        patterns
            .chain(&self.body)
            .chain([&self.url])
            .any(|pattern| pattern.has(Slot::Key))
    }

    /// Sends the key as OpenAI wants it.
    pub fn authorize(&mut self) {
        let bearer = Pattern::default().text("Bearer ").slot(Slot::Key);
        self.headers.push((AUTHORIZATION, bearer));
    }

    /// Whether somebody can be asked.
    pub fn has_url(&self) -> bool {
        self.url != Pattern::default()
    }

    fn media(&self) -> &str {
        match (&self.content_type, &self.body) {
            (Some(media), _) => media,
            (None, Some(body)) => match body.first() {
                Some('{' | '[') => "application/json",
                Some('<') => "application/xml",
                _ => "text/plain; charset=utf-8",
            },
            (None, None) => "",
        }
    }

    /// The request that asks for `values`.
    pub(super) fn request(
        &self,
        client: &Client,
        values: &Values<'_>,
    ) -> Result<Request, reqwest::Error> {
        let mut request = client.request(self.method.clone(), self.url.fill(values, Context::Url));
        for (name, pattern) in &self.headers {
            let value = pattern.fill(values, Context::Header);
            // Characters beyond ASCII are no error here, and are what servers read as UTF-8.
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                request = request.header(name, value);
            }
        }
        if let Some(body) = &self.body {
            let media = self.media();
            request = request
                .header(CONTENT_TYPE, media)
                .body(body.fill(values, Context::of(media)));
        }
        request.build()
    }
}

impl Default for Template {
    fn default() -> Self {
        Self::new()
    }
}

fn parse(text: &str) -> Result<Pattern, String> {
    Pattern::parse(text).map_err(|word| {
        format!("there is no {word}, only {{text}}, {{lang}}, {{voice}} and {{key}}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: Values<'static> = Values {
        text: "say \"hi\" & go",
        lang: "en",
        voice: "nova",
        key: "sesame",
    };

    fn request(template: &Template) -> Request {
        template.request(&Client::new(), &VALUES).unwrap()
    }

    fn body(request: &Request) -> &str {
        std::str::from_utf8(request.body().unwrap().as_bytes().unwrap()).unwrap()
    }

    #[test]
    fn it_asks_as_openai_wants_to_be_asked() {
        let mut template = Template::openai("http://host/v1/", Some("tts \"1\""), "opus").unwrap();
        template.authorize();
        let request = request(&template);
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.url().as_str(), "http://host/v1/audio/speech");
        assert_eq!(request.headers()["authorization"], "Bearer sesame");
        assert_eq!(request.headers()["content-type"], "application/json");
        let body: serde_json::Value = serde_json::from_str(body(&request)).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "model": "tts \"1\"",
                "input": "say \"hi\" & go",
                "voice": "nova",
                "response_format": "opus",
            })
        );
    }

    #[test]
    fn it_asks_as_google_translate_wants_to_be_asked() {
        let request = request(&Template::gtts("http://host/translate_tts").unwrap());
        assert_eq!(request.method(), Method::GET);
        assert_eq!(
            request.url().as_str(),
            "http://host/translate_tts?ie=UTF-8&client=tw-ob&tl=en&q=say%20%22hi%22%20%26%20go"
        );
        assert!(request.body().is_none());
    }

    #[test]
    fn it_asks_as_it_is_told() {
        let mut template = Template::new();
        template.set_url("http://host/{voice}?t={text}").unwrap();
        template.add_header("X-Key: {key}").unwrap();
        template
            .set_body("<speak lang='{lang}'>{text}</speak>")
            .unwrap();
        assert!(template.wants_key());
        let request = request(&template);
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.headers()["x-key"], "sesame");
        assert_eq!(request.headers()["content-type"], "application/xml");
        assert_eq!(
            body(&request),
            "<speak lang='en'>say &quot;hi&quot; &amp; go</speak>"
        );
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        let mut template = Template::new();
        for url in [
            "",
            "host/path",
            "ftp://host/",
            "http://{text}/",
            "http://h{lang}.org/",
            "http://host/{txt}",
        ] {
            assert!(template.set_url(url).is_err(), "{url}");
        }
        for line in ["nothing", "a b: c", ": c", "X: {what}"] {
            assert!(template.add_header(line).is_err(), "{line}");
        }
        for place in ["field", "json:", "json:a..b", "xml:a"] {
            assert!(template.set_audio(place).is_err(), "{place}");
        }
        assert!(template.set_method("BREW").is_err());
        assert!(template.set_content_type("json").is_err());
        assert!(!template.has_url());
    }
}
