use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use super::Opener;
use crate::face::neural::{NetworkError, Networks, specimen};
use crate::session::FailureCode;
use crate::time::{FrameRate, Samples};

mod photos;
mod stage;

use self::stage::*;

/// The luma of the specimen's frames, and of faces of no and of full brightness.
const OWN: Range<u8> = 95..110;
const DARK: u8 = 16;

#[test]
fn faces_follow_the_sound_and_end_with_it() {
    let place = Place::new(Fake::new(|_| Ok(())));
    let mut model = place.sit("anna").unwrap();
    model.hear(0.0, 3);
    model.hear(0.5, 10);
    model.hear(0.0, 7);
    model.face.end();
    let lights: Vec<u8> = (0..20).map(|_| model.next()).collect();
    let loud: Vec<usize> = (0..20).filter(|frame| lights[*frame] > 60).collect();
    assert!(
        loud.len() >= 10 && loud[0] >= 2 && loud[9] <= 13,
        "{loud:?}"
    );
    assert!(
        lights[17..].iter().all(|light| *light == DARK),
        "{lights:?}"
    );
    assert!(!model.live.faltered());
    // There is nothing more to be said; the face goes, little by little.
    let after: Vec<u8> = (0..6).map(|_| model.next()).collect();
    assert!(after.is_sorted() && OWN.contains(&after[5]), "{after:?}");
}

#[test]
fn sessions_share_batches_and_the_first_frames_come_first() {
    let fake = Fake::new(|_| Ok(()));
    let (open, batches) = (Arc::clone(&fake.open), Arc::clone(&fake.batches));
    let place = Place::new(fake);
    until("the doors", || place.is_open());
    let mut old = place.sit("anna").unwrap();
    old.hear(0.1, 60);
    old.play(8);
    open.store(false, Ordering::SeqCst);
    old.hear(0.1, 60);
    old.play_what_is_there(20);
    let mut new: Vec<Model> = (0..2).map(|_| place.sit("odd").unwrap()).collect();
    new.iter_mut().for_each(|model| model.hear(0.2, 40));
    let ordered = || {
        place.studio.0.lock().seats.len() == 3 && {
            let orders = place.studio.0.lock().speaking.is_empty();
            orders
                && new
                    .iter()
                    .all(|_| place.studio.0.lock().schedule.orders() >= 64)
        }
    };
    until("orders of all", ordered);
    batches.lock().unwrap().clear();
    open.store(true, Ordering::SeqCst);
    new.iter_mut().for_each(|model| model.play(1));
    until("all to be drawn", || {
        place.studio.0.lock().schedule.is_empty()
    });
    let batches = batches.lock().unwrap();
    // The batch at hand is finished; what comes next is the beginning of both.
    let second: Vec<usize> = batches[1].iter().map(|wanted| wanted.session).collect();
    assert!(
        second.iter().all(|session| [2, 3].contains(session)),
        "{second:?}"
    );
    assert!(second.contains(&2) && second.contains(&3));
    let shared = |batch: &&Vec<Wanted>| {
        let avatars: Vec<&str> = batch.iter().map(|wanted| &*wanted.avatar).collect();
        avatars.contains(&"anna") && avatars.contains(&"odd")
    };
    assert!(batches.iter().filter(shared).count() > 0, "{batches:?}");
    assert!(batches.iter().all(|batch| batch.len() <= 16));
}

#[test]
fn where_memory_is_short_batches_are_halved() {
    let fake = Fake::new(|batch| match batch.len() {
        0..=2 => Ok(()),
        many => Err(NetworkError::Memory(format!("no room for {many}"))),
    });
    let place = Place::new(fake);
    let mut model = place.sit("anna").unwrap();
    model.hear(0.5, 30);
    model.play(20);
    assert_eq!(model.live.failure(), None);
}

#[test]
fn a_session_that_memory_is_too_short_for_fails_alone() {
    let fake = Fake::new(
        |batch| match batch.iter().any(|wanted| wanted.avatar == "odd") {
            true => Err(NetworkError::Memory("no room".to_owned())),
            false => Ok(()),
        },
    );
    let place = Place::new(fake);
    let (mut good, mut bad) = (place.sit("anna").unwrap(), place.sit("odd").unwrap());
    bad.hear(0.5, 30);
    good.hear(0.5, 30);
    let failure = bad.failure();
    assert_eq!(failure.code, FailureCode::OutOfMemory);
    assert!(failure.text.contains("no room"), "{}", failure.text);
    good.play(20);
    assert_eq!(good.live.failure(), None);
}

#[test]
fn one_sessions_fault_is_not_anothers() {
    for panics in [false, true] {
        let fake =
            Fake::new(
                move |batch| match batch.iter().any(|wanted| wanted.avatar == "odd") {
                    true if panics => panic!("a library that breaks down"),
                    true => Err(NetworkError::Failed("frame 7 is odd".to_owned())),
                    false => Ok(()),
                },
            );
        let open = Arc::clone(&fake.open);
        let place = Place::new(fake);
        until("the doors", || place.is_open());
        open.store(false, Ordering::SeqCst);
        let (mut good, mut bad) = (place.sit("anna").unwrap(), place.sit("odd").unwrap());
        bad.hear(0.5, 30);
        good.hear(0.5, 30);
        open.store(true, Ordering::SeqCst);
        let failure = bad.failure();
        assert_eq!(failure.code, FailureCode::InferenceFailed);
        let text = if panics {
            "broke down"
        } else {
            "frame 7 is odd"
        };
        assert!(failure.text.contains(text), "{}", failure.text);
        good.play(20);
        assert_eq!(good.live.failure(), None);
    }
}

#[test]
fn a_broken_device_ends_all_sessions_and_is_told() {
    let faulty = Arc::new(AtomicBool::new(false));
    let fake = Fake::new({
        let faulty = Arc::clone(&faulty);
        move |_| match faulty.load(Ordering::SeqCst) {
            true => Err(NetworkError::Device("an illegal address".to_owned())),
            false => Ok(()),
        }
    });
    let place = Place::new(fake);
    let mut models: Vec<Model> = (0..2).map(|_| place.sit("anna").unwrap()).collect();
    models.iter_mut().for_each(|model| model.hear(0.5, 30));
    models.iter_mut().for_each(|model| model.play(1));
    faulty.store(true, Ordering::SeqCst);
    models[0].hear(0.5, 60);
    models[0].play_what_is_there(20);
    for model in &models {
        let failure = model.failure();
        assert_eq!(failure.code, FailureCode::InferenceFailed);
        assert!(failure.text.contains("an illegal address"));
    }
    until("word of it", || place.broken.load(Ordering::SeqCst));
    assert!(place.sit("anna").is_err());
    assert!(
        !place.staff.stop(),
        "nothing on the device may be given back"
    );
    assert_eq!(place.promises.lock().unwrap().last(), Some(&None));
}

#[test]
fn sessions_wait_for_the_networks_and_learn_when_there_are_none() {
    let (sender, opened) = channel::<Result<(), NetworkError>>();
    let opened = Mutex::new(opened);
    let fake: Arc<dyn Networks> = Arc::new(Fake::new(|_| Ok(())));
    let opener = {
        let fake = Arc::clone(&fake);
        move || {
            opened
                .lock()
                .unwrap()
                .recv()
                .unwrap()
                .map(|()| Arc::clone(&fake))
        }
    };
    let place = Place::opened_by(Arc::new(opener));
    let mut early = place.sit("anna").unwrap();
    early.hear(0.0, 30);
    assert!(!early.ready(false) && !early.ready(true));
    assert_eq!(*place.promises.lock().unwrap(), [Some(8)]);
    sender.send(Ok(())).unwrap();
    early.next();
    until("a promise", || place.promises.lock().unwrap().len() > 1);

    let failing: Arc<Opener> = Arc::new(|| {
        Err(NetworkError::Failed(
            "unet.safetensors has no \"conv_in\"".to_owned(),
        ))
    });
    let place = Place::opened_by(failing);
    until("the end of it", || place.sit("anna").is_err());
    let failure = place.sit("anna").err().unwrap();
    assert!(failure.text.contains("conv_in"), "{}", failure.text);
}

#[test]
fn nobody_draws_for_those_who_are_gone() {
    let fake = Fake::new(|_| Ok(()));
    let (open, batches) = (Arc::clone(&fake.open), Arc::clone(&fake.batches));
    let place = Place::new(fake);
    until("the doors", || place.is_open());
    let mut stays = place.sit("anna").unwrap();
    stays.hear(0.1, 60);
    stays.next();
    open.store(false, Ordering::SeqCst);
    let mut goes = place.sit("anna").unwrap();
    goes.hear(0.1, 60);
    until("orders", || place.studio.0.lock().schedule.orders() > 20);
    drop(goes);
    batches.lock().unwrap().clear();
    open.store(true, Ordering::SeqCst);
    stays.play(40);
    let batches = batches.lock().unwrap();
    // One batch may have been under way.
    let late = batches.iter().skip(1).flatten();
    assert_eq!(late.filter(|wanted| wanted.session == 2).count(), 0);
    assert_eq!(place.studio.0.lock().seats.len(), 1);
}

#[test]
fn while_nobody_speaks_a_late_face_is_not_waited_for() {
    let fake = Fake::new(|_| Ok(()));
    let open = Arc::clone(&fake.open);
    let place = Place::new(fake);
    until("the doors", || place.is_open());
    let mut model = place.sit("anna").unwrap();
    model.hear(0.0, 10);
    let mut lights: Vec<u8> = (0..4).map(|_| model.next()).collect();
    assert_eq!(lights, [DARK; 4]);
    until("the last of it", || {
        place.studio.0.lock().schedule.is_empty()
    });
    open.store(false, Ordering::SeqCst);
    model.hear(0.0, 14);
    model.hear(0.6, 30);
    while model.ready(true) {
        lights.push(model.paint());
    }
    // Up to the first that is not silent, or might not be.
    assert!((20..=24).contains(&lights.len()), "{lights:?}");
    assert!(OWN.contains(lights.last().unwrap()), "{lights:?}");
    assert!(model.live.faltered());
    open.store(true, Ordering::SeqCst);
    (0..20).for_each(|_| lights.push(model.next()));
    assert!(*lights.last().unwrap() > 140, "{lights:?}");
    let steps = lights.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
    assert!(steps.max().unwrap() < 60, "it jumps: {lights:?}");
}

#[test]
fn what_is_forgotten_is_not_shown_and_lips_stay_with_the_sound() {
    for step in [1, 7] {
        let place = Place::of_photos(Fake::new(|_| Ok(())));
        let mut model = place.pose(200, step).unwrap();
        model.hear(0.5, 40);
        let said: Vec<u8> = (0..10).map(|_| model.next()).collect();
        assert!(said.iter().all(|light| *light > 60), "{said:?}");
        assert!(model.face.settled() > FrameRate::DEFAULT.start_of(10));
        // Interrupted, in the middle of what has been drawn.
        model.face.forget(FrameRate::DEFAULT.start_of(10));
        model.hear(0.0, 5);
        model.hear_samples(0.9, Samples(1_920 * 10));
        model.hear(0.0, 40);
        let after: Vec<u8> = (0..20).map(|_| model.next()).collect();
        let loud: Vec<usize> = (0..20).filter(|frame| after[*frame] > 60).collect();
        assert!(
            loud.first().is_some_and(|first| (4..=5).contains(first))
                && loud.last().is_some_and(|last| (14..=15).contains(last))
                && (10..=12).contains(&loud.len()),
            "{step}: {after:?}"
        );
    }
}

#[test]
fn an_avatar_whose_latents_do_not_fit_is_named() {
    let data = tempfile::tempdir().unwrap();
    let avatars = data.path().join("avatars");
    let manifest = specimen::manifest(SIZE.0 as u32, SIZE.1 as u32, FRAMES);
    specimen::write(&avatars.join("anna"), &manifest);
    std::fs::write(avatars.join("anna/latents.safetensors"), "7").unwrap();
    let fake: Arc<dyn Networks> = Arc::new(Fake::new(|_| Ok(())));
    let place = Place::over(
        data,
        Some(&avatars),
        Arc::new(move || Ok(Arc::clone(&fake))),
    );
    let mut model = place.sit("anna").unwrap();
    model.hear(0.1, 30);
    let text = model.failure().text;
    assert!(
        text.contains("anna/latents.safetensors") && text.contains('7'),
        "{text}"
    );
    assert!(place.sit("nobody").is_err());
    drop(place.received.try_recv());
}
