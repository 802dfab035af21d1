//! Filmed avatars through a real nginx, their networks played by a library in C that computes nothing.

use std::fs;

use avatar_tests::neural::{FACE, Footage, SIZE, ground};
use avatar_tests::{Nginx, Setup};
use serde_json::{Value, json};

const TEXT: &str =
    "This is said by somebody who was filmed. There is a pause between the sentences.";

fn speak(nginx: &Nginx, text: &str) -> String {
    let body = json!({ "text": text, "language": "en", "avatar": "vera" });
    let answer = nginx.start_session(&body);
    answer["session_id"].as_str().unwrap().to_owned()
}

fn footage(nginx: &Nginx, id: &str) -> Footage {
    let status = nginx.finished(id);
    assert_eq!(status["status"], "ready", "{status}");
    let _ = fs::copy(nginx.session(id).join("output.mp4"), "/tmp/d-output.mp4");
    Footage::decode(&nginx.session(id).join("output.mp4"))
}

fn avatars(nginx: &Nginx) -> Vec<String> {
    let answer = nginx.request("GET", "/api/avatars").send().value();
    let avatars = answer["avatars"].as_array().unwrap();
    let id = |avatar: &Value| avatar["id"].as_str().unwrap().to_owned();
    avatars.iter().map(id).collect()
}

/// Whether process `pid` has the networks' library in its memory.
fn maps_library(pid: u32) -> bool {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    maps.contains("avatar_models")
}

#[test]
fn the_mouth_moves_with_the_speech_and_the_rest_is_the_avatars_own() {
    let nginx = Setup::new().workers(2).filmed("").start();
    assert_eq!(avatars(&nginx), ["anna", "dias", "vera"]);
    let footage = footage(&nginx, &speak(&nginx, TEXT));
    let frames = footage.frames.len();
    assert!(frames > 60, "{frames}");
    let (mut open, mut loud, mut shut, mut silent) = (0, 0, 0, 0);
    for frame in 0..frames {
        assert!(footage.has_face(frame), "frame {frame}");
        match footage.loudness[frame] {
            level if level > 0.2 => {
                loud += 1;
                open += usize::from(footage.mouth(frame) > 0);
            }
            level if level < 0.001 => {
                silent += 1;
                shut += usize::from(footage.mouth(frame) == 0);
            }
            _ => {}
        }
    }
    assert!(loud > 20 && silent > 5, "{loud} loud, {silent} silent");
    assert!(open * 10 >= loud * 9, "{open} of {loud}");
    assert_eq!(shut, silent);
    // Above the mask, and beside it, is what was filmed.
    let (_, top, side) = FACE;
    for frame in [0, frames / 2, frames - 1] {
        for y in (0..SIZE.1).step_by(7) {
            for x in (0..SIZE.0).step_by(7) {
                let left = Footage::face_left(frame);
                let within = (left - 8..left + side + 8).contains(&x)
                    && (top + side / 2 - 8..top + side + 8).contains(&y);
                let [_, green, _] = footage.pixel(frame, x, y);
                let own = green.abs_diff(ground(x, y)) < 14;
                assert!(within || own, "frame {frame}, {x} {y}: {green}");
            }
        }
    }
}
