//! Hints between processes: wake-ups that may be lost.

use super::SessionId;

/// Says that something about a session is worth a look. Losing one costs a moment, never correctness:
/// whatever it speaks of stands on the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    /// What happened.
    pub kind: HintKind,
    /// To which session.
    pub id: SessionId,
}

/// What a [`Hint`] speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HintKind {
    /// To the generator: a new session, or a wish about one.
    Wanted,
    /// To a worker: a record changed.
    Changed,
    /// From a generator to its own process: it is to make way for another.
    Replace,
}

impl Hint {
    /// To a generator: look at session `id`.
    pub fn wanted(id: SessionId) -> Self {
        let kind = HintKind::Wanted;
        Self { kind, id }
    }

    /// To a worker: session `id` changed.
    pub fn changed(id: SessionId) -> Self {
        let kind = HintKind::Changed;
        Self { kind, id }
    }

    /// To one's own process: make way for another.
    pub fn replace() -> Self {
        Self {
            kind: HintKind::Replace,
            id: SessionId::from_words([0, 0]),
        }
    }

    /// Bytes of a hint on the wire.
    pub const LENGTH: usize = 17;

    /// The wire form: a byte for the kind, then the id.
    pub fn to_bytes(self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        let kind = match self.kind {
            HintKind::Wanted => 1,
            HintKind::Changed => 2,
            HintKind::Replace => 3,
        };
        let id = self.id.to_bytes();
        for (to, from) in bytes.iter_mut().zip(std::iter::once(kind).chain(id)) {
            *to = from;
        }
        bytes
    }

    /// Reads the wire form; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&kind, id) = bytes.split_first()?;
        let kind = match kind {
            1 => HintKind::Wanted,
            2 => HintKind::Changed,
            3 => HintKind::Replace,
            _ => return None,
        };
        let id = SessionId::from_bytes(id.try_into().ok()?);
        Some(Self { kind, id })
    }
}

/// Carries hints to other processes.
pub trait Bell: Send + Sync {
    /// Sends `hint` to process `pid`; never blocks. False when that process has too much to read already.
    fn ring(&self, pid: u32, hint: Hint) -> bool;
}

/// For a program that is its own only process.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBell;

impl Bell for NoBell {
    fn ring(&self, _pid: u32, _hint: Hint) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_hints_are_read() {
        let hint = Hint {
            kind: HintKind::Changed,
            id: SessionId::generate(),
        };
        let bytes = hint.to_bytes();
        assert_eq!(Hint::from_bytes(&bytes), Some(hint));
        assert_eq!(Hint::from_bytes(&bytes[..16]), None);
        assert_eq!(Hint::from_bytes(&[9; Hint::LENGTH]), None);
        assert_eq!(Hint::from_bytes(&[]), None);
    }
}
