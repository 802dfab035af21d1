use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Words of `text`, each 400 ms long and 100 ms apart.
fn spoken(text: &str) -> Vec<Word> {
    text.split(' ')
        .zip(0u64..)
        .map(|(word, index)| Word {
            text: word.to_owned(),
            start: Samples::from_millis(index * 500),
            end: Samples::from_millis(index * 500 + 400),
        })
        .collect()
}

/// All segments of one second, with everything known.
fn segments(words: Vec<Word>, seconds: u64) -> Vec<String> {
    let mut captions = Captions::new();
    words.into_iter().for_each(|word| captions.word(word));
    let end = Samples::from_millis(seconds * 1000);
    (0..seconds)
        .map(|n| {
            let (from, to) = (
                Samples::from_millis(n * 1000),
                Samples::from_millis(n * 1000 + 1000),
            );
            captions.segment(from, to, end).unwrap()
        })
        .collect()
}

/// Start and end in milliseconds, and the text, of each cue in a segment.
fn cues(segment: &str) -> Vec<(u64, u64, String)> {
    let body = segment.strip_prefix(HEADER).unwrap();
    let milliseconds = |stamp: &str| {
        let digits: Vec<u64> = stamp
            .split([':', '.'])
            .map(|part| part.parse().unwrap())
            .collect();
        ((digits[0] * 60 + digits[1]) * 60 + digits[2]) * 1000 + digits[3]
    };
    body.split("\n\n")
        .map(|block| block.trim_matches('\n'))
        .filter(|block| !block.is_empty())
        .map(|block| {
            let (times, text) = block.split_once('\n').unwrap();
            let (start, end) = times.split_once(" --> ").unwrap();
            (milliseconds(start), milliseconds(end), text.to_owned())
        })
        .collect()
}

#[test]
fn a_sentence_is_a_cue_in_every_segment_it_touches() {
    let segments = segments(spoken("All is well that ends. Is it not?"), 6);
    let first = (0, 2500, "All is well that ends.".to_owned());
    let second = (2500, 4200, "Is it not?".to_owned());
    assert_eq!(cues(&segments[0]), std::slice::from_ref(&first));
    assert_eq!(cues(&segments[2]), [first, second.clone()]);
    assert_eq!(cues(&segments[4]), [second]);
    assert_eq!(segments[5], HEADER);
}

#[test]
fn long_sentences_break_at_a_comma_and_lines_are_balanced() {
    let text =
        "When the morning came over the hills of the old country, they went down to the river.";
    let shown: Vec<String> = segments(spoken(text), 12)
        .iter()
        .flat_map(|segment| cues(segment))
        .map(|(_, _, text)| text)
        .collect();
    assert!(
        shown.contains(&"When the morning came over\nthe hills of the old country,".to_owned()),
        "{shown:?}"
    );
}

#[test]
fn a_segment_is_given_as_soon_as_its_words_are_known() {
    let second = |n: u64| Samples::from_millis(n * 1000);
    let mut captions = Captions::new();
    let words = spoken("one two three four");
    captions.word(words[0].clone());
    captions.word(words[1].clone());
    assert_eq!(
        captions.segment(second(0), second(1), Samples::from_millis(999)),
        None
    );
    let first = captions.segment(second(0), second(1), second(1)).unwrap();
    assert_eq!(cues(&first), [(0, 1000, "one two".to_owned())]);
    captions.word(words[2].clone());
    captions.word(words[3].clone());
    let next = captions.segment(second(1), second(2), second(2)).unwrap();
    assert_eq!(cues(&next), [(1000, 2000, "three four".to_owned())]);
}

#[test]
fn markup_is_shown_and_not_obeyed() {
    let words = spoken("<b>a&b</b> --> c\nd\u{0}");
    let text = segments(words, 3).concat();
    assert!(
        text.contains("\n&lt;b&gt;a&amp;b&lt;/b&gt; --&gt; c d\n"),
        "{text}"
    );
}

#[test]
fn a_silence_separates_cues() {
    let mut words = spoken("one two");
    words[1].start = Samples::from_millis(3000);
    words[1].end = Samples::from_millis(3400);
    let shown = segments(words, 5);
    assert_eq!(cues(&shown[0]), [(0, 1000, "one".to_owned())]);
    assert_eq!(cues(&shown[1]), []);
    assert_eq!(cues(&shown[3]), [(3000, 4000, "two".to_owned())]);
}

#[test]
fn a_cue_begins_with_its_word_where_a_segment_is_cut() {
    let at = Samples::from_millis;
    let mut captions = Captions::new();
    captions.begin("one", at(2_600));
    captions.begin("two", at(2_900));
    // What is known reaches into the word after the cut.
    captions.begin("three", at(3_290));
    let first = captions.segment(at(0), at(3_000), at(3_493)).unwrap();
    assert_eq!(cues(&first), [(2_600, 3_290, "one two".to_owned())]);
    captions.begin("four", at(3_700));
    captions.end(at(4_000));
    let next = captions.segment(at(3_000), at(6_000), at(6_000)).unwrap();
    assert_eq!(cues(&next)[1], (3_290, 4_300, "three four".to_owned()));
}

#[test]
fn a_word_is_shown_in_the_segment_it_begins_in() {
    let at = Samples::from_millis;
    let mut captions = Captions::new();
    captions.begin("one", at(500));
    captions.begin("interminable", at(900));
    let first = captions.segment(at(0), at(1_000), at(1_000)).unwrap();
    assert_eq!(cues(&first), [(500, 1_000, "one interminable".to_owned())]);
    captions.begin("two", at(1_400));
    captions.end(at(1_800));
    let next = captions.segment(at(1_000), at(2_000), at(2_000)).unwrap();
    assert_eq!(cues(&next), [(1_400, 2_000, "two".to_owned())]);
}

#[test]
fn the_middle_of_a_long_word_is_shown_while_it_is_said() {
    let at = Samples::from_millis;
    let long: String = ('a'..='z').cycle().take(120).collect();
    let hash: String = "0123456789abcdef".repeat(4);
    let address = "https://example.com/2026/11/30/a-long-story".to_owned();
    for (word, seconds) in [(long, 12), (hash, 20), (address, 8)] {
        let mut captions = Captions::new();
        captions.begin(&word, at(0));
        let mut shown: BTreeMap<(u64, u64), String> = BTreeMap::new();
        for second in 0..seconds + 1 {
            if second == seconds {
                captions.begin("end", at(seconds * 1_000));
                captions.end(at(seconds * 1_000 + 500));
            }
            let (from, to) = (at(second * 1_000), at(second * 1_000 + 1_000));
            let segment = captions.segment(from, to, to).unwrap();
            let cues = cues(&segment);
            assert!(
                !cues.is_empty(),
                "nothing is shown after {second} s of {word}"
            );
            shown.extend(
                cues.into_iter()
                    .map(|(start, end, text)| ((start, end), text)),
            );
        }
        let mut texts: Vec<String> = shown.into_values().collect();
        texts.dedup();
        let all: String = texts.concat().replace('\n', "");
        for piece in word.as_bytes().chunks(LINE) {
            let piece = std::str::from_utf8(piece).unwrap();
            assert!(all.contains(piece), "{piece} is missing in {all}");
        }
        assert!(all.ends_with("end"));
    }
}

fn words() -> impl Strategy<Value = Vec<Word>> {
    let text = prop_oneof![
        8 => "[a-zа-яқ]{1,12}[.,!?;:]?",
        1 => "\\PC{1,60}",
        1 => "[a-z]{30,120}",
        1 => "[ \\n\\t]*"
    ];
    prop::collection::vec((text, 0u64..20_000, 0u64..60_000, 0u64..100_000), 0..60).prop_map(
        |spoken| {
            let mut at = 0;
            spoken
                .into_iter()
                .map(|(text, before, length, pause)| {
                    let start = at + if pause > 95_000 { pause } else { before };
                    at = start + length;
                    Word {
                        text,
                        start: Samples(start),
                        end: Samples(at),
                    }
                })
                .collect()
        },
    )
}

proptest! {
    #[test]
    fn every_word_is_shown_once_while_it_is_said(
        words in words(),
        length in 10_000u64..100_000,
        ahead in 0u64..500_000,
    ) {
        let end = words.last().map_or(1, |word| word.end.0 + 48_000);
        let mut captions = Captions::new();
        let mut given = words.iter().peekable();
        let mut shown: BTreeMap<(u64, u64), String> = BTreeMap::new();
        let mut from = 0;
        while from < end {
            let to = from + length;
            let known = to + ahead;
            while let Some(word) = given.next_if(|word| word.start.0 < known) {
                captions.word(word.clone());
            }
            prop_assert_eq!(captions.segment(Samples(from), Samples(to), Samples(to - 1)), None);
            let segment = captions.segment(Samples(from), Samples(to), Samples(known)).unwrap();
            let (from_ms, to_ms) = (from / 48, to.div_ceil(48));
            for (start, end, text) in cues(&segment) {
                prop_assert!(start < end, "cue without length");
                prop_assert!(start <= to_ms && end + 1 >= from_ms, "cue in the wrong segment");
                let lines: Vec<&str> = text.lines().collect();
                prop_assert!(lines.len() <= 2, "{text:?}");
                for line in lines {
                    let plain = line.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
                    prop_assert!(width(&plain) <= LINE, "{plain:?}");
                }
                let known = shown.entry((start, end)).or_insert_with(|| text.clone());
                prop_assert_eq!(&*known, &text, "a cue changed");
            }
            // Every settled cue that touches this segment is in it.
            for (&(start, end), text) in &shown {
                if start * 48 + 48 < to && end * 48 > from + 48 {
                    prop_assert!(segment.contains(text.as_str()), "{text:?} is missing");
                }
            }
            from = to;
        }
        let mut last = 0;
        for &(start, end) in shown.keys() {
            prop_assert!(start >= last, "cues overlap");
            last = end;
        }
        let strip = |text: &str| -> String { text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect() };
        let all: String = shown.values().map(|text| strip(text)).collect();
        let said: String = words.iter().map(|word| strip(&word.text)).collect();
        let said = said.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        prop_assert_eq!(all, said);
    }

    #[test]
    fn words_whose_ends_are_not_known_are_shown_too(
        words in words(),
        length in 10_000u64..100_000,
        ahead in 0u64..100_000,
    ) {
        let end = words.last().map_or(1, |word| word.end.0 + 48_000);
        let mut captions = Captions::new();
        let mut marks: Vec<(Samples, Option<&str>)> = Vec::new();
        for word in &words {
            marks.push((word.start, Some(&word.text)));
            marks.push((word.end, None));
        }
        let mut given = marks.into_iter().peekable();
        let mut shown: BTreeMap<(u64, u64), String> = BTreeMap::new();
        let mut from = 0;
        while from < end {
            let to = from + length;
            while let Some((at, text)) = given.next_if(|(at, _)| at.0 < to + ahead) {
                match text {
                    Some(text) => captions.begin(text, at),
                    None => captions.end(at),
                }
            }
            let segment = captions.segment(Samples(from), Samples(to), Samples(to + ahead)).unwrap();
            for (start, end, text) in cues(&segment) {
                prop_assert!(start < end, "cue without length");
                shown.insert((start, end), text);
            }
            from = to;
        }
        let mut last = 0;
        for &(start, end) in shown.keys() {
            prop_assert!(start >= last, "cues overlap");
            last = end;
        }
        let strip = |text: &str| -> String { text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect() };
        let all: String = shown.values().map(|text| strip(text)).collect();
        let mut rest = all.as_str();
        for word in &words {
            let text: String = strip(&word.text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            // A piece that goes on being said is shown again.
            if width(&text) <= LINE {
                let at = rest.find(&text);
                prop_assert!(at.is_some(), "{:?} is missing in {:?}", text, rest);
                rest = &rest[at.unwrap_or(0) + text.len()..];
            }
        }
    }
}
