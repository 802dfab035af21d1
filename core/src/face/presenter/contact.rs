//! Frames as PNG files, to be looked at by people:
//! `FACE_FRAMES=/tmp/frames cargo test --release -p avatar-core -- --ignored frames_to_look_at`.

use std::fs::File;
use std::path::Path;

use avatar_codec::Picture;

use super::super::motion::{Look, Pose};
use super::super::mouth::Mouth;
use super::portrait::PORTRAITS;
use super::stage::{Scene, Stage};

fn rgb(picture: &Picture) -> Vec<u8> {
    let mut out = Vec::with_capacity(picture.width * picture.height * 3);
    for y in 0..picture.height {
        for x in 0..picture.width {
            let half = y / 2 * (picture.width / 2) + x / 2;
            let luma = (f32::from(picture.y[y * picture.width + x]) - 16.0) / 219.0;
            let blue = (f32::from(picture.u[half]) - 128.0) / 224.0;
            let red = (f32::from(picture.v[half]) - 128.0) / 224.0;
            let green = luma - 0.187_324 * blue - 0.468_124 * red;
            let colour = [luma + 1.5748 * red, green, luma + 1.8556 * blue];
            out.extend(colour.map(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8));
        }
    }
    out
}

fn save(picture: &Picture, path: &Path) {
    let file = File::create(path).unwrap();
    let mut encoder = png::Encoder::new(file, picture.width as u32, picture.height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&rgb(picture)).unwrap();
}

fn mouth(measures: [f32; 7]) -> Mouth {
    Mouth::from_measures(measures)
}

#[test]
#[ignore = "writes pictures for people to look at"]
fn frames_to_look_at() {
    let folder = std::env::var("FACE_FRAMES").unwrap();
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).unwrap();
    // open, jaw, width, round, press, bite, tongue
    let mouths = [
        ("rest", [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        ("a", [0.85, 0.85, 0.1, 0.0, 0.0, 0.0, 0.0]),
        ("e", [0.45, 0.4, 0.5, 0.0, 0.0, 0.0, 0.0]),
        ("i", [0.26, 0.12, 0.9, 0.0, 0.0, 0.0, 0.0]),
        ("o", [0.5, 0.5, 0.0, 0.75, 0.0, 0.0, 0.0]),
        ("u", [0.2, 0.2, 0.0, 1.0, 0.0, 0.0, 0.0]),
        ("m", [0.0, 0.05, 0.0, 0.0, 1.0, 0.0, 0.0]),
        ("f", [0.12, 0.1, 0.1, 0.0, 0.0, 1.0, 0.0]),
        ("s", [0.2, 0.02, 0.4, 0.0, 0.0, 0.0, 0.0]),
        ("l", [0.35, 0.3, 0.1, 0.0, 0.0, 0.0, 1.0]),
        ("blend", [0.4, 0.35, 0.2, 0.35, 0.0, 0.0, 0.2]),
    ];
    for portrait in &PORTRAITS {
        for size in [512, 256, 1024] {
            let mut stage = Stage::new(portrait, size, size);
            let mut picture = Picture::new(size, size);
            for (name, measures) in mouths {
                let mouth = mouth(measures);
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
                save(
                    &picture,
                    &folder.join(format!("{}-{size}-{name}.png", portrait.id)),
                );
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
                save(
                    &picture,
                    &folder.join(format!("{}-{size}-{name}.png", portrait.id)),
                );
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
                save(
                    &picture,
                    &folder.join(format!("{}-{size}-{name}.png", portrait.id)),
                );
            }
        }
    }
}
