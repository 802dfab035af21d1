//! The tracks of a session, and the boxes that describe them (ISO/IEC 14496-12 section 8.3).

use avatar_codec::AvcConfig;
use mp4_atom::esds::{DecoderConfig, DecoderSpecific, EsDescriptor, SLConfig};
use mp4_atom::{
    Audio, Avc1, Avcc, AvccExt, Codec, Colr, Dinf, Dref, DrefEntry, Encode as _, Esds, FourCC,
    Ftyp, Hdlr, Mdhd, Mdia, Minf, Moov, Mp4a, Mvex, Mvhd, Smhd, Stbl, Stco, Stsd, Tkhd, Trak, Trex,
    Url, Visual, Vmhd,
};
use thiserror::Error;

use crate::language::Language;
use crate::time::{AUDIO_RATE, FrameRate, Samples};

/// Why no MP4 was written.
#[derive(Debug, Error)]
pub enum MuxError {
    /// A box could not hold what it was to hold.
    #[error("an MP4 box could not be written: {0}")]
    Box(#[from] mp4_atom::Error),
    /// A number does not fit the field it belongs to.
    #[error("too large for an MP4 file: {0}")]
    TooLarge(&'static str),
}

/// What players must know about a session's video and sound before the first sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracks {
    /// The pictures, if there are any.
    pub video: Option<VideoTrack>,
    /// AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1).
    pub audio_config: Vec<u8>,
    /// Bits a second of sound.
    pub audio_bitrate: u32,
    /// What is spoken.
    pub language: Language,
}

/// What players must know about pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoTrack {
    /// Pixels across.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
    /// Pictures a second.
    pub frame_rate: FrameRate,
    /// H.264 parameter sets.
    pub avc: AvcConfig,
}

pub(super) const VIDEO_TRACK: u32 = 1;
pub(super) const AUDIO_TRACK: u32 = 2;

/// Sample flags of a picture others depend on and that depends on none (section 8.8.3.1).
pub(super) const KEY_SAMPLE: u32 = 0x0200_0000;
/// Sample flags of a picture that depends on others; decoding cannot begin here.
pub(super) const DEPENDENT_SAMPLE: u32 = 0x0101_0000;

impl Tracks {
    /// The formats, as the `CODECS` attribute and the `codecs` parameter name them (RFC 6381),
    /// such as `avc1.64001e,mp4a.40.2`.
    pub fn codecs(&self) -> String {
        let object_type = self.audio_config.first().map_or(2, |byte| byte >> 3);
        let video = self.video.as_ref();
        let video = video.map_or_else(String::new, |video| video.avc.codec_string() + ",");
        format!("{video}mp4a.40.{object_type}")
    }

    /// The content of `init.mp4`: everything but samples.
    ///
    /// # Errors
    ///
    /// [`MuxError`] when a parameter set is malformed.
    pub fn init_segment(&self) -> Result<Vec<u8>, MuxError> {
        let none = || Stbl {
            stco: Some(Stco::default()),
            ..Stbl::default()
        };
        let mut moov = self.moov(Samples::ZERO, none(), none())?;
        let trex = |track_id, default_sample_flags| Trex {
            track_id,
            default_sample_description_index: 1,
            default_sample_duration: 0,
            default_sample_size: 0,
            default_sample_flags,
        };
        let video = self.video.as_ref();
        let video = video.map(|_| trex(VIDEO_TRACK, DEPENDENT_SAMPLE));
        let sound = trex(AUDIO_TRACK, KEY_SAMPLE);
        moov.mvex = Some(Mvex {
            mehd: None,
            trex: video.into_iter().chain([sound]).collect(),
        });
        let mut bytes = Vec::new();
        match self.video {
            Some(_) => ftyp(b"iso6", &[b"iso6", b"avc1", b"mp41"]),
            None => ftyp(b"iso6", &[b"iso6", b"mp41"]),
        }
        .encode(&mut bytes)?;
        moov.encode(&mut bytes)?;
        Ok(bytes)
    }

    /// The `moov` box of all tracks; the sample tables lack only the sample descriptions.
    pub(super) fn moov(
        &self,
        duration: Samples,
        video: Stbl,
        audio: Stbl,
    ) -> Result<Moov, MuxError> {
        Ok(Moov {
            mvhd: Mvhd {
                timescale: AUDIO_RATE,
                duration: duration.0,
                rate: 1.into(),
                volume: 1.into(),
                next_track_id: AUDIO_TRACK + 1,
                ..Mvhd::default()
            },
            trak: match &self.video {
                Some(track) => vec![
                    self.video_track(track, duration, video)?,
                    self.audio_track(duration, audio)?,
                ],
                None => vec![self.audio_track(duration, audio)?],
            },
            ..Moov::default()
        })
    }

    fn video_track(
        &self,
        track: &VideoTrack,
        duration: Samples,
        mut samples: Stbl,
    ) -> Result<Trak, MuxError> {
        samples.stsd = Stsd {
            codecs: vec![track.avc1()?.into()],
        };
        Ok(Trak {
            tkhd: Tkhd {
                track_id: VIDEO_TRACK,
                duration: duration.0,
                enabled: true,
                in_movie: true,
                width: track.width.into(),
                height: track.height.into(),
                ..Tkhd::default()
            },
            mdia: Mdia {
                mdhd: self.mdhd(duration),
                hdlr: hdlr(b"vide", "Video"),
                minf: Minf {
                    vmhd: Some(Vmhd::default()),
                    dinf: same_file(),
                    stbl: samples,
                    ..Minf::default()
                },
            },
            ..Trak::default()
        })
    }

    fn audio_track(&self, duration: Samples, mut samples: Stbl) -> Result<Trak, MuxError> {
        samples.stsd = Stsd {
            codecs: vec![self.mp4a()?],
        };
        Ok(Trak {
            tkhd: Tkhd {
                track_id: AUDIO_TRACK,
                duration: duration.0,
                alternate_group: 1,
                enabled: true,
                in_movie: true,
                volume: 1.into(),
                ..Tkhd::default()
            },
            mdia: Mdia {
                mdhd: self.mdhd(duration),
                hdlr: hdlr(b"soun", "Sound"),
                minf: Minf {
                    smhd: Some(Smhd::default()),
                    dinf: same_file(),
                    stbl: samples,
                    ..Minf::default()
                },
            },
            ..Trak::default()
        })
    }

    fn mdhd(&self, duration: Samples) -> Mdhd {
        // ISO 639-2/T.
        let language = match self.language {
            Language::Ru => "rus",
            Language::Kk => "kaz",
            Language::En => "eng",
        };
        Mdhd {
            timescale: AUDIO_RATE,
            duration: duration.0,
            language: language.to_owned(),
            ..Mdhd::default()
        }
    }

    fn mp4a(&self) -> Result<Codec, MuxError> {
        const MPEG4_AUDIO: u8 = 0x40;
        const AUDIO_STREAM: u8 = 5;
        let rate = u16::try_from(AUDIO_RATE).map_err(|_| MuxError::TooLarge("sample rate"))?;
        let mp4a = Mp4a {
            audio: Audio {
                data_reference_index: 1,
                channel_count: 1,
                sample_size: 16,
                sample_rate: rate.into(),
            },
            esds: Esds {
                es_desc: EsDescriptor {
                    dec_config: DecoderConfig {
                        object_type_indication: MPEG4_AUDIO,
                        stream_type: AUDIO_STREAM,
                        max_bitrate: self.audio_bitrate,
                        avg_bitrate: self.audio_bitrate,
                        dec_specific: Some(DecoderSpecific {
                            raw: self.audio_config.clone(),
                            ..DecoderSpecific::default()
                        }),
                        ..DecoderConfig::default()
                    },
                    sl_config: SLConfig {},
                    ..EsDescriptor::default()
                },
            },
            btrt: None,
            taic: None,
        };
        Ok(mp4a.into())
    }
}

impl VideoTrack {
    fn avc1(&self) -> Result<Avc1, MuxError> {
        const BT709: u16 = 1;
        const HIGH: u8 = 100;
        let mut avcc = Avcc::new(self.avc.sps(), self.avc.pps())?;
        if avcc.avc_profile_indication >= HIGH {
            // ISO/IEC 14496-15 section 5.3.3.1.2: these profiles name chroma format and depth, here 4:2:0 and 8 bits.
            avcc.ext = Some(AvccExt::default());
        }
        Ok(Avc1 {
            visual: Visual {
                data_reference_index: 1,
                width: self.width,
                height: self.height,
                ..Visual::default()
            },
            avcc,
            colr: Some(Colr::new(BT709, BT709, BT709, false)?),
            ..Avc1::default()
        })
    }
}

pub(super) fn ftyp(major: &[u8; 4], compatible: &[&[u8; 4]]) -> Ftyp {
    Ftyp {
        major_brand: major.into(),
        minor_version: 0,
        compatible_brands: compatible
            .iter()
            .map(|&brand| FourCC::from(brand))
            .collect(),
    }
}

fn hdlr(handler: &[u8; 4], name: &str) -> Hdlr {
    Hdlr {
        handler: handler.into(),
        name: name.to_owned(),
    }
}

/// The samples lie in the file the boxes lie in (section 8.7.2).
fn same_file() -> Dinf {
    Dinf {
        dref: Dref {
            entries: vec![DrefEntry::Url(Url::default())],
        },
    }
}
