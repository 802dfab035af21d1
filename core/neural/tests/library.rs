//! A library is opened, used and refused: a real one, compiled from backend.c against the header in the repository.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test itself does"
)]

mod backend;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use avatar_neural::{
    LATENTS, Library, Networks, NeuralError, Options, Portrait, Preparation, Rectangle, Request,
};
use backend::{Setup, compile};

impl Setup {
    /// Networks that misbehave as `words` say.
    fn networks(&self, words: &str) -> Result<Networks, NeuralError> {
        self.library.networks(&self.options(words))
    }

    fn latents(&self, frames: usize) -> PathBuf {
        let file = self.directory.path().join(format!("latents{frames}"));
        std::fs::write(&file, format!("{frames}\n")).unwrap();
        file
    }
}

/// `frames` frames at 25 a second, each louder than the one before.
fn louder(frames: usize) -> Vec<f32> {
    (0..frames * 640)
        .map(|sample| (sample / 640) as f32 / (4 * frames) as f32)
        .collect()
}

#[test]
fn it_says_what_it_is() {
    let setup = Setup::new();
    assert_eq!(setup.library.title(), "backend for tests");
    let description = *setup.networks("batch=5").unwrap().description();
    assert_eq!(description.face_side, 256);
    assert_eq!(description.tokens, 8);
    assert_eq!(description.sample_rate, 16000);
    assert_eq!(description.max_batch, 5);
    assert_eq!(description.lookahead_ms, 100);
}

#[test]
fn speech_becomes_tokens_in_order_however_it_arrives() {
    let setup = Setup::new();
    let networks = setup.networks("").unwrap();
    let speech = louder(100);
    let mut whole = Vec::new();
    let mut listener = networks.listener(25).unwrap();
    assert_eq!(listener.hear(&speech, true, &mut whole), Ok(100));
    assert_eq!(whole.len(), 100 * 8);
    assert!(whole.is_sorted());

    let mut pieces = Vec::new();
    let mut known = 0;
    let mut listener = networks.listener(25).unwrap();
    for (heard, piece) in speech.chunks(333).enumerate() {
        known += listener.hear(piece, false, &mut pieces).unwrap();
        // A frame is known 100 ms after its beginning.
        assert!(known == 0 || known * 640 + 960 <= (heard + 1) * 333);
    }
    assert!(known >= 97);
    known += listener.hear(&[], true, &mut pieces).unwrap();
    assert_eq!(known, 100);
    assert_eq!(pieces, whole);
}

#[test]
fn a_batch_is_of_any_portraits() {
    let setup = Setup::new();
    let networks = setup.networks("").unwrap();
    let anna = networks.portrait(&setup.latents(10)).unwrap();
    let boris = networks.portrait(&setup.latents(3)).unwrap();
    assert_eq!((anna.frames(), boris.frames()), (10, 3));
    let mut faces = [vec![0; 196_608], vec![0; 196_608]];
    let [first, second] = &mut faces;
    networks
        .faces(&mut [
            Request {
                portrait: &anna,
                index: 9,
                tokens: &[0.5; 8],
                face: first,
            },
            Request {
                portrait: &boris,
                index: 2,
                tokens: &[0.0; 8],
                face: second,
            },
        ])
        .unwrap();
    let pixel = |face: usize, row: usize| &faces[face][(row * 256 + 128) * 3..][..3];
    assert_eq!(pixel(0, 10), [136, 160, 200]);
    assert_eq!(pixel(0, 180), [0, 0, 0]);
    assert_eq!(pixel(0, 250), [136, 160, 200]);
    assert_eq!(pixel(1, 180), [80, 96, 200]);
}

#[test]
fn what_does_not_fit_is_not_passed_on() {
    let setup = Setup::new();
    let networks = setup.networks("batch=1").unwrap();
    let portrait = networks.portrait(&setup.latents(3)).unwrap();
    let stranger = setup
        .networks("")
        .unwrap()
        .portrait(&setup.latents(3))
        .unwrap();
    let (mut face, mut other, mut short) = (vec![0; 196_608], vec![0; 196_608], vec![0; 196_607]);
    let tokens = [0.0; 8];
    let refused = |requests: &mut [Request<'_>], text: &str| {
        let Err(NeuralError::Argument(found)) = networks.faces(requests) else {
            panic!("this must be refused: {text}");
        };
        assert!(found.contains(text), "{found}");
    };
    fn request<'a>(
        portrait: &'a Portrait,
        index: usize,
        tokens: &'a [f32],
        face: &'a mut [u8],
    ) -> Request<'a> {
        Request {
            portrait,
            index,
            tokens,
            face,
        }
    }
    refused(
        &mut [request(&stranger, 0, &tokens, &mut face)],
        "other networks",
    );
    refused(&mut [request(&portrait, 3, &tokens, &mut face)], "frame 3");
    refused(
        &mut [request(&portrait, 0, &tokens[1..], &mut face)],
        "8 floats, not 7",
    );
    refused(
        &mut [request(&portrait, 0, &tokens, &mut short)],
        "196608 bytes, not 196607",
    );
    refused(
        &mut [
            request(&portrait, 0, &tokens, &mut face),
            request(&portrait, 1, &tokens, &mut other),
        ],
        "2 faces are asked for at once, and 1 can be",
    );
    assert_eq!(networks.faces(&mut []), Ok(()));
}

#[test]
fn failures_keep_their_kind_and_their_text() {
    let setup = Setup::new();
    let text =
        "unet.safetensors: there is no tensor \"conv_in.weight\", which must be [320, 8, 3, 3]";
    for (word, expected) in [
        ("argument", NeuralError::Argument(text.to_owned())),
        ("weights", NeuralError::Weights(text.to_owned())),
        ("memory", NeuralError::Memory(text.to_owned())),
        ("device", NeuralError::Device(text.to_owned())),
        ("io", NeuralError::Io(text.to_owned())),
        ("cancelled", NeuralError::Cancelled(text.to_owned())),
        ("internal", NeuralError::Internal(text.to_owned())),
        ("99", NeuralError::Internal(text.to_owned())),
    ] {
        let error = setup.networks(&format!("open={word}")).unwrap_err();
        assert_eq!(error, expected);
        assert_eq!(error.to_string(), text);
    }
    let networks = setup.networks("hear=device,portrait=io").unwrap();
    let mut tokens = vec![1.0];
    let heard = networks
        .listener(25)
        .unwrap()
        .hear(&[0.0; 64], false, &mut tokens);
    assert!(matches!(heard, Err(NeuralError::Device(_))));
    assert_eq!(tokens, [1.0]);
    assert!(matches!(
        networks.portrait(&setup.latents(1)),
        Err(NeuralError::Io(_))
    ));
    assert!(matches!(
        networks.listener(0),
        Err(NeuralError::Argument(_))
    ));
}

#[test]
fn too_large_a_batch_fails_and_a_smaller_one_does_not() {
    let setup = Setup::new();
    let networks = setup.networks("faces=memory,above=1").unwrap();
    let portrait = networks.portrait(&setup.latents(3)).unwrap();
    let mut faces = [vec![0; 196_608], vec![0; 196_608]];
    let mut requests = faces.each_mut().map(|face| Request {
        portrait: &portrait,
        index: 0,
        tokens: &[0.0; 8],
        face,
    });
    let error = networks.faces(&mut requests).unwrap_err();
    assert_eq!(
        error,
        NeuralError::Memory("no 2 faces, as the test wishes".to_owned())
    );
    for request in requests.chunks_mut(1) {
        networks.faces(request).unwrap();
    }
}

#[test]
fn what_is_no_library_of_this_version_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let refused = |library: &Path| Library::open(library).unwrap_err();

    let newer = compile(directory.path(), &["ABI=7"]);
    assert_eq!(
        refused(&newer),
        NeuralError::Abi {
            library: newer.clone(),
            found: 7
        }
    );
    let text = refused(&newer).to_string();
    assert!(text.contains("libbackendABI=7.so has version 7"), "{text}");
    assert!(text.contains("needs version 1"), "{text}");

    let lacking = compile(directory.path(), &["WITHOUT_FACES"]);
    let text = refused(&lacking).to_string();
    assert!(
        text.contains("libbackendWITHOUT_FACES.so cannot be used: it has no avatar_models_faces"),
        "{text}"
    );

    let text = refused(&directory.path().join("none.so")).to_string();
    assert!(
        text.contains("none.so cannot be used: ") && text.contains("No such file"),
        "{text}"
    );

    let library = directory.path().join("text.so");
    std::fs::write(&library, "no library").unwrap();
    assert!(matches!(refused(&library), NeuralError::Library { .. }));
}

#[test]
fn a_description_that_leaves_something_out_is_not_believed() {
    let directory = tempfile::tempdir().unwrap();
    let library = Library::open(&compile(directory.path(), &["SMALL"])).unwrap();
    let error = library
        .networks(&Options::new(directory.path()))
        .unwrap_err();
    assert!(
        matches!(&error, NeuralError::Internal(text) if text.contains("20 bytes of 24")),
        "{error}"
    );
}

#[test]
fn networks_close_after_everything_of_theirs() {
    let setup = Setup::new();
    let weights = setup.directory.path().join("weights");
    std::fs::create_dir(&weights).unwrap();
    std::fs::write(weights.join("backend.txt"), "log\n").unwrap();
    let calls = || std::fs::read_to_string(weights.join("calls.txt")).unwrap();
    let networks = setup.library.networks(&Options::new(&weights)).unwrap();
    let listener = networks.listener(25).unwrap();
    let portrait = networks.portrait(&setup.latents(3)).unwrap();
    let Setup { directory, library } = setup;
    drop((library, networks, listener));
    assert!(!calls().contains("close"));
    // What is left works on another thread.
    std::thread::spawn(move || drop(portrait)).join().unwrap();
    assert!(calls().ends_with("close\n"), "{}", calls());
    drop(directory);
}

#[test]
fn callers_on_many_threads_take_turns() {
    let setup = Setup::new();
    let networks = setup.networks("").unwrap();
    let portrait = networks.portrait(&setup.latents(16)).unwrap();
    std::thread::scope(|scope| {
        for index in 0..8 {
            let (networks, portrait) = (networks.clone(), &portrait);
            scope.spawn(move || {
                let mut face = vec![0; 196_608];
                networks
                    .faces(&mut [Request {
                        portrait,
                        index,
                        tokens: &[0.0; 8],
                        face: &mut face,
                    }])
                    .unwrap();
                assert_eq!(usize::from(face[0]), 64 + 8 * index);
            });
        }
    });
}

#[test]
fn pictures_are_prepared() {
    let setup = Setup::new();
    let mut preparer = setup
        .library
        .preparer(&Preparation::new(setup.directory.path()))
        .unwrap();
    let mut picture = vec![255; 64 * 48 * 3];
    let face = Rectangle {
        x0: 16,
        y0: 12,
        x1: 48,
        y1: 36,
    };
    assert_eq!(preparer.find(&picture, 64, 48), Ok(Some(face)));
    let prepared = preparer.prepare(&picture, 64, 48, face).unwrap();
    assert_eq!(
        prepared.crop,
        Rectangle {
            x0: 8,
            y0: 0,
            x1: 56,
            y1: 48
        }
    );
    assert_eq!(prepared.mask.len(), 48 * 48);
    assert_eq!(
        prepared.mask.iter().filter(|alpha| **alpha == 255).count(),
        32 * 24
    );
    assert_eq!(prepared.latents, vec![1.0; LATENTS]);
    picture.fill(0);
    assert_eq!(preparer.find(&picture, 64, 48), Ok(None));
    assert!(matches!(
        preparer.find(&picture, 64, 47),
        Err(NeuralError::Argument(_))
    ));
    for nowhere in [
        Rectangle {
            x0: 5,
            y0: 5,
            x1: 5,
            y1: 9,
        },
        Rectangle {
            x0: i32::MIN,
            y0: 0,
            x1: i32::MAX,
            y1: 9,
        },
        Rectangle {
            x0: 9,
            y0: 0,
            x1: 5,
            y1: 9,
        },
    ] {
        let prepared = preparer.prepare(&picture, 64, 48, nowhere);
        assert!(matches!(prepared, Err(NeuralError::Argument(_))));
    }
}

#[test]
fn an_import_tells_how_it_goes_and_can_be_broken_off() {
    let setup = Setup::new();
    let source = setup.directory.path();
    let target = source.join("imported");
    let import = |progress: &mut dyn FnMut(&str, u64, u64) -> ControlFlow<()>| {
        setup.library.import(source, &target, progress)
    };
    let mut steps = 0;
    let stopped = import(&mut |_, done, _| {
        steps += 1;
        if done < 2 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    assert_eq!(stopped, Err(NeuralError::Cancelled("stopped".to_owned())));
    assert_eq!(steps, 3);

    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        import(&mut |_, _, _| panic!("out of the callback"))
    }));
    assert_eq!(
        panic.unwrap_err().downcast_ref(),
        Some(&"out of the callback")
    );

    let mut told = Vec::new();
    import(&mut |step, done, total| {
        told.push((step.to_owned(), done, total));
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(told.last(), Some(&("unet.pth".to_owned(), 4, 4)));
    assert!(target.join("manifest.json").is_file());

    let missing = setup
        .library
        .import(Path::new("/nowhere"), &target, &mut |_, _, _| {
            ControlFlow::Continue(())
        });
    assert!(matches!(missing, Err(NeuralError::Io(_))));
}
