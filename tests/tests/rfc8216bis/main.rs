//! What a server must and must not do, rule by rule, over whole sessions as players saw them.
//!
//! The rules are those of draft-pantos-hls-rfc8216bis-22 (1 May 2026) that apply to a server which lists parts,
//! removes nothing and encrypts nothing; a test's name begins with the section its rule stands in, `sb_1` being the
//! low-latency profile of appendix B.1. Each rule is a function from a capture to what breaks it. It must find nothing in
//! a capture written by hand, something in every copy of it that is spoilt, and nothing in the sessions recorded here:
//! one made fast, one at the pace of a conversation, a very short one, one that is interrupted, one that fails and one of
//! sound alone.
//!
//! Left out: what section 6.2.1 says of time (a part within a part's duration, a segment within one and a half target
//! durations), because a busy machine would break it in the server's place; the benchmark measures it.

mod profile;
mod section3;
mod section4_lines;
mod section4_media;
mod section4_parts;
mod section4_variants;
mod section6_blocking;
mod section6_delta;
mod section6_general;
mod section6_hints;
mod section6_live;
mod section6_renditions;
mod sessions;
mod specimen;
mod timeline;
mod traps;

use avatar_tests::hls::{Capture, Reading};

/// What of a capture breaks a rule.
type Rule = fn(&Capture) -> Vec<String>;

/// Differences that rounding to microseconds explains, in seconds.
const ROUNDING: f64 = 0.000_1;

/// Holds a rule against the specimen, its spoilt copies and what was recorded.
fn check(rule: Rule, spoilt: &[(&str, Capture)]) {
    let faults = rule(&specimen::good());
    assert!(
        faults.is_empty(),
        "the rule rejects what is right: {faults:#?}"
    );
    for (how, capture) in spoilt {
        assert!(!rule(capture).is_empty(), "the rule overlooks {how}");
    }
    let mut all = Vec::new();
    for capture in sessions::captures() {
        let faults = rule(capture);
        if let Some(first) = faults.first() {
            all.push(format!(
                "{}: {} faults: {first}",
                capture.name,
                faults.len()
            ));
        }
    }
    assert!(all.is_empty(), "{all:#?}");
}

/// A complaint about every reading that `wrong` finds something in.
fn each<'a>(
    readings: impl Iterator<Item = &'a Reading>,
    wrong: impl Fn(&Reading) -> Option<String>,
) -> Vec<String> {
    readings
        .filter_map(|reading| Some(format!("{}: {}", reading.exchange.title(), wrong(reading)?)))
        .collect()
}
