//! Faces that are driven by sound: how soon there is one, how soon it says what it is fed, and what each costs.

use std::collections::HashSet;
use std::fs;
use std::thread;
use std::time::Duration;

use avatar_tests::ffmpeg::samples;
use avatar_tests::{FormBody, Nginx, Setup};

use crate::capacity::each_further;
use crate::latency::now;
use crate::{median, report};

/// Samples a second of what is fed, and of what is heard.
const FED: usize = 24_000;
const HEARD: f64 = 48_000.0;

/// Of a session that is fed samples without a header.
fn bare() -> FormBody {
    FormBody::default().field("format", "pcm_s16le")
}

/// Faces to begin sessions with: one that is drawn, and a photo, where `scripts/photograph.sh` has fetched one.
fn faces() -> Vec<(&'static str, FormBody)> {
    let mut faces = vec![("drawn face", bare().field("avatar", "anna"))];
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../.photograph/astronaut.png");
    match fs::read(file) {
        Ok(photo) => faces.push(("photo", bare().file("image", &photo))),
        Err(_) => eprintln!("no photo is measured; get one with: scripts/photograph.sh"),
    }
    faces
}

fn free(nginx: &Nginx, id: &str) {
    let path = format!("/api/audio-driven/chunked/session/{id}");
    assert_eq!(nginx.request("DELETE", &path).send().status, 200);
}

/// A player that takes each part as soon as it is listed.
struct Player<'a> {
    nginx: &'a Nginx,
    id: &'a str,
    seen: HashSet<String>,
    /// What the playlist says comes next: the number of its segment, and which part.
    next: (u32, u32),
    head: Vec<u8>,
    /// When each part was there, in milliseconds, how long it is, in seconds, and its bytes.
    parts: Vec<(f64, f64, Vec<u8>)>,
}

impl<'a> Player<'a> {
    /// Takes the initialisation segment and the last part there is.
    fn open(nginx: &'a Nginx, id: &'a str) -> Self {
        let mut player = Self {
            nginx,
            id,
            seen: HashSet::new(),
            next: (0, 0),
            head: Vec::new(),
            parts: Vec::new(),
        };
        player.head = player.get("init.mp4");
        let playlist = String::from_utf8(player.get("playlist.m3u8")).unwrap();
        let listed = player.listed(&playlist);
        let (last, before) = listed.split_last().unwrap();
        player
            .seen
            .extend(before.iter().map(|(name, _)| name.clone()));
        player.fetch(std::slice::from_ref(last));
        player
    }

    fn get(&self, name: &str) -> Vec<u8> {
        let path = format!("/hls/{}/{name}", self.id);
        let answer = self.nginx.request("GET", &path).send();
        assert_eq!(answer.status, 200, "{path}");
        answer.body
    }

    /// The parts of a playlist, each with its length.
    fn listed(&mut self, playlist: &str) -> Vec<(String, f64)> {
        let quoted = |line: &str| line.split('"').nth(1).unwrap().to_owned();
        let hint = playlist.lines().find(|line| line.contains("PRELOAD-HINT"));
        let hint = quoted(hint.unwrap());
        let numbers = hint.split(['_', '.']).filter_map(|word| word.parse().ok());
        let numbers: Vec<u32> = numbers.collect();
        self.next = (numbers[0], numbers[1]);
        let parts = playlist
            .lines()
            .filter_map(|line| Some((line, line.strip_prefix("#EXT-X-PART:DURATION=")?)));
        let length = |rest: &str| rest.split(',').next().unwrap().parse().unwrap();
        parts
            .map(|(line, rest)| (quoted(line), length(rest)))
            .collect()
    }

    fn fetch(&mut self, listed: &[(String, f64)]) {
        for (name, length) in listed {
            if self.seen.insert(name.clone()) {
                let bytes = self.get(name);
                self.parts.push((now(), *length, bytes));
            }
        }
    }

    /// Waits for the next part and takes it.
    fn step(&mut self) {
        let (segment, part) = self.next;
        let name = format!("playlist.m3u8?_HLS_msn={}&_HLS_part={part}", segment + 1);
        let playlist = String::from_utf8(self.get(&name)).unwrap();
        let listed = self.listed(&playlist);
        self.fetch(&listed);
    }

    /// When the first and the last part were there in which anything is heard.
    fn heard(&self) -> (f64, f64) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let parts = self.parts.iter().flat_map(|(_, _, bytes)| bytes);
        let film: Vec<u8> = self.head.iter().chain(parts).copied().collect();
        fs::write(file.path(), film).unwrap();
        let pcm = samples(file.path().to_str().unwrap());
        let loud = |sample: &f32| sample.abs() > 0.1;
        let first = pcm.iter().position(loud).expect("what was fed is heard");
        let last = pcm.iter().rposition(loud).unwrap_or(first);
        let when = |sample: usize| {
            let mut end = 0.0;
            let part = self.parts.iter().find(|(_, length, _)| {
                end += length;
                sample as f64 / HEARD < end
            });
            part.map_or(f64::INFINITY, |(at, _, _)| *at)
        };
        (when(first), when(last))
    }
}

/// From before the `POST` until a player has the first part of a silent face.
pub(crate) fn init() {
    let nginx = Setup::new().workers(2).start();
    for (what, form) in faces() {
        let once = || {
            let before = now();
            let id = nginx.begin_driven(form.clone());
            let answered = now();
            Player::open(&nginx, &id);
            let playable = now();
            free(&nginx, &id);
            (answered - before, playable - before)
        };
        once();
        let runs: Vec<(f64, f64)> = (0..21).map(|_| once()).collect();
        let answered = median(runs.iter().map(|run| run.0).collect());
        let playable = median(runs.iter().map(|run| run.1).collect());
        report(
            &format!("driven: init answered, {what}"),
            format!("{answered:.0} ms"),
        );
        report(
            &format!("driven: init to first part fetched, {what}"),
            format!("{playable:.0} ms"),
        );
    }
}

/// From before half a second of sound is sent until a player has the parts it is in: of a stream, where as much silence
/// follows half a second later, and alone, where nobody knows that nothing follows until viewers would have to wait.
pub(crate) fn feed() {
    feed_pieces("of a stream", true);
    feed_pieces("alone", false);
}

fn feed_pieces(how: &str, goes_on: bool) {
    let nginx = Setup::new().workers(2).start();
    let sample = |n: usize| ((n as f32 * 0.1).sin() * 12_000.0) as i16;
    let sound: Vec<u8> = (0..FED / 2).flat_map(|n| sample(n).to_le_bytes()).collect();
    let silence = vec![0; FED];
    for (what, form) in faces() {
        let once = || {
            let id = nginx.begin_driven(form.clone());
            let mut player = Player::open(&nginx, &id);
            for _ in 0..5 {
                player.step();
            }
            let before = now();
            assert_eq!(nginx.feed(&id, &sound, false).status, 200);
            thread::scope(|scope| {
                if goes_on {
                    scope.spawn(|| {
                        thread::sleep(Duration::from_millis(500));
                        assert_eq!(nginx.feed(&id, &silence, false).status, 200);
                    });
                }
                while now() - before < 2_500.0 {
                    player.step();
                }
            });
            free(&nginx, &id);
            let (first, last) = player.heard();
            (first - before, last - before)
        };
        let runs: Vec<(f64, f64)> = (0..9).map(|_| once()).collect();
        let first = median(runs.iter().map(|run| run.0).collect());
        let last = median(runs.iter().map(|run| run.1).collect());
        report(
            &format!("driven: 0.5 s {how} to its first part, {what}"),
            format!("{first:.0} ms"),
        );
        report(
            &format!("driven: 0.5 s {how} to its last part, {what}"),
            format!("{last:.0} ms"),
        );
    }
}

/// What a further session costs.
pub(crate) fn memory() {
    for (what, form) in faces() {
        let nginx = Setup::new().workers(2).start();
        let start = |count: usize| -> Vec<String> {
            (0..count)
                .map(|_| nginx.begin_driven(form.clone()))
                .collect()
        };
        let each = each_further(&nginx, (2, 12), start);
        report(
            &format!("driven: memory of each further session, {what}"),
            format!("{each:.1} MB"),
        );
    }
}
