//! Text written so that it stays text wherever a template puts it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands around a placeholder, and so decides how its value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// A path or query (RFC 3986 section 2): everything but unreserved characters is encoded, so that no value can
    /// leave its place.
    Url,
    /// Inside a JSON string (RFC 8259 section 7).
    Json,
    /// XML text or an attribute (XML 1.0 section 2.4), SSML for one.
    Xml,
    /// A header's value (RFC 9110 section 5.5).
    Header,
    /// As it is.
    Plain,
}

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl Context {
    /// The context that a body of this media type is.
    pub(super) fn of(content_type: &str) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let essence = essence.to_ascii_lowercase();
        match essence.as_str() {
            "application/x-www-form-urlencoded" => Self::Url,
            json if json.ends_with("json") => Self::Json,
            xml if xml.ends_with("xml") => Self::Xml,
            _ => Self::Plain,
        }
    }

    /// Appends `value` to `to`.
    pub(super) fn write(self, value: &str, to: &mut String) {
        match self {
            Self::Url => to.extend(utf8_percent_encode(value, RESERVED)),
            Self::Json => {
                let quoted = serde_json::Value::from(value).to_string();
                let inner = quoted
                    .strip_prefix('"')
                    .and_then(|rest| rest.strip_suffix('"'));
                to.push_str(inner.unwrap_or_default());
            }
            Self::Xml => {
                for character in value.chars() {
                    match character {
                        '&' => to.push_str("&amp;"),
                        '<' => to.push_str("&lt;"),
                        '>' => to.push_str("&gt;"),
                        '"' => to.push_str("&quot;"),
                        '\'' => to.push_str("&apos;"),
                        // Not even escaped ones are allowed.
                        control if control.is_control() && !"\t\n\r".contains(control) => {}
                        other => to.push(other),
                    }
                }
            }
            Self::Header => to.extend(value.chars().filter(|character| !character.is_control())),
            Self::Plain => to.push_str(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(context: Context, value: &str) -> String {
        let mut text = String::new();
        context.write(value, &mut text);
        text
    }

    #[test]
    fn nothing_leaves_its_place() {
        let odd = "a&b=\"c\" <d>/../e?#\n%41\u{0}é";
        assert_eq!(
            written(Context::Url, odd),
            "a%26b%3D%22c%22%20%3Cd%3E%2F..%2Fe%3F%23%0A%2541%00%C3%A9"
        );
        let json = format!("\"{}\"", written(Context::Json, odd));
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), odd);
        assert_eq!(
            written(Context::Xml, odd),
            "a&amp;b=&quot;c&quot; &lt;d&gt;/../e?#\n%41é"
        );
        assert_eq!(written(Context::Header, "a\r\nX: b"), "aX: b");
        assert_eq!(written(Context::Plain, odd), odd);
    }

    #[test]
    fn the_media_type_tells_the_context() {
        for (media, context) in [
            ("application/json; charset=utf-8", Context::Json),
            ("application/vnd.api+json", Context::Json),
            ("application/x-www-form-urlencoded", Context::Url),
            ("application/ssml+xml", Context::Xml),
            ("Text/XML", Context::Xml),
            ("text/plain", Context::Plain),
        ] {
            assert_eq!(Context::of(media), context, "{media}");
        }
    }
}
