//! Attribute lists (section 4.2).

use super::{Fault, decimal, integer};

/// An attribute list as it stands in a tag.
#[derive(Debug, Clone, PartialEq)]
pub struct Attributes {
    tag: String,
    pairs: Vec<(String, String)>,
}

impl Attributes {
    /// Reads what follows a tag's colon.
    pub(super) fn read(tag: &str, text: &str, faults: &mut Vec<Fault>) -> Self {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let Some((name, after)) = rest.split_once('=') else {
                faults.push(Fault::new("4.2", format!("{tag}: {rest:?} has no value")));
                break;
            };
            let named =
                |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
            if name.is_empty() || !name.bytes().all(named) {
                faults.push(Fault::new("4.2", format!("{tag}: {name:?} is no name")));
            }
            let length = match after.strip_prefix('"') {
                Some(quoted) => match quoted.find('"') {
                    Some(end) => end + 2,
                    None => {
                        faults.push(Fault::new("4.2", format!("{tag}: {name} is not closed")));
                        after.len()
                    }
                },
                None => after.find(',').unwrap_or(after.len()),
            };
            let (value, left) = after.split_at(length);
            let bare = |bad| !value.starts_with('"') && value.contains(bad);
            if value.is_empty() || bare('"') || bare(' ') || bare('\t') {
                faults.push(Fault::new(
                    "4.2",
                    format!("{tag}: {name}={value} is no value"),
                ));
            }
            if pairs.iter().any(|(other, _)| other == name) {
                faults.push(Fault::new("4.2", format!("{tag}: {name} stands twice")));
            }
            pairs.push((name.to_owned(), value.to_owned()));
            rest = match left.strip_prefix(',') {
                Some("") => {
                    faults.push(Fault::new("4.2", format!("{tag}: ends with a comma")));
                    ""
                }
                Some(more) => more,
                None if left.is_empty() => "",
                None => {
                    faults.push(Fault::new("4.2", format!("{tag}: {left:?} after {name}")));
                    ""
                }
            };
        }
        if pairs.is_empty() {
            faults.push(Fault::new("4.2", format!("{tag} has no attributes")));
        }
        let tag = tag.to_owned();
        Self { tag, pairs }
    }

    fn raw(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    fn typed<T>(
        &self,
        name: &str,
        kind: &str,
        read: impl Fn(&str) -> Option<T>,
        faults: &mut Vec<Fault>,
    ) -> Option<T> {
        let value = self.raw(name)?;
        let read = read(value);
        if read.is_none() {
            let what = format!("{}: {name}={value} is no {kind}", self.tag);
            faults.push(Fault::new("4.2", what));
        }
        read
    }

    /// A decimal-integer.
    pub(super) fn integer(&self, name: &str, faults: &mut Vec<Fault>) -> Option<u64> {
        self.typed(name, "decimal-integer", integer, faults)
    }

    /// A decimal-floating-point.
    pub(super) fn decimal(&self, name: &str, faults: &mut Vec<Fault>) -> Option<f64> {
        self.typed(name, "decimal-floating-point", decimal, faults)
    }

    /// A signed-decimal-floating-point.
    pub(super) fn signed(&self, name: &str, faults: &mut Vec<Fault>) -> Option<f64> {
        let read = |text: &str| match text.strip_prefix('-') {
            Some(text) => decimal(text).map(|value| -value),
            None => decimal(text),
        };
        self.typed(name, "signed-decimal-floating-point", read, faults)
    }

    /// A quoted-string, without its quotes.
    pub(super) fn quoted(&self, name: &str, faults: &mut Vec<Fault>) -> Option<String> {
        let read = |text: &str| {
            let inner = text.strip_prefix('"')?.strip_suffix('"')?;
            Some(inner.to_owned())
        };
        self.typed(name, "quoted-string", read, faults)
    }

    /// An enumerated-string, which must be one of `words`.
    pub(super) fn word(
        &self,
        name: &str,
        words: &[&str],
        faults: &mut Vec<Fault>,
    ) -> Option<String> {
        let read = |text: &str| words.contains(&text).then(|| text.to_owned());
        self.typed(name, "enumerated-string known there", read, faults)
    }

    /// An enumerated-string that can only be `YES`.
    pub(super) fn yes(&self, name: &str, faults: &mut Vec<Fault>) -> bool {
        self.word(name, &["YES"], faults).is_some()
    }

    /// A decimal-resolution.
    pub(super) fn resolution(&self, name: &str, faults: &mut Vec<Fault>) -> Option<(u64, u64)> {
        let read = |text: &str| {
            let (width, height) = text.split_once('x')?;
            Some((integer(width)?, integer(height)?))
        };
        self.typed(name, "decimal-resolution", read, faults)
    }

    /// Notes that attributes which `section` requires are not there.
    pub(super) fn require(&self, section: &'static str, names: &[&str], faults: &mut Vec<Fault>) {
        for name in names.iter().filter(|name| self.raw(name).is_none()) {
            let what = format!("{} has no {name}", self.tag);
            faults.push(Fault::new(section, what));
        }
    }

    /// Notes attributes that `section` does not know.
    pub(super) fn allow(&self, section: &'static str, names: &[&str], faults: &mut Vec<Fault>) {
        for (name, _) in &self.pairs {
            if !names.contains(&name.as_str()) && !name.starts_with("X-") {
                let what = format!("{} knows no {name}", self.tag);
                faults.push(Fault::new(section, what));
            }
        }
    }

    /// The attributes in order of their names, to be compared with others.
    pub fn sorted(&self) -> Vec<(String, String)> {
        let mut pairs = self.pairs.clone();
        pairs.sort();
        pairs
    }
}
