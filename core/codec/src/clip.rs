//! Clips: a film in a file, as pictures at even distances in time.

mod conversion;
mod turn;

use std::path::{Path, PathBuf};

use ffmpeg_next::codec::Context;
use ffmpeg_next::codec::threading::{Config, Type as Threads};
use ffmpeg_next::media::Type as Media;
use ffmpeg_next::{Error, Packet, Rational, decoder, format, frame};
use thiserror::Error;

use crate::library;
use conversion::Conversion;
use turn::Turn;

/// Why a clip cannot be read.
#[derive(Debug, Error)]
pub enum ClipError {
    /// There is no such file, or it is not one that libavformat knows.
    #[error("{}: {reason}", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// libavformat's words.
        reason: String,
    },
    /// There are no moving pictures in it, or none that this build of libavcodec can decode.
    #[error("{}: there is no video in it that can be decoded: {reason}", file.display())]
    NoVideo {
        /// Which.
        file: PathBuf,
        /// libavcodec's words.
        reason: String,
    },
    /// Reading or decoding failed in the middle.
    #[error("{}: reading stopped at {seconds:.2} s: {reason}", file.display())]
    Broken {
        /// Which.
        file: PathBuf,
        /// How far it came.
        seconds: f64,
        /// The library's words.
        reason: String,
    },
}

/// How a clip is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipSettings {
    /// Pictures a second.
    pub frame_rate: u32,
    /// Pixels down, at the most. Higher pictures are made smaller.
    pub max_height: u32,
}

impl Default for ClipSettings {
    fn default() -> Self {
        Self {
            frame_rate: 25,
            max_height: 720,
        }
    }
}

/// One picture of a clip: rows of red, green and blue, without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RgbPicture {
    /// Pixels across, even.
    pub width: u32,
    /// Pixels down, even.
    pub height: u32,
    /// Three bytes a pixel.
    pub data: Vec<u8>,
}

/// A decoded picture and the first moment it is seen, in pictures of the clip.
struct Decoded {
    frame: frame::Video,
    from: i64,
    /// When the next would be seen if it were the last.
    until: i64,
}

/// Reads a clip from its beginning to its end.
///
/// Pictures come at an even rate, whatever that of the film: at each moment the one that is seen then. All are of
/// one size, with square pixels and the right way up.
pub struct ClipReader {
    file: PathBuf,
    input: format::context::Input,
    decoder: decoder::Video,
    stream: usize,
    time_base: Rational,
    rate: i64,
    conversion: Conversion,
    turn: Turn,
    expected: Option<u64>,
    packet: Packet,
    ended: bool,
    /// The first picture's time, in units of `time_base`.
    start: Option<i64>,
    shown: Option<Decoded>,
    ahead: Option<Decoded>,
    /// What was handed out last, which may be seen for longer.
    last: Option<RgbPicture>,
    next: i64,
}

impl ClipReader {
    /// Opens the first video of a file; of several, the one that libavformat thinks best.
    ///
    /// # Errors
    ///
    /// [`ClipError::Unreadable`] or [`ClipError::NoVideo`].
    pub fn open(file: &Path, settings: ClipSettings) -> Result<Self, ClipError> {
        library::prepare();
        let no_video = |reason: String| ClipError::NoVideo {
            file: file.to_owned(),
            reason,
        };
        let input = format::input(file).map_err(|error| ClipError::Unreadable {
            file: file.to_owned(),
            reason: error.to_string(),
        })?;
        let stream = input
            .streams()
            .best(Media::Video)
            .ok_or_else(|| no_video("the file has none".to_owned()))?;
        let (index, time_base) = (stream.index(), stream.time_base());
        let turn = Turn::of(&stream);
        let rate = i64::from(settings.frame_rate.max(1));
        let expected = expected(&stream, rate);
        let mut context = Context::from_parameters(stream.parameters())
            .map_err(|error| no_video(error.to_string()))?;
        context.set_threading(Config::kind(Threads::Frame));
        let mut decoder = context
            .decoder()
            .video()
            .map_err(|error| no_video(error.to_string()))?;
        decoder.set_packet_time_base(time_base);
        if decoder.width() == 0 || decoder.height() == 0 || time_base.numerator() <= 0 {
            return Err(no_video("its pictures have no size".to_owned()));
        }
        let aspect = decoder.aspect_ratio();
        let square = if aspect.numerator() > 0 && aspect.denominator() > 0 {
            f64::from(aspect)
        } else {
            1.0
        };
        let upright = turn.size((
            f64::from(decoder.width()) * square,
            f64::from(decoder.height()),
        ));
        let size = turn.size(fitted(upright, settings.max_height));
        Ok(Self {
            file: file.to_owned(),
            input,
            decoder,
            stream: index,
            time_base,
            rate,
            conversion: Conversion::to(size),
            turn,
            expected,
            packet: Packet::empty(),
            ended: false,
            start: None,
            shown: None,
            ahead: None,
            last: None,
            next: 0,
        })
    }

    /// Pixels across and down of all pictures, even.
    pub fn size(&self) -> (u32, u32) {
        self.turn.size(self.conversion.size())
    }

    /// About how many pictures there are, if the file says so.
    pub fn expected(&self) -> Option<u64> {
        self.expected
    }

    /// Goes over the next picture, which costs less than having it made. Whether there was one.
    ///
    /// # Errors
    ///
    /// [`ClipError::Broken`]
    pub fn skip(&mut self) -> Result<bool, ClipError> {
        let (seen, changed) = self.advance()?;
        if changed {
            self.last = None;
        }
        Ok(seen)
    }

    /// The next picture, or `None` at the end.
    ///
    /// # Errors
    ///
    /// [`ClipError::Broken`]
    pub fn read(&mut self) -> Result<Option<RgbPicture>, ClipError> {
        let (seen, changed) = self.advance()?;
        if !seen {
            return Ok(None);
        }
        if changed {
            self.last = None;
        }
        if self.last.is_none()
            && let Some(shown) = &self.shown
        {
            let picture = self
                .conversion
                .picture(&shown.frame)
                .map_err(|error| self.broken(error))?;
            self.last = Some(self.turn.upright(picture));
        }
        Ok(self.last.clone())
    }

    /// Moves on by one picture. Whether there is one, and whether it is another than before.
    fn advance(&mut self) -> Result<(bool, bool), ClipError> {
        let mut changed = false;
        if self.shown.is_none() {
            self.shown = self.decode()?;
            self.ahead = self.decode()?;
            changed = true;
        }
        while let Some(ahead) = self.ahead.take_if(|ahead| ahead.from <= self.next) {
            self.shown = Some(ahead);
            self.ahead = self.decode()?;
            changed = true;
        }
        let seen = match &self.shown {
            None => false,
            Some(shown) => self.ahead.is_some() || self.next < shown.until,
        };
        if seen {
            self.next += 1;
        }
        Ok((seen, changed))
    }

    /// The next picture of the film.
    fn decode(&mut self) -> Result<Option<Decoded>, ClipError> {
        loop {
            let mut frame = frame::Video::empty();
            match self.decoder.receive_frame(&mut frame) {
                Ok(()) => return Ok(Some(self.timed(frame))),
                Err(Error::Eof) => return Ok(None),
                // A damaged picture is not seen; the one before is, for longer.
                Err(Error::InvalidData) => continue,
                Err(Error::Other {
                    errno: ffmpeg_next::error::EAGAIN,
                }) => {}
                Err(error) => return Err(self.broken(error)),
            }
            if self.ended {
                return Ok(None);
            }
            self.feed()?;
        }
    }

    /// Gives the decoder the next packet, or tells it that there is none.
    fn feed(&mut self) -> Result<(), ClipError> {
        let sent = loop {
            match self.packet.read(&mut self.input) {
                Ok(()) if self.packet.stream() == self.stream => {
                    break self.decoder.send_packet(&self.packet);
                }
                Ok(()) => {}
                Err(Error::Eof) => {
                    self.ended = true;
                    break self.decoder.send_eof();
                }
                Err(error) => return Err(self.broken(error)),
            }
        };
        match sent {
            Ok(()) | Err(Error::InvalidData) => Ok(()),
            Err(error) => Err(self.broken(error)),
        }
    }

    /// A picture with its times.
    fn timed(&mut self, frame: frame::Video) -> Decoded {
        let before = self.ahead.as_ref().or(self.shown.as_ref());
        let time = frame.timestamp();
        let start = *self.start.get_or_insert(time.unwrap_or(0));
        let from = match (time, before) {
            (Some(time), _) => self.moment(time.saturating_sub(start)),
            (None, Some(before)) => before.until,
            (None, None) => 0,
        };
        let end = time.map(|time| {
            let duration = frame.packet().duration.max(0);
            self.moment(time.saturating_sub(start).saturating_add(duration))
        });
        Decoded {
            frame,
            from,
            until: end.unwrap_or(0).max(from.saturating_add(1)),
        }
    }

    /// A time of the film in pictures of the clip, rounded.
    fn moment(&self, time: i64) -> i64 {
        let numerator =
            i128::from(time) * i128::from(self.time_base.numerator()) * i128::from(self.rate);
        let denominator = i128::from(self.time_base.denominator().max(1));
        let rounded = (2 * numerator + denominator).div_euclid(2 * denominator);
        i64::try_from(rounded).unwrap_or(i64::MAX)
    }

    fn broken(&self, error: Error) -> ClipError {
        #[expect(clippy::cast_precision_loss, reason = "for people to read")]
        let seconds = self.next as f64 / self.rate as f64;
        ClipError::Broken {
            file: self.file.clone(),
            seconds,
            reason: error.to_string(),
        }
    }
}

/// How many pictures there are in a stream whose duration is told.
fn expected(stream: &format::stream::Stream<'_>, rate: i64) -> Option<u64> {
    let duration = i128::from(stream.duration());
    let time_base = stream.time_base();
    let pictures = duration * i128::from(time_base.numerator()) * i128::from(rate)
        / i128::from(time_base.denominator().max(1));
    u64::try_from(pictures).ok().filter(|count| *count > 0)
}

/// A size in the same proportions, even and no higher than `max_height`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sides of pictures, not negative"
)]
fn fitted((width, height): (f64, f64), max_height: u32) -> (u32, u32) {
    let scale = (f64::from(max_height.max(2)) / height).min(1.0);
    let even = |side: f64| (((side * scale / 2.0).round() as u32) * 2).max(2);
    (even(width), even(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_even_and_in_proportion() {
        assert_eq!(fitted((1920.0, 1080.0), 720), (1280, 720));
        assert_eq!(fitted((641.0, 479.0), 720), (642, 480));
        assert_eq!(fitted((1080.0, 1920.0), 719), (404, 720));
        assert_eq!(fitted((1.0, 1.0), 0), (2, 2));
    }
}
