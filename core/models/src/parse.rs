//! What each pixel of a face is.

/// Pixels across and down of the picture whose pixels are told apart.
pub const SIDE: usize = 512;

/// What a pixel can be; those that matter here, of 19.
#[derive(Debug, Clone, Copy)]
pub struct Class;

impl Class {
    /// Skin of the face.
    pub const SKIN: u8 = 1;
    /// The nose.
    pub const NOSE: u8 = 10;
    /// The inside of the mouth.
    pub const MOUTH: u8 = 11;
    /// The upper lip.
    pub const UPPER_LIP: u8 = 12;
    /// The lower lip.
    pub const LOWER_LIP: u8 = 13;
    /// The neck.
    pub const NECK: u8 = 14;
}
