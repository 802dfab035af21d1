//! Sessions of moving picture and sound, encoded, cut and listed, then read back by FFmpeg's programs.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

#[path = "../codec/tests/moving_picture/mod.rs"]
mod moving_picture;

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::Command;

use avatar_codec::{AudioEncoder, AudioSettings, VideoEncoder, VideoSettings};
use avatar_core::hls::{
    Bandwidth, CAPTIONS_PLAYLIST, Cut, Form, INIT, MASTER, MP4, MasterPlaylist, MediaPlaylist,
    PLAYLIST, Part, RenditionName, Segmenter, Timeline, Variant, captions_name,
};
use avatar_core::language::Language;
use avatar_core::media::{Captions, Tracks, VideoTrack, Word};
use avatar_core::time::{FrameRate, Samples};
use moving_picture::moving_picture;
use mp4_atom::{Decode as _, Moof};
use tempfile::TempDir;
use time::OffsetDateTime;

/// A finished session on disk.
struct Session {
    directory: TempDir,
    parts: Vec<Part>,
    duration: Samples,
}

impl Session {
    /// As many pictures at `rate` as `pcm` needs, and silence up to the end of the last, written as the product would.
    fn new(rate: u32, size: u32, pcm: &[f32]) -> Self {
        let rate = FrameRate::new(rate).unwrap();
        let frames = (pcm.len() as u64).div_ceil(rate.frame().0);
        let cut = Cut::standard(rate);
        let settings = VideoSettings::new(size, size, rate.per_second());
        let mut video = VideoEncoder::open(&settings).unwrap();
        let mut audio = AudioEncoder::open(&AudioSettings::default()).unwrap();
        let tracks = Tracks {
            video: Some(VideoTrack {
                width: size as u16,
                height: size as u16,
                frame_rate: rate,
                avc: video.config().clone(),
            }),
            audio_config: audio.config().to_vec(),
            audio_bitrate: AudioSettings::default().bitrate,
            language: Language::Kk,
        };
        let directory = TempDir::new().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path(INIT), tracks.init_segment().unwrap()).unwrap();

        let mut segmenter = Segmenter::new(cut);
        let mut parts = Vec::new();
        let mut pcm = pcm.to_vec();
        pcm.resize(rate.start_of(frames).0 as usize, 0.0);
        let mut sound = pcm.chunks(rate.frame().0 as usize);
        for frame in 0..frames {
            let picture = moving_picture(size as usize, size as usize, frame);
            let packet = video.encode(&picture, cut.starts_segment(frame)).unwrap();
            segmenter.video(packet).unwrap();
            for packet in audio.encode(sound.next().unwrap_or_default()).unwrap() {
                segmenter.audio(packet).unwrap();
            }
            parts.extend(segmenter.poll().unwrap());
        }
        for packet in audio.finish().unwrap() {
            segmenter.audio(packet).unwrap();
        }
        segmenter.finish();
        while let Some(part) = segmenter.poll().unwrap() {
            parts.push(part);
        }

        let began = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let playlist = MediaPlaylist::media(cut, began);
        let captions_playlist = MediaPlaylist::captions(cut, began);
        let mut timeline = Timeline::default();
        let mut captions = Captions::new();
        for second in 0..=rate.start_of(frames).0 / 48_000 {
            captions.word(Word {
                text: format!("word&{second}"),
                start: Samples::from_millis(second * 1000 + 100),
                end: Samples::from_millis(second * 1000 + 500),
            });
        }
        for part in &parts {
            timeline.push(part);
            let mut file = File::options()
                .create(true)
                .append(true)
                .open(path(&RenditionName::Full.segment(part.segment).to_string()))
                .unwrap();
            file.write_all(&part.bytes).unwrap();
            if let Some(segment) = part.closes {
                let text = captions
                    .segment(segment.start, segment.end(), rate.start_of(frames))
                    .unwrap();
                fs::write(path(&captions_name(segment.number).to_string()), text).unwrap();
            }
        }
        fs::write(
            path(PLAYLIST),
            playlist.render(&timeline, Form::LowLatency, usize::MAX, true),
        )
        .unwrap();
        fs::write(
            path(CAPTIONS_PLAYLIST),
            captions_playlist.render(&timeline, Form::Plain, usize::MAX, true),
        )
        .unwrap();
        let variant = Variant {
            name: RenditionName::Full,
            tracks: &tracks,
            bandwidth: Bandwidth::promised(settings.max_bitrate, tracks.audio_bitrate),
        };
        let master = MasterPlaylist {
            variants: &[variant],
            language: tracks.language,
        };
        fs::write(path(MASTER), master.render()).unwrap();

        let mut mp4 = File::create(path(MP4)).unwrap();
        mp4.write_all(&segmenter.index().unwrap().head(&tracks).unwrap())
            .unwrap();
        for range in segmenter.index().unwrap().ranges() {
            let mut from = File::open(path(
                &RenditionName::Full.segment(range.segment).to_string(),
            ))
            .unwrap();
            from.seek(SeekFrom::Start(range.offset)).unwrap();
            std::io::copy(&mut from.take(range.length), &mut mp4).unwrap();
        }
        Self {
            duration: rate.start_of(frames),
            directory,
            parts,
        }
    }

    fn path(&self, name: &str) -> String {
        self.directory
            .path()
            .join(name)
            .to_str()
            .unwrap()
            .to_owned()
    }

    /// Segment `number` behind the init segment, as one file.
    fn playable_segment(&self, number: u32) -> String {
        let path = self.path(&format!("playable_{number}.mp4"));
        let mut bytes = fs::read(self.path(INIT)).unwrap();
        bytes
            .extend(fs::read(self.path(&RenditionName::Full.segment(number).to_string())).unwrap());
        fs::write(&path, bytes).unwrap();
        path
    }

    fn segments(&self) -> u32 {
        self.parts.last().unwrap().segment + 1
    }
}

/// Runs one of FFmpeg's programs, which must succeed without a word of complaint, and gives what it prints.
fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program)
        .args(["-v", "error"])
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("these tests need FFmpeg's programs: {program}: {error}"));
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaints.is_empty(),
        "{program} {arguments:?}: {} {complaints}",
        output.status
    );
    output.stdout
}

fn decode_everything(path: &str) {
    run(
        "ffmpeg",
        &[
            "-xerror",
            "-err_detect",
            "explode",
            "-i",
            path,
            "-f",
            "null",
            "-",
        ],
    );
}

fn decode_sound(path: &str) -> Vec<f32> {
    let bytes = run(
        "ffmpeg",
        &[
            "-i",
            path,
            "-map",
            "0:a",
            "-f",
            "f32le",
            "-c:a",
            "pcm_f32le",
            "-",
        ],
    );
    let (samples, rest) = bytes.as_chunks();
    assert!(rest.is_empty());
    samples
        .iter()
        .map(|&bytes| f32::from_le_bytes(bytes))
        .collect()
}

/// `pts`, `duration` and whether it is a key frame of every packet of a stream (`v` or `a`).
fn packets(path: &str, stream: &str) -> Vec<(i64, i64, bool)> {
    let entries = "packet=pts,duration,flags";
    let listing = run(
        "ffprobe",
        &[
            "-select_streams",
            stream,
            "-show_entries",
            entries,
            "-of",
            "csv=p=0",
            path,
        ],
    );
    let listing = String::from_utf8(listing).unwrap();
    let packet = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |field: usize| fields[field].parse().unwrap_or_else(|_| panic!("{line}"));
        (number(0), number(1), fields[2].starts_with('K'))
    };
    listing.lines().map(packet).collect()
}

fn probe(path: &str, what: &str) -> String {
    let printed = run(
        "ffprobe",
        &["-show_entries", what, "-of", "default=nw=1", path],
    );
    String::from_utf8(printed).unwrap()
}

fn tone(samples: usize) -> Vec<f32> {
    let step = 330.0 * std::f32::consts::TAU / 48_000.0;
    (0..samples)
        .map(|n| (n as f32 * step).sin() * 0.3)
        .collect()
}

#[test]
fn every_segment_decodes_by_itself_and_begins_with_a_key_picture() {
    // 3.3 seconds: the first segment is one part, the last and its last part are shorter than the others.
    let session = Session::new(25, 128, &tone(158_400));
    assert_eq!(session.segments(), 5);
    let starts = [0, 9_600, 57_600, 105_600, 153_600];
    for (number, start) in (0..session.segments()).zip(starts) {
        let path = session.playable_segment(number);
        decode_everything(&path);
        let video = packets(&path, "v");
        assert!(video[0].2, "segment {number} begins with no key picture");
        assert!(video[1..].iter().all(|packet| !packet.2));
        assert_eq!(video[0].0.cast_unsigned(), start);
        let sound = packets(&path, "a");
        assert_eq!(sound[0].0.cast_unsigned(), start.next_multiple_of(1024));
    }
}

#[test]
fn every_part_decodes_once_a_key_picture_was_seen() {
    let session = Session::new(25, 64, &tone(96_000));
    let mut bytes = fs::read(session.path(INIT)).unwrap();
    let mut expected = Samples::ZERO;
    for (number, part) in session.parts.iter().enumerate() {
        assert_eq!(part.start, expected);
        assert_eq!(part.independent, part.index == 0);
        expected += part.duration;
        bytes.extend(&part.bytes);
        let path = session.path(&format!("until_{number}.mp4"));
        fs::write(&path, &bytes).unwrap();
        decode_everything(&path);
        let frames = expected.0 / 1920;
        assert_eq!(packets(&path, "v").len() as u64, frames);
    }
    assert_eq!(expected, session.duration);
}

#[test]
fn both_tracks_last_as_long_as_the_session_to_a_sample() {
    // Awkward lengths: mid-frame, on a frame, on an AAC frame, just beyond one.
    for samples in [4_000, 4_097, 1920, 48_000, 49_152, 71_111, 96_001] {
        let session = Session::new(25, 64, &tone(samples));
        let path = session.path(MP4);
        for (stream, track, duration) in [("v", 1, 1920), ("a", 2, 1024)] {
            let in_mp4 = packets(&path, stream);
            let (last, others) = in_mp4.split_last().unwrap();
            assert!(others.iter().all(|&(_, length, _)| length == duration));
            assert_eq!((last.0 + last.1).cast_unsigned(), session.duration.0);
            let in_mp4: Vec<u64> = in_mp4.iter().map(|packet| packet.1 as u64).collect();
            assert_eq!(durations_in_parts(&session.parts, track), in_mp4);
        }
    }
}

/// How long each sample of a track is, read from the parts; each part must begin where the one before ends.
fn durations_in_parts(parts: &[Part], track: u32) -> Vec<u64> {
    let mut durations: Vec<u64> = Vec::new();
    for part in parts {
        let moof = Moof::decode(&mut part.bytes.as_slice()).unwrap();
        let Some(traf) = moof.traf.iter().find(|traf| traf.tfhd.track_id == track) else {
            continue;
        };
        let begins = traf.tfdt.as_ref().unwrap().base_media_decode_time;
        assert_eq!(begins, durations.iter().sum::<u64>());
        let usual = traf.tfhd.default_sample_duration;
        for run in &traf.trun {
            let lengths = run.samples.iter().map(|sample| sample.duration.or(usual));
            durations.extend(lengths.map(|length| u64::from(length.unwrap())));
        }
    }
    durations
}

#[test]
fn the_playlist_plays_from_beginning_to_end() {
    let session = Session::new(25, 128, &tone(158_400));
    for playlist in [PLAYLIST, MASTER] {
        let path = session.path(playlist);
        decode_everything(&path);
        assert_eq!(packets(&path, "v").len(), 83);
        let starts = probe(&path, "stream=start_pts");
        let zeros = starts.lines().filter(|&line| line == "start_pts=0").count();
        assert!(zeros >= 2, "{playlist}: {starts}");
    }
    let duration = probe(&session.path(PLAYLIST), "format=duration");
    assert_eq!(
        duration.trim(),
        format!("duration={:.6}", session.duration.seconds())
    );
}

#[test]
fn captions_are_read_as_they_were_written() {
    let session = Session::new(25, 64, &tone(158_400));
    let mut read = String::new();
    for number in 0..session.segments() {
        let path = session.path(&captions_name(number).to_string());
        let text = run("ffmpeg", &["-i", &path, "-f", "srt", "-"]);
        read.push_str(std::str::from_utf8(&text).unwrap());
    }
    for second in 0..4 {
        assert!(read.contains(&format!("word&{second}")), "{read}");
    }
    let listed = fs::read_to_string(session.path(CAPTIONS_PLAYLIST)).unwrap();
    assert_eq!(listed.matches(".vtt\n").count() as u32, session.segments());
}

#[test]
fn the_mp4_is_whole_and_begins_with_its_index() {
    let session = Session::new(25, 128, &tone(158_400));
    let path = session.path(MP4);
    decode_everything(&path);
    let bytes = fs::read(&path).unwrap();
    assert_eq!(boxes(&bytes), ["ftyp", "moov", "mdat"]);
    let streams = probe(
        &path,
        "stream=codec_name,profile,start_pts,duration_ts,nb_frames,color_range,color_space,color_primaries,\
         color_transfer,time_base,has_b_frames,r_frame_rate:stream_tags=language",
    );
    for expected in [
        "codec_name=h264",
        "profile=High",
        "has_b_frames=0",
        "r_frame_rate=25/1",
        "color_range=tv",
        "color_space=bt709",
        "color_primaries=bt709",
        "color_transfer=bt709",
        "nb_frames=83",
        "codec_name=aac",
        "profile=LC",
    ] {
        assert!(
            streams.lines().any(|line| line == expected),
            "{expected} is not in\n{streams}"
        );
    }
    for both in [
        "start_pts=0",
        "duration_ts=159360",
        "time_base=1/48000",
        "TAG:language=kaz",
    ] {
        assert_eq!(
            streams.lines().filter(|&line| line == both).count(),
            2,
            "{both}\n{streams}"
        );
    }
}

/// The names of the boxes a file consists of.
fn boxes(mut bytes: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        names.push(String::from_utf8(rest[..4].to_vec()).unwrap());
        bytes = &bytes[u32::from_be_bytes(*length) as usize..];
    }
    names
}

#[test]
fn other_sizes_and_rates_play_too() {
    for (rate, size) in [(10, 96), (24, 160), (30, 256), (60, 64)] {
        let session = Session::new(rate, size, &tone(100_000));
        decode_everything(&session.path(PLAYLIST));
        decode_everything(&session.path(MP4));
        for number in 0..session.segments() {
            decode_everything(&session.playable_segment(number));
        }
    }
}

#[test]
fn a_click_is_heard_when_it_was_made() {
    // Also within the first AAC frame, which only fades in, and across segments.
    let clicks = [700, 1_500, 5_000, 47_400, 48_000, 95_000];
    let mut pcm = vec![0.0; 120_000];
    for click in clicks {
        for (offset, value) in [(0, 0.9), (1, -0.9)] {
            pcm[click + offset] = value;
        }
    }
    let session = Session::new(25, 64, &pcm);
    for path in [session.path(MP4), session.path(PLAYLIST)] {
        let heard = decode_sound(&path);
        for click in clicks {
            let around = click - 250..click + 250;
            let loudest = around
                .max_by(|&a, &b| heard[a].abs().total_cmp(&heard[b].abs()))
                .unwrap();
            let skew = loudest as i64 - click as i64;
            println!(
                "{path}: click at {click}: {skew:+} samples, {:.2}",
                heard[loudest].abs()
            );
            assert!(
                skew.abs() <= 2,
                "a click at {click} is heard {skew} samples away"
            );
        }
    }
}

#[test]
fn pictures_survive_with_little_loss() {
    let size = 256;
    let session = Session::new(25, size, &tone(48_000));
    let decoded = run(
        "ffmpeg",
        &[
            "-i",
            &session.path(MP4),
            "-map",
            "0:v",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "yuv420p",
            "-",
        ],
    );
    let frames = decoded.chunks((size * size * 3 / 2) as usize);
    assert_eq!(frames.len(), 25);
    for (index, frame) in frames.enumerate() {
        let original = moving_picture(size as usize, size as usize, index as u64);
        let error: u64 = frame
            .iter()
            .zip(&original.y)
            .map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2))
            .sum();
        let mean = error as f64 / original.y.len() as f64;
        let psnr = 10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10();
        assert!(psnr > 42.0, "picture {index}: {psnr:.1} dB");
    }
}

#[test]
fn no_file_is_left_over() {
    let session = Session::new(25, 64, &tone(50_000));
    let listed = fs::read_to_string(session.path(PLAYLIST)).unwrap();
    for name in listed.lines().filter(|line| !line.starts_with('#')) {
        assert!(Path::new(&session.path(name)).is_file(), "{name}");
    }
    assert_eq!(
        listed.lines().filter(|line| line.ends_with(".m4s")).count(),
        2
    );
}
