//! Offers as other clients write them, over which a call is made all the same.

use std::collections::HashSet;

use avatar_core::api::MOST_ANSWER;
use avatar_core::rtc::Fault;

use super::*;

/// Makes a call whose offer and answer are changed on their way, and returns once both sides see and hear each other.
fn talks(change: impl Fn(&str) -> String, back: impl Fn(&str) -> String) {
    let switchboard = switchboard();
    let broadcast = switchboard.broadcast(800_000);
    let _show = Show::of(&broadcast);
    let mut caller = Caller::new(None);
    let listener = Listener::default();
    let partner = Box::new(listener.clone());
    let offer = caller.offer();
    let changed = change(&offer);
    assert_ne!(changed, offer);
    let answer = switchboard.join(PeerId::generate(), &changed, &broadcast, partner);
    caller.accept(&back(&answer.unwrap()));
    caller.until("connection", |caller| caller.connected);
    caller.until("pictures, sound and a channel", |caller| {
        caller.pictures.len() >= 5 && caller.sounds.len() >= 10 && caller.open
    });
    let tone: Vec<f32> = (0..24_000).map(|n| (n as f32 * 0.06).sin() * 0.5).collect();
    let packets = OpusEncoder::open(32_000).unwrap().encode(&tone).unwrap();
    for (index, packet) in packets.iter().enumerate() {
        caller.speak(&packet.data, index as u64 * 960 + 1000);
        caller.step();
    }
    caller.until("sound of the microphone", |_| {
        listener.diary().heard.len() >= 10_000
    });
}

fn same(sdp: &str) -> String {
    sdp.to_owned()
}

/// `sdp` with one of its lines changed for others: those that begin with `line`.
fn with(sdp: &str, line: &str, put: impl Fn(&str) -> String) -> String {
    let lines = sdp.split_inclusive("\r\n");
    lines
        .map(|one| match one.starts_with(line) {
            true => put(one),
            false => one.to_owned(),
        })
        .collect()
}

/// The names of the sections of an offer.
fn names(sdp: &str) -> Vec<String> {
    let names = sdp.lines().filter_map(|line| line.strip_prefix("a=mid:"));
    names.map(str::to_owned).collect()
}

/// `sdp` with its sections called otherwise.
fn renamed(sdp: &str, names: &[String], to: impl Fn(&str) -> String) -> String {
    let mut sdp = sdp.to_owned();
    for name in names {
        sdp = sdp.replace(
            &format!("a=mid:{name}\r\n"),
            &format!("a=mid:{}\r\n", to(name)),
        );
    }
    let group = names
        .iter()
        .map(|name| to(name))
        .collect::<Vec<_>>()
        .join(" ");
    with(&sdp, "a=group:", |_| format!("a=group:BUNDLE {group}\r\n"))
}

#[test]
fn sections_may_have_any_name() {
    let long = |name: &str| format!("{name}-stream-with-a-long-name");
    let known = Mutex::new(Vec::new());
    talks(
        |offer| {
            let names = names(offer);
            let changed = renamed(offer, &names, long);
            *known.lock().unwrap() = names;
            // So that its microphone is known by nothing but its payload type.
            with(&changed, "a=ssrc", |_| String::new())
        },
        |answer| {
            let known = known.lock().unwrap();
            let told: Vec<String> = known.iter().map(|name| long(name)).collect();
            assert_eq!(names(answer), told);
            let mut answer = answer.to_owned();
            for name in &*known {
                answer = answer.replace(&long(name), name);
            }
            answer
        },
    );
}

#[test]
fn candidates_that_lead_nowhere_do_no_harm() {
    let elsewhere = "a=candidate:1 1 udp 2130706431 2001:db8::1 5000 typ host\r\n";
    talks(
        |offer| with(offer, "a=candidate:", |_| elsewhere.to_owned()),
        same,
    );
}

#[test]
fn the_fingerprint_is_found_among_others() {
    let others = format!("a=fingerprint:sha-512 {}\r\n", ["0a"; 64].join(":"));
    talks(
        |offer| {
            with(offer, "a=fingerprint:", |own| {
                others.clone() + &own.replace("sha-256", "SHA-256").replace('A', "a")
            })
        },
        same,
    );
}

#[test]
fn several_qualities_may_be_offered() {
    talks(
        |offer| {
            let offer = offer.replace("a=recvonly", "a=sendrecv");
            with(&offer, "m=video", |line| {
                format!("{line}a=rid:q send\r\na=rid:h send\r\na=simulcast:send q;h\r\n")
            })
        },
        |answer| {
            assert!(!answer.contains("simulcast") && !answer.contains("a=rid"));
            answer.to_owned()
        },
    );
}

#[test]
fn nobody_is_asked_for_what_nobody_looks_at() {
    let switchboard = switchboard();
    let broadcast = switchboard.broadcast(800_000);
    let mut caller = Caller::new(None);
    let offer = caller.offer().replace("a=recvonly", "a=sendrecv");
    let ways = |listener: Listener| {
        let answer = switchboard.join(PeerId::generate(), &offer, &broadcast, Box::new(listener));
        let answer = answer.unwrap();
        let ways = answer.lines().filter(|line| {
            let ways = ["a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"];
            ways.contains(line)
        });
        ways.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(ways(Listener::default()), ["a=sendonly", "a=sendrecv"]);
    let mut deaf = Listener::default();
    deaf.deaf = true;
    assert_eq!(ways(deaf), ["a=sendonly", "a=sendonly"]);
}

#[test]
fn the_answer_to_many_sections_can_be_told() {
    let switchboard = switchboard();
    let broadcast = switchboard.broadcast(800_000);
    let offer = Caller::new(None).offer();
    let (session, sections) = offer.split_once("m=").unwrap();
    let sections: Vec<&str> = sections.split("\r\nm=").map(str::trim_end).collect();
    let name = |at: usize| format!("{at:x>256}");
    let mut many = String::new();
    // The first with all that is said of them; there would be no room for more.
    for at in 0..64 {
        let section = format!("m={}\r\n", sections[at % sections.len()]);
        let section = with(&section, "a=mid:", |_| format!("a=mid:{}\r\n", name(at)));
        let told = |line: &&str| at < 16 || line.starts_with("m=") || line.starts_with("a=mid:");
        many.extend(section.split_inclusive("\r\n").filter(told));
    }
    let group = (0..64).map(name).collect::<Vec<_>>().join(" ");
    let session = with(session, "a=group:", |_| {
        format!("a=group:BUNDLE {group}\r\n")
    });
    let partner = Box::new(Listener::default());
    let answer = switchboard.join(PeerId::generate(), &(session + &many), &broadcast, partner);
    let answer = answer.unwrap();
    assert_eq!(names(&answer).len(), 64);
    let sending = answer.lines().filter(|line| line.starts_with("a=send"));
    assert_eq!(sending.count(), 2);
    assert!(answer.len() < MOST_ANSWER, "{} bytes", answer.len());
}

#[test]
fn a_channel_may_be_all_there_is() {
    let switchboard = switchboard();
    let broadcast = switchboard.broadcast(800_000);
    let offer = Caller::new(None).offer();
    let offer = with(&offer, "a=sendrecv", |_| "a=inactive\r\n".to_owned());
    let offer = with(&offer, "a=recvonly", |_| "a=sendonly\r\n".to_owned());
    let join = |offer: &str| {
        let partner = Box::new(Listener::default());
        switchboard.join(PeerId::generate(), offer, &broadcast, partner)
    };
    let answer = join(&offer).unwrap();
    assert!(answer.contains("m=application 9 "));
    let nothing = join(
        &offer
            .replace("m=application 9 ", "m=application 0 ")
            .replace("BUNDLE", "LS"),
    );
    assert_eq!(
        nothing.unwrap_err(),
        OfferError::Unfit(Fault::NothingWanted)
    );
}

#[test]
fn offers_that_cannot_be_met_are_refused() {
    let switchboard = switchboard();
    let broadcast = switchboard.broadcast(800_000);
    let join = |offer: &str| {
        let partner = Box::new(Listener::default());
        switchboard
            .join(PeerId::generate(), offer, &broadcast, partner)
            .unwrap_err()
    };
    let offer = Caller::new(None).offer();
    assert_eq!(join(""), OfferError::Unfit(Fault::NotADescription));
    assert_eq!(join("v=0"), OfferError::Unfit(Fault::NoMedia));
    assert_eq!(join(&"a=x\r\n".repeat(30_000)), OfferError::TooLong);
    let unprotected = with(&offer, "a=fingerprint", |_| String::new());
    assert_eq!(join(&unprotected), OfferError::Unfit(Fault::NoFingerprint));
    let mute = offer.replace("opus", "speex");
    assert_eq!(
        join(&mute),
        OfferError::Unfit(Fault::Sound("speex".to_owned()))
    );
    let blind = offer.replace("H264", "H261");
    assert_eq!(
        join(&blind).to_string(),
        "the offer cannot be used: pictures are sent as H.264 with packetization-mode=1, in the baseline profile; it takes H261"
    );
    assert_eq!(broadcast.peers(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is read can be used: that an offer cannot be has a reason that is found before the library sees it.
    #[test]
    fn any_offer_is_answered_or_refused_with_a_reason(cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<Option<char>>()), 1..6)) {
        thread_local!(static BOARD: Switchboard = switchboard());
        let mut offer = Caller::new(None).offer();
        for (at, length, put) in cuts {
            let from = at.index(offer.len());
            let until = (from + length.index(60)).min(offer.len());
            let put = put.map(String::from).unwrap_or_default();
            if offer.is_char_boundary(from) && offer.is_char_boundary(until) {
                offer.replace_range(from..until, &put);
            }
            if offer.is_empty() {
                break;
            }
        }
        BOARD.with(|board| {
            let broadcast = board.broadcast(500_000);
            let peer = PeerId::generate();
            let partner = Box::new(Listener::default());
            match board.join(peer, &offer, &broadcast, partner) {
                Ok(answer) => {
                    board.leave(peer);
                    prop_assert!(answer.contains("a=candidate:"));
                }
                Err(error) => prop_assert_ne!(error, OfferError::Unfit(Fault::Unusable)),
            }
            Ok(())
        })?;
    }

    #[test]
    fn any_name_is_echoed(name in "[!-~]{1,40}", other in "[0-9a-zA-Z_]{1,16}") {
        thread_local!(static BOARD: Switchboard = switchboard());
        let offer = Caller::new(None).offer();
        let before = names(&offer);
        let told = [name, other, "-a-third-".to_owned()];
        let distinct: HashSet<&String> = before.iter().chain(&told).collect();
        prop_assume!(distinct.len() == 6);
        let at = |own: &str| before.iter().position(|one| one == own).unwrap();
        let offer = renamed(&offer, &before, |own| told[at(own)].clone());
        BOARD.with(|board| {
            let broadcast = board.broadcast(500_000);
            let peer = PeerId::generate();
            let answer = board.join(peer, &offer, &broadcast, Box::new(Listener::default()));
            board.leave(peer);
            let answer = answer.unwrap();
            prop_assert_eq!(names(&answer), &told);
            let group = format!("a=group:BUNDLE {}\r\n", told.join(" "));
            prop_assert!(answer.contains(&group), "{}", answer);
            Ok(())
        })?;
    }
}
