//! The shape of the motion generator, as `generator.json` tells it.

use serde::{Deserialize, Serialize};

use crate::renderer::Version;

/// The shape of the motion generator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneratorConfig {
    /// Which of the two published ones.
    pub version: Version,
    /// Features of a token.
    pub hidden: i64,
    /// How many blocks.
    pub depth: usize,
    /// Heads of each attention.
    pub heads: i64,
    /// Numbers of a motion, and of what is told of a frame.
    pub motion: i64,
    /// Features of speech.
    pub speech: i64,
    /// Frames of a window.
    pub window: usize,
    /// Frames before it.
    pub past: usize,
}

impl GeneratorConfig {
    /// That of the published one of this version.
    pub fn published(version: Version) -> Self {
        Self {
            version,
            hidden: 512,
            depth: 8,
            heads: 8,
            motion: 32,
            speech: 768,
            window: 50,
            past: 10,
        }
    }

    /// The same shape, narrow enough for tests.
    pub fn narrow(version: Version) -> Self {
        Self {
            hidden: 32,
            depth: 2,
            heads: 2,
            speech: 32,
            ..Self::published(version)
        }
    }

    /// Tokens: frames of a window and those before it.
    pub(super) fn tokens(&self) -> usize {
        self.window + self.past
    }

    /// What of it cannot be, in words.
    pub(crate) fn fault(&self) -> Option<String> {
        let numbers = [self.hidden, self.heads, self.motion, self.speech];
        let counts = [self.depth, self.window, self.past];
        if numbers.iter().any(|one| !(1..=8192).contains(one))
            || counts.iter().any(|one| !(1..=1024).contains(one))
        {
            return Some("a number is out of range".to_owned());
        }
        (self.hidden % (2 * self.heads) != 0).then(|| {
            format!(
                "{} features cannot be shared by {} heads, in pairs",
                self.hidden, self.heads
            )
        })
    }
}
