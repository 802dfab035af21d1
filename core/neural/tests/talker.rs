//! Photos are made to talk by a real library, compiled from backend.c against the header in the repository.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test itself does"
)]

mod backend;

use avatar_neural::{
    Framing, Library, Manner, NeuralError, Options, Photo, PictureRequest, Rectangle, Talker,
};
use backend::{Setup, compile};

impl Setup {
    /// A talker that misbehaves as `words` say.
    fn talker(&self, words: &str) -> Result<Talker, NeuralError> {
        self.library.talker(&self.options(words))
    }
}

fn photo(talker: &Talker, red: u8) -> Photo {
    talker
        .photo(&[red; 16 * 12 * 3], 16, 12, Framing::Face)
        .unwrap()
}

#[test]
fn it_says_what_it_is() {
    let setup = Setup::new();
    let talker = setup.talker("batch=5").unwrap();
    let description = *talker.description();
    assert_eq!((description.version, description.side), (2, 512));
    assert_eq!((description.motion, description.window), (8, 50));
    assert_eq!(
        (description.sample_rate, description.frame_rate),
        (16_000, 25)
    );
    assert_eq!((description.max_batch, description.lookahead_ms), (5, 80));
    assert!(description.finds_faces);
}

#[test]
fn a_photo_tells_its_face_and_what_is_drawn_of_it() {
    let setup = Setup::new();
    let talker = setup.talker("").unwrap();
    let rectangle = |x1, y1| Rectangle {
        x0: 0,
        y0: 0,
        x1,
        y1,
    };
    let found = photo(&talker, 7);
    let face = Rectangle {
        x0: 4,
        y0: 3,
        x1: 12,
        y1: 9,
    };
    assert_eq!(
        (found.face(), found.crop()),
        (Some(face), rectangle(12, 12))
    );
    let none = photo(&talker, 0);
    assert_eq!((none.face(), none.crop()), (None, rectangle(12, 12)));
    let whole = talker.photo(&[7; 576], 16, 12, Framing::Whole).unwrap();
    assert_eq!((whole.face(), whole.crop()), (None, rectangle(16, 12)));
    let short = talker.photo(&[7; 575], 16, 12, Framing::Whole);
    assert!(matches!(short, Err(NeuralError::Argument(_))));
}

#[test]
fn speech_becomes_motion_in_order_however_it_arrives() {
    let setup = Setup::new();
    let talker = setup.talker("").unwrap();
    let photo = photo(&talker, 7);
    let speech: Vec<f32> = (0u16..64_001)
        .map(|sample| f32::from(sample / 640) / 400.0)
        .collect();
    let manner = Manner {
        seed: 77,
        pose: Some([0.1, 0.2, 0.3]),
        gaze: Some([0.4, 0.5]),
        ..Manner::default()
    };
    let mut whole = Vec::new();
    let mut performance = talker.performance(&photo, &manner).unwrap();
    assert_eq!(performance.hear(&speech, true, &mut whole), Ok(101));
    assert_eq!(whole.len(), 101 * 8);
    assert_eq!(whole[..8], [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 77.0, 2.0]);

    let mut pieces = Vec::new();
    let mut made = 0;
    let mut performance = talker.performance(&photo, &manner).unwrap();
    // It needs the talker and not the photo.
    drop(photo);
    for piece in speech.chunks(333) {
        made += performance.hear(piece, false, &mut pieces).unwrap();
    }
    assert!((90..101).contains(&made));
    made += performance.hear(&[], true, &mut pieces).unwrap();
    assert_eq!(made, 101);
    assert_eq!(pieces, whole);
}

#[test]
fn a_batch_is_of_any_photos() {
    let setup = Setup::new();
    let talker = setup.talker("batch=2").unwrap();
    let (anna, boris) = (photo(&talker, 30), photo(&talker, 60));
    let mut pictures = [vec![0; 786_432], vec![0; 786_432]];
    let [first, second] = &mut pictures;
    let motions = [[0.5, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0; 8]];
    let mut requests = [
        PictureRequest {
            photo: &anna,
            motion: &motions[0],
            picture: first,
        },
        PictureRequest {
            photo: &boris,
            motion: &motions[1],
            picture: second,
        },
    ];
    talker.pictures(&mut requests).unwrap();
    let pixel = |picture: usize, row: usize| &pictures[picture][(row * 512 + 256) * 3..][..3];
    assert_eq!(pixel(0, 10), [30, 160, 200]);
    assert_eq!(pixel(0, 360), [0, 0, 0]);
    assert_eq!(pixel(1, 360), [60, 96, 100]);
}

#[test]
fn what_does_not_fit_is_not_passed_on() {
    let setup = Setup::new();
    let talker = setup.talker("batch=1").unwrap();
    let own = photo(&talker, 7);
    let stranger = photo(&setup.talker("").unwrap(), 7);
    let (mut picture, mut other, mut short) =
        (vec![0; 786_432], vec![0; 786_432], vec![0; 786_431]);
    let motion = [0.0; 8];
    let refused = |requests: &mut [PictureRequest<'_>], text: &str| {
        let Err(NeuralError::Argument(found)) = talker.pictures(requests) else {
            panic!("this must be refused: {text}");
        };
        assert!(found.contains(text), "{found}");
    };
    fn request<'a>(
        photo: &'a Photo,
        motion: &'a [f32],
        picture: &'a mut [u8],
    ) -> PictureRequest<'a> {
        PictureRequest {
            photo,
            motion,
            picture,
        }
    }
    refused(
        &mut [request(&stranger, &motion, &mut picture)],
        "another talker",
    );
    refused(
        &mut [request(&own, &motion[1..], &mut picture)],
        "8 floats, not 7",
    );
    refused(
        &mut [request(&own, &motion, &mut short)],
        "786432 bytes, not 786431",
    );
    refused(
        &mut [
            request(&own, &motion, &mut picture),
            request(&own, &motion, &mut other),
        ],
        "2 pictures are asked for at once, and 1 can be",
    );
    assert_eq!(talker.pictures(&mut []), Ok(()));
    assert!(matches!(
        talker.performance(&stranger, &Manner::default()),
        Err(NeuralError::Argument(_))
    ));
}

#[test]
fn failures_keep_their_kind() {
    let setup = Setup::new();
    let error = setup.talker("talker=weights").unwrap_err();
    assert!(matches!(error, NeuralError::Weights(_)), "{error}");
    let talker = setup
        .talker("photo=memory")
        .unwrap()
        .photo(&[7; 3], 1, 1, Framing::Whole);
    assert!(matches!(talker, Err(NeuralError::Memory(_))));
    let talker = setup.talker("perform=device,pictures=memory").unwrap();
    let photo = photo(&talker, 7);
    let few = Manner {
        moments: 1,
        ..Manner::default()
    };
    assert!(matches!(
        talker.performance(&photo, &few),
        Err(NeuralError::Argument(_))
    ));
    let mut performance = talker.performance(&photo, &Manner::default()).unwrap();
    let mut motions = vec![1.0];
    let heard = performance.hear(&[0.0; 64], false, &mut motions);
    assert!(matches!(heard, Err(NeuralError::Device(_))));
    assert_eq!(motions, [1.0]);
    let drawn = talker.pictures(&mut [PictureRequest {
        photo: &photo,
        motion: &[0.0; 8],
        picture: &mut vec![0; 786_432],
    }]);
    assert!(matches!(drawn, Err(NeuralError::Memory(_))));
}

#[test]
fn it_closes_after_everything_of_its() {
    let setup = Setup::new();
    let weights = setup.directory.path().join("weights");
    std::fs::create_dir(&weights).unwrap();
    std::fs::write(weights.join("backend.txt"), "log\n").unwrap();
    let calls = || std::fs::read_to_string(weights.join("calls.txt")).unwrap();
    let talker = setup.library.talker(&Options::new(&weights)).unwrap();
    let photo = photo(&talker, 7);
    let performance = talker.performance(&photo, &Manner::default()).unwrap();
    let Setup { directory, library } = setup;
    drop((library, talker, photo));
    assert!(!calls().contains("closed"));
    // What is left works on another thread.
    std::thread::spawn(move || drop(performance))
        .join()
        .unwrap();
    assert!(calls().ends_with("talker closed\n"), "{}", calls());
    drop(directory);
}

#[test]
fn a_library_from_before_there_were_talkers_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let library = Library::open(&compile(directory.path(), &["WITHOUT_TALKER"])).unwrap();
    assert!(library.networks(&Options::new(directory.path())).is_ok());
    let error = library.talker(&Options::new(directory.path())).unwrap_err();
    assert_eq!(
        error,
        NeuralError::Argument("backend for tests cannot make photos talk".to_owned())
    );
}
