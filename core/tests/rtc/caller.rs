//! A peer of the switchboard: the other side of what it speaks, over a socket of its own.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::channel::ChannelId;
use str0m::format::Codec;
use str0m::media::{
    Direction, Frequency, KeyframeRequestKind, MediaData, MediaKind, MediaTime, Mid,
};
use str0m::net::{Protocol, Receive, TcpType};
use str0m::{Candidate, Event, Input, Output, Rtc};

/// How a caller reaches the switchboard.
enum Line {
    Udp(UdpSocket),
    /// And what was read of it.
    Tcp(TcpStream, Vec<u8>),
}

pub(crate) struct Caller {
    rtc: Rtc,
    line: Line,
    local: SocketAddr,
    pending: Option<SdpPendingOffer>,
    pub(crate) video: Mid,
    pub(crate) audio: Mid,
    pub(crate) channel: ChannelId,
    deadline: Instant,
    pub(crate) connected: bool,
    pub(crate) open: bool,
    pub(crate) closed: bool,
    pub(crate) pictures: Vec<MediaData>,
    pub(crate) sounds: Vec<MediaData>,
    pub(crate) events: VecDeque<String>,
    /// One in so many packets that arrive is dropped; none for zero.
    pub(crate) loses: usize,
    /// Packets arrive later by up to so much, and so out of order.
    pub(crate) jitter: Duration,
    held: Vec<(Instant, Protocol, SocketAddr, Vec<u8>)>,
    packets: usize,
}

/// The first packet of what was read, if all of it was.
fn whole(read: &mut Vec<u8>) -> Option<Vec<u8>> {
    let length = usize::from(u16::from_be_bytes(*read.first_chunk()?));
    (read.len() >= 2 + length).then(|| read.drain(..2 + length).skip(2).collect())
}

const PATIENCE: Duration = Duration::from_secs(10);

impl Caller {
    pub(crate) fn new(tcp: Option<SocketAddr>) -> Self {
        let crypto = Arc::new(str0m::crypto::from_feature_flags());
        let mut rtc = Rtc::builder()
            .set_crypto_provider(crypto)
            .clear_codecs()
            .enable_h264(true)
            .enable_opus(true, false)
            .build(Instant::now());
        let (line, local, candidate) = match tcp {
            None => {
                let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
                let local = socket.local_addr().unwrap();
                let candidate = Candidate::host(local, "udp").unwrap();
                (Line::Udp(socket), local, candidate)
            }
            Some(address) => {
                let stream = TcpStream::connect(address).unwrap();
                let local = stream.local_addr().unwrap();
                let candidate = Candidate::builder().tcp().host(local);
                let candidate = candidate.tcptype(TcpType::Active).build().unwrap();
                (Line::Tcp(stream, Vec::new()), local, candidate)
            }
        };
        rtc.add_local_candidate(candidate);
        let mut change = rtc.sdp_api();
        let video = change.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        let audio = change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let channel = change.add_channel("talk".to_owned());
        let (offer, pending) = change.apply().unwrap();
        let mut caller = Self {
            rtc,
            line,
            local,
            pending: Some(pending),
            video,
            audio,
            channel,
            deadline: Instant::now(),
            connected: false,
            open: false,
            closed: false,
            pictures: Vec::new(),
            sounds: Vec::new(),
            events: VecDeque::new(),
            loses: 0,
            jitter: Duration::ZERO,
            held: Vec::new(),
            packets: 0,
        };
        caller.events.push_back(offer.to_sdp_string());
        caller
    }

    pub(crate) fn offer(&mut self) -> String {
        self.events.pop_front().unwrap()
    }

    pub(crate) fn accept(&mut self, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).unwrap();
        let pending = self.pending.take().unwrap();
        self.rtc.sdp_api().accept_answer(pending, answer).unwrap();
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(at) => {
                    self.deadline = at;
                    return;
                }
                Output::Transmit(packet) => match &mut self.line {
                    Line::Udp(socket) if packet.proto == Protocol::Udp => {
                        socket
                            .send_to(&packet.contents, packet.destination)
                            .unwrap();
                    }
                    Line::Tcp(stream, _) if packet.proto == Protocol::Tcp => {
                        let length = u16::try_from(packet.contents.len()).unwrap();
                        stream.write_all(&length.to_be_bytes()).unwrap();
                        stream.write_all(&packet.contents).unwrap();
                    }
                    _ => {}
                },
                Output::Event(event) => self.witness(event),
            }
        }
    }

    fn witness(&mut self, event: Event) {
        match event {
            Event::Connected => self.connected = true,
            Event::ChannelOpen(..) => self.open = true,
            Event::ChannelData(data) => {
                let text = String::from_utf8(data.data).unwrap();
                self.events.push_back(text);
            }
            Event::MediaData(data) if data.mid == self.video => self.pictures.push(data),
            Event::MediaData(data) => self.sounds.push(data),
            Event::Closed => self.closed = true,
            _ => {}
        }
    }

    /// Takes in what comes for at most a moment.
    pub(crate) fn step(&mut self) {
        let mut block = [0; 2048];
        let wait = self.deadline.saturating_duration_since(Instant::now());
        let most = if self.held.is_empty() { 20 } else { 2 };
        let wait = wait.clamp(Duration::from_millis(1), Duration::from_millis(most));
        let (packet, proto, source) = match &mut self.line {
            Line::Udp(socket) => {
                socket.set_read_timeout(Some(wait)).unwrap();
                match socket.recv_from(&mut block) {
                    Ok((count, source)) => (Some(block[..count].to_vec()), Protocol::Udp, source),
                    Err(_) => (None, Protocol::Udp, self.local),
                }
            }
            Line::Tcp(stream, read) => {
                let source = stream.peer_addr().unwrap();
                stream.set_read_timeout(Some(wait)).unwrap();
                let mut packet = whole(read);
                if packet.is_none()
                    && let Ok(count) = stream.read(&mut block)
                {
                    read.extend_from_slice(&block[..count]);
                    packet = whole(read);
                }
                (packet, Protocol::Tcp, source)
            }
        };
        let now = Instant::now();
        if let Some(packet) = packet {
            self.packets += 1;
            let lost = self.loses > 0 && self.packets.is_multiple_of(self.loses);
            // As even as noise, and the same each time.
            let share = (self.packets * 7919 % 101) as f64 / 100.0;
            if !lost {
                let arrives = now + self.jitter.mul_f64(share);
                self.held.push((arrives, proto, source, packet));
            }
        }
        while let Some(index) = self.held.iter().position(|(at, ..)| *at <= now) {
            let (_, proto, source, packet) = self.held.remove(index);
            let input = Input::Receive(
                now,
                Receive {
                    proto,
                    source,
                    destination: self.local,
                    contents: packet.as_slice().try_into().unwrap(),
                },
            );
            self.rtc.handle_input(input).unwrap();
            self.drain();
        }
        self.rtc.handle_input(Input::Timeout(now)).unwrap();
        self.drain();
    }

    /// Goes on until `done`.
    pub(crate) fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        let begun = Instant::now();
        while !done(self) {
            assert!(begun.elapsed() < PATIENCE, "{what}: not in {PATIENCE:?}");
            self.step();
        }
    }

    pub(crate) fn say(&mut self, message: &str) {
        let mut channel = self.rtc.channel(self.channel).unwrap();
        channel.write(false, message.as_bytes()).unwrap();
        self.drain();
    }

    pub(crate) fn speak(&mut self, packet: &[u8], time: u64) {
        let writer = self.rtc.writer(self.audio).unwrap();
        let opus = writer.payload_params();
        let opus = opus
            .filter(|one| one.spec().codec == Codec::Opus)
            .map(|one| one.pt())
            .next()
            .unwrap();
        let time = MediaTime::new(time, Frequency::FORTY_EIGHT_KHZ);
        writer.write(opus, Instant::now(), time, packet).unwrap();
        self.drain();
    }

    pub(crate) fn want_key(&mut self) {
        let mut writer = self.rtc.writer(self.video).unwrap();
        writer
            .request_keyframe(None, KeyframeRequestKind::Pli)
            .unwrap();
        self.drain();
    }

    pub(crate) fn hang_up(&mut self) {
        self.rtc.close().unwrap();
        self.drain();
    }
}
