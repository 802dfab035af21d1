//! Avatars prepared from a film, by something that finds white squares instead of faces.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use avatar_codec::ClipSettings;
use avatar_core::face::neural::preparation::{
    Outcome, Preparation, PreparationError, PreparedFrame, Preparer, Progress, Shape, prepare,
};
use avatar_core::face::neural::{Bounds, LATENTS, Manifest, MaskMode};

const SIDE: usize = 32;

/// A film of one second, 128 by 96, with a white square of 32 pixels that moves 2 pixels to the right in each of 25 frames,
/// but is not there from the 5th to the 8th and in the last two.
fn film(directory: &Path) -> PathBuf {
    let file = directory.join("film.mp4");
    let source = "color=black:size=128x96:rate=25:duration=1[back];\
        color=white:size=32x32:rate=25:duration=1[square];\
        [back][square]overlay=x='10+2*round(25*t)':y=40:\
        enable='not(between(round(25*t),5,8))*lt(round(25*t),23)',format=yuv444p";
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-f", "lavfi", "-i", source])
        .args(["-c:v", "libx264", "-qp", "0"])
        .arg(&file)
        .status()
        .unwrap();
    assert!(made.success());
    file
}

/// Finds the white square. Fails when it has been asked too often.
struct Squares {
    finds: usize,
    prepares: usize,
    patience: usize,
}

impl Squares {
    fn patient() -> Self {
        Self::with_patience(usize::MAX)
    }

    fn with_patience(patience: usize) -> Self {
        Self {
            finds: 0,
            prepares: 0,
            patience,
        }
    }

    fn bear(&mut self) -> Result<(), String> {
        if self.patience == 0 {
            return Err("no more".to_owned());
        }
        self.patience -= 1;
        Ok(())
    }
}

impl Preparer for &mut Squares {
    fn find(&mut self, frame: &[u8], width: u32, height: u32) -> Result<Option<Bounds>, String> {
        self.bear()?;
        self.finds += 1;
        assert_eq!(frame.len(), (width * height * 3) as usize);
        let white = |pixel: &&[u8]| pixel.iter().all(|value| *value > 200);
        let at = frame.chunks(3).position(|pixel| white(&pixel));
        Ok(at.map(|at| {
            let (x, y) = (at % width as usize, at / width as usize);
            [x, y, x + SIDE, y + SIDE]
                .map(|side| i32::try_from(side).unwrap())
                .into()
        }))
    }

    fn prepare(
        &mut self,
        _frame: &[u8],
        _width: u32,
        _height: u32,
        face: Bounds,
    ) -> Result<PreparedFrame, String> {
        self.bear()?;
        self.prepares += 1;
        let crop: Bounds = [face.x0 - 8, face.y0 - 8, face.x1 + 8, face.y1 + 8].into();
        let shade = u8::try_from(face.x0).unwrap();
        #[expect(clippy::cast_precision_loss, reason = "below 128")]
        let latent = face.x0 as f32;
        Ok(PreparedFrame {
            crop,
            mask: vec![shade; (crop.width() * crop.height()) as usize],
            latents: vec![latent; 8 * 32 * 32],
        })
    }
}

fn preparation(directory: &Path, film: PathBuf) -> Preparation {
    Preparation {
        film,
        directory: directory.join("avatars/anna"),
        title: "Anna".to_owned(),
        clip: ClipSettings::default(),
        shape: Shape {
            mode: MaskMode::Neck,
            ..Shape::default()
        },
        weights: "made of nothing".to_owned(),
        replace: false,
    }
}

fn run(preparation: &Preparation, squares: &mut Squares) -> Result<Outcome, PreparationError> {
    prepare(preparation, || Ok(squares), |_| {})
}

/// The first columns of the faces of all frames, as they are expected.
fn expected() -> Vec<i32> {
    let last = 10 + 2 * 22;
    let moving = |n: i32| (10 + 2 * n).min(last);
    (0..25).map(moving).collect()
}

/// Makes sure that an avatar is whole.
fn check(directory: &Path) {
    let manifest = Manifest::read(directory).unwrap();
    assert_eq!((manifest.width, manifest.height), (128, 96));
    assert_eq!(manifest.name, "Anna");
    assert_eq!(manifest.mode, MaskMode::Neck);
    let columns: Vec<i32> = manifest.frames.iter().map(|frame| frame.face.x0).collect();
    assert_eq!(columns, expected());
    let latents = fs::read(directory.join(LATENTS)).unwrap();
    let latents = safetensors::SafeTensors::deserialize(&latents).unwrap();
    let latents = latents.tensor("latents").unwrap();
    assert_eq!(latents.shape(), [25, 8, 32, 32]);
    for (index, frame) in manifest.frames.iter().enumerate() {
        let picture = png(&Manifest::frame_file(directory, index));
        assert_eq!(picture.0, (128, 96));
        let mask = png(&Manifest::mask_file(directory, index));
        assert_eq!(mask.0, (frame.crop.width(), frame.crop.height()));
        assert!(
            mask.1
                .iter()
                .all(|value| i32::from(*value) == frame.face.x0)
        );
        let at = index * 8 * 32 * 32 * 4;
        let latent = f32::from_le_bytes(latents.data()[at..at + 4].try_into().unwrap());
        #[expect(clippy::cast_precision_loss, reason = "below 128")]
        let column = frame.face.x0 as f32;
        assert_eq!(latent.to_bits(), column.to_bits(), "{index}");
    }
    assert_eq!(fs::read_dir(directory.join("frames")).unwrap().count(), 25);
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["frames", "latents.safetensors", "manifest.json", "masks"]
    );
    let beside = fs::read_dir(directory.parent().unwrap()).unwrap();
    assert_eq!(beside.count(), 1, "nothing else is left");
}

fn png(file: &Path) -> ((u32, u32), Vec<u8>) {
    let decoder = png::Decoder::new(std::io::BufReader::new(fs::File::open(file).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut bytes).unwrap();
    (reader.info().size(), bytes)
}

#[test]
fn frames_without_a_face_have_their_neighbours() {
    let scratch = tempfile::tempdir().unwrap();
    let preparation = preparation(scratch.path(), film(scratch.path()));
    let mut told = Vec::new();
    let mut squares = Squares::patient();
    let outcome = prepare(
        &preparation,
        || Ok(&mut squares),
        |progress| told.push(progress),
    );
    let expected = Outcome {
        frames: 25,
        faceless: 6,
    };
    assert_eq!(outcome.unwrap(), expected);
    check(&preparation.directory);
    assert_eq!(told.len(), 2 * 26);
    let first = Progress::Finding {
        done: 0,
        expected: Some(25),
    };
    let last = Progress::Preparing {
        done: 25,
        frames: 25,
    };
    assert_eq!((told[0], told[51]), (first, last));
}

#[test]
fn what_was_interrupted_goes_on() {
    let scratch = tempfile::tempdir().unwrap();
    let preparation = preparation(scratch.path(), film(scratch.path()));
    let unfinished = scratch.path().join("avatars/.anna.unfinished");
    // In the first round, again there, in the second, and then to the end.
    let mut asked = (0, 0);
    for patience in [7, 4, 20, usize::MAX] {
        let mut squares = Squares::with_patience(patience);
        let outcome = run(&preparation, &mut squares);
        asked = (asked.0 + squares.finds, asked.1 + squares.prepares);
        assert_eq!(outcome.is_ok(), patience == usize::MAX);
        assert_eq!(preparation.directory.exists(), outcome.is_ok());
        if let Err(error) = outcome {
            assert!(error.to_string().contains("no more"), "{error}");
            // As if the power had gone while a line was written, and another frame's latents.
            for file in ["faces.jsonl", "crops.jsonl", "latents.raw"] {
                let file = unfinished.join(file);
                let mut bytes = fs::read(&file).unwrap();
                if file.ends_with("latents.raw") || patience != 20 {
                    bytes.extend(b"[1, 2");
                }
                fs::write(&file, bytes).unwrap();
            }
        }
    }
    assert_eq!(asked, (25, 25), "nothing was done twice");
    check(&preparation.directory);
}

#[test]
fn other_settings_begin_anew() {
    let scratch = tempfile::tempdir().unwrap();
    let mut preparation = preparation(scratch.path(), film(scratch.path()));
    preparation.shape.mode = MaskMode::Raw;
    run(&preparation, &mut Squares::with_patience(30)).unwrap_err();
    preparation.shape.mode = MaskMode::Neck;
    let mut squares = Squares::patient();
    run(&preparation, &mut squares).unwrap();
    assert_eq!((squares.finds, squares.prepares), (25, 25));
    check(&preparation.directory);
}

#[test]
fn avatars_are_replaced_only_on_request() {
    let scratch = tempfile::tempdir().unwrap();
    let mut preparation = preparation(scratch.path(), film(scratch.path()));
    run(&preparation, &mut Squares::patient()).unwrap();
    let error = run(&preparation, &mut Squares::patient()).unwrap_err();
    assert!(matches!(error, PreparationError::Exists { .. }), "{error}");
    fs::write(preparation.directory.join("old"), "").unwrap();
    preparation.replace = true;
    run(&preparation, &mut Squares::patient()).unwrap();
    check(&preparation.directory);
}

#[test]
fn one_at_a_time() {
    let scratch = tempfile::tempdir().unwrap();
    let preparation = preparation(scratch.path(), film(scratch.path()));
    let (mut squares, mut second) = (Squares::patient(), None);
    prepare(
        &preparation,
        || {
            second = Some(run(&preparation, &mut Squares::patient()));
            Ok(&mut squares)
        },
        |_| {},
    )
    .unwrap();
    let second = second.unwrap().unwrap_err();
    assert!(matches!(second, PreparationError::Busy { .. }), "{second}");
}

#[test]
fn a_film_of_nobody_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let mut preparation = preparation(scratch.path(), scratch.path().join("dark.mp4"));
    let source = "color=black:size=64x64:rate=25:duration=0.2";
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-f", "lavfi", "-i", source])
        .arg(&preparation.film)
        .status()
        .unwrap();
    assert!(made.success());
    let error = run(&preparation, &mut Squares::patient()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.ends_with("there is no face in any of its 5 frames"),
        "{text}"
    );
    let left = fs::read_dir(scratch.path().join("avatars")).unwrap();
    assert_eq!(left.count(), 0);

    preparation.film = scratch.path().join("missing.mp4");
    let error = run(&preparation, &mut Squares::patient()).unwrap_err();
    assert!(error.to_string().contains("missing.mp4"), "{error}");
}
