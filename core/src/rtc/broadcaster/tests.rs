use mio::{Poll, Token, Waker};

use super::*;
use crate::rtc::broadcast::MOST;

/// One without peers.
fn unwatched() -> (Poll, Arc<Broadcast>, Broadcaster) {
    let poll = Poll::new().unwrap();
    let waker = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
    let broadcast = Arc::new(Broadcast::new(waker, 500_000));
    let caster = Broadcaster::open(Arc::clone(&broadcast), 25).unwrap();
    (poll, broadcast, caster)
}

/// One with a peer that is connected.
fn watched() -> (Poll, Arc<Broadcast>, Broadcaster) {
    let (poll, broadcast, caster) = unwatched();
    broadcast.joined();
    broadcast.connected();
    (poll, broadcast, caster)
}

fn frame() -> (Picture, Vec<f32>) {
    (Picture::new(64, 48), vec![0.0; 1920])
}

fn all(broadcast: &Broadcast) -> Vec<Parcel> {
    let late = Instant::now() + Duration::from_secs(100);
    std::iter::from_fn(|| broadcast.due(late)).collect()
}

#[test]
fn frames_follow_on_and_gaps_are_kept() {
    let (_poll, broadcast, mut caster) = unwatched();
    let (picture, pcm) = frame();
    let begin = Instant::now();
    assert!(!caster.show(Some(&picture), &pcm, begin, 0).unwrap());
    broadcast.joined();
    assert!(caster.show(Some(&picture), &pcm, begin, 0).unwrap());
    assert!(all(&broadcast).is_empty());
    broadcast.connected();
    for at in [0, 41, 79, 500, 540] {
        let at = begin + Duration::from_millis(at);
        assert!(caster.show(Some(&picture), &pcm, at, 0).unwrap());
    }
    let parcels = all(&broadcast);
    let of = |sound: bool| {
        let parcels = parcels.iter();
        parcels.filter(move |parcel| (parcel.kind == ParcelKind::Sound) == sound)
    };
    let pictures: Vec<u64> = of(false).map(|parcel| parcel.time - FIRST).collect();
    assert_eq!(pictures, [0, 1920, 3840, 24_000, 25_920]);
    let lead = FIRST - of(true).next().unwrap().time;
    assert!(lead < 500, "{lead} samples early");
    let sound: Vec<u64> = of(true).map(|parcel| parcel.time + lead - FIRST).collect();
    let expected = [
        0, 960, 1920, 2880, 3840, 4800, 24_000, 24_960, 25_920, 26_880,
    ];
    assert_eq!(sound, expected);
    assert!(parcels.is_sorted_by_key(|parcel| parcel.leaves));
    assert!(parcels.iter().all(|parcel| parcel.clock <= parcel.leaves));
    // Sound and pictures are laid together where they belong together, whatever leaves first.
    let offset = |parcel: &Parcel| {
        let time = Duration::from_micros(parcel.time * 1000 / 48);
        (parcel.clock + Duration::from_secs(10)) - time
    };
    let first = offset(&parcels[0]);
    for parcel in &parcels {
        let (one, other) = (offset(parcel).max(first), offset(parcel).min(first));
        assert!(one - other < Duration::from_millis(15), "{parcel:?}");
    }
    let begins = |sound: bool| of(sound).next().unwrap().leaves;
    assert!(begins(true) + SOUND_AHEAD <= begins(false) + Duration::from_millis(1));
    assert!(of(false).next().unwrap().kind == ParcelKind::Picture { key: true });
    broadcast.left(true);
    assert!(!caster.show(Some(&picture), &pcm, begin, 0).unwrap());
}

#[test]
fn nothing_leaves_before_its_time() {
    let (_poll, broadcast, mut caster) = watched();
    let (picture, pcm) = frame();
    let at = Instant::now() + Duration::from_millis(1500);
    caster.show(Some(&picture), &pcm, at, 0).unwrap();
    // Whoever has come sees at once what is shown next.
    let preview = broadcast.due(Instant::now()).unwrap();
    assert_eq!(preview.kind, ParcelKind::Preview);
    assert!(broadcast.due(Instant::now()).is_none());
    assert_eq!(broadcast.next(), Some(at - SOUND_AHEAD));
    assert!(!broadcast.over());
    let parcels = all(&broadcast);
    assert_eq!(parcels.len(), 3);
    let shown = parcels.iter().find(|one| one.kind != ParcelKind::Sound);
    let shown = shown.unwrap();
    assert_eq!(shown.kind, ParcelKind::Picture { key: true });
    let (early, apart) = (shown.leaves - preview.leaves, shown.time - preview.time);
    assert!(early.abs_diff(duration(apart)) < Duration::from_millis(1));
    caster.end();
    assert!(broadcast.over());
}

#[test]
fn what_is_shown_soon_needs_no_preview() {
    let (_poll, broadcast, mut caster) = watched();
    let (picture, pcm) = frame();
    let at = Instant::now() + SOON;
    caster.show(Some(&picture), &pcm, at, 0).unwrap();
    assert_eq!(all(&broadcast).len(), 3);
}

#[test]
fn whoever_comes_is_sent_one_preview() {
    let (_poll, broadcast, mut caster) = watched();
    let (picture, pcm) = frame();
    let mut at = Instant::now() + Duration::from_millis(1500);
    let mut now = || {
        caster.show(Some(&picture), &pcm, at, 0).unwrap();
        at += Duration::from_millis(40);
        broadcast.due(Instant::now()).is_some()
    };
    assert!(now());
    assert!(!now());
    broadcast.joined();
    assert!(!now(), "who is not connected yet can be sent nothing");
    broadcast.connected();
    assert!(now());
    assert!(!now());
    broadcast.left(true);
    assert!(!now());
}

#[test]
fn nothing_of_what_was_interrupted_is_heard() {
    let (_poll, broadcast, mut caster) = watched();
    let picture = Picture::new(64, 48);
    let tone: Vec<f32> = (0..1920).map(|n| (n as f32 * 0.07).sin() * 0.5).collect();
    let mut at = Instant::now() + Duration::from_secs(5);
    let mut show = |pcm: &[f32], epoch| {
        caster.show(Some(&picture), pcm, at, epoch).unwrap();
        at += Duration::from_millis(40);
    };
    let mut decoder = avatar_codec::OpusDecoder::open().unwrap();
    let mut heard = || {
        let sound = all(&broadcast).into_iter();
        let sound = sound.filter(|one| one.kind == ParcelKind::Sound);
        let pcm = sound.flat_map(|one| decoder.decode(&one.data).unwrap());
        pcm.fold(0.0_f32, |most, sample| most.max(sample.abs()))
    };
    show(&tone, 0);
    assert!(heard() > 0.3);
    show(&tone, 0);
    broadcast.hush(1);
    // In this decoders still fade what they had before.
    heard();
    // One that was painted before, and one after, in which the encoder still has the last of that.
    show(&tone, 0);
    show(&[0.0; 1920], 1);
    show(&[0.0; 1920], 1);
    assert!(heard() < 0.001);
    show(&tone, 1);
    assert!(heard() > 0.3);
}

#[test]
fn key_pictures_are_made_for_those_who_need_them_and_not_too_often() {
    let (_poll, broadcast, mut caster) = watched();
    let (picture, pcm) = frame();
    let mut at = Instant::now();
    let mut keys = Vec::new();
    for index in 0..20 {
        if (3..6).contains(&index) {
            broadcast.want_key();
        }
        caster.show(Some(&picture), &pcm, at, 0).unwrap();
        at += Duration::from_millis(40);
        let key = |parcel: &Parcel| parcel.kind == ParcelKind::Picture { key: true };
        keys.push(all(&broadcast).iter().any(key));
    }
    let keys: Vec<usize> = (0..20).filter(|&index| keys[index]).collect();
    assert_eq!(keys, [0, 8]);
}

#[test]
fn what_nobody_fetches_is_not_kept() {
    let (_poll, broadcast, mut caster) = watched();
    let (picture, pcm) = frame();
    let mut at = Instant::now();
    for _ in 0..200 {
        assert!(caster.show(Some(&picture), &pcm, at, 0).unwrap());
        at += Duration::from_millis(40);
    }
    assert!(all(&broadcast).len() <= MOST);
}
