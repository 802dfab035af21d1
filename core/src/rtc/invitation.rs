//! Offers of peers, and the answers to them.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use str0m::bwe::Bitrate;
use str0m::change::SdpOffer;
use str0m::config::DtlsCert;
use str0m::{Candidate, Rtc, RtcConfig};
use thiserror::Error;
use uuid::Uuid;

use super::broadcast::Broadcast;
use super::sdp::{Description, Fault, Plan};

/// Who a peer is: unguessable, since knowing it is what lets him be hung up on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PeerId(Uuid);

impl PeerId {
    /// A new one.
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// Reads the one form it is written in: 36 characters, lower case.
    pub fn parse(text: &str) -> Option<Self> {
        let canonical = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
        canonical
            .then(|| Uuid::try_parse(text).ok())
            .flatten()
            .map(Self)
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why an offer was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OfferError {
    /// It is longer than any that is meant well.
    #[error("the offer is longer than {MOST_OFFER} bytes")]
    TooLong,
    /// It is not an offer of WebRTC, or not one of what is sent here.
    #[error("the offer cannot be used: {0}")]
    Unfit(#[from] Fault),
    /// There are as many peers as there may be.
    #[error("there are as many peers as there may be")]
    Full,
    /// The switchboard is no longer there.
    #[error("the server is going down")]
    Closed,
}

/// Bytes of the longest offer. Browsers' have some 10 KB.
pub const MOST_OFFER: usize = 100_000;

/// Payload types of our own, where the offer does not say others.
const H264: u8 = 102;
const H264_AGAIN: u8 = 103;

/// Constrained baseline, level 3.1 (RFC 6184 section 8.1).
const PROFILE: u32 = 0x42_e0_1f;

/// A connection that waits for `offer`'s maker at `candidates`, and the answer for him. His microphone is used if somebody `hears`.
pub(super) fn answer(
    offer: &str,
    hears: bool,
    broadcast: &Broadcast,
    candidates: impl Iterator<Item = Candidate>,
    certificate: &DtlsCert,
    now: Instant,
) -> Result<(Rtc, String), OfferError> {
    if offer.len() > MOST_OFFER {
        return Err(OfferError::TooLong);
    }
    let description = Description::read(offer)?;
    let plan = Plan::of(&description, hears)?;
    let answered = panic::catch_unwind(AssertUnwindSafe(|| {
        negotiate(&plan.plain(), broadcast, candidates, certificate, now)
    }));
    let answered = answered.unwrap_or_else(|_| Err("it broke down".to_owned()));
    let (rtc, plain) = answered.map_err(|error| {
        tracing::warn!(error, "an offer that was read could not be used");
        Fault::Unusable
    })?;
    let answer = plan.answer(&plain).ok_or_else(|| {
        tracing::warn!("an offer was not answered as it should be");
        Fault::Unusable
    })?;
    Ok((rtc, as_one_stream(&answer)))
}

/// The same of an offer that is as the library would write it. What is wrong with it would be a fault of ours, for the log alone.
fn negotiate(
    offer: &str,
    broadcast: &Broadcast,
    candidates: impl Iterator<Item = Candidate>,
    certificate: &DtlsCert,
    now: Instant,
) -> Result<(Rtc, String), String> {
    let offer = SdpOffer::from_sdp_string(offer).map_err(|error| error.to_string())?;
    let mut rtc = config(broadcast, certificate).build(now);
    for candidate in candidates {
        rtc.add_local_candidate(candidate);
    }
    let answer = rtc
        .sdp_api()
        .accept_offer(offer)
        .map_err(|error| error.to_string())?
        .to_sdp_string();
    rtc.bwe()
        .set_desired_bitrate(Bitrate::from(u64::from(broadcast.desired())));
    Ok((rtc, answer))
}

/// The same answer with all tracks in the first one's stream (RFC 8830): browsers keep lips and voice together only within one.
fn as_one_stream(answer: &str) -> String {
    let mut stream: Option<&str> = None;
    let mut lines = Vec::new();
    for line in answer.split_inclusive("\r\n") {
        let of_track = line.starts_with("a=msid:") || line.starts_with("a=ssrc:");
        let Some((before, after)) = line.split_once("msid:").filter(|_| of_track) else {
            lines.push(line.to_owned());
            continue;
        };
        let (own, track) = after.split_once(' ').unwrap_or((after, ""));
        let one = *stream.get_or_insert(own);
        lines.push(format!("{before}msid:{one} {track}"));
    }
    lines.concat()
}

fn config(broadcast: &Broadcast, certificate: &DtlsCert) -> RtcConfig {
    let mut config = RtcConfig::new()
        .set_ice_lite(true)
        .set_dtls_cert(certificate.clone())
        .clear_codecs()
        .enable_opus(true, false)
        // Until there were reports of both, receivers cannot tell which sound belongs to which picture.
        .set_rtcp_report_interval_audio(Duration::from_secs(1))
        .set_reordering_size_audio(5)
        .set_reordering_timeout_audio(Some(Duration::from_millis(100)))
        .set_sctp_max_buffered_amount(super::message::Message::MOST)
        .enable_bwe(Some(Bitrate::from(u64::from(broadcast.supposed()))));
    let codecs = config.codec_config();
    codecs.add_h264(H264.into(), Some(H264_AGAIN.into()), true, PROFILE);
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_tracks_are_of_one_stream() {
        let answer = "v=0\r\na=msid-semantic: WMS \r\nm=video 9\r\na=msid:abc v\r\na=ssrc:7 cname:x\r\n\
            a=ssrc:7 msid:abc v\r\nm=audio 9\r\na=msid:def a\r\na=ssrc:8 msid:def a\r\n";
        let expected = answer.replace("def", "abc");
        assert_eq!(as_one_stream(answer), expected);
        assert_eq!(as_one_stream(""), "");
    }
}
