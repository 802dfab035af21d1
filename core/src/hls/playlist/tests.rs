use proptest::prelude::*;
use time::macros::datetime;

use super::*;
use crate::hls::{Part, Segment};
use crate::time::FrameRate;

const BEGAN: OffsetDateTime = datetime!(2030-01-02 03:04:05.678 UTC);

fn cut(frames_per_second: u32) -> Cut {
    Cut::standard(FrameRate::new(frames_per_second).unwrap())
}

/// A stream of so many pictures, as a segmenter cuts it.
fn stream(cut: Cut, frames: u64) -> Timeline {
    let mut timeline = Timeline::default();
    stream_parts(cut, frames, |part| timeline.push(&part));
    timeline
}

/// The parts of such a stream.
fn stream_parts(cut: Cut, frames: u64, mut take: impl FnMut(Part)) {
    let step = cut.step();
    let per_part = cut.part().0 / step.0;
    let (mut done, mut segment, mut index) = (0, 0, 0);
    let mut segment_end = 0;
    while done < frames {
        if index == 0 {
            segment_end = done + u64::from(cut.steps_of(segment));
        }
        let end = (done + per_part).min(segment_end).min(frames);
        let closes = end == segment_end || end == frames;
        take(Part {
            segment,
            index,
            start: cut.start_of(done),
            duration: cut.start_of(end - done),
            steps: (end - done) as u32,
            independent: index == 0,
            last: end == frames,
            bytes: Vec::new(),
            ts: Vec::new(),
            closes: closes.then_some(Segment {
                number: segment,
                start: Samples::ZERO,
                duration: Samples::ZERO,
                bytes: 0,
            }),
        });
        (done, index) = (end, index + 1);
        if closes {
            (segment, index) = (segment + 1, 0);
        }
    }
}

const HEAD: &str = "#EXTM3U\n\
     #EXT-X-VERSION:9\n\
     #EXT-X-TARGETDURATION:1\n\
     #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.600000,CAN-SKIP-UNTIL=6.000000\n\
     #EXT-X-PART-INF:PART-TARGET=0.200000\n\
     #EXT-X-MEDIA-SEQUENCE:1\n\
     #EXT-X-PLAYLIST-TYPE:EVENT\n\
     #EXT-X-INDEPENDENT-SEGMENTS\n\
     #EXT-X-START:TIME-OFFSET=0.001\n";

#[test]
fn a_stream_that_slides_begins_where_its_first_segment_does() {
    let cut = cut(25);
    let timeline = stream(cut, 25 * 30);
    let window = Some(Samples::from_millis(10_000));
    let playlist = MediaPlaylist::media(cut, BEGAN).sliding(window);
    let listed = timeline.len();
    let text = playlist.render(&timeline, Form::Plain, listed, false);
    assert!(text.contains("#EXT-X-MEDIA-SEQUENCE:21\n"), "{text}");
    assert!(text.contains("#EXT-X-PROGRAM-DATE-TIME:2030-01-02T03:04:24.878"));
    assert!(!text.contains("PLAYLIST-TYPE") && !text.contains("EXT-X-START"));
    assert!(!text.contains("segment_019.m4s") && text.contains("segment_020.m4s"));
    let delta = playlist.render(&timeline, Form::Delta, listed, false);
    assert!(
        delta.contains("#EXT-X-SKIP:SKIPPED-SEGMENTS=4\n"),
        "{delta}"
    );
    assert!(delta.contains("\nsegment_024.m4s") && !delta.contains("\nsegment_023.m4s"));
    // As long as nothing has left it, it is any other that may.
    let text = playlist.render(&timeline, Form::Plain, 50, false);
    assert!(text.contains("#EXT-X-MEDIA-SEQUENCE:1\n") && text.contains("EXT-X-START"));
}

#[test]
fn a_live_playlist_lists_parts_and_hints_at_the_next() {
    let playlist = MediaPlaylist::media(cut(25), BEGAN);
    let timeline = stream(cut(25), 200);
    let text = playlist.render(&timeline, Form::LowLatency, 7, false);
    let tail = "#EXT-X-MAP:URI=\"init.mp4\"\n\
         #EXT-X-PROGRAM-DATE-TIME:2030-01-02T03:04:05.678+00:00\n\
         #EXT-X-PART:DURATION=0.200000,URI=\"segment_000.0.m4s\",INDEPENDENT=YES\n\
         #EXTINF:0.200000,\n\
         segment_000.m4s\n\
         #EXT-X-PART:DURATION=0.200000,URI=\"segment_001.0.m4s\",INDEPENDENT=YES\n\
         #EXT-X-PART:DURATION=0.200000,URI=\"segment_001.1.m4s\"\n\
         #EXT-X-PART:DURATION=0.200000,URI=\"segment_001.2.m4s\"\n\
         #EXT-X-PART:DURATION=0.200000,URI=\"segment_001.3.m4s\"\n\
         #EXT-X-PART:DURATION=0.200000,URI=\"segment_001.4.m4s\"\n\
         #EXTINF:1.000000,\n\
         segment_001.m4s\n\
         #EXT-X-PART:DURATION=0.200000,URI=\"segment_002.0.m4s\",INDEPENDENT=YES\n\
         #EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"segment_002.1.m4s\"\n";
    assert_eq!(text, format!("{HEAD}{tail}"));
    for (listed, end) in [
        (
            1,
            "segment_000.m4s\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"segment_001.0.m4s\"\n",
        ),
        (
            11,
            "segment_002.m4s\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"segment_003.0.m4s\"\n",
        ),
    ] {
        let whole = playlist.render(&timeline, Form::LowLatency, listed, false);
        assert!(whole.ends_with(end), "{whole}");
    }
}

#[test]
fn nothing_is_hinted_at_where_only_the_end_is_to_come() {
    let playlist = MediaPlaylist::media(cut(25), BEGAN);
    let timeline = stream(cut(25), 26);
    let before = |outlook| playlist.render_before(&timeline, Form::LowLatency, 6, outlook);
    let hint = "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"segment_002.0.m4s\"\n";
    let text = before(Outlook::End);
    assert_eq!(before(Outlook::Parts), format!("{text}{hint}"));
    assert_eq!(before(Outlook::Nothing), format!("{text}#EXT-X-ENDLIST\n"));
}

#[test]
fn a_rendition_reports_how_far_the_others_are() {
    let others = vec![Beside::media("../playlist.m3u8".to_owned())];
    let playlist = MediaPlaylist::media(cut(25), BEGAN).beside(others);
    let timeline = stream(cut(25), 200);
    for (listed, report) in [
        (8, "LAST-MSN=3,LAST-PART=1"),
        (11, "LAST-MSN=3,LAST-PART=4"),
    ] {
        let text = playlist.render(&timeline, Form::LowLatency, listed, false);
        let line = format!("#EXT-X-RENDITION-REPORT:URI=\"../playlist.m3u8\",{report}\n");
        assert!(text.ends_with(&line), "{text}");
    }
    let plain = playlist.render(&timeline, Form::Plain, 7, false);
    assert!(!plain.contains("REPORT"));
}

#[test]
fn a_delta_update_leaves_out_what_is_old() {
    let playlist = MediaPlaylist::media(cut(25), BEGAN);
    let timeline = stream(cut(25), 500);
    assert_eq!(
        playlist.render(&timeline, Form::Delta, 30, false),
        playlist.render(&timeline, Form::LowLatency, 30, false)
    );
    assert_eq!(
        playlist.render(&timeline, Form::Delta, 100, true),
        playlist.render(&timeline, Form::LowLatency, 100, true)
    );
    let delta = playlist.render(&timeline, Form::Delta, 50, false);
    let full = playlist.render(&timeline, Form::LowLatency, 50, false);
    let repeated = delta
        .strip_prefix(&format!("{HEAD}#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n"))
        .unwrap();
    assert!(full.ends_with(repeated));
    assert!(
        repeated.starts_with("#EXTINF:1.000000,\nsegment_003.m4s\n"),
        "{delta}"
    );
}

#[test]
fn a_plain_playlist_knows_no_parts() {
    let playlist = MediaPlaylist::media(cut(25), BEGAN);
    let timeline = stream(cut(25), 26);
    assert_eq!(
        playlist.render(&timeline, Form::Plain, 6, true),
        "#EXTM3U\n\
         #EXT-X-VERSION:7\n\
         #EXT-X-TARGETDURATION:1\n\
         #EXT-X-MEDIA-SEQUENCE:1\n\
         #EXT-X-PLAYLIST-TYPE:EVENT\n\
         #EXT-X-INDEPENDENT-SEGMENTS\n\
         #EXT-X-START:TIME-OFFSET=0.001\n\
         #EXT-X-MAP:URI=\"init.mp4\"\n\
         #EXT-X-PROGRAM-DATE-TIME:2030-01-02T03:04:05.678+00:00\n\
         #EXTINF:0.200000,\n\
         segment_000.m4s\n\
         #EXTINF:0.840000,\n\
         segment_001.m4s\n\
         #EXT-X-ENDLIST\n"
    );
}

#[test]
fn transport_streams_are_listed_plainly_in_every_form() {
    let cut = Cut::whole(FrameRate::new(25).unwrap());
    let beside = vec![Beside::captions("captions.m3u8".to_owned())];
    let playlist = MediaPlaylist::media(cut, BEGAN)
        .made_of(SegmentFormat::Ts)
        .beside(beside);
    let timeline = stream(cut, 260);
    let expected = "#EXTM3U\n\
         #EXT-X-VERSION:3\n\
         #EXT-X-TARGETDURATION:1\n\
         #EXT-X-MEDIA-SEQUENCE:1\n\
         #EXT-X-PLAYLIST-TYPE:EVENT\n\
         #EXT-X-INDEPENDENT-SEGMENTS\n\
         #EXT-X-START:TIME-OFFSET=0.001\n\
         #EXT-X-PROGRAM-DATE-TIME:2030-01-02T03:04:05.678+00:00\n\
         #EXTINF:1.000000,\n\
         segment_000.ts\n\
         #EXTINF:1.000000,\n\
         segment_001.ts\n";
    for form in [Form::Plain, Form::LowLatency, Form::Delta] {
        assert_eq!(playlist.render(&timeline, form, 2, false), expected);
        let late = playlist.render(&timeline, form, 10, false);
        assert!(late.starts_with(expected) && late.ends_with("segment_009.ts\n"));
        let ended = playlist.render(&timeline, form, usize::MAX, true);
        let end = "#EXTINF:0.400000,\nsegment_010.ts\n#EXT-X-ENDLIST\n";
        assert!(ended.starts_with(&late) && ended.ends_with(end), "{ended}");
    }
}

#[test]
fn captions_have_no_init_segment() {
    let playlist = MediaPlaylist::captions(cut(25), BEGAN);
    let text = playlist.render(&stream(cut(25), 30), Form::Plain, 5, false);
    assert!(
        text.ends_with("#EXTINF:0.200000,\ncaptions_000.vtt\n"),
        "{text}"
    );
    assert!(!text.contains("EXT-X-MAP"), "{text}");
}

#[test]
fn a_stream_that_is_cut_short_ends_with_a_shorter_segment() {
    let playlist = MediaPlaylist::media(cut(25), BEGAN);
    let mut timeline = stream(cut(25), 200);
    timeline.cut(8);
    timeline.close();
    let text = playlist.render(&timeline, Form::LowLatency, 8, true);
    assert!(text.ends_with(
        "#EXT-X-PART:DURATION=0.200000,URI=\"segment_002.1.m4s\"\n\
         #EXTINF:0.400000,\nsegment_002.m4s\n#EXT-X-ENDLIST\n"
    ));
    timeline.cut(6);
    timeline.close();
    assert_eq!(timeline.edge(99).segments, 2);
}

fn seconds(text: &str) -> i64 {
    let (whole, micros) = text.split_once('.').unwrap();
    assert_eq!(micros.len(), 6, "{text}");
    whole.parse::<i64>().unwrap() * 1_000_000 + micros.parse::<i64>().unwrap()
}

/// The value after `name` in each line that has it.
fn values<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines()
        .filter_map(move |line| line.strip_prefix(name)?.split(',').next())
}

proptest! {
    /// Whoever reloads sees segments leave in order, and never finds less than the window.
    #[test]
    fn a_window_slides_and_is_never_too_short(frames in 1_u64..2_000, seconds in 10_u64..40) {
        let cut = cut(25);
        let timeline = stream(cut, frames);
        let window = Samples::from_millis(seconds * 1000);
        let playlist = MediaPlaylist::media(cut, BEGAN).sliding(Some(window));
        let mut before = 0;
        for listed in 1..=timeline.len() {
            let first = playlist.first_listed(&timeline, listed);
            prop_assert!(first >= before);
            before = first;
            let text = playlist.render(&timeline, Form::LowLatency, listed, false);
            let sequence = format!("#EXT-X-MEDIA-SEQUENCE:{}\n", first + 1);
            prop_assert!(text.contains(&sequence));
            let numbers: Vec<u32> = text
                .lines()
                .filter_map(|line| line.strip_prefix("segment_")?.strip_suffix(".m4s")?.parse().ok())
                .collect();
            let segments = timeline.edge(listed).segments;
            prop_assert_eq!(&numbers, &(first..segments).collect::<Vec<u32>>());
            let length = timeline.end(listed).saturating_sub(timeline.start(first as usize));
            prop_assert!(length >= window.min(timeline.end(listed)));
            prop_assert!(length <= window + playlist.targets(1));
            prop_assert!(playlist.farewell() >= length.duration());
        }
    }

    /// A timeline that forgets what has left its playlists says the same as one that does not, however long it grows.
    #[test]
    fn what_is_forgotten_is_not_missed_and_the_rest_does_not_grow(frames in 1_u64..1_500, seconds in 1_u64..20, rest in 0_usize..9) {
        let cut = cut(25);
        let mut parts = Vec::new();
        let (mut kept, mut so_far) = (Timeline::default(), Timeline::default());
        let window = Samples::from_millis(seconds * 1000);
        let playlists = [MediaPlaylist::media(cut, BEGAN), MediaPlaylist::captions(cut, BEGAN)]
            .map(|playlist| playlist.sliding(Some(window)));
        stream_parts(cut, frames, |part| parts.push(part));
        // What is listed follows some parts behind what is made.
        let steps = (1..=parts.len()).map(|made| (made, made.saturating_sub(rest).max(1)));
        for (made, listed) in steps {
            kept.push(&parts[made - 1]);
            so_far.push(&parts[made - 1]);
            for playlist in &playlists {
                for form in [Form::LowLatency, Form::Delta, Form::Plain] {
                    prop_assert_eq!(
                        playlist.render(&kept, form, listed, false),
                        playlist.render(&so_far, form, listed, false)
                    );
                }
                prop_assert_eq!(playlist.first_in_parts(&kept, listed), playlist.first_in_parts(&so_far, listed));
                prop_assert_eq!(playlist.first_listed(&kept, listed), playlist.first_listed(&so_far, listed));
            }
            prop_assert_eq!(kept.edge(listed), so_far.edge(listed));
            prop_assert_eq!(kept.last(kept.edge(listed)), so_far.last(so_far.edge(listed)));
            prop_assert_eq!(kept.whole(listed), so_far.whole(listed));
            prop_assert_eq!(kept.len(), so_far.len());
            let waiting = |timeline: &Timeline| timeline.ends_after(listed).collect::<Vec<_>>();
            prop_assert_eq!(waiting(&kept), waiting(&so_far));
            kept.forget(playlists[0].forgettable(&kept, listed));
            // Five parts a second.
            let most = 5 * (seconds.max(PARTS_STAY) + 2) as usize + rest;
            prop_assert!(kept.kept() <= most, "{} parts are kept of {made}", kept.kept());
        }
        let end = |mut timeline: Timeline| {
            timeline.close();
            playlists[0].render(&timeline, Form::LowLatency, usize::MAX, true)
        };
        prop_assert_eq!(end(kept), end(so_far));
    }

    #[test]
    fn later_playlists_only_add(
        frames in 1_u64..1200,
        rate in prop::sample::select(&FrameRate::ALLOWED),
        listed in 0_usize..300,
        further in 0_usize..50,
    ) {
        let playlist = MediaPlaylist::media(cut(rate), BEGAN);
        let timeline = stream(cut(rate), frames);
        let early = playlist.render(&timeline, Form::Plain, listed, false);
        let late = playlist.render(&timeline, Form::Plain, listed + further, false);
        prop_assert!(late.starts_with(&early));
        let last = playlist.render(&timeline, Form::Plain, usize::MAX, true);
        prop_assert!(last.starts_with(&late));
        let parts = |listed: usize| {
            let text = playlist.render(&timeline, Form::LowLatency, listed, false);
            let lines = text.lines().filter(|line| line.starts_with("#EXT-X-PART:"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        let hint = playlist.render(&timeline, Form::LowLatency, listed, false);
        let hinted = hint.lines().last().unwrap().split('"').nth(1).unwrap().to_owned();
        if listed < timeline.len() {
            let next = parts(listed + 1);
            prop_assert!(next.last().unwrap().contains(&hinted), "{hinted} was hinted at");
        }
    }

    #[test]
    fn listed_durations_never_drift(
        frames in 1_u64..3000,
        rate in prop::sample::select(&FrameRate::ALLOWED),
    ) {
        let playlist = MediaPlaylist::media(cut(rate), BEGAN);
        let timeline = stream(cut(rate), frames);
        let text = playlist.render(&timeline, Form::LowLatency, usize::MAX, true);
        let number = |name| values(&text, name).next().unwrap().to_owned();
        let target: i64 = number("#EXT-X-TARGETDURATION:").parse().unwrap();
        let part_target = seconds(&number("#EXT-X-PART-INF:PART-TARGET="));
        let (mut micros, mut sum) = (0, 0);
        for line in text.lines() {
            if let Some(part) = line.strip_prefix("#EXT-X-PART:DURATION=") {
                let part = seconds(part.split(',').next().unwrap());
                prop_assert!(part <= part_target);
                sum += part;
            }
            if let Some(segment) = line.strip_prefix("#EXTINF:") {
                let segment = seconds(segment.trim_end_matches(','));
                prop_assert!((segment + 500_000) / 1_000_000 <= target);
                prop_assert!(sum == 0 || sum == segment, "parts add up to their segment");
                sum = 0;
                micros += segment;
            }
        }
        let exact = i64::try_from(cut(rate).start_of(frames).0).unwrap() * 1_000_000;
        // Less than a microsecond from the exact time, however many segments were added up.
        prop_assert!((micros * 48_000 - exact).abs() <= 24_000);
    }
}
