//! The samples of a fragment as part of a transport stream.

use avatar_codec::{CodecError, TsMuxer, TsSettings};

use super::{Fragment, Tracks};

impl Tracks {
    /// The same for a transport stream, which always has pictures.
    pub fn transport(&self) -> Option<TsSettings<'_>> {
        let video = self.video.as_ref()?;
        Some(TsSettings {
            width: video.width.into(),
            height: video.height.into(),
            frame_rate: video.frame_rate.per_second(),
            avc: &video.avc,
            audio_config: &self.audio_config,
        })
    }
}

impl Fragment {
    /// Gives the samples to `muxer`, each picture before the sound that begins while it is shown.
    ///
    /// # Errors
    ///
    /// [`CodecError::Encode`] when the muxer failed.
    pub fn transport(&self, muxer: &mut TsMuxer) -> Result<(), CodecError> {
        let mut heard = self.audio_start;
        let mut sound = self.audio.iter();
        let mut shown = self.video_start;
        for picture in &self.video {
            muxer.video(picture, shown.0)?;
            shown += self.frame;
            while heard < shown
                && let Some(sample) = sound.next()
            {
                muxer.audio(&sample.data, heard.0)?;
                heard += sample.duration;
            }
        }
        for sample in sound {
            muxer.audio(&sample.data, heard.0)?;
            heard += sample.duration;
        }
        Ok(())
    }
}
