//! The face of a session that is made of its client's own picture.

use std::sync::Arc;

use super::live::Live;
use super::painter::Links;
use super::studio::{Snapshot, Studio};
use crate::config::Config;
use crate::face::Face;
use crate::face::neural::Manner;
use crate::face::photo::{
    CASCADES, Note, Options, Photo, PhotoError, PhotoFace, SIDE, Still, Styles,
};
use crate::session::{Failure, FailureCode, Pace, Portrait};

/// Frames that a network makes motion for at once where somebody waits for each: a part.
const SOON: u32 = 5;

/// The same where nobody does: a second.
const SECOND: u32 = 25;

/// A face that is there, or one that takes longer to find than others can wait: its painter finds it.
pub(crate) enum Sitting {
    Done(Box<dyn Face>),
    Due(Box<dyn FnOnce() -> Result<Box<dyn Face>, Failure> + Send>),
}

impl Sitting {
    /// In the picture that came with the job of `links`: drawn by the networks of `talker`, or bent where there are none.
    ///
    /// # Errors
    ///
    /// A [`Failure`] where the networks draw nothing.
    pub(crate) fn of_picture(
        links: &Links,
        portrait: Portrait,
        config: &Arc<Config>,
        talker: Option<&Studio>,
    ) -> Result<Self, Failure> {
        let live = Arc::clone(&links.live);
        if let Some(talker) = talker {
            let manner = manner(&portrait, live.job.pace);
            let look = move |finds| snapshot(&live, portrait.crop, finds);
            return Ok(Self::Done(talker.pose(links, manner, Box::new(look))?));
        }
        let config = Arc::clone(config);
        Ok(Self::Due(Box::new(move || find(&live, portrait, &config))))
    }
}

fn find(live: &Live, portrait: Portrait, config: &Config) -> Result<Box<dyn Face>, Failure> {
    let video = &config.video;
    let options = Options {
        crop: portrait.crop,
        size: (video.width as usize, video.height as usize),
        cascades: CASCADES.into(),
    };
    let (photo, notes) = Photo::read(&picture(live)?, &options).map_err(of_no_use)?;
    keep_notes(live, &notes)?;
    let [pitch, yaw, roll] = portrait.pose.unwrap_or_default().map(thousandths);
    let [across, down] = portrait.gaze.unwrap_or_default().map(thousandths);
    let styles = Styles {
        pose: [pitch, yaw, roll],
        gaze: [across, -down],
        ..Styles::default()
    };
    let face = PhotoFace::new(&photo, video.frame_rate, portrait.seed, &styles);
    Ok(Box::new(face))
}

/// The photo as networks are shown it. Those that find faces cut it themselves.
fn snapshot(live: &Live, crop: bool, finds: bool) -> Result<Snapshot, Failure> {
    let picture = picture(live)?;
    if crop && finds {
        let still = Still::read(&picture).map_err(of_no_use)?;
        return Ok(Snapshot { still, find: true });
    }
    let options = Options {
        crop,
        size: (SIDE, SIDE),
        cascades: CASCADES.into(),
    };
    let (still, notes) = Still::framed(&picture, &options).map_err(of_no_use)?;
    keep_notes(live, &notes)?;
    Ok(Snapshot { still, find: false })
}

fn manner(portrait: &Portrait, pace: Pace) -> Manner {
    Manner {
        seed: portrait.seed,
        moments: portrait.steps.into(),
        guidance: portrait.guidance as f32 / 1e3,
        pose: portrait.pose.map(|pose| pose.map(thousandths)),
        gaze: portrait.gaze.map(|gaze| gaze.map(thousandths)),
        step: match pace {
            Pace::Live | Pace::Prompt => SOON,
            Pace::Fast => SECOND,
        },
    }
}

/// What came with the job.
fn picture(live: &Live) -> Result<Vec<u8>, Failure> {
    live.store().portrait(live.id()).map_err(|error| Failure {
        code: FailureCode::Internal,
        text: format!("the picture could not be read: {error}"),
    })
}

fn keep_notes(live: &Live, notes: &[Note]) -> Result<(), Failure> {
    let notes: Vec<String> = notes.iter().map(ToString::to_string).collect();
    let kept = live.store().keep_notes(live.id(), &notes.join("; "));
    kept.map_err(|error| Failure::of_writing(&error))
}

fn of_no_use(error: PhotoError) -> Failure {
    Failure {
        code: match error {
            PhotoError::Size(..) | PhotoError::Cascade { .. } | PhotoError::Scale(_) => {
                FailureCode::InferenceFailed
            }
            _ => FailureCode::BadImage,
        },
        text: error.to_string(),
    }
}

fn thousandths(value: i32) -> f32 {
    value as f32 / 1e3
}
