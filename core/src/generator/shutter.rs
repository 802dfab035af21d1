//! Still pictures of a session's frames, for those who watch them one by one.

use std::time::{Duration, Instant};

use std::sync::Arc;

use avatar_codec::JpegEncoder;

use super::audience::Viewer;
use super::live::Live;
use super::reel::Frame;
use super::rendition::AssembleError;
use crate::config::{Config, Stills};
use crate::session::Timestamp;
use crate::store::StripWriter;

/// How long pictures are taken after somebody last looked at one.
const LINGERING: Duration = Duration::from_secs(2);

/// More pictures than are ahead of the clock are kept, for whoever is a little behind.
const BEHIND: u64 = 8;

/// Takes pictures of one session while anybody looks at them.
pub(crate) struct Shutter {
    live: Arc<Live>,
    stills: Stills,
    slots: u64,
    /// Bytes of a picture at most.
    room: u64,
    camera: Option<Camera>,
    until: Option<Instant>,
}

struct Camera {
    encoder: JpegEncoder,
    strip: StripWriter,
}

impl Shutter {
    pub(crate) fn new(live: &Arc<Live>, config: &Config) -> Self {
        let ahead = config.lead_of(&live.job) + config.cut_of(&live.job).part().duration();
        let frame = config.video.frame_rate.frame().duration();
        let ahead = ahead.as_micros() / frame.as_micros().max(1);
        Self {
            live: Arc::clone(live),
            stills: config.stills,
            slots: u64::try_from(ahead).unwrap_or_default() + BEHIND,
            room: config.still_bytes() as u64,
            camera: None,
            until: None,
        }
    }

    /// Whether anybody has looked lately.
    fn is_wanted(&mut self) -> bool {
        let now = Instant::now();
        if self.live.take_looked() {
            self.until = Some(now + LINGERING);
        }
        self.until.is_some_and(|until| now < until)
    }

    fn take(&mut self, frame: &Frame) -> Result<(), AssembleError> {
        let Some(picture) = &frame.picture else {
            return Ok(());
        };
        let live = Arc::clone(&self.live);
        let Some(_pen) = live.pen() else {
            return Ok(());
        };
        let mut camera = match self.camera.take() {
            Some(camera) => camera,
            None => Camera {
                encoder: JpegEncoder::open(self.stills.quality)?,
                strip: live
                    .store()
                    .strip_writer(live.id(), self.slots, self.room)?,
            },
        };
        let ahead = frame.due.saturating_duration_since(Instant::now());
        let due = Timestamp::now().micros() + ahead.as_micros() as u64;
        let still = camera.encoder.encode(picture)?;
        let taken = camera.strip.push(still, Timestamp::from_micros(due))?;
        self.camera = Some(camera);
        live.update(|record| record.stills = taken);
        Ok(())
    }
}

impl Viewer for Shutter {
    fn show(&mut self, frame: &Frame) -> bool {
        if self.is_wanted()
            && let Err(error) = self.take(frame)
        {
            self.live.fail(error.into());
            return false;
        }
        true
    }
}
