use std::collections::HashMap;

use mp4_atom::{Decode as _, Moof};
use proptest::prelude::*;

use super::*;

fn rate(frames: u32) -> FrameRate {
    FrameRate::new(frames).unwrap()
}

fn picture(cut: Cut, frame: u64) -> VideoPacket {
    VideoPacket {
        data: vec![frame as u8; 10 + frame as usize % 7],
        key: cut.starts_segment(frame),
    }
}

fn sound(index: u64) -> AudioPacket {
    AudioPacket {
        data: vec![index as u8; 5 + index as usize % 3],
        start: index * FRAME_SAMPLES as u64,
    }
}

#[test]
fn standard_parts_are_a_fifth_of_a_second() {
    let cut = Cut::standard(rate(25));
    assert_eq!(cut.part(), Samples(9_600));
    assert_eq!(cut.segment(), Samples(48_000));
    let starts: Vec<u64> = (0..60).filter(|&frame| cut.starts_segment(frame)).collect();
    assert_eq!(starts, [0, 5, 30, 55]);
    assert_eq!(cut.parts(), 5);
    let whole = Cut::whole(rate(25));
    assert_eq!(
        (whole.segment(), whole.part()),
        (cut.segment(), cut.segment())
    );
    assert_eq!(whole.parts(), 1);
    assert_eq!(Cut::new(rate(25).frame(), 0, 25), None);
    assert_eq!(Cut::new(rate(25).frame(), 6, 5), None);
}

#[test]
fn sound_alone_is_cut_in_whole_frames_nearest_to_what_is_wanted() {
    let cut = |milliseconds| Cut::sound(Duration::from_millis(milliseconds));
    assert_eq!(cut(2000).part(), Samples::from_millis(256));
    for (wanted, parts) in [(0, 1), (256, 1), (400, 2), (2000, 8), (6000, 23)] {
        assert_eq!(cut(wanted).parts(), parts, "{wanted}");
        assert_eq!(
            cut(wanted).segment().0,
            cut(wanted).part().0 * u64::from(parts)
        );
    }
}

#[test]
fn a_segment_must_begin_with_a_key_picture() {
    let cut = Cut::new(rate(25).frame(), 1, 2).unwrap();
    let mut segmenter = Segmenter::new(cut);
    for frame in 0..3 {
        segmenter.video(picture(cut, frame)).unwrap();
    }
    let error = segmenter.video(picture(cut, 2)).unwrap_err();
    assert!(matches!(error, SegmentError::NoKey { frame: 3 }));
}

#[test]
fn an_index_that_is_forgotten_does_not_come_back() {
    let mut segmenter = Segmenter::sound(Cut::sound(Duration::from_secs(1)));
    let mut given = 0;
    for index in 0..400 {
        segmenter.audio(sound(index)).unwrap();
        given += usize::from(segmenter.poll().unwrap().is_some());
        if index == 200 {
            assert!(segmenter.index().unwrap().audio_duration() > Samples::ZERO);
            segmenter.forget_index();
        }
    }
    assert!(given > 30 && segmenter.index().is_none());
}

#[test]
fn sound_must_follow_sound() {
    let mut segmenter = Segmenter::new(Cut::standard(rate(25)));
    segmenter.audio(sound(0)).unwrap();
    let error = segmenter.audio(sound(2)).unwrap_err();
    assert!(matches!(
        error,
        SegmentError::AudioGap {
            expected: 1024,
            found: 2048
        }
    ));
}

#[test]
fn nothing_comes_after_the_end() {
    let cut = Cut::standard(rate(25));
    let mut segmenter = Segmenter::new(cut);
    segmenter.finish();
    assert!(matches!(segmenter.poll(), Ok(None)));
    assert!(matches!(
        segmenter.video(picture(cut, 0)),
        Err(SegmentError::Finished)
    ));
    assert!(matches!(
        segmenter.audio(sound(0)),
        Err(SegmentError::Finished)
    ));
}

#[test]
fn a_part_waits_for_its_sound() {
    let cut = Cut::new(rate(25).frame(), 1, 1).unwrap();
    let mut segmenter = Segmenter::new(cut);
    segmenter.video(picture(cut, 0)).unwrap();
    segmenter.video(picture(cut, 1)).unwrap();
    segmenter.audio(sound(0)).unwrap();
    assert_eq!(segmenter.poll().unwrap(), None);
    segmenter.audio(sound(1)).unwrap();
    assert!(segmenter.poll().unwrap().is_some());
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Picture,
    Sound,
    Poll,
}

proptest! {
    #[test]
    fn parts_cover_the_session_exactly(
        frame_rate in prop::sample::select(&FrameRate::ALLOWED[..]),
        (per_part, per_segment) in (1u32..8).prop_flat_map(|part| (Just(part), part..30)),
        frames in 1u64..120,
        steps in prop::collection::vec(prop::sample::select(vec![Step::Picture, Step::Sound, Step::Poll]), 0..400),
    ) {
        let frame_rate = rate(frame_rate);
        let cut = Cut::new(frame_rate.frame(), per_part, per_segment).unwrap();
        let total = frame_rate.start_of(frames);
        let sounds = total.0.div_ceil(FRAME_SAMPLES as u64);
        let mut segmenter = Segmenter::new(cut);
        let (mut pictures_given, mut sounds_given) = (0, 0);
        let mut parts = Vec::new();
        let rest = std::iter::repeat_n(Step::Picture, 120).chain(std::iter::repeat_n(Step::Sound, 2_000));
        for step in steps.into_iter().chain(rest) {
            match step {
                Step::Picture if pictures_given < frames => {
                    segmenter.video(picture(cut, pictures_given)).unwrap();
                    pictures_given += 1;
                }
                Step::Sound if sounds_given < sounds => {
                    segmenter.audio(sound(sounds_given)).unwrap();
                    sounds_given += 1;
                }
                Step::Poll => parts.extend(segmenter.poll().unwrap()),
                _ => {}
            }
        }
        segmenter.finish();
        while let Some(part) = segmenter.poll().unwrap() {
            parts.push(part);
        }

        let (mut expected, mut segment, mut index) = (Samples::ZERO, 0, 0);
        let mut files: HashMap<u32, Vec<u8>> = HashMap::new();
        let mut heard = Samples::ZERO;
        for (number, part) in parts.iter().enumerate() {
            prop_assert_eq!((part.segment, part.index, part.start), (segment, index, expected));
            prop_assert_eq!(part.duration, frame_rate.start_of(part.steps.into()));
            prop_assert_eq!(part.independent, index == 0);
            let last = number + 1 == parts.len();
            prop_assert!(part.steps == per_part || part.closes.is_some() && part.steps < per_part);
            expected += part.duration;
            files.entry(segment).or_default().extend(&part.bytes);
            let moof = Moof::decode(&mut part.bytes.as_slice()).unwrap();
            prop_assert_eq!(moof.mfhd.sequence_number as usize, number + 1);
            if let Some(sound) = moof.traf.iter().find(|traf| traf.tfhd.track_id == 2) {
                let begins = sound.tfdt.as_ref().unwrap().base_media_decode_time;
                prop_assert_eq!(begins, heard.0);
                prop_assert!(begins >= part.start.0 && begins < expected.0);
                for sample in sound.trun[0].samples.iter() {
                    let length = sample.duration.or(sound.tfhd.default_sample_duration).unwrap();
                    heard += Samples(length.into());
                }
            }
            if last {
                prop_assert_eq!(heard, expected);
            } else {
                // All sound that begins within the part is in it.
                prop_assert!(heard >= expected);
            }
            index += 1;
            if let Some(closed) = part.closes {
                prop_assert_eq!(closed.number, segment);
                prop_assert_eq!(closed.end(), expected);
                prop_assert_eq!(closed.bytes, files[&segment].len() as u64);
                prop_assert!(last || closed.duration == cut.start_of(cut.steps_of(segment).into()));
                segment += 1;
                index = 0;
            }
        }
        prop_assert_eq!(expected, total);
        prop_assert!(parts.last().unwrap().closes.is_some());

        // What the index names is all samples, each once, in the order they were given to a part.
        let copied: Vec<u8> = segmenter
            .index()
            .unwrap()
            .ranges()
            .flat_map(|range| {
                let from = range.offset as usize;
                files[&range.segment][from..from + range.length as usize].to_vec()
            })
            .collect();
        let video: usize = (0..frames).map(|frame| picture(cut, frame).data.len()).sum();
        let audio: usize = (0..sounds).map(|index| sound(index).data.len()).sum();
        prop_assert_eq!(copied.len(), video + audio);
        prop_assert_eq!(segmenter.index().unwrap().duration(), total);
        prop_assert_eq!(segmenter.index().unwrap().audio_duration(), total);
    }

    #[test]
    fn sound_alone_is_covered_exactly(frames in 1u64..400, milliseconds in 100u64..3_000, polls in 1usize..30) {
        let cut = Cut::sound(Duration::from_millis(milliseconds));
        let mut segmenter = Segmenter::sound(cut);
        let mut parts = Vec::new();
        for index in 0..frames {
            segmenter.audio(sound(index)).unwrap();
            if (index as usize).is_multiple_of(polls) {
                parts.extend(segmenter.poll().unwrap());
            }
        }
        segmenter.finish();
        while let Some(part) = segmenter.poll().unwrap() {
            parts.push(part);
        }
        let mut heard = Samples::ZERO;
        for (number, part) in parts.iter().enumerate() {
            prop_assert_eq!(part.start, heard);
            prop_assert!(part.independent);
            let moof = Moof::decode(&mut part.bytes.as_slice()).unwrap();
            prop_assert_eq!(moof.traf.len(), 1);
            let sound = &moof.traf[0];
            prop_assert_eq!(sound.tfdt.as_ref().unwrap().base_media_decode_time, heard.0);
            prop_assert_eq!(sound.tfhd.default_sample_duration, Some(1024));
            prop_assert_eq!(sound.trun[0].samples.len() as u32, part.steps);
            heard += part.duration;
            let last = number + 1 == parts.len();
            prop_assert!(last || part.duration == cut.part());
            let opened = heard.0.checked_sub(cut.part().0);
            let closes = opened.is_some_and(|after| after.is_multiple_of(cut.segment().0));
            prop_assert_eq!(part.closes.is_some(), last || closes);
        }
        prop_assert_eq!(heard, cut.start_of(frames));
        prop_assert_eq!(segmenter.index().unwrap().audio_duration(), heard);
        prop_assert_eq!(segmenter.index().unwrap().duration(), Samples::ZERO);
    }
}
