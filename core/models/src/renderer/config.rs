//! The shape of the renderer, as `renderer.json` tells it.

use serde::{Deserialize, Serialize};

/// Which of the two published ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Version {
    /// Of early December 2025: photos of 256 pixels, motion with fixed positions.
    First,
    /// Since then: photos of 512 pixels, motion with rotary positions.
    Second,
}

impl TryFrom<u8> for Version {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number {
            1 => Ok(Self::First),
            2 => Ok(Self::Second),
            other => Err(format!("there is no version {other} of IMTalker")),
        }
    }
}

impl From<Version> for u8 {
    fn from(version: Version) -> Self {
        match version {
            Version::First => 1,
            Version::Second => 2,
        }
    }
}

/// The shape of the renderer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RendererConfig {
    /// Which of the two.
    pub version: Version,
    /// Pixels to each side of what it draws, a multiple of 128.
    pub side: i64,
    /// Channels of each level, from half of the side down to a 64th part.
    pub widths: [i64; 6],
    /// Channels of the motion encoder, at the first convolution and after each block.
    pub motion_widths: [i64; 6],
    /// Numbers of an identity.
    pub identity: i64,
    /// Numbers of a motion, and of what maps begin with.
    pub motion: i64,
    /// Heads of each attention.
    pub heads: i64,
    /// Pixels to each side of a window of the two finest levels.
    pub window: i64,
}

impl RendererConfig {
    /// That of the published one of this version.
    pub fn published(version: Version) -> Self {
        Self {
            version,
            side: 512,
            widths: [32, 64, 128, 256, 512, 512],
            motion_widths: [64, 128, 256, 512, 512, 512],
            identity: 512,
            motion: 32,
            heads: 8,
            window: 8,
        }
    }

    /// The same shape, narrow and small enough for tests.
    pub fn narrow(version: Version) -> Self {
        Self {
            side: 128,
            widths: [8, 8, 16, 16, 32, 32],
            motion_widths: [8, 8, 16, 16, 32, 32],
            identity: 32,
            heads: 2,
            window: 4,
            ..Self::published(version)
        }
    }

    /// Pixels to each side of a photo, as it is shown to the encoders.
    pub fn input(&self) -> i64 {
        match self.version {
            Version::First => self.side / 2,
            Version::Second => self.side,
        }
    }

    /// Channels and side of each level, the smallest first.
    pub(super) fn levels(&self) -> [(i64, i64); 6] {
        let [a, b, c, d, e, f] = self.widths;
        let side = |level: u32| self.side >> level;
        [
            (f, side(6)),
            (e, side(5)),
            (d, side(4)),
            (c, side(3)),
            (b, side(2)),
            (a, side(1)),
        ]
    }

    /// Side of what maps begin with.
    pub(super) fn seed(&self) -> i64 {
        self.side / 128
    }

    /// What of it cannot be, in words.
    pub(crate) fn fault(&self) -> Option<String> {
        let positive = [
            self.side,
            self.identity,
            self.motion,
            self.heads,
            self.window,
        ];
        let widths = self.widths.iter().chain(&self.motion_widths);
        if positive.iter().chain(widths.clone()).any(|&one| one < 1)
            || positive.iter().chain(widths).any(|&one| one > 8192)
        {
            return Some("a number is out of range".to_owned());
        }
        if self.side > 1024 || self.window > 8 {
            return Some(format!(
                "a side of {} or windows of {} would be too large",
                self.side, self.window
            ));
        }
        if self.side % 128 != 0 || (self.side / 4) % self.window != 0 {
            return Some(format!(
                "a side of {} is no multiple of 128, or its windows of {} do not fit",
                self.side, self.window
            ));
        }
        let wrong = self.widths.iter().find(|&&width| width % self.heads != 0);
        wrong.map(|width| format!("{width} channels cannot be shared by {} heads", self.heads))
    }
}
