//! A picture as video encoders take it.

/// Planar YUV 4:2:0, 8 bits, BT.709, limited range; rows are packed without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels across, even.
    pub width: usize,
    /// Pixels down, even.
    pub height: usize,
    /// Luma: `width × height`.
    pub y: Vec<u8>,
    /// Blue difference: a quarter of that.
    pub u: Vec<u8>,
    /// Red difference: a quarter of that.
    pub v: Vec<u8>,
}

impl Picture {
    /// A black picture; odd sizes are rounded up.
    pub fn new(width: usize, height: usize) -> Self {
        let (width, height) = (width.next_multiple_of(2), height.next_multiple_of(2));
        Self {
            width,
            height,
            y: vec![16; width * height],
            u: vec![128; width * height / 4],
            v: vec![128; width * height / 4],
        }
    }
}
