//! An offer, line by line, with the mildness that RFC 8866 asks of readers.

use super::fault::Fault;

/// An attribute: `a=name` or `a=name:value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attribute<'a> {
    pub(super) name: &'a str,
    /// Empty where there is none.
    pub(super) value: &'a str,
    /// The number of its line, from 1.
    pub(super) line: usize,
}

/// The attributes of a section, or of the part before the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Attributes<'a>(Vec<Attribute<'a>>);

impl<'a> Attributes<'a> {
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = Attribute<'a>> {
        self.0.iter().copied().filter(move |one| one.name == name)
    }

    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.all(name).map(|one| one.value)
    }

    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        self.values(name).next()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// What is said of payload type `number`: the values of `name` that begin with it.
    pub(super) fn of_payload(&self, name: &str, number: u8) -> impl Iterator<Item = &'a str> {
        self.values(name).filter_map(move |value| {
            let (of, rest) = value.split_once(char::is_whitespace)?;
            (of.parse() == Ok(number)).then(|| rest.trim())
        })
    }

    /// Which way media go, if that is said, as the offer's maker sees it.
    fn direction(&self) -> Option<Direction> {
        self.0.iter().find_map(|one| match one.name {
            "sendrecv" => Some(Direction::BOTH),
            "sendonly" => Some(Direction {
                sends: true,
                receives: false,
            }),
            "recvonly" => Some(Direction {
                sends: false,
                receives: true,
            }),
            "inactive" => Some(Direction {
                sends: false,
                receives: false,
            }),
            _ => None,
        })
    }
}

/// What the offer's maker does in a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Direction {
    pub(super) sends: bool,
    pub(super) receives: bool,
}

impl Direction {
    const BOTH: Self = Self {
        sends: true,
        receives: true,
    };

    /// The attribute that says so.
    pub(super) fn word(self) -> &'static str {
        match (self.sends, self.receives) {
            (true, true) => "sendrecv",
            (true, false) => "sendonly",
            (false, true) => "recvonly",
            (false, false) => "inactive",
        }
    }
}

/// An m= line and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section<'a> {
    pub(super) medium: &'a str,
    /// Its port is zero.
    pub(super) closed: bool,
    pub(super) protocol: &'a str,
    pub(super) formats: Vec<&'a str>,
    pub(super) attributes: Attributes<'a>,
}

/// An offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rtc) struct Description<'a> {
    pub(super) attributes: Attributes<'a>,
    pub(super) sections: Vec<Section<'a>>,
}

impl<'a> Description<'a> {
    /// Reads it. Lines may end in any way, and those that nothing here depends on may say anything.
    pub(in crate::rtc) fn read(text: &'a str) -> Result<Self, Fault> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut read = Self {
            attributes: Attributes::default(),
            sections: Vec::new(),
        };
        let mut begun = false;
        for (line, number) in lines(text).zip(1..) {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            if !begun && line != "v=0" {
                return Err(Fault::NotADescription);
            }
            begun = true;
            let (kind, value) = line.split_once('=').ok_or(Fault::Line(number))?;
            match kind {
                "m" => {
                    let section = section(value).ok_or(Fault::MediaLine(number))?;
                    read.sections.push(section);
                }
                "a" => {
                    let (name, value) = value.split_once(':').unwrap_or((value, ""));
                    let (name, value) = (name.trim(), value.trim());
                    let last = read.sections.last_mut();
                    let attributes = last.map_or(&mut read.attributes, |last| &mut last.attributes);
                    attributes.0.push(Attribute {
                        name,
                        value,
                        line: number,
                    });
                }
                _ if kind.len() == 1 && kind.is_ascii() => {}
                _ => return Err(Fault::Line(number)),
            }
        }
        match begun {
            true => Ok(read),
            false => Err(Fault::NotADescription),
        }
    }

    /// What the offer's maker does in `section`. What is said before the first section holds for all that do not say otherwise.
    pub(super) fn direction(&self, section: &Section<'_>) -> Direction {
        let said = section.attributes.direction();
        said.or_else(|| self.attributes.direction())
            .unwrap_or(Direction::BOTH)
    }
}

/// Lines that end in CR LF, LF or CR.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n')
        .flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

fn section(line: &str) -> Option<Section<'_>> {
    if !line.is_ascii() {
        return None;
    }
    let mut words = line.split_ascii_whitespace();
    let medium = words.next()?;
    // A number of ports may follow (RFC 8866 section 5.14).
    let port = words.next()?;
    let port: u16 = port.split('/').next()?.parse().ok()?;
    let protocol = words.next()?;
    let formats: Vec<&str> = words.collect();
    (!formats.is_empty()).then(|| Section {
        medium,
        closed: port == 0,
        protocol,
        formats,
        attributes: Attributes::default(),
    })
}
