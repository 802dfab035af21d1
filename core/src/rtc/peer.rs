//! One peer: what its connection says and is told.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::bwe::BweKind;
use str0m::change::DirectApi;
use str0m::channel::{ChannelData, ChannelId};
use str0m::format::Codec;
use str0m::media::{Frequency, MediaAdded, MediaData, MediaKind, MediaTime, Mid, Pt};
use str0m::net::Transmit;
use str0m::rtp::Ssrc;
use str0m::{Event, IceConnectionState, Input, Output, Rtc, RtcError};

use super::broadcast::{Broadcast, Parcel, ParcelKind};
use super::invitation::PeerId;
use super::message::{Message, MessageError};
use super::microphone::Microphone;

/// What a peer's conversation is with. All of it is called in the switchboard's thread, and must return at once. It is dropped when the
/// peer has gone.
pub trait Partner: Send {
    /// Whether there is anybody to hear the peer's microphone. Where there is not, the peer is told not to send any sound.
    fn hears(&self) -> bool {
        true
    }

    /// The peer's microphone gave sound: mono, 48,000 samples a second.
    fn hear(&mut self, pcm: &[f32]);

    /// The peer said something on a data channel; what is returned is sent back, a message each.
    fn take(&mut self, message: Message) -> Vec<String>;
}

/// How long a peer may take to be connected.
const PATIENCE: Duration = Duration::from_secs(20);

/// Data channels of a peer that are listened to.
const CHANNELS: usize = 4;

/// Sources of sound of a peer that are listened to.
const SOURCES: usize = 4;

/// Messages a second of a peer, and how many at once.
const MESSAGES: u32 = 20;
const MESSAGES_AT_ONCE: u32 = 40;

/// One connection.
pub(super) struct Peer {
    pub(super) id: PeerId,
    rtc: Rtc,
    broadcast: Arc<Broadcast>,
    partner: Box<dyn Partner>,
    born: Instant,
    connected: bool,
    /// When its connection wants to be told the time.
    pub(super) deadline: Instant,
    video: Option<(Mid, Pt)>,
    audio: Option<(Mid, Pt)>,
    /// It has had no picture yet with which decoding can begin.
    waits_for_key: bool,
    microphone: Option<Microphone>,
    /// Where its microphone is, and whose sound that may be.
    heard: Option<(Mid, Pt)>,
    sources: Vec<Ssrc>,
    channels: Vec<ChannelId>,
    /// Events that came before there was a channel to tell them on.
    untold: Vec<String>,
    messages: u32,
    refilled: Instant,
    /// Bits a second that its network carries.
    pub(super) bitrate: Option<u32>,
    over: bool,
}

impl Peer {
    pub(super) fn new(
        id: PeerId,
        rtc: Rtc,
        broadcast: Arc<Broadcast>,
        partner: Box<dyn Partner>,
        now: Instant,
    ) -> Self {
        broadcast.joined();
        Self {
            id,
            rtc,
            broadcast,
            partner,
            born: now,
            connected: false,
            deadline: now,
            video: None,
            audio: None,
            waits_for_key: true,
            microphone: None,
            heard: None,
            sources: Vec::new(),
            channels: Vec::new(),
            untold: Vec::new(),
            messages: MESSAGES_AT_ONCE,
            refilled: now,
            bitrate: None,
            over: false,
        }
    }

    /// What its packets are recognised by until its address is known (RFC 8445 section 7.2.2).
    pub(super) fn fragment(&mut self) -> String {
        DirectApi::new(&mut self.rtc).local_ice_credentials().ufrag
    }

    pub(super) fn broadcast(&self) -> &Arc<Broadcast> {
        &self.broadcast
    }

    /// Whether nothing more is to be done.
    pub(super) fn is_over(&self) -> bool {
        self.over || !self.rtc.is_alive()
    }

    /// Whether its packets have found their way.
    pub(super) fn is_connected(&self) -> bool {
        self.connected
    }

    /// Whether a packet is meant for it.
    pub(super) fn accepts(&self, input: &Input<'_>) -> bool {
        self.rtc.accepts(input)
    }

    /// Looks at a packet before it is taken in. What names neither its section nor a source that the offer told would be passed over;
    /// its payload type, of which only one is heard, says as much.
    pub(super) fn look_at(&mut self, packet: &[u8]) {
        let Some((mid, payload)) = self.heard else {
            return;
        };
        let Some(source) = source_of(packet, payload) else {
            return;
        };
        if self.sources.len() < SOURCES && !self.sources.contains(&source) {
            self.sources.push(source);
            let mut direct = DirectApi::new(&mut self.rtc);
            if direct.stream_rx(&source).is_none() {
                direct.expect_stream_rx(source, None, mid, None);
            }
        }
    }

    /// Takes in a packet, or that time has passed.
    pub(super) fn handle(
        &mut self,
        input: Input<'_>,
        now: Instant,
        send: &mut impl FnMut(&Transmit),
    ) {
        if !self.connected && now.saturating_duration_since(self.born) > PATIENCE {
            let waited_s = PATIENCE.as_secs();
            tracing::info!(peer = %self.id, waited_s, "no connection came about");
            self.over = true;
            return;
        }
        let handled = self.rtc.handle_input(input);
        self.settle(handled, now, send);
    }

    /// Sends a picture, or sound.
    pub(super) fn show(&mut self, parcel: &Parcel, now: Instant, send: &mut impl FnMut(&Transmit)) {
        if !self.connected {
            return;
        }
        let seen = match parcel.kind {
            ParcelKind::Picture { key } => {
                self.waits_for_key &= !key;
                !self.waits_for_key
            }
            ParcelKind::Preview => self.waits_for_key,
            ParcelKind::Sound => true,
        };
        if !seen {
            return;
        }
        let (place, time) = match parcel.kind {
            ParcelKind::Picture { .. } | ParcelKind::Preview => {
                // Exactly: 90,000 a second from 48,000.
                (self.video, MediaTime::from_90khz(parcel.time * 15 / 8))
            }
            ParcelKind::Sound => (
                self.audio,
                MediaTime::new(parcel.time, Frequency::FORTY_EIGHT_KHZ),
            ),
        };
        let Some((mid, payload)) = place else {
            return;
        };
        let Some(writer) = self.rtc.writer(mid) else {
            return;
        };
        let written = writer.write(payload, parcel.clock, time, Arc::clone(&parcel.data));
        self.settle(written, now, send);
    }

    /// Tells the peer something.
    pub(super) fn tell(&mut self, event: &str, now: Instant, send: &mut impl FnMut(&Transmit)) {
        if self.channels.is_empty() {
            if self.untold.len() < CHANNELS {
                self.untold.push(event.to_owned());
            }
            return;
        }
        for id in self.channels.clone() {
            if let Some(mut channel) = self.rtc.channel(id) {
                // Who does not fetch what he is told is not told more.
                let written = channel.write(false, event.as_bytes()).map(drop);
                self.settle(written, now, send);
            }
        }
    }

    /// Ends the connection, in good manners.
    pub(super) fn close(&mut self, now: Instant, send: &mut impl FnMut(&Transmit)) {
        // What was not yet begun needs no farewell.
        if self.rtc.close().is_ok() {
            self.settle(Ok(()), now, send);
        }
        self.over = true;
    }

    /// Does what follows from a change, until nothing does.
    fn settle(
        &mut self,
        result: Result<(), RtcError>,
        now: Instant,
        send: &mut impl FnMut(&Transmit),
    ) {
        let mut result = result;
        loop {
            if let Err(error) = &result {
                if self.connected {
                    tracing::debug!(peer = %self.id, %error, "the connection failed");
                } else {
                    tracing::info!(peer = %self.id, %error, "no connection came about");
                }
                self.over = true;
                return;
            }
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.deadline = if self.connected {
                        at
                    } else {
                        at.min(self.born + PATIENCE + Duration::from_millis(1))
                    };
                    return;
                }
                Ok(Output::Transmit(packet)) => send(&packet),
                Ok(Output::Event(event)) => result = self.witness(event, now),
                Err(error) => result = Err(error),
            }
        }
    }

    fn witness(&mut self, event: Event, now: Instant) -> Result<(), RtcError> {
        match event {
            Event::Connected if !self.connected => {
                self.connected = true;
                self.broadcast.connected();
                let took_ms = now.saturating_duration_since(self.born).as_millis() as u64;
                tracing::debug!(peer = %self.id, took_ms, "connected");
            }
            // Before that it says only that no way has been found yet.
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) if self.connected => {
                self.over = true;
            }
            Event::MediaAdded(added) => self.add(&added),
            Event::MediaData(data) => self.hear(&data, now),
            Event::KeyframeRequest(_) => self.broadcast.want_key(),
            Event::EgressBitrateEstimate(
                BweKind::Twcc { estimate, .. } | BweKind::Remb { estimate, .. },
            ) => {
                self.bitrate = Some(u32::try_from(estimate.as_u64()).unwrap_or(u32::MAX));
            }
            Event::ChannelOpen(id, _) if self.channels.len() < CHANNELS => {
                self.channels.push(id);
                for event in std::mem::take(&mut self.untold) {
                    self.write(id, &event)?;
                }
            }
            Event::ChannelClose(id) => self.channels.retain(|other| *other != id),
            Event::ChannelData(data) => self.listen(&data, now)?,
            _ => {}
        }
        Ok(())
    }

    /// A place to send to, or one that is heard.
    fn add(&mut self, added: &MediaAdded) {
        let codec = match added.kind {
            MediaKind::Video => Codec::H264,
            MediaKind::Audio => Codec::Opus,
        };
        let place = self.rtc.writer(added.mid).and_then(|writer| {
            let mut known = writer.payload_params();
            let payload = known.find(|one| one.spec().codec == codec)?.pt();
            Some((added.mid, payload))
        });
        if added.kind == MediaKind::Audio && added.direction.is_receiving() {
            self.heard = self.heard.or(place);
        }
        let place = place.filter(|_| added.direction.is_sending());
        match added.kind {
            MediaKind::Video => self.video = self.video.or(place),
            MediaKind::Audio => self.audio = self.audio.or(place),
        }
    }

    fn hear(&mut self, data: &MediaData, now: Instant) {
        if data.params.spec().codec != Codec::Opus {
            return;
        }
        if self.microphone.is_none() {
            match Microphone::open(now) {
                Ok(microphone) => self.microphone = Some(microphone),
                Err(error) => tracing::warn!(%error, "nobody can be heard"),
            }
        }
        if let Some(microphone) = &mut self.microphone {
            let time = data.time.rebase(Frequency::FORTY_EIGHT_KHZ).numer();
            let pcm = microphone.hear(&data.data, time, now);
            if !pcm.is_empty() {
                self.partner.hear(&pcm);
            }
        }
    }

    fn listen(&mut self, data: &ChannelData, now: Instant) -> Result<(), RtcError> {
        if !self.channels.contains(&data.id) {
            return Ok(());
        }
        let message = match self.may_speak(now) {
            true => Message::parse(&data.data),
            false => Err(MessageError::TooFast),
        };
        let answers = match message {
            Ok(message) => self.partner.take(message),
            Err(error) => vec![error.event()],
        };
        for answer in answers {
            self.write(data.id, &answer)?;
        }
        Ok(())
    }

    /// Whether it has not said too much lately.
    fn may_speak(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.refilled);
        let more = passed.as_secs_f64() * f64::from(MESSAGES);
        if more >= 1.0 {
            self.messages = (self.messages + more as u32).min(MESSAGES_AT_ONCE);
            self.refilled = now;
        }
        let may = self.messages > 0;
        self.messages = self.messages.saturating_sub(1);
        may
    }

    fn write(&mut self, id: ChannelId, event: &str) -> Result<(), RtcError> {
        match self.rtc.channel(id) {
            Some(mut channel) => channel.write(false, event.as_bytes()).map(drop),
            None => Ok(()),
        }
    }
}

/// Who sends a packet of RTP (RFC 3550 section 5.1) of a payload type.
fn source_of(packet: &[u8], payload: Pt) -> Option<Ssrc> {
    let (&[first, second, ..], rest) = packet.split_first_chunk::<8>()?;
    let source = u32::from_be_bytes(*rest.first_chunk()?);
    (first >> 6 == 2 && second & 0x7f == *payload).then(|| source.into())
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.broadcast.left(self.connected);
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
