//! Faces that are driven by sound: pieces of it as they come, or a whole file.

use serde_json::{Value, json};

use super::form::{Form, Upload};
use super::{Catalogue, Code, Refusal, Urls};
use crate::config::Config;
use crate::hls::{PLAYLIST, SegmentFormat};
use crate::session::{
    Bare, FailureCode, Job, Kind, Pace, Portrait, Record, SessionId, Source, State, Timestamp,
    Vocabulary,
};
use crate::speech::Tempo;
use crate::time::{AUDIO_RATE, FrameRate};

/// A session that is to be begun.
#[derive(Debug)]
pub struct Driven {
    /// What is asked for.
    pub job: Job,
    /// The picture of the face, where it is the client's own.
    pub image: Option<Upload>,
    /// The whole of the sound, where that is there from the beginning.
    pub audio: Option<Upload>,
    /// Seconds that each piece of sound is expected to have.
    chunk: f64,
}

/// A piece of sound for a session.
#[derive(Debug)]
pub struct Piece {
    /// Which one.
    pub id: SessionId,
    /// The sound.
    pub audio: Option<Upload>,
    /// Where it belongs, where the client numbers its pieces.
    pub number: Option<u64>,
    /// Whether it is the last.
    pub last: bool,
    /// Whether its client says that these are samples without a header.
    pub bare: bool,
}

/// Reads the form of `POST /api/audio-driven/chunked/init`.
///
/// # Errors
///
/// A [`Refusal`]: a field out of its range, or a face that does not exist.
pub fn driven(form: Form, config: &Config, catalogue: &Catalogue) -> Result<Driven, Refusal> {
    begin(form, Pace::Live, config, catalogue)
}

/// Reads the form of `POST /api/audio-driven`, which asks for a film.
///
/// # Errors
///
/// As of [`driven_whole`].
pub fn driven_film(form: Form, config: &Config, catalogue: &Catalogue) -> Result<Driven, Refusal> {
    let mut driven = driven_whole(form, config, catalogue)?;
    driven.job.segment_format = SegmentFormat::Fmp4;
    driven.job.fine = true;
    Ok(driven)
}

/// Reads the form of `POST /api/audio-driven/stream`.
///
/// # Errors
///
/// As of [`driven`], and a form without sound.
pub fn driven_whole(
    mut form: Form,
    config: &Config,
    catalogue: &Catalogue,
) -> Result<Driven, Refusal> {
    let audio = form.file("audio").filter(|audio| audio.length() > 0);
    let audio = audio.ok_or_else(|| bad("audio is missing: a file of sound".to_owned()))?;
    let driven = begin(form, Pace::Fast, config, catalogue)?;
    Ok(Driven {
        audio: Some(audio),
        ..driven
    })
}

fn begin(
    mut form: Form,
    pace: Pace,
    config: &Config,
    catalogue: &Catalogue,
) -> Result<Driven, Refusal> {
    let image = form.file("image").filter(|image| image.length() > 0);
    let named = form.field("avatar");
    let avatar = match (named, &image) {
        (Some(_), Some(_)) => return Err(bad("either image or avatar, not both".to_owned())),
        (None, None) => {
            return Err(bad(
                "image is missing: a JPEG, PNG, WebP, HEIC or AVIF of a face; or avatar, one of /api/avatars"
                    .to_owned(),
            ));
        }
        (Some(id), None) => Some(catalogue.avatar(id).ok_or_else(|| {
            Refusal::new(Code::UnknownAvatar, format!("there is no avatar \"{id}\""))
        })?),
        (None, Some(_)) => None,
    };
    let usual = Portrait::default();
    let portrait = Portrait {
        crop: boolean(&form, "crop")?.unwrap_or(usual.crop),
        seed: whole(&form, "seed", 0, u64::from(u32::MAX))?.unwrap_or(usual.seed),
        steps: whole(&form, "nfe", 5, 50)?.map_or(usual.steps, |steps| steps as u8),
        guidance: number(&form, "cfg_scale", 1.0, 5.0)?.map_or(usual.guidance, thousandths),
        pose: style(&form, "pose_style")?,
        gaze: style(&form, "gaze_style")?,
    };
    let chunk = number(&form, "chunk_duration", 0.1, 10.0)?.unwrap_or(1.0);
    let rate = whole(&form, "audio_sample_rate", 8_000, 192_000)?;
    let bare = match (bare(&form)?, rate) {
        (true, _) => Bare::Always,
        (false, Some(_)) => Bare::Plausible,
        (false, None) => Bare::Never,
    };
    let rate = rate.unwrap_or(24_000) as u32;
    let job = Job {
        id: SessionId::generate(),
        vocabulary: Vocabulary::Specification,
        kind: Kind::Avatar,
        source: Source::Feed { rate, bare },
        portrait: image.is_some().then_some(portrait),
        text: String::new(),
        open: false,
        expand: false,
        ssml: false,
        mixed: false,
        language: config.language,
        voice: String::new(),
        tempo: Tempo::default(),
        filmed: avatar.as_ref().is_some_and(|avatar| avatar.filmed),
        avatar: avatar.map(|avatar| avatar.id).unwrap_or_default(),
        pace,
        segment_format: config.segment_format,
        fine: false,
        webhook: None,
        base: String::new(),
        reuse: false,
        created_at: Timestamp::now(),
    };
    Ok(Driven {
        job,
        image,
        audio: None,
        chunk,
    })
}

impl Driven {
    /// The answer when the session has begun, with what there is to be said of its picture.
    pub fn begun(&self, notes: Option<&str>, urls: &Urls) -> String {
        let id = self.job.id;
        let Source::Feed { rate, .. } = self.job.source else {
            return String::new();
        };
        json!({
            "status": "success",
            "session_id": id,
            "hls_url": urls.to(format_args!("/hls/{id}/{PLAYLIST}")),
            "message": notes.unwrap_or("the session has begun"),
            "chunk_duration": self.chunk,
            "audio_sample_rate": rate,
        })
        .to_string()
    }
}

/// The refusal of a session that failed before its client was told of it: what is wrong with a picture or with sound is the
/// client's fault.
pub fn driven_refusal(refusal: Refusal) -> Refusal {
    match refusal.code() {
        Code::Failed(FailureCode::BadImage) => Refusal::new(Code::BadImage, refusal.message()),
        Code::Failed(FailureCode::TtsEmpty | FailureCode::BadAudio) => {
            Refusal::new(Code::BadAudio, refusal.message())
        }
        Code::Failed(_) => Refusal::new(Code::Internal, refusal.message()),
        _ => refusal,
    }
}

/// Reads the form of `POST /api/audio-driven/chunked/feed`.
///
/// # Errors
///
/// A [`Refusal`]: no name or one that no session can have, no sound, a number that is none.
pub fn piece(mut form: Form) -> Result<Piece, Refusal> {
    let id = form
        .field("session_id")
        .ok_or_else(|| bad("session_id is missing".to_owned()))?;
    let id = SessionId::parse(id).ok_or_else(Refusal::unknown_session)?;
    let last = boolean(&form, "is_final_chunk")?.unwrap_or(false);
    let number = whole(&form, "sequence", 0, u64::MAX)?;
    let bare = bare(&form)?;
    let audio = form.file("audio_chunk").filter(|audio| audio.length() > 0);
    if audio.is_none() && !last {
        return Err(bad("audio_chunk is missing: sound".to_owned()));
    }
    Ok(Piece {
        id,
        audio,
        number,
        last,
        bare,
    })
}

/// The answer of a piece of sound for the session of `record`, which has pictures at `frame_rate`.
/// `trouble` is what was wrong with what came before it, if anything was.
pub fn fed(
    record: &Record,
    frame_rate: FrameRate,
    repeated: bool,
    trouble: Option<&str>,
) -> String {
    let message = match (repeated, trouble) {
        (true, _) => "this piece had come before".to_owned(),
        (false, None) => "taken".to_owned(),
        (false, Some(trouble)) => format!("taken; what came before was left out: {trouble}"),
    };
    json!({
        "status": "success",
        "session_id": record.id,
        "buffer_samples": record.waiting.0,
        "frames_generated": frames(record, frame_rate),
        "session_status": word(record),
        "message": message,
    })
    .to_string()
}

/// The answer of `GET /api/audio-driven/chunked/status/<id>`.
/// `trouble` is what was wrong with what it was fed, if anything was.
pub fn driven_status(record: &Record, frame_rate: FrameRate, trouble: Option<&str>) -> String {
    let until = record.finished_at.unwrap_or_else(Timestamp::now);
    json!({
        "session_id": record.id,
        "status": word(record),
        "total_frames_generated": frames(record, frame_rate),
        "buffer_samples": record.waiting.0,
        "buffer_seconds": record.waiting.0 as f64 / f64::from(AUDIO_RATE),
        "error": record.failure.as_ref().map(|failure| &failure.text),
        "error_code": record.failure.as_ref().map(|failure| failure.code),
        "warning": trouble,
        "created_at": record.created_at.micros() as f64 / 1e6,
        "uptime_seconds": record.created_at.age(until).as_secs_f64(),
    })
    .to_string()
}

/// The answer of a session that was ended.
pub fn freed(id: SessionId) -> String {
    json!({ "status": "success", "session_id": id, "message": "the session is gone" }).to_string()
}

fn frames(record: &Record, frame_rate: FrameRate) -> u64 {
    record.duration.0 / frame_rate.frame().0.max(1)
}

fn word(record: &Record) -> &'static str {
    match record.state {
        State::Created => "initializing",
        State::Processing => "active",
        State::Ready => "completed",
        State::Error => "error",
    }
}

fn bad(reason: String) -> Refusal {
    Refusal::new(Code::BadParameter, reason)
}

fn boolean(form: &Form, name: &'static str) -> Result<Option<bool>, Refusal> {
    let word = form.field(name).map(str::to_ascii_lowercase);
    match word.as_deref() {
        None => Ok(None),
        Some("true" | "1" | "yes" | "on") => Ok(Some(true)),
        Some("false" | "0" | "no" | "off") => Ok(Some(false)),
        Some(_) => Err(bad(format!("{name} must be true or false"))),
    }
}

/// Whether a client says that its sound has no header.
fn bare(form: &Form) -> Result<bool, Refusal> {
    match form.field("format") {
        None => Ok(false),
        Some("pcm_s16le") => Ok(true),
        Some(_) => Err(bad(
            "format must be pcm_s16le, or left out: all else is recognised by its bytes".to_owned(),
        )),
    }
}

fn whole(form: &Form, name: &'static str, least: u64, most: u64) -> Result<Option<u64>, Refusal> {
    let parsed = form.field(name).map(str::parse::<u64>);
    match parsed {
        None => Ok(None),
        Some(Ok(value)) if (least..=most).contains(&value) => Ok(Some(value)),
        Some(_) => Err(bad(format!(
            "{name} must be a whole number from {least} to {most}"
        ))),
    }
}

fn number(form: &Form, name: &'static str, least: f64, most: f64) -> Result<Option<f64>, Refusal> {
    let parsed = form.field(name).map(str::parse::<f64>);
    match parsed {
        None => Ok(None),
        Some(Ok(value)) if (least..=most).contains(&value) => Ok(Some(value)),
        Some(_) => Err(bad(format!(
            "{name} must be a number from {least} to {most}"
        ))),
    }
}

/// `N` numbers from −1 to 1 in a JSON array, in thousandths.
fn style<const N: usize>(form: &Form, name: &'static str) -> Result<Option<[i32; N]>, Refusal> {
    let Some(text) = form.field(name) else {
        return Ok(None);
    };
    let wrong = || {
        bad(format!(
            "{name} must be a JSON array of {N} numbers from -1 to 1"
        ))
    };
    let value: Value = serde_json::from_str(text).map_err(|_| wrong())?;
    if value.is_null() {
        return Ok(None);
    }
    let numbers: Option<Vec<f64>> = value
        .as_array()
        .ok_or_else(wrong)?
        .iter()
        .map(Value::as_f64)
        .collect();
    let numbers: [f64; N] = numbers
        .and_then(|numbers| numbers.try_into().ok())
        .ok_or_else(wrong)?;
    if numbers.iter().any(|value| !(-1.0..=1.0).contains(value)) {
        return Err(wrong());
    }
    Ok(Some(numbers.map(|value| (value * 1e3).round() as i32)))
}

fn thousandths(value: f64) -> u32 {
    (value * 1e3).round() as u32
}

#[cfg(test)]
mod tests;
