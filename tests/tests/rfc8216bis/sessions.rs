//! The sessions that are recorded, once for all rules.

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::thread;

use avatar_tests::Setup;
use avatar_tests::hls::{Capture, Exchange, Packet, Reason, Script, record};
use serde_json::{Value, json};

const SENTENCES: &str = "One day the river rose, and nobody in the town could cross it any more. \
    The baker stood at the window, looked at the water and counted the hours until the evening. ";

/// Every session, recorded by whoever asks first.
///
/// Under cargo-nextest each test is a process of its own; there those of one run share a file.
pub(crate) fn captures() -> &'static [Capture] {
    static CAPTURES: OnceLock<Vec<Capture>> = OnceLock::new();
    CAPTURES.get_or_init(|| match std::env::var("NEXTEST_RUN_ID") {
        Ok(run) => shared(&run),
        Err(_) => record_all(),
    })
}

fn record_all() -> Vec<Capture> {
    let nginx = Setup::new()
        .workers(2)
        .http("avatar_max_sessions 8; gzip on; gzip_min_length 1;")
        .http("gzip_types application/vnd.apple.mpegurl;")
        .start();
    let start = |text: &str, pace: &str| json!({ "text": text, "language": "en", "pace": pace });
    let script = |name, start| Script {
        name,
        start,
        interrupt_at: None,
        obstacle: None,
    };
    let scripts = [
        script("fast", start(&SENTENCES.repeat(20), "fast")),
        script("live", start(SENTENCES, "live")),
        script("short", start("Yes.", "live")),
        Script {
            interrupt_at: Some(4.5),
            ..script("interrupted", start(&SENTENCES.repeat(4), "live"))
        },
        Script {
            obstacle: Some("segment_005.2.m4s"),
            ..script("failed", start(&SENTENCES.repeat(4), "live"))
        },
        script(
            "sound alone",
            json!({ "prompt": SENTENCES.repeat(2), "pace": "live" }),
        ),
    ];
    let nginx = &nginx;
    thread::scope(|scope| {
        let recordings = scripts
            .each_ref()
            .map(|script| scope.spawn(move || record(nginx, script)));
        recordings.map(|recording| recording.join().unwrap()).into()
    })
}

fn shared(run: &str) -> Vec<Capture> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("rfc8216bis");
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let (index, bodies) = (folder.join("captures.json"), folder.join("bodies"));
    if let Ok(text) = fs::read_to_string(&index) {
        let value: Value = serde_json::from_str(&text).unwrap();
        if value["run"] == run {
            return unpack(&value, &fs::read(&bodies).unwrap());
        }
    }
    let captures = record_all();
    let (packed, bytes) = pack(run, &captures);
    fs::write(&bodies, bytes).unwrap();
    fs::write(&index, packed.to_string()).unwrap();
    captures
}

fn pack(run: &str, captures: &[Capture]) -> (Value, Vec<u8>) {
    let mut bodies = Vec::new();
    let mut packed = Vec::new();
    for capture in captures {
        let mut exchanges = Vec::new();
        for one in &capture.exchanges {
            let (from, reason) = (bodies.len(), format!("{:?}", one.reason));
            bodies.extend(&one.body);
            exchanges.push(json!([
                reason,
                one.asked,
                one.answered,
                one.name,
                one.query,
                one.status,
                one.headers,
                from,
                bodies.len(),
            ]));
        }
        let packets = capture.packets.iter();
        let packets: Vec<Value> = packets
            .map(|packet| json!([packet.uri, packet.leading, packet.key, packet.at]))
            .collect();
        packed.push(json!({ "name": capture.name, "exchanges": exchanges, "packets": packets }));
    }
    (json!({ "run": run, "captures": packed }), bodies)
}

fn unpack(value: &Value, bodies: &[u8]) -> Vec<Capture> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let number = |value: &Value| value.as_f64().unwrap();
    let place = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let exchange = |one: &Value| Exchange {
        reason: reason(&text(&one[0])),
        asked: number(&one[1]),
        answered: number(&one[2]),
        name: text(&one[3]),
        query: text(&one[4]),
        status: u16::try_from(one[5].as_u64().unwrap()).unwrap(),
        headers: list(&one[6])
            .iter()
            .map(|pair| (text(&pair[0]), text(&pair[1])))
            .collect(),
        body: bodies[place(&one[7])..place(&one[8])].to_vec(),
    };
    let packet = |one: &Value| Packet {
        uri: text(&one[0]),
        leading: one[1] == true,
        key: one[2] == true,
        at: number(&one[3]),
    };
    let capture = |one: &Value| {
        let exchanges = list(&one["exchanges"]).iter().map(exchange).collect();
        let packets = list(&one["packets"]).iter().map(packet).collect();
        Capture::new(one["name"].as_str().unwrap(), exchanges, packets)
    };
    list(&value["captures"]).iter().map(capture).collect()
}

fn reason(name: &str) -> Reason {
    use Reason::{Departed, Ended, Follow, Hinted, Listed, Poll, Wrong};
    let known = [Follow, Poll, Listed, Hinted, Departed, Wrong, Ended];
    *known
        .iter()
        .find(|reason| format!("{reason:?}") == name)
        .unwrap()
}

/// A rule that finds nothing to look at finds nothing wrong.
#[test]
fn the_captures_hold_what_the_rules_look_at() {
    for capture in captures() {
        let said = |reason| {
            capture
                .exchanges
                .iter()
                .filter(|exchange| exchange.reason == reason)
                .count()
        };
        let name = &capture.name;
        assert!(
            said(Reason::Listed) > 2 && said(Reason::Hinted) > 0,
            "{name}"
        );
        assert!(
            capture.packets.iter().any(|packet| packet.leading),
            "{name}"
        );
        assert!(
            capture.legacy().count() > 0 && capture.captions().count() > 0,
            "{name}"
        );
        assert!(capture.master().is_some(), "{name}");
        if name == "live" || name == "sound alone" {
            assert!(
                said(Reason::Departed) > 0 && said(Reason::Wrong) > 4,
                "{name}"
            );
            let deltas = capture
                .low_latency()
                .filter(|reading| reading.playlist.skipped.is_some());
            assert!(deltas.count() > 0, "{name}");
        }
    }
}
