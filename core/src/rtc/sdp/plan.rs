//! What becomes of each section of an offer (RFC 3264 section 6, RFC 8829 section 5.3, RFC 8843).

use std::collections::{HashMap, HashSet};
use std::iter;

use super::codec::{self, Payload};
use super::fault::Fault;
use super::read::{Attribute, Description, Direction, Section};
use super::transport::Transport;

/// Sections of an offer at most. With them the answer is no longer than it may be.
const SECTIONS: usize = 64;

/// Of those, that are served at most.
const SERVED: usize = 8;

/// Characters of a section's name at most.
const NAME: usize = 256;

/// Characters of a protocol that is known, at most.
const PROTOCOL: usize = 32;

/// What becomes of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Pictures or sound.
    Media {
        payload: Payload,
        /// What is left of what its maker does.
        direction: Direction,
    },
    /// A data channel.
    Channel,
    /// It is answered with port 0.
    Rejected,
}

/// How an offer is answered.
#[derive(Debug, Clone)]
pub(in crate::rtc) struct Plan<'a> {
    pub(super) description: &'a Description<'a>,
    pub(super) transport: Transport<'a>,
    /// Of each section.
    pub(super) parts: Vec<Part>,
    /// The names of sections, where they have any.
    pub(super) names: Vec<Option<&'a str>>,
    /// What the library knows them by.
    pub(super) tokens: Vec<String>,
    /// Those are other names than the client's.
    pub(super) renamed: bool,
    /// The sections that are served are one BUNDLE group.
    pub(super) bundled: bool,
}

impl<'a> Plan<'a> {
    /// Decides it. A microphone is listened to only where somebody `hears`.
    pub(in crate::rtc) fn of(description: &'a Description<'a>, hears: bool) -> Result<Self, Fault> {
        let sections = &description.sections;
        if sections.is_empty() {
            return Err(Fault::NoMedia);
        }
        if sections.len() > SECTIONS {
            return Err(Fault::TooManySections(SECTIONS));
        }
        let names = names(sections)?;
        let groups = groups(description);
        let group_of = |name: Option<&str>| {
            let name = name?;
            groups.iter().find(|group| group.contains(&name))
        };
        let mut wishes = Vec::new();
        for (section, name) in sections.iter().zip(&names) {
            // One that is to share another's transport may have port 0 as well (RFC 8843 section 6).
            let shares = section.attributes.has("bundle-only") || group_of(*name).is_some();
            let open = !section.closed || shares;
            wishes.push(Wish::of(description, section, hears).filter(|_| open));
        }
        // Whose transport is used.
        let leads = |wish: &Option<Wish>| wish.is_some_and(|wish| wish.serves());
        let leader = wishes.iter().position(leads);
        let Some((leader, lead)) = leader.and_then(|at| Some((at, sections.get(at)?))) else {
            return Err(Fault::NothingWanted);
        };
        let leading = names.get(leader).copied().flatten();
        let group = group_of(leading);
        let along = |at: usize| {
            let name = names.get(at).copied().flatten();
            at == leader
                || group.is_some_and(|group| name.is_some_and(|name| group.contains(&name)))
        };
        let mut parts = Vec::new();
        let mut served = Served::default();
        for (at, (wish, section)) in wishes.iter().zip(sections).enumerate() {
            let room = parts.iter().filter(|part| **part != Part::Rejected);
            let room = room.count() < SERVED;
            parts.push(match wish {
                Some(wish) if along(at) && room => served.take(*wish, section)?,
                _ => Part::Rejected,
            });
        }
        let others = sections.iter().enumerate().filter(|(at, _)| along(*at));
        let others = others.map(|(_, section)| section);
        let transport = Transport::of(description, lead, others)?;
        once_each(&parts)?;
        let (tokens, renamed) = tokens(&names, &parts);
        Ok(Self {
            description,
            transport,
            parts,
            names,
            tokens,
            renamed,
            bundled: group.is_some(),
        })
    }

    /// The sections that are served, each with what it becomes, its name and what the library knows it by.
    pub(super) fn served(
        &self,
    ) -> impl Iterator<Item = (&Section<'a>, &Part, Option<&'a str>, &str)> {
        let sections = self.description.sections.iter().zip(&self.parts);
        let names = self.names.iter().zip(&self.tokens);
        let all = sections.zip(names);
        let all =
            all.map(|((section, part), (name, token))| (section, part, *name, token.as_str()));
        all.filter(|(_, part, ..)| **part != Part::Rejected)
    }
}

/// What a section could be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Pictures(Direction),
    Sound(Direction),
    Channel,
}

impl Wish {
    fn of(description: &Description<'_>, section: &Section<'_>, hears: bool) -> Option<Self> {
        let over_sctp = section.protocol.ends_with("DTLS/SCTP");
        // By whatever profile it is called, it is that of RFC 8827 (RFC 8829 section 5.1.2).
        let over_rtp = ["RTP/SAVPF", "RTP/SAVP", "RTP/AVPF", "RTP/AVP"]
            .iter()
            .any(|profile| section.protocol.ends_with(profile));
        let known = section.protocol.len() <= PROTOCOL;
        let direction = description.direction(section);
        match section.medium {
            "video" if known && over_rtp => Some(Self::Pictures(Direction {
                // Nobody looks at what its maker would show.
                sends: false,
                ..direction
            })),
            "audio" if known && over_rtp => Some(Self::Sound(Direction {
                sends: direction.sends && hears,
                ..direction
            })),
            "application" if known && over_sctp => Some(Self::Channel),
            _ => None,
        }
    }

    /// Whether anything goes over it.
    fn serves(self) -> bool {
        match self {
            Self::Pictures(direction) | Self::Sound(direction) => {
                direction.sends || direction.receives
            }
            Self::Channel => true,
        }
    }
}

/// What sections before have been given.
#[derive(Debug, Default)]
struct Served {
    pictures: bool,
    sound: bool,
    microphone: bool,
    channel: bool,
}

impl Served {
    /// What becomes of `section`. Pictures and sound are sent once, in the first that takes them.
    fn take(&mut self, wish: Wish, section: &Section<'_>) -> Result<Part, Fault> {
        match wish {
            Wish::Channel if self.channel => Ok(Part::Rejected),
            Wish::Channel => {
                self.channel = true;
                Ok(Part::Channel)
            }
            Wish::Pictures(mut direction) => {
                direction.receives &= !self.pictures;
                self.pictures |= direction.receives;
                media(codec::pictures(section), direction, Fault::Pictures)
            }
            Wish::Sound(mut direction) => {
                direction.receives &= !self.sound;
                direction.sends &= !self.microphone;
                self.sound |= direction.receives;
                self.microphone |= direction.sends;
                media(codec::sound(section), direction, Fault::Sound)
            }
        }
    }
}

/// A section whose format is known; where it is not, half of a connection would be a disappointment that nobody is told of, unless
/// nothing was to be sent there.
fn media(
    payload: Result<Payload, String>,
    direction: Direction,
    fault: impl FnOnce(String) -> Fault,
) -> Result<Part, Fault> {
    match payload {
        Ok(payload) => Ok(Part::Media { payload, direction }),
        Err(_) if !direction.receives && !direction.sends => Ok(Part::Rejected),
        Err(offered) => Err(fault(offered)),
    }
}

/// The names of all sections, where they have any.
fn names<'a>(sections: &[Section<'a>]) -> Result<Vec<Option<&'a str>>, Fault> {
    let mut known = HashSet::new();
    let mut names = Vec::new();
    for section in sections {
        let name = section.attributes.all("mid").next();
        if let Some(Attribute { value, line, .. }) = name {
            let sound = (1..=NAME).contains(&value.len())
                && value.bytes().all(|byte| byte.is_ascii_graphic());
            if !sound {
                return Err(Fault::Mid(line, NAME));
            }
            if !known.insert(value) {
                return Err(Fault::MidTwice(value.to_owned()));
            }
        }
        names.push(name.map(|name| name.value));
    }
    Ok(names)
}

/// The sections that share a transport.
fn groups<'a>(description: &Description<'a>) -> Vec<Vec<&'a str>> {
    let groups = description.attributes.values("group");
    let bundles = groups.filter_map(|group| {
        let mut words = group.split_ascii_whitespace();
        (words.next() == Some("BUNDLE")).then(|| words.collect())
    });
    bundles.collect()
}

/// Makes sure that each payload type stands for one thing, in however many sections (RFC 8843 section 9.1).
fn once_each(parts: &[Part]) -> Result<(), Fault> {
    let mut known = HashMap::new();
    for part in parts {
        if let Part::Media { payload, .. } = part {
            let pictures = payload.profile.is_some();
            let resent = payload.resend.map(|number| (number, "resent"));
            let sent = (payload.number, if pictures { "pictures" } else { "sound" });
            for (number, meaning) in iter::once(sent).chain(resent) {
                if *known.entry(number).or_insert(meaning) != meaning {
                    return Err(Fault::PayloadTwice(number));
                }
            }
        }
    }
    Ok(())
}

/// What the library knows sections by: their own names where it can keep all of those, and else others.
fn tokens(names: &[Option<&str>], parts: &[Part]) -> (Vec<String>, bool) {
    let keeps = |name: &Option<&str>| {
        name.is_some_and(|name| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            name.len() <= 16 && name.bytes().all(plain)
        })
    };
    let mut served = names.iter().zip(parts);
    let renamed = served.any(|(name, part)| *part != Part::Rejected && !keeps(name));
    let own = |(at, name): (usize, &Option<&str>)| match name {
        Some(name) if !renamed => (*name).to_owned(),
        _ => at.to_string(),
    };
    (names.iter().enumerate().map(own).collect(), renamed)
}
