//! Frames are kept, found and mended.

use super::super::gallery::Gallery;
use super::super::specimen;
use super::*;

struct Clip {
    place: tempfile::TempDir,
}

impl Clip {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let manifest = specimen::manifest(64, 48, 3);
        specimen::write(&place.path().join("anna"), &manifest);
        Self { place }
    }

    fn exhibit(&self) -> Exhibit {
        Gallery::new(self.place.path()).find("anna").unwrap()
    }

    fn file(&self) -> PathBuf {
        self.place.path().join("cache/anna.film")
    }

    fn film(&self, size: (u32, u32)) -> Film {
        Film::open(&self.exhibit(), &self.file(), size)
    }

    /// Makes the avatar's own files unreadable, so that only what is kept can be shown.
    fn lose_frames(&self) {
        let frames = self.place.path().join("anna/frames");
        for entry in fs::read_dir(&frames).unwrap() {
            let file = entry.unwrap().path();
            let (length, time) = {
                let metadata = fs::metadata(&file).unwrap();
                (metadata.len(), metadata.modified().unwrap())
            };
            fs::write(&file, vec![0; length as usize]).unwrap();
            File::options()
                .write(true)
                .open(&file)
                .unwrap()
                .set_modified(time)
                .unwrap();
        }
    }
}

fn show(film: &Film, index: usize, size: (usize, usize)) -> Result<(Picture, Cutout), String> {
    let mut picture = Picture::new(size.0, size.1);
    let mut cutout = Cutout::default();
    film.show(index, &mut picture, &mut cutout)
        .map(|()| (picture, cutout))
        .map_err(|error| error.to_string())
}

const SIZE: (usize, usize) = (64, 48);

#[test]
fn frames_are_unpacked_once_and_then_read() {
    let clip = Clip::new();
    let film = clip.film((64, 48));
    let made: Vec<_> = (0..3).map(|n| show(&film, n, SIZE).unwrap()).collect();
    // Grey 102.
    assert_eq!(made[2].0.y[0], 104);
    assert_eq!(made[0].1.alpha.len(), made[0].1.width * made[0].1.height);
    clip.lose_frames();
    for film in [film, clip.film((64, 48))] {
        for (index, made) in made.iter().enumerate() {
            assert_eq!(show(&film, index, SIZE).unwrap(), *made);
        }
    }
}

#[test]
fn what_is_damaged_is_made_anew() {
    let clip = Clip::new();
    let made = show(&clip.film((64, 48)), 1, SIZE).unwrap();
    let good = fs::read(clip.file()).unwrap();
    let place = good.len() as u64 - PAGE;
    assert_eq!(place % 3, 0);
    let begin = (PAGE + place / 3) as usize;
    for at in [0, 20, 30, begin, begin + 9, begin + 30, begin + 500] {
        let mut bad = good.clone();
        bad[at] ^= 0x55;
        fs::write(clip.file(), bad).unwrap();
        assert_eq!(show(&clip.film((64, 48)), 1, SIZE).unwrap(), made, "{at}");
        let healed = fs::read(clip.file()).unwrap();
        assert_eq!(healed[begin..begin + 1000], good[begin..begin + 1000]);
    }
    for length in [0, 100, PAGE as usize, begin + 100, good.len() - 1] {
        fs::write(clip.file(), &good[..length]).unwrap();
        assert_eq!(show(&clip.film((64, 48)), 1, SIZE).unwrap(), made);
        assert_eq!(show(&clip.film((64, 48)), 1, SIZE).unwrap(), made);
        assert_eq!(fs::metadata(clip.file()).unwrap().len(), good.len() as u64);
    }
}

#[test]
fn another_clip_or_size_is_not_taken_for_this_one() {
    let clip = Clip::new();
    let made = show(&clip.film((64, 48)), 0, SIZE).unwrap();
    let small = show(&clip.film((32, 24)), 0, (32, 24)).unwrap();
    assert_eq!(small.0.y, vec![made.0.y[0]; 32 * 24]);
    let frame = Manifest::frame_file(&clip.place.path().join("anna"), 0);
    specimen::png(
        &frame,
        (64, 48),
        png::ColorType::Rgb,
        &vec![200; 64 * 48 * 3],
    );
    let changed = show(&clip.film((64, 48)), 0, SIZE).unwrap();
    assert_eq!(changed.0.y[0], 188);
}

#[test]
fn without_a_file_frames_are_shown_all_the_same() {
    let clip = Clip::new();
    let made = show(&clip.film((64, 48)), 0, SIZE).unwrap();
    let nowhere = clip.place.path().join("anna/manifest.json/x.film");
    let film = Film::open(&clip.exhibit(), &nowhere, (64, 48));
    assert_eq!(show(&film, 0, SIZE).unwrap(), made);
}

#[test]
fn a_frame_that_cannot_be_read_is_named() {
    let clip = Clip::new();
    clip.lose_frames();
    let error = show(&clip.film((64, 48)), 1, SIZE).unwrap_err();
    assert!(error.contains("frames/00000001.png"), "{error}");
    let wrong = Manifest::frame_file(&clip.place.path().join("anna"), 2);
    specimen::png(&wrong, (2, 2), png::ColorType::Rgb, &[0; 12]);
    let error = show(&clip.film((64, 48)), 2, SIZE).unwrap_err();
    assert!(
        error.contains("00000002.png") && error.contains("64×48"),
        "{error}"
    );
}
