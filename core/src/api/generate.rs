//! A film as the answer, made as well as can be.

use serde_json::json;

use super::realtime::start;
use super::{Catalogue, Code, Refusal, Urls};
use crate::config::Config;
use crate::hls::{MP4, SegmentFormat};
use crate::session::{FailureCode, Job, Pace, SessionId};

/// Reads the body of `POST /api/generate`.
///
/// # Errors
///
/// A [`Refusal`] naming the field at fault.
pub fn generate(body: &[u8], config: &Config, catalogue: &Catalogue) -> Result<Job, Refusal> {
    let job = start(body, config, catalogue)?;
    if job.open {
        return Err(Refusal::new(
            Code::BadParameter,
            "the text of a film must be whole: final cannot be false",
        ));
    }
    Ok(Job {
        pace: Pace::Fast,
        segment_format: SegmentFormat::Fmp4,
        fine: true,
        ..job
    })
}

/// The refusal of a session that says a text, and is itself the answer.
pub fn unmade(refusal: Refusal) -> Refusal {
    match refusal.code() {
        Code::Failed(FailureCode::TtsEmpty) => Refusal::new(Code::EmptyText, refusal.message()),
        Code::Failed(code) => Refusal::new(Code::Unmade(code), refusal.message()),
        _ => refusal,
    }
}

/// The answer of `POST /api/generate?async=1`.
pub fn generating(id: SessionId, urls: &Urls) -> String {
    json!({
        "session_id": id,
        "status": "processing",
        "status_url": urls.to(format_args!("/api/stream/status/{id}")),
        "video_url": urls.to(format_args!("/hls/{id}/{MP4}")),
    })
    .to_string()
}
