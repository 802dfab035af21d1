//! Text with instructions how to say it: a part of SSML 1.1 (W3C, 2010), as far as it can be done with any engine.
//!
//! The document becomes passages that are said in one manner, with silences between. Elements that are not known are
//! looked through: what is in them is said.

mod element;
mod values;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use thiserror::Error;

use self::element::{Action, Element, Style, Text};
use crate::time::Samples;

/// Elements within one another.
const DEEPEST: usize = 64;
/// Silence in one document, all of it together: a text is not to last for hours.
const MOST_SILENCE: Samples = Samples::from_millis(120_000);

/// Why a document is none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SsmlError {
    /// The XML is not well-formed.
    #[error("it is not well-formed: {0}")]
    Xml(String),
    /// It has a document type, with which one can say anything about entities.
    #[error("a DOCTYPE is not allowed")]
    Doctype,
    /// An entity that XML itself does not know.
    #[error("there is no entity &{0};")]
    Entity(String),
    /// The first element is another.
    #[error("it does not begin with <speak>")]
    NotSpeak,
    /// Elements lie too deep within one another.
    #[error("elements lie within one another more than {DEEPEST} deep")]
    Deep,
}

/// What a document consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Said in one manner.
    Passage(Passage),
    Pause(Samples),
    /// A sentence ends here, whatever its marks say.
    Sentence,
    Paragraph,
}

/// Text that is said in one manner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passage {
    pub(super) text: String,
    pub(super) style: Style,
}

/// Whether a text claims to be such a document.
pub fn is_ssml(text: &str) -> bool {
    let text = text.trim_start_matches(|first: char| first.is_whitespace() || first == '\u{feff}');
    let after_declaration = match text.strip_prefix("<?xml") {
        Some(rest) => rest
            .split_once("?>")
            .map_or("", |(_, rest)| rest.trim_start()),
        None => text,
    };
    let rest = after_declaration.strip_prefix("<speak");
    rest.is_some_and(|rest| {
        rest.starts_with(|next: char| next.is_whitespace() || ">/".contains(next))
    })
}

/// Reads a document.
///
/// # Errors
///
/// [`SsmlError`]
pub(super) fn parse(document: &str) -> Result<Vec<Part>, SsmlError> {
    let mut reader = Reader::from_str(document.trim_start_matches('\u{feff}'));
    reader.config_mut().expand_empty_elements = true;
    let mut building = Building::default();
    loop {
        match reader.read_event().map_err(wrong)? {
            Event::Start(start) => building.open(&start)?,
            Event::End(_) => building.close(),
            Event::Text(text) => building.say(&text.xml10_content()),
            Event::CData(text) => building.say(&text.xml10_content()),
            Event::GeneralRef(entity) => building.say(&character(&entity)?),
            Event::DocType(_) => return Err(SsmlError::Doctype),
            Event::Eof => return building.finish(),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Empty(_) => {}
        }
    }
}

fn wrong(error: impl std::fmt::Display) -> SsmlError {
    SsmlError::Xml(error.to_string())
}

fn character(entity: &BytesRef<'_>) -> Result<String, SsmlError> {
    if let Some(character) = entity.resolve_char_ref().map_err(wrong)? {
        return Ok(character.to_string());
    }
    let known = resolve_predefined_entity(entity);
    known
        .map(str::to_owned)
        .ok_or_else(|| SsmlError::Entity(entity.to_string()))
}

/// A document while it is being read.
#[derive(Debug, Default)]
struct Building {
    parts: Vec<Part>,
    open: Vec<Element>,
    begun: bool,
    silence: Samples,
}

impl Building {
    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), SsmlError> {
        let name = start.local_name();
        if self.open.is_empty() && (self.begun || name.as_ref() != "speak") {
            return Err(SsmlError::NotSpeak);
        }
        if self.open.len() >= DEEPEST {
            return Err(SsmlError::Deep);
        }
        self.begun = true;
        let attributes: Result<Vec<_>, _> = start
            .attributes()
            .map(|attribute| {
                let attribute = attribute.map_err(wrong)?;
                let key = attribute.key.local_name().as_ref().to_owned();
                let value = attribute
                    .normalized_value(XmlVersion::Implicit1_0)
                    .map_err(wrong)?
                    .into_owned();
                Ok((key, value))
            })
            .collect();
        let around = self.open.last().cloned().unwrap_or_default();
        let name = name.as_ref().to_ascii_lowercase();
        let (element, action) = around.within(&name, &attributes?);
        let end = match action {
            Action::Nothing => None,
            Action::Paragraph => Some(Part::Paragraph),
            Action::Sentence => Some(Part::Sentence),
            Action::Pause(length) => {
                let left = MOST_SILENCE.saturating_sub(self.silence);
                let length = length.min(left);
                self.silence += length;
                self.parts.push(Part::Pause(length));
                None
            }
            Action::Say(text) => {
                self.put(&text, around.style);
                None
            }
        };
        self.parts.extend(end.clone());
        self.open.push(Element { end, ..element });
        Ok(())
    }

    fn close(&mut self) {
        if let Some(element) = self.open.pop() {
            self.parts.extend(element.end);
        }
    }

    fn say(&mut self, text: &str) {
        let Some(element) = self.open.last() else {
            return;
        };
        let style = element.style;
        match element.text {
            Text::Said => self.put(text, style),
            Text::Silent => {}
            Text::Spelled => {
                let spelled = values::spelled(text);
                self.put(&spelled, style);
            }
            Text::Digits => {
                let digits = values::digits(text);
                self.put(&digits, style);
            }
        }
    }

    fn put(&mut self, text: &str, style: Style) {
        match self.parts.last_mut() {
            Some(Part::Passage(last)) if last.style == style => last.text.push_str(text),
            Some(Part::Passage(last)) => {
                // Marks that follow a word without a gap belong to it.
                let marks = text
                    .find(|mark| !",.;:!?…)»”".contains(mark))
                    .unwrap_or(text.len());
                let (marks, rest) = text.split_at_checked(marks).unwrap_or(("", text));
                last.text.push_str(marks);
                if !rest.is_empty() {
                    self.parts.push(Part::Passage(Passage {
                        text: rest.to_owned(),
                        style,
                    }));
                }
            }
            _ => self.parts.push(Part::Passage(Passage {
                text: text.to_owned(),
                style,
            })),
        }
    }

    fn finish(self) -> Result<Vec<Part>, SsmlError> {
        match self.open.last() {
            Some(_) => Err(SsmlError::Xml("an element has no end".to_owned())),
            None if !self.begun => Err(SsmlError::NotSpeak),
            None => Ok(self.parts),
        }
    }
}
