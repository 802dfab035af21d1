//! Red, green and blue as photographs have them, in the codes that video carries (BT.709, limited range).
//!
//! ITU-R BT.709-6, sections 3.2 and 4.6, in whole numbers: a frame has as many pixels as it can have.

use avatar_codec::Picture;

/// Red, green and blue, 0…255.
pub(super) type Rgb = [u8; 3];

/// What a colour weighs in one code, in units of [`ONE`].
const fn weight(part: f64) -> i32 {
    (part * (1_i64 << BITS) as f64 + if part < 0.0 { -0.5 } else { 0.5 }) as i32
}

const BITS: u32 = 16;
const LUMA: f64 = 219.0 / 255.0;
const BLUE: f64 = 224.0 / 255.0 / 1.8556;
const RED: f64 = 224.0 / 255.0 / 1.5748;

const Y: [i32; 3] = [
    weight(0.2126 * LUMA),
    weight(0.7152 * LUMA),
    weight(0.0722 * LUMA),
];
const U: [i32; 3] = [
    weight(-0.2126 * BLUE),
    weight(-0.7152 * BLUE),
    weight(0.9278 * BLUE),
];
const V: [i32; 3] = [
    weight(0.7874 * RED),
    weight(-0.7152 * RED),
    weight(-0.0722 * RED),
];

fn sum(weights: [i32; 3], [r, g, b]: [i32; 3]) -> i32 {
    let [red, green, blue] = weights;
    red * r + green * g + blue * b
}

fn wide([r, g, b]: Rgb) -> [i32; 3] {
    [r, g, b].map(i32::from)
}

/// The luma code, 16…235.
pub(super) fn luma(rgb: Rgb) -> u8 {
    ((sum(Y, wide(rgb)) + (16 << BITS) + (1 << (BITS - 1))) >> BITS) as u8
}

/// The blue and red difference codes in 256ths, 16…240 times 256.
pub(super) fn chroma(rgb: Rgb) -> [i32; 2] {
    let rgb = wide(rgb);
    let code = |weights| (sum(weights, rgb) + (128 << BITS) + (1 << 7)) >> (BITS - 8);
    [code(U), code(V)]
}

/// Fills `picture` with `rgb`, three bytes a pixel; what is missing is left as it is.
pub(in crate::face) fn convert(rgb: &[u8], picture: &mut Picture) {
    let width = picture.width;
    let pixels = rgb.as_chunks::<3>().0;
    for (code, pixel) in picture.y.iter_mut().zip(pixels) {
        *code = luma(*pixel);
    }
    let half = (width / 2).max(1);
    let us = picture.u.chunks_exact_mut(half);
    let vs = picture.v.chunks_exact_mut(half);
    for ((us, vs), pair) in us.zip(vs).zip(pixels.chunks_exact(width.max(1) * 2)) {
        let (upper, lower) = pair.split_at(width);
        let quads = upper
            .as_chunks::<2>()
            .0
            .iter()
            .zip(lower.as_chunks::<2>().0);
        for ((u, v), (upper, lower)) in us.iter_mut().zip(vs).zip(quads) {
            let mut sums = [0; 2];
            for pixel in upper.iter().chain(lower) {
                for (sum, code) in sums.iter_mut().zip(chroma(*pixel)) {
                    *sum += code;
                }
            }
            [*u, *v] = sums.map(|sum| ((sum + 512) >> 10) as u8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primaries_have_the_codes_of_the_recommendation() {
        let code = |colour| {
            let [u, v] = chroma(colour).map(|code| (code + 128) >> 8);
            [i32::from(luma(colour)), u, v]
        };
        assert_eq!(code([0; 3]), [16, 128, 128]);
        assert_eq!(code([255; 3]), [235, 128, 128]);
        assert_eq!(code([255, 0, 0]), [63, 102, 240]);
        assert_eq!(code([0, 255, 0]), [173, 42, 26]);
        assert_eq!(code([0, 0, 255]), [32, 240, 118]);
    }

    #[test]
    fn four_pixels_share_one_difference() {
        let rgb = [[255, 0, 0], [255, 0, 0], [0, 0, 255], [0, 0, 255]].concat();
        let mut picture = Picture::new(2, 2);
        convert(&rgb, &mut picture);
        assert_eq!(picture.y, [63, 63, 32, 32]);
        assert_eq!((picture.u[0], picture.v[0]), (171, 179));
    }
}
