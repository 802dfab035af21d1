//! The face of a session that is made of its client's own picture.

use std::sync::Arc;

use super::live::Live;
use crate::config::Config;
use crate::face::Face;
use crate::face::photo::{CASCADES, Options, Photo, PhotoError, PhotoFace, Styles};
use crate::session::{Failure, FailureCode, Portrait};

/// A face that is there, or one that takes longer to find than others can wait: its painter finds it.
pub(crate) enum Sitting {
    Done(Box<dyn Face>),
    Due(Box<dyn FnOnce() -> Result<Box<dyn Face>, Failure> + Send>),
}

impl Sitting {
    /// In the picture that came with the job of `live`.
    pub(crate) fn of_picture(live: &Arc<Live>, portrait: Portrait, config: &Arc<Config>) -> Self {
        let (live, config) = (Arc::clone(live), Arc::clone(config));
        Self::Due(Box::new(move || find(&live, portrait, &config)))
    }
}

fn find(live: &Live, portrait: Portrait, config: &Config) -> Result<Box<dyn Face>, Failure> {
    let store = live.store();
    let picture = store.portrait(live.id()).map_err(|error| Failure {
        code: FailureCode::Internal,
        text: format!("the picture could not be read: {error}"),
    })?;
    let video = &config.video;
    let options = Options {
        crop: portrait.crop,
        size: (video.width as usize, video.height as usize),
        cascades: CASCADES.into(),
    };
    let (photo, notes) = Photo::read(&picture, &options).map_err(|error| Failure {
        code: match error {
            PhotoError::Size(..) | PhotoError::Cascade { .. } | PhotoError::Scale(_) => {
                FailureCode::InferenceFailed
            }
            _ => FailureCode::BadImage,
        },
        text: error.to_string(),
    })?;
    let notes: Vec<String> = notes.iter().map(ToString::to_string).collect();
    if let Err(error) = store.keep_notes(live.id(), &notes.join("; ")) {
        return Err(Failure::of_writing(&error));
    }
    let [pitch, yaw, roll] = portrait.pose.map(thousandths);
    let [across, down] = portrait.gaze.map(thousandths);
    let styles = Styles {
        pose: [pitch, yaw, roll],
        gaze: [across, -down],
        ..Styles::default()
    };
    let face = PhotoFace::new(&photo, video.frame_rate, portrait.seed, &styles);
    Ok(Box::new(face))
}

fn thousandths(value: i32) -> f32 {
    value as f32 / 1e3
}
