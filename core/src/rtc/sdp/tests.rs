use proptest::prelude::*;

use super::*;

/// As browsers write them, with less of everything.
const OFFER: &str = "v=0\r\n\
    o=- 42 2 IN IP4 127.0.0.1\r\n\
    s=-\r\n\
    t=0 0\r\n\
    a=group:BUNDLE 0 1 2\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n\
    c=IN IP4 0.0.0.0\r\n\
    a=mid:0\r\n\
    a=ice-ufrag:abcd\r\n\
    a=ice-pwd:abcdefghijklmnopqrstuvwx\r\n\
    a=fingerprint:sha-256 01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F:20\r\n\
    a=setup:actpass\r\n\
    a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
    a=sendrecv\r\n\
    a=rtcp-mux\r\n\
    a=rtpmap:111 opus/48000/2\r\n\
    a=ssrc:77 cname:somebody\r\n\
    m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99\r\n\
    c=IN IP4 0.0.0.0\r\n\
    a=mid:1\r\n\
    a=recvonly\r\n\
    a=rtcp-mux\r\n\
    a=rtpmap:96 VP8/90000\r\n\
    a=rtpmap:97 rtx/90000\r\n\
    a=fmtp:97 apt=96\r\n\
    a=rtpmap:98 H264/90000\r\n\
    a=rtcp-fb:98 nack pli\r\n\
    a=fmtp:98 packetization-mode=1;profile-level-id=42e01f\r\n\
    a=rtpmap:99 rtx/90000\r\n\
    a=fmtp:99 apt=98\r\n\
    m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n\
    c=IN IP4 0.0.0.0\r\n\
    a=mid:2\r\n\
    a=sctp-port:5000\r\n";

/// The plain offer.
fn plain(offer: &str) -> Result<String, Fault> {
    let description = Description::read(offer)?;
    Plan::of(&description, true).map(|plan| plan.plain())
}

/// What the library could answer to that, and what is made of it.
fn answer(offer: &str, hears: bool) -> Result<String, Fault> {
    let description = Description::read(offer)?;
    let plan = Plan::of(&description, hears)?;
    Ok(plan.answer(&plan.plain()).unwrap())
}

fn edited(from: &str, to: &str) -> String {
    assert!(OFFER.contains(from), "{from}");
    OFFER.replace(from, to)
}

/// The m= lines and the lines that begin with one of `names`.
fn lines<'a>(sdp: &'a str, names: &[&str]) -> Vec<&'a str> {
    let wanted =
        |line: &&str| line.starts_with("m=") || names.iter().any(|name| line.starts_with(name));
    sdp.lines().filter(wanted).collect()
}

#[test]
fn the_library_is_given_what_is_served_alone() {
    let plain = plain(OFFER).unwrap();
    assert_eq!(
        lines(
            &plain,
            &["a=group", "a=mid", "a=rtpmap", "a=ssrc", "a=rtcp-fb"]
        ),
        [
            "a=group:BUNDLE 0 1 2",
            "m=audio 9 UDP/TLS/RTP/SAVPF 111",
            "a=mid:0",
            "a=rtpmap:111 opus/48000/2",
            "a=ssrc:77 cname:-",
            "m=video 9 UDP/TLS/RTP/SAVPF 98 99",
            "a=mid:1",
            "a=rtpmap:98 H264/90000",
            "a=rtpmap:99 rtx/90000",
            "a=rtcp-fb:98 nack pli",
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
            "a=mid:2",
        ]
    );
}

#[test]
fn what_makes_no_difference_makes_none() {
    let expected = plain(OFFER).unwrap();
    for (from, to) in [
        ("\r\n", "\n"),
        ("\r\n", "\r"),
        ("\r\n", "\r\n\r\n"),
        ("\r\n", " \r\n  "),
        ("v=0\r\n", "\u{feff}v=0\r\n"),
        ("s=-\r\n", "s=\r\n"),
        ("s=-\r\n", "s=\u{fffd} \u{e9}\r\n"),
        (
            "s=-\r\n",
            "s=-\r\ni=about\r\nu=http://x\r\ne=a@b\r\np=+1 2\r\nc=IN IP4 0.0.0.0\r\nb=CT:9\r\nb=AS:9\r\n",
        ),
        (
            "t=0 0\r\n",
            "t=0 0\r\nr=7d 1h 0 25h\r\nt=3034423619 3042462419\r\nz=0 0\r\nk=prompt\r\n",
        ),
        (
            "o=- 42 2 IN IP4 127.0.0.1",
            "o=me-and-you 99999999999999999999999 2 IN IP6 ::1",
        ),
        (
            "a=mid:1\r\n",
            "a=mid:1\r\nb=AS:100\r\nb=TIAS:100000\r\nb=RR:0\r\nb=RS:0\r\ni=a face\r\n",
        ),
        (
            "a=mid:1\r\n",
            "a=mid:1\r\na=candidate:1 1 udp 1 2001:db8::1 5 typ host\r\na=candidate:what\r\n",
        ),
        (
            "a=mid:1\r\n",
            "a=mid:1\r\na=rid:q send\r\na=rid:h send\r\na=simulcast:send q;h\r\na=extmap:9 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n",
        ),
        ("a=sendrecv\r\n", ""),
        ("a=setup:actpass\r\n", ""),
        ("a=recvonly\r\n", "a=sendrecv\r\n"),
        (
            "a=fingerprint",
            "a=fingerprint:sha-512 00:11\r\na=fingerprint",
        ),
        (
            "sha-256 01:02:03:04:05:06:07:08:09:0A",
            "SHA-256 01:02:03:04:05:06:07:08:09:0a",
        ),
        ("opus/48000/2", "OPUS/48000/2"),
        ("H264/90000", "h264/90000"),
        ("a=rtcp-fb:98 nack pli", "a=rtcp-fb:* nack pli"),
        (
            "packetization-mode=1;profile-level-id=42e01f",
            "Packetization-Mode=1 ; profile-level-id=42E01F;",
        ),
        (
            "a=group:BUNDLE 0 1 2",
            "a=group:LS 0 1\r\na=group:BUNDLE 0 1 2",
        ),
        ("m=video 9 UDP/TLS/RTP/SAVPF", "m=video 0 UDP/TLS/RTP/SAVPF"),
        ("m=video 9 UDP/TLS/RTP/SAVPF", "m=video 9/2 RTP/SAVPF"),
        ("UDP/DTLS/SCTP webrtc", "TCP/DTLS/SCTP webrtc"),
    ] {
        assert_eq!(plain(&edited(from, to)).as_ref(), Ok(&expected), "{to:?}");
    }
    let moved = OFFER.replace("a=recvonly\r\n", "");
    let moved = moved.replace("a=group", "a=recvonly\r\na=group");
    assert_eq!(plain(&moved).unwrap(), expected);
}

#[test]
fn what_is_wrong_is_said() {
    let two_of = |from, to: &str| edited(from, &format!("{from}{to}"));
    let long = format!("a=mid:{}\r\n", "x".repeat(257));
    for (offer, fault) in [
        (String::new(), Fault::NotADescription),
        ("\r\n \n".to_owned(), Fault::NotADescription),
        (edited("v=0\r\n", ""), Fault::NotADescription),
        (edited("v=0\r\n", "v=1\r\n"), Fault::NotADescription),
        ("{}".to_owned(), Fault::NotADescription),
        (edited("s=-\r\n", "nonsense\r\n"), Fault::Line(3)),
        (edited("s=-\r\n", "title=-\r\n"), Fault::Line(3)),
        (edited("m=audio 9", "m=audio nine"), Fault::MediaLine(6)),
        (edited("SAVPF 111 0", "SAVPF"), Fault::MediaLine(6)),
        (edited("m=audio 9", "m=audio 99999"), Fault::MediaLine(6)),
        (edited("m=audio 9", "m=\u{e9} 9"), Fault::MediaLine(6)),
        ("v=0\r\ns=-\r\n".to_owned(), Fault::NoMedia),
        (
            two_of("t=0 0\r\n", &"m=text 9 RTP/AVP 1\r\n".repeat(62)),
            Fault::TooManySections(64),
        ),
        (
            edited("a=mid:1\r\n", "a=mid:0\r\n"),
            Fault::MidTwice("0".to_owned()),
        ),
        (edited("a=mid:1\r\n", "a=mid:\r\n"), Fault::Mid(20, 256)),
        (edited("a=mid:1\r\n", "a=mid:a b\r\n"), Fault::Mid(20, 256)),
        (
            edited("a=mid:1\r\n", "a=mid:\u{e9}\r\n"),
            Fault::Mid(20, 256),
        ),
        (edited("a=mid:1\r\n", &long), Fault::Mid(20, 256)),
        (
            edited(":98 H264", ":111 H264").replace("96 97 98", "111 98"),
            Fault::PayloadTwice(111),
        ),
        (edited("a=ice-ufrag:abcd\r\n", ""), Fault::NoCredentials),
        (
            edited("a=ice-pwd:abcdefghijklmnopqrstuvwx\r\n", ""),
            Fault::NoCredentials,
        ),
        (
            edited("a=ice-ufrag:abcd\r\n", "a=ice-ufrag:ab cd\r\n"),
            Fault::Credentials,
        ),
        (
            edited("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n"),
            Fault::BothLite,
        ),
        (edited("a=fingerprint", "a=finger"), Fault::NoFingerprint),
        (
            edited("a=fingerprint:sha-256", "a=fingerprint:sha-1"),
            Fault::OtherFingerprint("sha-1".to_owned()),
        ),
        (edited("sha-256 01:", "sha-256 "), Fault::Fingerprint),
        (edited("sha-256 01:", "sha-256 0x:"), Fault::Fingerprint),
        (
            edited("98 H264", "98 H265"),
            Fault::Pictures("VP8, H265".to_owned()),
        ),
        (
            edited("packetization-mode=1", "packetization-mode=0"),
            Fault::Pictures(
                "VP8, H264 with packetization-mode=0 with profile-level-id=42e01f".to_owned(),
            ),
        ),
        (
            edited("111 opus", "111 L16"),
            Fault::Sound("L16, payload type 0".to_owned()),
        ),
        (
            edited("a=sendrecv", "a=inactive")
                .replace("a=recvonly", "a=sendonly")
                .replace("m=application 9", "m=text 9"),
            Fault::NothingWanted,
        ),
    ] {
        assert_eq!(plain(&offer), Err(fault), "{offer}");
    }
}

#[test]
fn sections_come_back_by_their_own_names() {
    for name in [
        "a",
        "video-stream",
        "a.b!c",
        "abcdefghijklmnopqrstuvwxyz",
        "_",
        &"-".repeat(256),
    ] {
        let offer = OFFER.replace("a=mid:1\r\n", &format!("a=mid:{name}\r\n"));
        let offer = offer.replace("BUNDLE 0 1 2", &format!("BUNDLE 0 {name} 2"));
        let answer = answer(&offer, true).unwrap();
        let names = lines(&answer, &["a=mid:", "a=group:"]);
        assert_eq!(names[0], format!("a=group:BUNDLE 0 {name} 2"));
        assert_eq!(names[4], format!("a=mid:{name}"));
    }
    let nameless: String = OFFER
        .split_inclusive("\r\n")
        .take_while(|line| !line.starts_with("m=video"))
        .filter(|line| !line.starts_with("a=mid") && !line.starts_with("a=group"))
        .collect();
    let answer = answer(&nameless, true).unwrap();
    assert_eq!(
        lines(&answer, &["a=mid:", "a=group:"]),
        ["m=audio 9 UDP/TLS/RTP/SAVPF 111"]
    );
}

#[test]
fn packets_do_not_name_sections_by_other_names() {
    let names = |offer: &str| plain(offer).unwrap().contains("sdes:mid");
    assert!(names(OFFER));
    let other = OFFER
        .replace("a=mid:1\r\n", "a=mid:video-1\r\n")
        .replace("0 1 2", "0 video-1 2");
    assert!(!names(&other));
}

#[test]
fn what_is_not_served_is_rejected_in_its_place() {
    let media = |offer: &str| -> Vec<String> {
        let answer = answer(offer, true).unwrap();
        lines(&answer, &["a=group"])
            .into_iter()
            .map(str::to_owned)
            .collect()
    };
    let audio = "m=audio 9 UDP/TLS/RTP/SAVPF 111".to_owned();
    let video = "m=video 9 UDP/TLS/RTP/SAVPF 98 99".to_owned();
    let channel = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel".to_owned();
    let group = |mids: &str| format!("a=group:BUNDLE {mids}");
    // Without a group each section would need a transport of its own.
    let alone = media(&edited("a=group:BUNDLE 0 1 2\r\n", ""));
    let rejected = [
        "m=video 0 UDP/TLS/RTP/SAVPF 96",
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
    ];
    assert_eq!(alone, [audio.as_str(), rejected[0], rejected[1]]);
    let two = media(&edited("BUNDLE 0 1 2", "BUNDLE 1 2"));
    assert_eq!(two, [audio.as_str(), rejected[0], rejected[1]]);
    // The client itself does not want it.
    let closed = edited("BUNDLE 0 1 2", "BUNDLE 0 2").replace("m=video 9", "m=video 0");
    assert_eq!(
        media(&closed),
        [
            group("0 2"),
            audio.clone(),
            rejected[0].to_owned(),
            channel.clone()
        ]
    );
    // Nobody here knows what that is.
    let text = edited("m=audio 9 UDP", "m=text 9 UDP");
    let unknown = "m=text 0 UDP/TLS/RTP/SAVPF 111".to_owned();
    assert_eq!(
        media(&text),
        [group("1 2"), unknown, video.clone(), channel.clone()]
    );
    // A camera of which nothing could be used, and that has other formats.
    let camera = edited("a=recvonly", "a=sendonly").replace("98 H264", "98 H265");
    assert_eq!(
        media(&camera),
        [
            group("0 2"),
            audio.clone(),
            rejected[0].to_owned(),
            channel.clone()
        ]
    );
    // The data channel as it was called before RFC 8841.
    let old = edited("UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP 5000");
    assert_eq!(media(&old)[3], "m=application 9 DTLS/SCTP 5000");
    assert!(
        answer(&old, true)
            .unwrap()
            .contains("a=sctpmap:5000 webrtc-datachannel")
    );
}

#[test]
fn each_direction_has_its_answer() {
    // What the client does with sound and with pictures, whether anybody hears it, and what is left of that.
    for (sound, pictures, hears, expected) in [
        ("sendrecv", "recvonly", true, ["sendrecv", "recvonly"]),
        ("sendrecv", "sendrecv", true, ["sendrecv", "recvonly"]),
        ("sendrecv", "sendrecv", false, ["recvonly", "recvonly"]),
        ("sendonly", "recvonly", true, ["sendonly", "recvonly"]),
        ("sendonly", "recvonly", false, ["inactive", "recvonly"]),
        ("recvonly", "sendonly", true, ["recvonly", "inactive"]),
        ("inactive", "inactive", true, ["inactive", "inactive"]),
    ] {
        let offer = edited("a=recvonly", &format!("a={pictures}"));
        let offer = offer.replace("a=sendrecv", &format!("a={sound}"));
        let description = Description::read(&offer).unwrap();
        let plain = Plan::of(&description, hears).unwrap().plain();
        let ways = ["a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"];
        let left: Vec<&str> = plain.lines().filter(|line| ways.contains(line)).collect();
        assert_eq!(
            left,
            expected.map(|word| format!("a={word}")),
            "{sound} {pictures}"
        );
    }
}

#[test]
fn pictures_are_sent_in_the_format_that_fits_best() {
    for (parameters, expected) in [
        (
            &[
                "packetization-mode=1;profile-level-id=42001f",
                "packetization-mode=1;profile-level-id=42e01f",
            ][..],
            Some((101, "42e01f")),
        ),
        (
            &[
                "packetization-mode=0;profile-level-id=42e01f",
                "packetization-mode=1;profile-level-id=42c01f",
            ],
            Some((101, "42c01f")),
        ),
        (
            &[
                "packetization-mode=1;profile-level-id=640c1f",
                "packetization-mode=1;profile-level-id=4d001f",
            ],
            Some((101, "4d001f")),
        ),
        (
            &["profile-level-id=42e01f", "packetization-mode=1"],
            Some((101, "42e01f")),
        ),
        (
            &["packetization-mode=1;profile-level-id=f4001f", "x=y"],
            Some((101, "42e01f")),
        ),
        (&[""], Some((100, "42e01f"))),
        (&["packetization-mode=1;profile-level-id=f4001f"], None),
        (&["packetization-mode=1;profile-level-id=+2e01f"], None),
        (&["packetization-mode=2"], None),
    ] {
        let numbers: Vec<String> = (100..)
            .take(parameters.len())
            .map(|one| one.to_string())
            .collect();
        let mut section = format!("m=video 9 UDP/TLS/RTP/SAVPF {}\r\n", numbers.join(" "));
        for (number, parameters) in numbers.iter().zip(parameters) {
            section.push_str(&format!(
                "a=rtpmap:{number} H264/90000\r\na=fmtp:{number} {parameters}\r\n"
            ));
        }
        let offer = format!("v=0\r\n{section}");
        let description = Description::read(&offer).unwrap();
        let chosen = codec::pictures(&description.sections[0]).ok();
        let chosen = chosen.map(|payload| (payload.number, payload.profile.unwrap()));
        assert_eq!(
            chosen,
            expected.map(|(number, profile)| (number, profile.to_owned())),
            "{parameters:?}"
        );
    }
    let bare: String = OFFER
        .split_inclusive("\r\n")
        .filter(|line| !line.starts_with("a=fmtp:98"))
        .collect();
    let answered = answer(&bare, true).unwrap();
    assert!(answered.contains(
        "a=fmtp:98 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
    ));
}

proptest! {
    #[test]
    fn no_text_is_too_much(text in "\\PC{0,200}", lines in prop::collection::vec("[vosmtabic]=[-a-z0-9:/; ]{0,30}", 0..40)) {
        let _ = plain(&text);
        let _ = answer(&format!("v=0\r\n{}", lines.join("\r\n")), true);
    }

    #[test]
    fn answers_have_the_sections_of_the_offer(drop in prop::collection::vec(0..35_usize, 0..8), closed in any::<[bool; 3]>(), hears in any::<bool>()) {
        let mut offer: Vec<String> = OFFER
            .lines()
            .enumerate()
            .filter(|(index, line)| line.starts_with("m=") || *index == 0 || !drop.contains(index))
            .map(|(_, line)| line.to_owned())
            .collect();
        for (line, closed) in offer.iter_mut().filter(|line| line.starts_with("m=")).zip(closed) {
            if closed {
                *line = line.replace(" 9 ", " 0 ");
            }
        }
        let offer = offer.join("\r\n");
        if let Ok(answer) = answer(&offer, hears) {
            let words = |sdp: &str| -> Vec<String> {
                let media = lines(sdp, &["a=mid:"]).into_iter();
                media.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
            };
            prop_assert_eq!(words(&answer), words(&offer));
        }
    }
}
