//! Colours as they are painted (gamma-coded RGB, 0…1) and as video carries them (BT.709, limited range).

/// Gamma-coded red, green and blue, 0…1.
pub(super) type Rgb = [f32; 3];

/// The colour of a web-style number such as `0xf2c6a5`.
pub(super) const fn hex(code: u32) -> Rgb {
    [
        ((code >> 16) & 0xff) as f32 / 255.0,
        ((code >> 8) & 0xff) as f32 / 255.0,
        (code & 0xff) as f32 / 255.0,
    ]
}

/// `from` at 0, `to` at 1, clamped.
pub(super) fn mix(from: Rgb, to: Rgb, t: f32) -> Rgb {
    let t = t.clamp(0.0, 1.0);
    let blend = |a: f32, b: f32| a + (b - a) * t;
    let ([r0, g0, b0], [r1, g1, b1]) = (from, to);
    [blend(r0, r1), blend(g0, g1), blend(b0, b1)]
}

/// Luma code (16…235) of a colour multiplied by its `alpha`, before rounding.
///
/// ITU-R BT.709-6, sections 3.2 and 4.6. Codes of premultiplied colours are premultiplied codes.
pub(super) fn luma([r, g, b]: Rgb, alpha: f32) -> f32 {
    16.0 * alpha + 219.0 * (0.2126 * r + 0.7152 * g + 0.0722 * b)
}

/// Blue and red difference codes (16…240) of a colour multiplied by its `alpha`, before rounding.
pub(super) fn chroma([r, g, b]: Rgb, alpha: f32) -> [f32; 2] {
    let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    [
        128.0 * alpha + 224.0 / 1.8556 * (b - y),
        128.0 * alpha + 224.0 / 1.5748 * (r - y),
    ]
}

/// A threshold for rounding at a place, 0…1: an ordered dither that is the same in every frame,
/// so that slow gradients do not band and still pictures stay still.
pub(super) fn threshold(x: usize, y: usize) -> f32 {
    const BAYER: [[u8; 4]; 4] = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]];
    let level = BAYER
        .get(y & 3)
        .and_then(|row| row.get(x & 3))
        .copied()
        .unwrap_or(8);
    (f32::from(level) + 0.5) / 16.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primaries_have_the_codes_of_the_recommendation() {
        let code = |colour| {
            let [u, v] = chroma(colour, 1.0);
            [luma(colour, 1.0), u, v].map(f32::round)
        };
        assert_eq!(code([0.0; 3]), [16.0, 128.0, 128.0]);
        assert_eq!(code([1.0; 3]), [235.0, 128.0, 128.0]);
        assert_eq!(code([1.0, 0.0, 0.0]), [63.0, 102.0, 240.0]);
        assert_eq!(code([0.0, 1.0, 0.0]), [173.0, 42.0, 26.0]);
        assert_eq!(code([0.0, 0.0, 1.0]), [32.0, 240.0, 118.0]);
    }

    #[test]
    fn thresholds_are_spread_evenly() {
        let sum: f32 = (0..16).map(|n| threshold(n % 4, n / 4)).sum();
        assert_eq!(sum, 8.0);
    }
}
