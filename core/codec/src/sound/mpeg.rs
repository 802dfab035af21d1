//! How long a frame of MPEG audio is (ISO/IEC 11172-3 section 2.4.1.3, ISO/IEC 13818-3). libavcodec decodes one that is cut
//! off as if it were whole.

/// Kilobits a second by the version (1, or 2 and 2.5), the layer and the header's index.
const RATES: [[[u32; 15]; 3]; 2] = [
    [
        [
            0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448,
        ],
        [
            0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
        ],
        [
            0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
        ],
    ],
    [
        [
            0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256,
        ],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ],
];

/// Bytes of the frame that begins with `frame`; `None` where its header does not say.
pub(super) fn frame_length(frame: &[u8]) -> Option<usize> {
    let &[0xff, second, third, ..] = frame else {
        return None;
    };
    let version = second >> 3 & 3;
    let layer = 3_usize.checked_sub(usize::from(second >> 1 & 3))?;
    let (first, halvings) = match version {
        3 => (true, 0),
        2 => (false, 1),
        0 => (false, 2),
        _ => return None,
    };
    let hertz = [44_100_u32, 48_000, 32_000].get(usize::from(third >> 2 & 3))? >> halvings;
    let table = RATES.get(usize::from(!first))?.get(layer)?;
    let rate = table
        .get(usize::from(third >> 4))
        .filter(|rate| **rate > 0)?
        * 1000;
    let padding = u32::from(third >> 1 & 1);
    let length = match layer {
        0 => (12 * rate / hertz + padding) * 4,
        2 if !first => 72 * rate / hertz + padding,
        _ => 144 * rate / hertz + padding,
    };
    usize::try_from(length).ok()
}

/// Whether `frame` is the beginning of one.
pub(super) fn is_cut(frame: &[u8]) -> bool {
    frame_length(frame).is_some_and(|length| frame.len() < length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_tells_the_length() {
        // Of layer III: 128 kbit/s at 44.1 kHz, with and without padding; 64 kbit/s at 24 kHz; 32 kbit/s at 11.025 kHz.
        assert_eq!(frame_length(&[0xff, 0xfb, 0x90, 0x64]), Some(417));
        assert_eq!(frame_length(&[0xff, 0xfb, 0x92, 0x64]), Some(418));
        assert_eq!(frame_length(&[0xff, 0xf3, 0x84, 0xc4]), Some(192));
        assert_eq!(frame_length(&[0xff, 0xe3, 0x40, 0xc4]), Some(208));
        // Of layer II and layer I.
        assert_eq!(frame_length(&[0xff, 0xfd, 0xa4, 0x04]), Some(576));
        assert_eq!(frame_length(&[0xff, 0xff, 0x44, 0x04]), Some(128));
        for none in [
            &[0xff, 0xfb, 0x00][..],
            &[0xff, 0xfb, 0xf0],
            &[0xff, 0xf9, 0x90],
            &[0xff],
            b"TAG",
        ] {
            assert_eq!(frame_length(none), None, "{none:?}");
        }
    }
}
