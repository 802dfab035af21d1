//! Films as answers.

use std::fs;
use std::time::Duration;

use avatar_tests::engine::{Manner, SpeechServer};
use avatar_tests::spoken::mp3;
use avatar_tests::{Answer, Nginx, Setup, ffmpeg, until};
use serde_json::{Value, json};

const PATH: &str = "/api/generate";
const SENTENCE: &str = "This film is one file, and it begins with its index.";

fn ask(nginx: &Nginx, path: &str, body: &Value) -> Answer {
    nginx.request("POST", path).json(body).send()
}

/// The boxes of a file, in their order.
fn boxes(mut file: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    while let Some((head, _)) = file.split_at_checked(8) {
        let length = u32::from_be_bytes(head[..4].try_into().unwrap());
        names.push(String::from_utf8(head[4..].to_vec()).unwrap());
        file = &file[length as usize..];
    }
    names
}

fn nothing_is_left(nginx: &Nginx) {
    until("the sessions' end", || {
        let left = fs::read_dir(nginx.prefix().join("avatar/sessions")).unwrap();
        (left.count() == 0).then_some(())
    });
}

/// The bits of the pictures of a file, each second.
fn bits(file: &str) -> u64 {
    ffmpeg::probe(file, "v", "stream=bit_rate")[0]
        .parse()
        .unwrap()
}

#[test]
fn a_film_is_the_answer_and_better_than_a_stream() {
    let nginx = Setup::new().workers(2).start();
    let body = json!({ "text": SENTENCE, "language": "en", "avatar": "anna" });
    let answer = ask(&nginx, PATH, &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("Content-Type"), "video/mp4");
    assert_eq!(boxes(&answer.body), ["ftyp", "moov", "mdat"]);
    let film = nginx.prefix().join("film.mp4");
    fs::write(&film, &answer.body).unwrap();
    let film = film.to_str().unwrap();
    ffmpeg::decode(film);
    assert_eq!(
        ffmpeg::probe(film, "v", "stream=codec_name,width"),
        ["h264,512"]
    );
    let sound: u32 = ffmpeg::probe(film, "a", "stream=bit_rate")[0]
        .parse()
        .unwrap();
    assert!(sound > 150_000, "{sound}");
    nothing_is_left(&nginx);

    let streamed = nginx.start_session(&body)["session_id"]
        .as_str()
        .unwrap()
        .to_owned();
    nginx.finished(&streamed);
    let file = nginx.session(&streamed).join("output.mp4");
    let quality = |file: &str, reference: &str| -> f64 {
        let said = ffmpeg::run(
            "ffmpeg",
            &[
                "-i",
                file,
                "-i",
                reference,
                "-lavfi",
                "ssim=stats_file=-",
                "-an",
                "-f",
                "null",
                "-",
            ],
        );
        let said = String::from_utf8(said).unwrap();
        let values: Vec<f64> = said
            .lines()
            .filter_map(|line| line.split("All:").nth(1)?.split(' ').next()?.parse().ok())
            .collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    // The same face, but for what chance makes of its voice.
    assert!(quality(file.to_str().unwrap(), film) > 0.9);
    // At crf 18 against 26 there is more to say of each picture, for all that it is said better.
    assert!(bits(film) > bits(file.to_str().unwrap()) / 2);
}

#[test]
fn a_film_has_no_gap_where_its_speech_came_late() {
    let sound = mp3(SENTENCE);
    let fluent = Manner::good("audio/mpeg", &*sound);
    // Somebody who watches it would have nothing more to see for three seconds.
    let halting = Manner {
        pieces: sound.len() / 2 + 1,
        pause: Duration::from_secs(5),
        ..fluent.clone()
    };
    let [fluent, halting] = [fluent, halting].map(SpeechServer::answering);
    let nginx = Setup::new()
        .http(&format!(
            "avatar_speech_engine fluent openai url={} format=mp3;
             avatar_speech_voice first engine=fluent lang=en;
             avatar_speech_engine halting openai url={} format=mp3;
             avatar_speech_voice second engine=halting lang=en;",
            fluent.url("/v1"),
            halting.url("/v1")
        ))
        .start();
    let [at_once, in_pieces] = ["first", "second"].map(|voice| {
        let body = json!({ "text": SENTENCE, "language": "en", "voice": voice });
        let answer = ask(&nginx, PATH, &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let film = nginx.prefix().join("film.mp4");
        fs::write(&film, &answer.body).unwrap();
        ffmpeg::probe(film.to_str().unwrap(), "v", "stream=nb_frames")
    });
    assert_eq!(at_once, in_pieces);
}

#[test]
fn a_film_is_fetched_later_where_nobody_waits() {
    let nginx = Setup::new().workers(2).start();
    let body = json!({ "text": SENTENCE, "language": "en" });
    let answer = ask(&nginx, &format!("{PATH}?async=1"), &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.value();
    let id = answer["session_id"].as_str().unwrap();
    assert_eq!(nginx.finished(id)["status"], "ready");
    let film = nginx
        .request("GET", answer["video_url"].as_str().unwrap())
        .send();
    assert_eq!(boxes(&film.body), ["ftyp", "moov", "mdat"]);
    let status = nginx
        .request("GET", answer["status_url"].as_str().unwrap())
        .send();
    assert_eq!(status.value()["progress"], 100);
}

#[test]
fn what_is_no_film_is_refused() {
    let nginx = Setup::new().start();
    let refused = |body: Value| ask(&nginx, PATH, &body).code();
    assert_eq!(refused(json!({ "text": "" })), "empty_text");
    assert_eq!(
        refused(json!({ "text": "a", "final": false })),
        "bad_parameter"
    );
    assert_eq!(
        refused(json!({ "text": "a", "voice": "nobody" })),
        "unknown_voice"
    );
    assert_eq!(nginx.request("GET", PATH).send().status, 405);
    // Nothing in it can be said.
    let silent = ask(
        &nginx,
        PATH,
        &json!({ "text": "<speak>", "language": "en" }),
    );
    assert_eq!((silent.status, silent.code().as_str()), (400, "empty_text"));
    nothing_is_left(&nginx);
}

#[test]
fn a_client_that_goes_takes_its_film_with_it() {
    let nginx = Setup::new()
        .workers(2)
        .http("avatar_max_text 100000; avatar_max_sessions 1;")
        .start();
    let body = json!({ "text": SENTENCE.repeat(300), "language": "en" }).to_string();
    let mut connection = nginx.connect();
    connection.write(format!(
        "POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    until("a session", || {
        let begun = fs::read_dir(nginx.prefix().join("avatar/sessions")).ok()?;
        (begun.count() > 0).then_some(())
    });
    drop(connection);
    nothing_is_left(&nginx);
    let next = ask(&nginx, PATH, &json!({ "text": "Next.", "language": "en" }));
    assert_eq!(next.status, 200);
}
