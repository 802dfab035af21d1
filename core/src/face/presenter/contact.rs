//! Frames as PNG files, to be looked at by people:
//! `FACE_FRAMES=/tmp/frames cargo test --release -p avatar-core -- --ignored frames_to_look_at`.

use std::path::Path;

use avatar_codec::Picture;

use super::super::motion::{Look, Pose};
use super::super::mouth::Mouth;
use super::super::sheet::{MOUTHS, rgb, save};
use super::portrait::PORTRAITS;
use super::stage::{Scene, Stage};

#[test]
#[ignore = "writes pictures for people to look at"]
fn frames_to_look_at() {
    let folder = std::env::var("FACE_FRAMES").unwrap();
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).unwrap();
    let further = [
        ("s", [0.2, 0.02, 0.4, 0.0, 0.0, 0.0, 0.0]),
        ("blend", [0.4, 0.35, 0.2, 0.35, 0.0, 0.0, 0.2]),
    ];
    for portrait in &PORTRAITS {
        for size in [512, 256, 1024] {
            let mut stage = Stage::new(portrait, size, size);
            let mut picture = Picture::new(size, size);
            let keep = |picture: &Picture, name: &str| {
                let file = folder.join(format!("{}-{size}-{name}.png", portrait.id));
                save(&file, (size, size), &rgb(picture));
            };
            for (name, measures) in MOUTHS.into_iter().chain(further) {
                let mouth = Mouth::from_measures(measures);
                let pose = Pose {
                    jaw: mouth.jaw * 6.0,
                    ..Pose::default()
                };
                let scene = Scene {
                    mouth,
                    pose,
                    ..Scene::default()
                };
                stage.show(scene, &mut picture);
                keep(&picture, name);
            }
            for (name, shut) in [("half", 0.5), ("shut", 1.0)] {
                let look = Look {
                    shut,
                    gaze: (0.0, 0.0),
                };
                let scene = Scene {
                    look,
                    ..Scene::default()
                };
                stage.show(scene, &mut picture);
                keep(&picture, name);
            }
            for (name, sign) in [("left", -1.0), ("right", 1.0)] {
                let pose = Pose {
                    turn: sign * 4.5,
                    nod: sign * 2.5,
                    tilt: sign * 0.03,
                    brows: 2.5,
                    breath: 1.2,
                    ..Pose::default()
                };
                let scene = Scene {
                    pose,
                    ..Scene::default()
                };
                stage.show(scene, &mut picture);
                keep(&picture, name);
            }
        }
    }
}
