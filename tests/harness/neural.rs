//! Filmed avatars for tests, and networks that draw them without computing anything.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::json;

use crate::built::built;
use crate::{Setup, png};

/// Where the library of tests comes from: what its faces look like, and how it is made to fail, stands there.
const SOURCE: &str = "../core/neural/tests/backend.c";

/// The size of the frames of every avatar here.
pub const SIZE: (usize, usize) = (160, 120);

/// Where the face is in the first frame: left, top, and how wide and high. In each frame after that it is a pixel further
/// to the right.
pub const FACE: (usize, usize, usize) = (40, 30, 64);

/// Frames of every clip.
pub const FRAMES: usize = 12;

/// The library, made with a C compiler.
pub fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| compile("avatar_models_of_tests", &[]))
}

/// The library with definitions that make it one that must be refused.
pub fn spoilt_library(definition: &str) -> PathBuf {
    compile(&format!("avatar_models_{definition}"), &[definition])
}

/// The library of the real networks: `$AVATAR_MODELS`, or the newest that was built here.
pub fn real_library() -> PathBuf {
    if let Some(library) = std::env::var_os("AVATAR_MODELS") {
        return library.into();
    }
    built("libavatar_models.so").expect("no networks are built: cargo build -p avatar-models-ffi")
}

/// Writes weights of narrow networks, made from names, and latents for a clip: what runs with real weights runs with these.
pub fn narrow_weights(directory: &Path) {
    let program = built("examples/narrow")
        .expect("nothing writes weights: cargo build -p avatar-models --example narrow");
    let written = Command::new(program).arg(directory).status();
    assert!(written.unwrap().success());
}

/// Latents for every frame of a clip, in a file of safetensors.
pub fn latents() -> Vec<u8> {
    const SIZE: usize = 8 * 32 * 32;
    let bytes = FRAMES * SIZE * 4;
    let head = json!({
        "latents": { "dtype": "F32", "shape": [FRAMES, 8, 32, 32], "data_offsets": [0, bytes] },
    });
    let head = head.to_string();
    let values = (0..FRAMES * SIZE).map(|at| ((at * 7 % 256) as f32 / 128.0 - 1.0) * 0.5);
    let mut file = (head.len() as u64).to_le_bytes().to_vec();
    file.extend(head.bytes());
    file.extend(values.flat_map(f32::to_le_bytes));
    file
}

fn compile(name: &str, definitions: &[&str]) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Workers, which may be another user, must be able to read it.
    let place = std::env::temp_dir().join(format!("avatar-neural-{}", std::process::id()));
    fs::create_dir_all(&place).unwrap();
    let library = place.join(format!("lib{name}.so"));
    let status = Command::new("cc")
        .args(["-std=c11", "-O1", "-shared", "-fPIC"])
        .args(
            definitions
                .iter()
                .map(|definition| format!("-D{definition}")),
        )
        .arg("-I")
        .arg(here.join("../ffi/include"))
        .arg("-o")
        .arg(&library)
        .arg(here.join(SOURCE))
        .arg("-lm")
        .status()
        .expect("a C compiler (Debian package gcc)");
    assert!(status.success());
    library
}

/// The colour of the avatar's own frames at a place: grey, darker to the left, so that what does not belong shows.
pub fn ground(x: usize, y: usize) -> u8 {
    (96 + x / 2 + y / 4) as u8
}

/// How much of the face shows at a row of it, of 255: nothing in the upper half, and all of it lower down.
fn alpha(row: usize) -> u8 {
    let (_, _, side) = FACE;
    match row.checked_sub(side / 2) {
        None => 0,
        Some(below) => (below * 32).min(255) as u8,
    }
}

/// The files of a prepared avatar, by their names in its directory.
pub fn prepared(name: &str) -> Vec<(String, Vec<u8>)> {
    let (width, height) = SIZE;
    let (left, top, side) = FACE;
    let pixels: Vec<u8> = (0..width * height)
        .flat_map(|at| [ground(at % width, at / width); 3])
        .collect();
    let frame = png(width, height, png::ColorType::Rgb, &pixels);
    // The crop is half as large again as the face.
    let (margin, crop) = (side / 4, side / 2 * 3);
    let mask: Vec<u8> = (0..crop * crop)
        .map(|at| {
            let (x, y) = (at % crop, at / crop);
            let inside =
                (margin..margin + side).contains(&x) && (margin..margin + side).contains(&y);
            if inside { alpha(y - margin) } else { 0 }
        })
        .collect();
    let mask = png(crop, crop, png::ColorType::Grayscale, &mask);
    let bounds = |x: usize, y: usize, side: usize| {
        let (x, y, side) = (x as i64, y as i64, side as i64);
        json!([x, y, x + side, y + side])
    };
    let frames: Vec<_> = (0..FRAMES)
        .map(|shift| {
            let x = left + shift;
            json!({
                "face": bounds(x, top, side),
                "crop": bounds(x - margin, top - margin, crop),
            })
        })
        .collect();
    let manifest = json!({
        "format": 1, "name": name, "model": "musetalk-1.5", "frame_rate": 25, "width": width, "height": height,
        "mode": "jaw", "left_cheek": 90, "right_cheek": 90, "extra_margin": 10, "bbox_shift": 0, "frames": frames,
    });
    let mut files = vec![
        (
            "manifest.json".to_owned(),
            manifest.to_string().into_bytes(),
        ),
        (
            "latents.safetensors".to_owned(),
            format!("{FRAMES}\n").into_bytes(),
        ),
    ];
    for index in 0..FRAMES {
        files.push((format!("frames/{index:08}.png"), frame.clone()));
        files.push((format!("masks/{index:08}.png"), mask.clone()));
    }
    files
}

/// A photo of one colour. The library of tests finds a face in all that are not black.
pub fn plain_photo(colour: [u8; 3]) -> Vec<u8> {
    png(64, 64, png::ColorType::Rgb, &colour.repeat(64 * 64))
}

/// A photograph of somebody, which `scripts/photograph.sh` fetches.
pub fn photograph() -> Vec<u8> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.photograph/astronaut.png");
    fs::read(file).expect("get it with: scripts/photograph.sh")
}

impl Setup {
    /// Networks that make photos speak and behave as `words` say, and pictures of the usual size.
    pub fn posed(self, words: &str) -> Self {
        self.posed_by(library(), "", words)
            .file("weights/renderer.safetensors", "")
    }

    /// The same with another library, of which more may be said, and without the weights by which such networks are known.
    pub fn posed_by(self, library: &Path, more: &str, words: &str) -> Self {
        let (width, height) = SIZE;
        let directives = format!(
            "avatar_models library={} weights=weights device=cpu {more};",
            library.display()
        );
        self.file(
            "weights/manifest.json",
            r#"{"format":1,"model":"imtalker","files":{}}"#,
        )
        .file("weights/backend.txt", words)
        .writable("weights/calls.txt")
        .http(&directives)
        .location("client_max_body_size 8m;")
        .video(&format!("avatar_video {width}x{height};"))
    }

    /// The prepared avatar "vera", networks that behave as `words` say, and pictures of its size. The words can be changed later:
    /// they stand in `weights/backend.txt`.
    pub fn filmed(self, words: &str) -> Self {
        self.filmed_by(library(), words)
    }

    /// The same with another library.
    pub fn filmed_by(self, library: &Path, words: &str) -> Self {
        let (width, height) = SIZE;
        let directives = format!(
            "avatar_models library={} weights=weights device=cpu;
             avatar_avatars avatars;",
            library.display()
        );
        self.file(
            "weights/manifest.json",
            r#"{"format":1,"model":"musetalk-1.5","files":{}}"#,
        )
        .file("weights/backend.txt", words)
        .writable("weights/calls.txt")
        .avatar("vera", "Vera")
        .http(&directives)
        .video(&format!("avatar_video {width}x{height};"))
    }

    /// Another prepared avatar.
    pub fn avatar(self, id: &str, name: &str) -> Self {
        prepared(name)
            .into_iter()
            .fold(self, |setup, (file, bytes)| {
                setup.file(&format!("avatars/{id}/{file}"), bytes)
            })
    }
}

/// A video, taken apart.
#[derive(Debug)]
pub struct Footage {
    /// Red, green and blue of each frame.
    pub frames: Vec<Vec<u8>>,
    /// The loudest sample while each is shown.
    pub loudness: Vec<f32>,
}

impl Footage {
    /// Decodes a file of 25 frames a second.
    pub fn decode(file: &Path) -> Self {
        let decode = |arguments: &[&str]| {
            let output = Command::new("ffmpeg")
                .args(["-v", "error", "-i"])
                .arg(file)
                .args(arguments)
                .arg("-")
                .output()
                .expect("ffmpeg (Debian package ffmpeg) is installed");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && said.is_empty(), "{said}");
            output.stdout
        };
        let (width, height) = SIZE;
        let pixels = decode(&["-f", "rawvideo", "-pix_fmt", "rgb24"]);
        let sound = decode(&["-f", "f32le", "-ac", "1", "-ar", "48000"]);
        let samples: Vec<f32> = sound
            .as_chunks::<4>()
            .0
            .iter()
            .map(|sample| f32::from_le_bytes(*sample).abs())
            .collect();
        let peaks = samples.chunks(1920);
        Self {
            frames: pixels
                .chunks_exact(width * height * 3)
                .map(<[u8]>::to_vec)
                .collect(),
            loudness: peaks
                .map(|frame| frame.iter().copied().fold(0.0, f32::max))
                .collect(),
        }
    }

    /// Red, green and blue of a pixel.
    pub fn pixel(&self, frame: usize, x: usize, y: usize) -> [u8; 3] {
        let at = (y * SIZE.0 + x) * 3;
        let pixel = &self.frames[frame][at..at + 3];
        [pixel[0], pixel[1], pixel[2]]
    }

    /// The column at which the face begins in a frame.
    pub fn face_left(frame: usize) -> usize {
        let step = frame % (2 * FRAMES);
        FACE.0 + step.min(2 * FRAMES - 1 - step)
    }

    /// How far the mouth is open in a frame: rows of its middle that are dark.
    pub fn mouth(&self, frame: usize) -> usize {
        let (_, top, side) = FACE;
        let middle = Self::face_left(frame) + side / 2;
        let dark = |y: &usize| {
            self.pixel(frame, middle, *y)
                .iter()
                .all(|value| *value < 72)
        };
        (top + side / 2..top + side).filter(dark).count()
    }

    /// Whether the network's face shows in a frame: its cheeks are blue.
    pub fn has_face(&self, frame: usize) -> bool {
        let (_, top, side) = FACE;
        let [red, _, blue] = self.pixel(frame, Self::face_left(frame) + 4, top + side - 8);
        blue > red.saturating_add(30)
    }
}
