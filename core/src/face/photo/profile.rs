//! Colours of a picture's own become those of screens: sRGB.
//!
//! What a picture's numbers mean stands in its ICC profile, or in code points of ITU-T H.273; without either they are sRGB's, as
//! browsers take them too.

use moxcms::{
    Chromaticity, CicpColorPrimaries, ColorPrimaries, ColorProfile, DataColorSpace, Layout,
    ToneReprCurve, TransformOptions, XyY,
};

/// What the bytes of a pixel are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Samples {
    Grey,
    Rgb,
    /// Red, green, blue and how opaque it is.
    Rgba,
    /// Cyan, magenta, yellow and black: 255 is all of the ink.
    Cmyk,
}

/// Points of a curve that is given as a table.
const POINTS: u16 = 4_096;

/// What screens show as white, in candela per square metre (ITU-R BT.2408, table 1).
const WHITE: f64 = 203.0;

/// The profile of an ICC profile's bytes; `None` where they cannot be read.
pub(super) fn icc(bytes: &[u8]) -> Option<ColorProfile> {
    ColorProfile::new_from_slice(bytes).ok()
}

/// The profile of code points for primaries and transfer function; `None` where that is sRGB or nothing is said.
pub(super) fn code_points(primaries: u8, transfer: u8) -> Option<ColorProfile> {
    let curve = match transfer {
        4 => Some(gamma(2.2)),
        5 => Some(gamma(2.8)),
        8 => Some(gamma(1.0)),
        16 => Some(table(|code| perceptual_quantizer(code) * 10_000.0 / WHITE)),
        18 => Some(table(|code| {
            hybrid_log_gamma(code).powf(1.2) * 1_000.0 / WHITE
        })),
        // Cameras' curves; what shows them has the one of screens.
        _ => None,
    };
    let white = match primaries {
        4 | 8 => Some((0.310, 0.316)),
        5..=7 | 9 | 12 | 22 => Some((0.3127, 0.3290)),
        11 => Some((0.314, 0.351)),
        _ => None,
    };
    let known = CicpColorPrimaries::try_from(primaries);
    let known = known
        .ok()
        .and_then(|known| ColorPrimaries::try_from(known).ok());
    let gamut = known.zip(white);
    if curve.is_none() && gamut.is_none() {
        return None;
    }
    let mut profile = ColorProfile::new_srgb();
    if let Some((primaries, (x, y))) = gamut {
        profile.update_rgb_colorimetry(XyY { x, y, yb: 1.0 }, primaries);
    }
    if let Some(curve) = curve {
        with_curve(&mut profile, curve);
    }
    Some(profile)
}

/// The profile that PNG's chunks `gAMA` and `cHRM` describe; chromaticities are white, red, green and blue.
pub(super) fn described(
    encoding: Option<f64>,
    colours: Option<[(f64, f64); 4]>,
) -> Option<ColorProfile> {
    // 1/2.2 is what is written for sRGB, and browsers take it for that.
    let encoding = encoding.filter(|gamma| *gamma > 0.1 && (gamma - 1.0 / 2.2).abs() > 0.01);
    let usual = [(0.3127, 0.329), (0.64, 0.33), (0.3, 0.6), (0.15, 0.06)];
    let sane = |colours: &[(f64, f64); 4]| {
        let within = |part: f64| (0.0..=1.0).contains(&part);
        colours
            .iter()
            .all(|(x, y)| within(*x) && within(*y) && *y > 0.01)
    };
    let like = |colours: &[(f64, f64); 4]| {
        let pairs = colours.iter().zip(usual);
        pairs
            .into_iter()
            .all(|(a, b)| (a.0 - b.0).abs() < 0.002 && (a.1 - b.1).abs() < 0.002)
    };
    let colours = colours.filter(|colours| sane(colours) && !like(colours));
    if encoding.is_none() && colours.is_none() {
        return None;
    }
    let mut profile = ColorProfile::new_srgb();
    if let Some([(x, y), red, green, blue]) = colours {
        let point = |(x, y): (f64, f64)| Chromaticity {
            x: x as f32,
            y: y as f32,
        };
        let primaries = ColorPrimaries {
            red: point(red),
            green: point(green),
            blue: point(blue),
        };
        profile.update_rgb_colorimetry(XyY { x, y, yb: 1.0 }, primaries);
    }
    if let Some(encoding) = encoding {
        with_curve(&mut profile, gamma(1.0 / encoding as f32));
    }
    Some(profile)
}

fn with_curve(profile: &mut ColorProfile, curve: ToneReprCurve) {
    profile.cicp = None;
    profile.red_trc = Some(curve.clone());
    profile.green_trc = Some(curve.clone());
    profile.blue_trc = Some(curve);
}

fn gamma(exponent: f32) -> ToneReprCurve {
    ToneReprCurve::Parametric(vec![exponent])
}

/// A curve from codes to light, in parts of white; what is brighter is white.
fn table(light: impl Fn(f64) -> f64) -> ToneReprCurve {
    let part = |n: u16| {
        let light = light(f64::from(n) / f64::from(POINTS - 1)).clamp(0.0, 1.0);
        (light * f64::from(u16::MAX)).round() as u16
    };
    ToneReprCurve::Lut((0..POINTS).map(part).collect())
}

/// Light in parts of 10,000 candela per square metre (ITU-R BT.2100, table 4).
fn perceptual_quantizer(code: f64) -> f64 {
    let (m1, m2) = (2_610.0 / 16_384.0, 2_523.0 / 4_096.0 * 128.0);
    let (c1, c2, c3) = (3_424.0 / 4_096.0, 2_413.0 / 128.0, 2_392.0 / 128.0);
    let root = code.powf(1.0 / m2);
    ((root - c1).max(0.0) / (c2 - c3 * root)).powf(1.0 / m1)
}

/// Light of the scene (ITU-R BT.2100, table 5).
fn hybrid_log_gamma(code: f64) -> f64 {
    let (a, b, c) = (0.178_832_77, 0.284_668_92, 0.559_910_73);
    if code <= 0.5 {
        code * code / 3.0
    } else {
        (((code - c) / a).exp() + b) / 12.0
    }
}

/// Pixels in sRGB: four bytes each where they were opaque in part, and three otherwise.
///
/// A profile that does not fit the pixels, or that cannot be followed, is left aside, as browsers do it.
pub(super) fn to_srgb(
    pixels: Vec<u8>,
    samples: Samples,
    profile: Option<&ColorProfile>,
) -> Vec<u8> {
    let followed = profile.and_then(|profile| transformed(&pixels, samples, profile));
    followed.unwrap_or_else(|| plain(pixels, samples))
}

fn transformed(pixels: &[u8], samples: Samples, profile: &ColorProfile) -> Option<Vec<u8>> {
    let spread;
    let (from, source, target) = match (samples, profile.color_space) {
        (Samples::Grey, DataColorSpace::Gray) => (pixels, Layout::Gray, Layout::Rgb),
        // What is grey all over may be stored in three channels.
        (Samples::Rgb, DataColorSpace::Gray) => {
            spread = pixels
                .as_chunks::<3>()
                .0
                .iter()
                .map(|[one, ..]| *one)
                .collect::<Vec<u8>>();
            (spread.as_slice(), Layout::Gray, Layout::Rgb)
        }
        (Samples::Grey, DataColorSpace::Rgb) => {
            spread = plain(pixels.to_vec(), Samples::Grey);
            (spread.as_slice(), Layout::Rgb, Layout::Rgb)
        }
        (Samples::Rgb, DataColorSpace::Rgb) => (pixels, Layout::Rgb, Layout::Rgb),
        (Samples::Rgba, DataColorSpace::Rgb) => (pixels, Layout::Rgba, Layout::Rgba),
        (Samples::Cmyk, DataColorSpace::Cmyk) => (pixels, Layout::Rgba, Layout::Rgb),
        _ => return None,
    };
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions {
        rendering_intent: profile.rendering_intent,
        ..TransformOptions::default()
    };
    let transform = profile
        .create_transform_8bit(source, &srgb, target, options)
        .ok()?;
    let count = from.len() / source.channels();
    let mut to = vec![0; count * target.channels()];
    transform.transform(from, &mut to).ok()?;
    Some(to)
}

/// Without a profile.
fn plain(pixels: Vec<u8>, samples: Samples) -> Vec<u8> {
    match samples {
        Samples::Rgb | Samples::Rgba => pixels,
        Samples::Grey => pixels.into_iter().flat_map(|one| [one; 3]).collect(),
        Samples::Cmyk => {
            let inks = pixels.as_chunks::<4>().0.iter();
            inks.flat_map(|[cyan, magenta, yellow, black]| {
                [cyan, magenta, yellow].map(|ink| {
                    let light = (255 - u16::from(*ink)) * (255 - u16::from(*black));
                    ((light + 127) / 255) as u8
                })
            })
            .collect()
        }
    }
}
