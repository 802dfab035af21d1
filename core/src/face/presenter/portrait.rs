//! Who can be seen: what sets one presenter apart from another, as data.

use super::colour::{Rgb, hex};
use super::shape::Point;

/// Where the middle of a face lies, in units.
pub(super) const MIDDLE: f32 = 256.0;

/// Shades of skin from lit to unlit, and of cheeks.
#[derive(Debug)]
pub(super) struct Skin {
    pub(super) light: Rgb,
    pub(super) base: Rgb,
    pub(super) shade: Rgb,
    pub(super) deep: Rgb,
    pub(super) blush: Rgb,
    /// How dark a shaved beard shows, 0…1.
    pub(super) stubble: f32,
}

/// Shades of lips.
#[derive(Debug)]
pub(super) struct Lips {
    pub(super) upper: Rgb,
    pub(super) lower: Rgb,
    pub(super) light: Rgb,
    pub(super) line: Rgb,
    /// Half the width of the mouth at rest.
    pub(super) half_width: f32,
    /// Heights of the upper and the lower lip at rest.
    pub(super) heights: (f32, f32),
    /// The height of the closed lips' line in the picture.
    pub(super) line_y: f32,
}

/// Shades of hair, and how it is worn.
#[derive(Debug)]
pub(super) struct Hair {
    pub(super) cut: Cut,
    pub(super) deep: Rgb,
    pub(super) base: Rgb,
    pub(super) light: Rgb,
    pub(super) shine: Rgb,
}

/// How hair is worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// To the shoulders, parted on one side.
    Long,
    /// Short, swept up and to one side.
    Short,
}

/// Shades and measures of eyes and brows.
#[derive(Debug)]
pub(super) struct Eyes {
    pub(super) rim: Rgb,
    pub(super) iris: Rgb,
    pub(super) glint: Rgb,
    pub(super) lash: Rgb,
    pub(super) brow: Rgb,
    /// Height of the eyes' line in the picture.
    pub(super) line_y: f32,
    /// Distance of each eye from the middle.
    pub(super) apart: f32,
    pub(super) half_width: f32,
    /// How far the open lids stand above and below the line of the corners.
    pub(super) lids: (f32, f32),
    /// Radius of the iris.
    pub(super) iris_radius: f32,
    /// How far the line of lashes runs out beyond the corner, and how thick it is.
    pub(super) lashes: (f32, f32),
    /// The brow from the nose outward, as distances from the middle, and its greatest thickness.
    pub(super) brow_line: &'static [Point],
    pub(super) brow_thickness: f32,
}

/// What is worn.
#[derive(Debug)]
pub(super) struct Outfit {
    pub(super) jacket: [Rgb; 3],
    pub(super) shirt: [Rgb; 2],
    /// Whether the shirt has a collar.
    pub(super) collar: bool,
    /// Half the width of the neck, and of the shoulders.
    pub(super) neck: f32,
    pub(super) shoulders: f32,
}

/// The room behind.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) wall: [Rgb; 3],
    pub(super) glow: Rgb,
    pub(super) leaf: [Rgb; 2],
    pub(super) wood: Rgb,
}

/// One presenter.
#[derive(Debug)]
pub(super) struct Portrait {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    /// The right half of the face from crown to chin, as distances from the middle.
    pub(super) face: &'static [Point],
    pub(super) skin: Skin,
    pub(super) lips: Lips,
    pub(super) hair: Hair,
    pub(super) eyes: Eyes,
    pub(super) outfit: Outfit,
    pub(super) room: Room,
}

impl Portrait {
    /// The height of the tip of the chin.
    pub(super) fn chin(&self) -> f32 {
        self.face.last().map_or(320.0, |(_, y)| *y)
    }
}

/// Every presenter; the first is the default.
pub(super) static PORTRAITS: [Portrait; 2] = [
    Portrait {
        id: "anna",
        name: "Anna",
        face: &[
            (0.0, 100.0),
            (44.0, 110.0),
            (70.0, 142.0),
            (79.0, 184.0),
            (79.0, 222.0),
            (73.5, 254.0),
            (62.0, 284.0),
            (43.0, 308.0),
            (21.0, 322.0),
            (0.0, 326.0),
        ],
        skin: Skin {
            light: hex(0xffe3cd),
            base: hex(0xf6cbae),
            shade: hex(0xdf9d7f),
            deep: hex(0xb86f57),
            blush: hex(0xec8878),
            stubble: 0.0,
        },
        lips: Lips {
            upper: hex(0xbf5a5c),
            lower: hex(0xd4736f),
            light: hex(0xf2aaa2),
            line: hex(0x7c2f36),
            half_width: 28.0,
            heights: (7.2, 9.6),
            line_y: 285.0,
        },
        hair: Hair {
            cut: Cut::Long,
            deep: hex(0x2c1712),
            base: hex(0x56301f),
            light: hex(0x8a5535),
            shine: hex(0xc98d5c),
        },
        eyes: Eyes {
            rim: hex(0x2e1a12),
            iris: hex(0x6d4327),
            glint: hex(0xb67f47),
            lash: hex(0x22120f),
            brow: hex(0x4b2b1d),
            line_y: 216.0,
            apart: 37.5,
            half_width: 22.0,
            lids: (11.2, 8.8),
            iris_radius: 11.6,
            lashes: (0.26, 3.0),
            brow_line: &[(17.0, 188.8), (30.0, 185.2), (46.0, 183.0), (63.0, 190.0)],
            brow_thickness: 5.4,
        },
        outfit: Outfit {
            jacket: [hex(0x1d3f52), hex(0x2b5a70), hex(0x10293a)],
            shirt: [hex(0xfbf4ea), hex(0xd9cbbd)],
            collar: false,
            neck: 33.0,
            shoulders: 166.0,
        },
        room: Room {
            wall: [hex(0xf3e6d8), hex(0xdcc6b2), hex(0xb59a86)],
            glow: hex(0xfff4e2),
            leaf: [hex(0x6f8f78), hex(0x3f6355)],
            wood: hex(0xa87a58),
        },
    },
    Portrait {
        id: "dias",
        name: "Dias",
        face: &[
            (0.0, 98.0),
            (46.0, 106.0),
            (74.0, 138.0),
            (83.0, 182.0),
            (83.0, 224.0),
            (80.0, 256.0),
            (72.0, 286.0),
            (54.0, 312.0),
            (30.0, 329.0),
            (0.0, 333.0),
        ],
        skin: Skin {
            light: hex(0xf8d2ae),
            base: hex(0xe5b18a),
            shade: hex(0xc3855f),
            deep: hex(0x95593d),
            blush: hex(0xdb946f),
            stubble: 0.11,
        },
        lips: Lips {
            upper: hex(0xa95f50),
            lower: hex(0xbf7965),
            light: hex(0xdfa28d),
            line: hex(0x6a2f2a),
            half_width: 29.0,
            heights: (5.6, 8.2),
            line_y: 289.0,
        },
        hair: Hair {
            cut: Cut::Short,
            deep: hex(0x120e0f),
            base: hex(0x261d1c),
            light: hex(0x4a3832),
            shine: hex(0x7d6456),
        },
        eyes: Eyes {
            rim: hex(0x1c110d),
            iris: hex(0x4b2d1c),
            glint: hex(0x8a5a34),
            lash: hex(0x17100f),
            brow: hex(0x211816),
            line_y: 219.0,
            apart: 38.0,
            half_width: 19.5,
            lids: (8.8, 7.4),
            iris_radius: 9.6,
            lashes: (0.10, 2.0),
            brow_line: &[(16.0, 193.0), (29.0, 189.6), (46.0, 187.5), (65.0, 194.5)],
            brow_thickness: 7.6,
        },
        outfit: Outfit {
            jacket: [hex(0x33363f), hex(0x4a4e59), hex(0x1d1f26)],
            shirt: [hex(0xf2f6fb), hex(0xbccbdc)],
            collar: true,
            neck: 43.0,
            shoulders: 184.0,
        },
        room: Room {
            wall: [hex(0xe3e9ec), hex(0xbecbd2), hex(0x8a9ca8)],
            glow: hex(0xf6fbff),
            leaf: [hex(0x7f9c86), hex(0x486a5c)],
            wood: hex(0x8b7463),
        },
    },
];
