//! The switchboard with real peers, on this machine's own network.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic"
)]

#[path = "rtc/caller.rs"]
mod caller;
#[path = "rtc/ceding.rs"]
mod ceding;
#[path = "rtc/offers.rs"]
mod offers;

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use avatar_codec::{OpusDecoder, OpusEncoder, Picture};
use avatar_core::rtc::{
    Broadcast, Broadcaster, Message, OfferError, Partner, PeerId, Settings, Switchboard,
};
use caller::Caller;
use proptest::prelude::*;

fn switchboard() -> Switchboard {
    Switchboard::start(&Settings {
        bind: "127.0.0.1:0".parse().unwrap(),
        public: None,
        peers: 3,
    })
    .unwrap()
}

/// What a partner was told.
#[derive(Debug, Default)]
struct Diary {
    heard: Vec<f32>,
    messages: Vec<Message>,
    gone: bool,
}

#[derive(Clone, Default)]
struct Listener {
    diary: Arc<Mutex<Diary>>,
    deaf: bool,
}

impl Listener {
    fn diary(&self) -> std::sync::MutexGuard<'_, Diary> {
        self.diary.lock().unwrap()
    }
}

impl Partner for Listener {
    fn hears(&self) -> bool {
        !self.deaf
    }

    fn hear(&mut self, pcm: &[f32]) {
        self.diary().heard.extend_from_slice(pcm);
    }

    fn take(&mut self, message: Message) -> Vec<String> {
        if message == Message::Interrupt {
            panic!("as the test wants it");
        }
        self.diary().messages.push(message);
        vec!["{\"type\":\"taken\"}".to_owned()]
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.diary().gone = true;
    }
}

/// Shows pictures and a tone on the clock.
struct Show {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Show {
    /// Each frame is made when the one before is shown.
    fn of(broadcast: &Arc<Broadcast>) -> Self {
        Self::ahead(broadcast, Duration::from_millis(40))
    }

    /// Each frame is made so long before it is shown.
    fn ahead(broadcast: &Arc<Broadcast>, lead: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let broadcast = Arc::clone(broadcast);
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut caster = Broadcaster::open(broadcast, 25).unwrap();
            let mut picture = Picture::new(320, 240);
            let begun = Instant::now();
            for frame in 0_u32.. {
                if stopped.load(Ordering::Relaxed) {
                    caster.end();
                    return;
                }
                for (index, y) in picture.y.iter_mut().enumerate() {
                    *y = (index as u32 * 7 + frame * 13) as u8;
                }
                let tone = |n: u32| ((frame * 1920 + n) as f32 * 0.06).sin() * 0.5;
                let pcm: Vec<f32> = (0..1920).map(tone).collect();
                let at = begun + lead + Duration::from_millis(40) * frame;
                caster.show(Some(&picture), &pcm, at, 0).unwrap();
                let next = begun + Duration::from_millis(40) * (frame + 1);
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Show {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().unwrap().join();
    }
}

struct Call {
    caller: Caller,
    listener: Listener,
    peer: PeerId,
}

fn call(switchboard: &Switchboard, broadcast: &Arc<Broadcast>, tcp: bool) -> Call {
    let mut caller = Caller::new(tcp.then(|| switchboard.address()));
    let listener = Listener::default();
    let partner = Box::new(listener.clone());
    let peer = PeerId::generate();
    let answer = switchboard
        .join(peer, &caller.offer(), broadcast, partner)
        .unwrap();
    caller.accept(&answer);
    caller.until("connection", |caller| caller.connected);
    Call {
        caller,
        listener,
        peer,
    }
}

fn is_key(data: &[u8]) -> bool {
    data.windows(4)
        .any(|four| four[..3] == [0, 0, 1] && four[3] & 31 == 5)
}

#[test]
fn pictures_and_sound_reach_a_peer() {
    let switchboard = switchboard();
    let broadcast = switchboard.broadcast(800_000);
    let _show = Show::of(&broadcast);
    let Call { mut caller, .. } = call(&switchboard, &broadcast, false);
    caller.until("three seconds", |caller| {
        caller.pictures.len() >= 75 && caller.sounds.len() >= 150
    });
    assert!(is_key(&caller.pictures[0].data));
    let pictures: Vec<u64> = caller.pictures.iter().map(|one| one.time.numer()).collect();
    assert!(pictures.windows(2).all(|two| two[1] - two[0] == 3600));
    let sounds: Vec<u64> = caller.sounds.iter().map(|one| one.time.numer()).collect();
    assert!(sounds.windows(2).all(|two| two[1] - two[0] == 960));
    let mut decoder = OpusDecoder::open().unwrap();
    let heard: Vec<f32> = caller
        .sounds
        .iter()
        .flat_map(|one| decoder.decode(&one.data).unwrap())
        .collect();
    let loudness = heard.iter().map(|sample| sample * sample).sum::<f32>() / heard.len() as f32;
    assert!((0.09..0.16).contains(&loudness), "{loudness}");
}

#[test]
fn a_peer_without_udp_is_reached_over_tcp() {
    let switchboard = switchboard();
    let broadcast = switchboard.broadcast(800_000);
    let _show = Show::of(&broadcast);
    let Call { mut caller, .. } = call(&switchboard, &broadcast, true);
    caller.until("pictures and sound", |caller| {
        caller.pictures.len() >= 25 && caller.sounds.len() >= 50 && caller.open
    });
    caller.say(r#"{"type":"status"}"#);
    caller.until("an answer", |caller| !caller.events.is_empty());
}

#[test]
fn what_comes_late_and_out_of_order_is_put_right() {
    let switchboard = switchboard();
    let broadcast = switchboard.broadcast(800_000);
    let _show = Show::of(&broadcast);
    let Call { mut caller, .. } = call(&switchboard, &broadcast, false);
    caller.until("a picture", |caller| !caller.pictures.is_empty());
    caller.jitter = Duration::from_millis(30);
    caller.loses = 50;
    caller.until("three seconds", |caller| caller.pictures.len() >= 75);
    let times: Vec<u64> = caller.pictures.iter().map(|one| one.time.numer()).collect();
    let gaps = times.windows(2).filter(|two| two[1] - two[0] > 3600);
    let gaps = gaps.count();
    assert!(gaps <= 2, "{gaps} gaps");
}

#[test]
fn what_is_lost_on_the_way_is_sent_again() {
    let switchboard = switchboard();
    let broadcast = switchboard.broadcast(800_000);
    let _show = Show::of(&broadcast);
    let Call { mut caller, .. } = call(&switchboard, &broadcast, false);
    caller.until("a picture", |caller| !caller.pictures.is_empty());
    caller.loses = 20;
    caller.until("three seconds", |caller| caller.pictures.len() >= 75);
    let times: Vec<u64> = caller.pictures.iter().map(|one| one.time.numer()).collect();
    let gaps = times.windows(2).filter(|two| two[1] - two[0] > 3600);
    let gaps = gaps.count();
    assert!(gaps <= 3, "{gaps} gaps");
}

#[test]
fn a_peer_that_asks_gets_a_key_picture() {
    let switchboard = switchboard();
    let broadcast = switchboard.broadcast(800_000);
    let _show = Show::of(&broadcast);
    let Call { mut caller, .. } = call(&switchboard, &broadcast, false);
    caller.until("half a second", |caller| caller.pictures.len() >= 12);
    let keys = |caller: &Caller| {
        let pictures = caller.pictures.iter();
        pictures.filter(|picture| is_key(&picture.data)).count()
    };
    assert_eq!(keys(&caller), 1);
    caller.want_key();
    caller.until("a key picture", |caller| keys(caller) == 2);
    let sooner = caller.pictures.len();
    caller.until("more", |caller| caller.pictures.len() >= sooner + 12);
    assert_eq!(keys(&caller), 2);
}

#[test]
fn a_second_peer_begins_with_a_key_picture_too() {
    let switchboard = switchboard();
    let broadcast = switchboard.broadcast(800_000);
    let _show = Show::of(&broadcast);
    let mut first = call(&switchboard, &broadcast, false);
    first
        .caller
        .until("pictures", |caller| caller.pictures.len() >= 10);
    let mut second = call(&switchboard, &broadcast, false);
    assert_eq!(broadcast.peers(), 2);
    second
        .caller
        .until("pictures", |caller| caller.pictures.len() >= 10);
    assert!(is_key(&second.caller.pictures[0].data));
}

#[test]
fn whoever_joins_is_sent_a_picture_long_before_its_time() {
    let switchboard = switchboard();
    let broadcast = switchboard.broadcast(800_000);
    let _show = Show::ahead(&broadcast, Duration::from_secs(1));
    let joins = || {
        let mut call = call(&switchboard, &broadcast, false);
        let caller = &mut call.caller;
        caller.until("pictures", |caller| caller.pictures.len() >= 5);
        let keys: Vec<bool> = caller
            .pictures
            .iter()
            .map(|one| is_key(&one.data))
            .collect();
        assert_eq!(keys[..5], [true, true, false, false, false]);
        let times: Vec<u64> = caller.pictures.iter().map(|one| one.time.numer()).collect();
        assert!(times[1] - times[0] > 45_000, "{times:?}");
        assert!(times[1..].windows(2).all(|two| two[1] - two[0] == 3600));
        call
    };
    let _first = joins();
    joins();
}

#[test]
fn a_microphone_and_a_data_channel_are_heard() {
    let switchboard = switchboard();
    let broadcast = switchboard.broadcast(800_000);
    let Call {
        mut caller,
        listener,
        ..
    } = call(&switchboard, &broadcast, false);
    let tone: Vec<f32> = (0..48_000).map(|n| (n as f32 * 0.06).sin() * 0.5).collect();
    let packets = OpusEncoder::open(32_000).unwrap().encode(&tone).unwrap();
    for (index, packet) in packets.iter().enumerate() {
        caller.speak(&packet.data, index as u64 * 960 + 1000);
        caller.step();
    }
    caller.until("sound", |_| listener.diary().heard.len() >= 40_000);
    let loudest = listener.diary().heard.iter().copied().fold(0.0, f32::max);
    assert!((0.4..0.7).contains(&loudest), "{loudest}");

    caller.until("a channel", |caller| caller.open);
    caller.say(r#"{"type":"speak","text":"Hello."}"#);
    caller.until("an answer", |caller| !caller.events.is_empty());
    assert_eq!(caller.events.pop_front().unwrap(), r#"{"type":"taken"}"#);
    let text = "Hello.".to_owned();
    assert_eq!(listener.diary().messages, [Message::Speak { text }]);

    caller.say("what?");
    caller.until("a complaint", |caller| !caller.events.is_empty());
    assert!(caller.events.pop_front().unwrap().contains("bad_json"));

    switchboard.tell(&broadcast, r#"{"type":"speaking"}"#.to_owned());
    caller.until("an event", |caller| !caller.events.is_empty());
    assert_eq!(caller.events.pop_front().unwrap(), r#"{"type":"speaking"}"#);

    for _ in 0..200 {
        caller.say(r#"{"type":"status"}"#);
    }
    caller.until("all answers", |caller| caller.events.len() >= 200);
    let busy = caller.events.iter().filter(|event| event.contains("busy"));
    assert!(busy.count() >= 100);
}

#[test]
fn a_peer_that_goes_is_let_go() {
    let switchboard = switchboard();
    let broadcast = switchboard.broadcast(800_000);
    let show = Show::of(&broadcast);
    let mut leaving = call(&switchboard, &broadcast, false);
    leaving.caller.until("a channel", |caller| caller.open);
    leaving.caller.hang_up();
    leaving
        .caller
        .until("farewell", |_| leaving.listener.diary().gone);

    let mut dismissed = call(&switchboard, &broadcast, false);
    dismissed.caller.until("a channel", |caller| caller.open);
    switchboard.leave(dismissed.peer);
    let listener = dismissed.listener.clone();
    dismissed
        .caller
        .until("dismissal", |caller| caller.closed && listener.diary().gone);

    let mut last = call(&switchboard, &broadcast, false);
    last.caller.until("a channel", |caller| caller.open);
    drop(show);
    let listener = last.listener.clone();
    last.caller
        .until("the end", |caller| caller.closed && listener.diary().gone);
    assert_eq!(broadcast.peers(), 0);
}

#[test]
fn a_partner_that_breaks_down_takes_nobody_with_it() {
    let switchboard = switchboard();
    let broadcast = switchboard.broadcast(800_000);
    let _show = Show::of(&broadcast);
    let mut broken = call(&switchboard, &broadcast, false);
    let mut other = call(&switchboard, &broadcast, false);
    broken.caller.until("a channel", |caller| caller.open);
    broken.caller.say(r#"{"type":"interrupt"}"#);
    broken.caller.until("the end", |_| broadcast.peers() == 1);
    let seen = other.caller.pictures.len();
    other
        .caller
        .until("pictures", |caller| caller.pictures.len() >= seen + 25);
}

#[test]
fn there_are_no_more_peers_than_may_be() {
    let switchboard = switchboard();
    let broadcast = switchboard.broadcast(800_000);
    let join = || {
        let mut caller = Caller::new(None);
        let partner = Box::new(Listener::default());
        switchboard.join(PeerId::generate(), &caller.offer(), &broadcast, partner)
    };
    for _ in 0..3 {
        join().unwrap();
    }
    assert_eq!(join().unwrap_err(), OfferError::Full);
}

#[test]
fn strangers_and_noise_are_not_answered() {
    let switchboard = switchboard();
    let broadcast = switchboard.broadcast(800_000);
    let _show = Show::of(&broadcast);
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut request = vec![0, 1, 0, 0x30, 0x21, 0x12, 0xa4, 0x42];
    request.extend([7; 12]);
    // A name that nobody has (RFC 8489 section 14.3).
    request.extend([0, 6, 0, 9]);
    request.extend(b"abcd:efgh\0\0\0");
    request.resize(68, 0);
    let mut noise = request.clone();
    for index in 0..2000_usize {
        noise[0] = index as u8;
        stranger.send_to(&noise, switchboard.address()).unwrap();
        stranger.send_to(&request, switchboard.address()).unwrap();
    }
    let mut call = call(&switchboard, &broadcast, false);
    call.caller
        .until("pictures", |caller| caller.pictures.len() >= 5);
    stranger.set_nonblocking(true).unwrap();
    assert!(stranger.recv(&mut [0; 100]).is_err());
}
