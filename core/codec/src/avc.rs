//! H.264 as encoders write it (byte stream, ITU-T H.264 Annex B) turned into H.264 as MP4 files hold it
//! (length-prefixed NAL units, ISO/IEC 14496-15), and back.

/// What a decoder must know before the first picture: the content of an `avcC` box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvcConfig {
    sps: Vec<u8>,
    pps: Vec<u8>,
    profile: [u8; 3],
}

impl AvcConfig {
    /// From a byte stream with one sequence and one picture parameter set; `None` when either is missing.
    pub fn from_byte_stream(stream: &[u8]) -> Option<Self> {
        let of_kind = |kind| nal_units(stream).find(|unit| unit_kind(unit) == Some(kind));
        let sps = of_kind(SEQUENCE_PARAMETERS)?;
        let pps = of_kind(PICTURE_PARAMETERS)?;
        let profile = sps.get(1..4)?.try_into().ok()?;
        Some(Self {
            sps: sps.to_vec(),
            pps: pps.to_vec(),
            profile,
        })
    }

    /// The sequence parameter set, a NAL unit without prefix.
    pub fn sps(&self) -> &[u8] {
        &self.sps
    }

    /// The picture parameter set, a NAL unit without prefix.
    pub fn pps(&self) -> &[u8] {
        &self.pps
    }

    /// `profile_idc`, the constraint flags and `level_idc`.
    pub fn profile(&self) -> [u8; 3] {
        self.profile
    }

    /// As the `codecs` parameter names it (RFC 6381 section 3.3), such as `avc1.64001e`.
    pub fn codec_string(&self) -> String {
        let [profile, constraints, level] = self.profile;
        format!("avc1.{profile:02x}{constraints:02x}{level:02x}")
    }

    /// Both parameter sets as a byte stream.
    pub(crate) fn byte_stream(&self) -> Vec<u8> {
        [&LONG_START_CODE, &self.sps[..], &LONG_START_CODE, &self.pps].concat()
    }
}

const ENHANCEMENT_INFORMATION: u8 = 6;
const SEQUENCE_PARAMETERS: u8 = 7;
const PICTURE_PARAMETERS: u8 = 8;
const ACCESS_UNIT_DELIMITER: u8 = 9;
const FILLER: u8 = 12;

/// One picture from a byte stream as an MP4 sample: each NAL unit behind its length in four bytes.
///
/// Parameter sets are left out since `avcC` holds them, enhancement information since x264 puts nothing
/// there but its version, delimiters and filler since they say nothing in a file.
pub(crate) fn sample(stream: &[u8]) -> Vec<u8> {
    let mut sample = Vec::with_capacity(stream.len() + 8);
    for unit in nal_units(stream) {
        let dropped = matches!(
            unit_kind(unit),
            None | Some(
                ENHANCEMENT_INFORMATION
                    | SEQUENCE_PARAMETERS
                    | PICTURE_PARAMETERS
                    | ACCESS_UNIT_DELIMITER
                    | FILLER
            )
        );
        let Ok(length) = u32::try_from(unit.len()) else {
            continue;
        };
        if !dropped {
            sample.extend_from_slice(&length.to_be_bytes());
            sample.extend_from_slice(unit);
        }
    }
    sample
}

/// Turns an MP4 sample back into a byte stream: a start code takes the place of each length.
pub(crate) fn to_byte_stream(mut sample: &mut [u8]) {
    while let Some((length, rest)) = sample.split_first_chunk_mut() {
        let unit = u32::from_be_bytes(std::mem::replace(length, LONG_START_CODE));
        let unit = usize::try_from(unit).unwrap_or(usize::MAX);
        sample = rest.get_mut(unit..).unwrap_or_default();
    }
}

/// `nal_unit_type` (H.264 section 7.3.1).
fn unit_kind(unit: &[u8]) -> Option<u8> {
    unit.first().map(|header| header & 0x1f)
}

/// The NAL units of a byte stream, without start codes and trailing zeros (H.264 section B.1).
fn nal_units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = after_start_code(stream);
    std::iter::from_fn(move || {
        let here = rest?;
        match find_start_code(here) {
            Some(at) => {
                let (unit, next) = here.split_at(at);
                rest = next.get(START_CODE.len()..);
                Some(unit)
            }
            None => rest.take(),
        }
    })
    .map(trim_zeros)
    .filter(|unit| !unit.is_empty())
}

const START_CODE: [u8; 3] = [0, 0, 1];
/// The form before parameter sets and the first unit of a picture (H.264 section B.1.2).
const LONG_START_CODE: [u8; 4] = [0, 0, 0, 1];

fn find_start_code(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(START_CODE.len())
        .position(|window| window == START_CODE)
}

fn after_start_code(stream: &[u8]) -> Option<&[u8]> {
    stream.get(find_start_code(stream)? + START_CODE.len()..)
}

fn trim_zeros(unit: &[u8]) -> &[u8] {
    let end = unit
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |at| at + 1);
    unit.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A NAL unit as encoders make them: a header, then bytes in which no start code can arise
    /// (they insert a 3 after two zeros, H.264 section 7.4.1), the last of them not zero.
    fn unit() -> impl Strategy<Value = Vec<u8>> {
        (1u8..32, prop::collection::vec(any::<u8>(), 0..200)).prop_map(|(kind, payload)| {
            let mut unit = vec![kind];
            let mut zeros = 0;
            for byte in payload.into_iter().chain([0x80]) {
                if zeros >= 2 && byte <= 3 {
                    unit.push(3);
                    zeros = 0;
                }
                zeros = if byte == 0 { zeros + 1 } else { 0 };
                unit.push(byte);
            }
            unit
        })
    }

    fn byte_stream(units: &[(Vec<u8>, bool, usize)]) -> Vec<u8> {
        let mut stream = Vec::new();
        for (unit, long, trailing) in units {
            if *long {
                stream.push(0);
            }
            stream.extend_from_slice(&START_CODE);
            stream.extend_from_slice(unit);
            stream.extend(std::iter::repeat_n(0, *trailing));
        }
        stream
    }

    fn read_sample(mut sample: &[u8]) -> Vec<Vec<u8>> {
        let mut units = Vec::new();
        while !sample.is_empty() {
            let (length, rest) = sample.split_at(4);
            let length = u32::from_be_bytes(length.try_into().unwrap()) as usize;
            let (unit, rest) = rest.split_at(length);
            units.push(unit.to_vec());
            sample = rest;
        }
        units
    }

    proptest! {
        #[test]
        fn every_unit_comes_back(units in prop::collection::vec((unit(), any::<bool>(), 0usize..4), 0..8)) {
            let stream = byte_stream(&units);
            let expected: Vec<Vec<u8>> = units.into_iter().map(|(unit, ..)| unit).collect();
            let found: Vec<Vec<u8>> = nal_units(&stream).map(<[u8]>::to_vec).collect();
            prop_assert_eq!(&found, &expected);

            let kept: Vec<Vec<u8>> = expected
                .into_iter()
                .filter(|unit| ![6, 7, 8, 9, 12].contains(&(unit[0] & 0x1f)))
                .collect();
            let mut sample = sample(&stream);
            prop_assert_eq!(&read_sample(&sample), &kept);

            to_byte_stream(&mut sample);
            let back: Vec<Vec<u8>> = nal_units(&sample).map(<[u8]>::to_vec).collect();
            prop_assert_eq!(back, kept);
        }

        #[test]
        fn anything_is_survived(stream in prop::collection::vec(0u8..4, 0..100)) {
            let read: usize = read_sample(&sample(&stream)).iter().map(Vec::len).sum();
            prop_assert!(read <= stream.len());
            to_byte_stream(&mut stream.clone());
            let _ = AvcConfig::from_byte_stream(&stream);
        }
    }

    #[test]
    fn parameter_sets_are_found() {
        let stream = [
            0, 0, 0, 1, 0x67, 0x64, 0x00, 0x1e, 0xac, 0, 0, 1, 0x68, 0xeb, 0, 0, 1, 0x65, 0x88,
        ];
        let config = AvcConfig::from_byte_stream(&stream).unwrap();
        assert_eq!(config.sps(), [0x67, 0x64, 0x00, 0x1e, 0xac]);
        assert_eq!(config.pps(), [0x68, 0xeb]);
        assert_eq!(config.codec_string(), "avc1.64001e");
        assert_eq!(
            AvcConfig::from_byte_stream(&config.byte_stream()),
            Some(config)
        );
        assert_eq!(sample(&stream), [0, 0, 0, 2, 0x65, 0x88]);
        assert_eq!(AvcConfig::from_byte_stream(&stream[..9]), None);
    }
}
