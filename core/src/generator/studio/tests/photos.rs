use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;

use super::stage::*;
use crate::face::neural::{NetworkError, Networks};
use crate::session::{Failure, FailureCode};
use crate::time::Samples;

/// The luma of a picture of no and of full brightness.
const DARK: u8 = 16;

#[test]
fn a_photo_speaks_and_stays_as_it_was_at_the_end() {
    let fake = Fake::new(|_| Ok(()));
    let looks = Arc::clone(&fake.looks);
    let place = Place::of_photos(fake);
    let mut model = place.pose(7, 5).unwrap();
    model.hear(0.0, 3);
    model.hear(0.5, 10);
    model.hear(0.0, 7);
    model.face.end();
    let lights: Vec<u8> = (0..20).map(|_| model.next()).collect();
    let loud = lights.iter().filter(|light| **light > 60);
    assert!(loud.count() >= 9, "{lights:?}");
    assert_eq!((lights[0], lights[19]), (DARK, DARK));
    assert!(!model.live.faltered());
    assert_eq!([model.next(), model.next()], [DARK, DARK]);
    // The first is the studio's own trial.
    assert_eq!(*looks.lock().unwrap(), [(512, false), (8, true)]);
}

#[test]
fn motion_is_awaited_for_as_many_frames_as_it_is_made_for_at_once() {
    let place = Place::of_photos(Fake::new(|_| Ok(())));
    until("the doors", || place.is_open());
    let frame = Samples::from_millis(40);
    let least = place.pose(7, 1).unwrap().face.lookahead();
    for step in [1, 5, 25] {
        let mut model = place.pose(7, step).unwrap();
        let expected = Samples(frame.0 * (u64::from(step) - 1));
        assert_eq!(model.face.lookahead(), least + expected);
        // What a painter makes sure of before it waits is enough: nothing more need come.
        for frames in 1..60_u64 {
            let known = Samples(frame.0 * frames) + model.face.lookahead();
            let missing = known.saturating_sub(model.heard);
            model.hear_samples(0.3, missing);
            model.next();
        }
        assert_eq!(model.live.failure(), None);
    }
}

#[test]
fn faces_are_found_by_whoever_can() {
    for finds in [true, false] {
        let fake = Fake {
            finds,
            ..Fake::new(|_| Ok(()))
        };
        let looks = Arc::clone(&fake.looks);
        let place = Place::of_photos(fake);
        let mut model = place.pose(7, 5).unwrap();
        model.hear(0.5, 30);
        model.play(3);
        assert_eq!(looks.lock().unwrap()[1], (8, finds));
    }
}

#[test]
fn a_photo_without_a_face_is_its_clients_fault() {
    let place = Place::of_photos(Fake::new(|_| Ok(())));
    let mut nobody = place.pose(0, 5).unwrap();
    let mut other = place
        .pose_as(5, |_| {
            Err(Failure {
                code: FailureCode::BadImage,
                text: "this is no picture".to_owned(),
            })
        })
        .unwrap();
    let mut good = place.pose(9, 5).unwrap();
    for (model, text) in [(&mut nobody, "nobody is there"), (&mut other, "no picture")] {
        model.hear(0.5, 30);
        until("somebody to look", || {
            model.ready(false);
            model.live.failure().is_some()
        });
        let failure = model.failure();
        assert_eq!(failure.code, FailureCode::BadImage);
        assert!(failure.text.contains(text), "{}", failure.text);
    }
    good.hear(0.5, 30);
    good.play(20);
    assert_eq!(good.live.failure(), None);
}

#[test]
fn photos_of_all_sessions_are_drawn_together_and_forgotten_with_them() {
    let fake = Fake::new(|_| Ok(()));
    let (open, batches) = (Arc::clone(&fake.open), Arc::clone(&fake.batches));
    let place = Place::of_photos(fake);
    until("the doors", || place.is_open());
    open.store(false, Ordering::SeqCst);
    let mut models: Vec<Model> = [3, 4, 5].map(|light| place.pose(light, 5).unwrap()).into();
    models.iter_mut().for_each(|model| {
        model.hear(0.5, 60);
        model.ready(false);
    });
    // A batch of them is at hand, and no more is ordered than memory is meant for.
    until("orders of all", || {
        place.studio.0.lock().schedule.orders() >= 3 * 14 - 8
    });
    assert!(place.studio.0.lock().schedule.orders() <= 3 * 14);
    batches.lock().unwrap().clear();
    open.store(true, Ordering::SeqCst);
    models.iter_mut().for_each(|model| model.play(20));
    let shared = |batch: &Vec<Wanted>| batch.iter().any(|wanted| wanted.avatar != batch[0].avatar);
    assert!(batches.lock().unwrap().iter().any(shared));
    assert_eq!(place.studio.0.portraits.count(), 3);
    models.truncate(1);
    until("the others' end", || place.studio.0.portraits.count() == 1);
    models[0].play(5);
}

#[test]
fn photos_wait_for_the_networks_and_fail_with_their_reason() {
    let (sender, opened) = channel::<Result<(), NetworkError>>();
    let opened = Mutex::new(opened);
    let opener = move || {
        let told = opened.lock().unwrap().recv().unwrap();
        told.map(|()| Arc::new(Fake::new(|_| Ok(()))) as Arc<dyn Networks>)
    };
    let place = Place::over(tempfile::tempdir().unwrap(), None, Arc::new(opener));
    let mut early = place.pose(7, 5).unwrap();
    early.hear(0.3, 40);
    assert!(!early.ready(false) && !early.ready(true));
    sender.send(Ok(())).unwrap();
    early.play(10);
    assert_eq!(early.live.failure(), None);

    let failing = || Err(NetworkError::Failed("renderer.json: no side".to_owned()));
    let place = Place::over(tempfile::tempdir().unwrap(), None, Arc::new(failing));
    until("the end of it", || place.pose(7, 5).is_err());
    let failure = place.pose(7, 5).err().unwrap();
    assert_eq!(failure.code, FailureCode::InferenceFailed);
    assert!(failure.text.contains("no side"), "{}", failure.text);
}

#[test]
fn a_broken_device_ends_those_on_photos() {
    let fake = Fake::new(|batch| match batch.len() {
        1 | 2 => Ok(()),
        _ => Err(NetworkError::Device("an illegal address".to_owned())),
    });
    let place = Place::of_photos(fake);
    until("the doors", || place.is_open());
    let mut model = place.pose(7, 5).unwrap();
    model.hear(0.5, 60);
    model.ready(false);
    let failure = model.failure();
    assert_eq!(failure.code, FailureCode::InferenceFailed);
    assert!(failure.text.contains("an illegal address"));
    until("word of it", || place.broken.load(Ordering::SeqCst));
    assert!(!place.staff.stop(), "nothing may be given back");
    drop(place.received.try_recv());
}
