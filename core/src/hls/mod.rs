//! HTTP Live Streaming: cutting samples into parts and segments, listing them, and when to list them.
//!
//! Nothing here reads a clock or touches a file: samples and times go in, bytes, texts and deadlines come out.
//!
//! The course of one session, with [`Tracks`](crate::media::Tracks) from the open encoders:
//!
//! 1. write [`Tracks::init_segment`](crate::media::Tracks::init_segment) to [`INIT`] and a [`MasterPlaylist`] to [`MASTER`]
//! 2. feed a [`Segmenter`] what the encoders give, forcing a key picture where [`Cut::starts_segment`] says so; write
//!    each [`Part`] it gives to the file [`RenditionName::part`], those of a segment, one after the other, to
//!    [`RenditionName::segment`], and give it to the [`Timeline`]
//!    Where [`SegmentFormat::Ts`] is asked for, give the segmenter a [`TsMuxer`](avatar_codec::TsMuxer) at first, and
//!    write what it adds to a segment's last part to [`RenditionName::ts_segment`]
//! 3. whenever there is a new part or the instant comes that [`Clock::list`] named, write [`MediaPlaylist::render`]
//! 4. at the end [`Segmenter::finish`], write the last parts, and put `output.mp4` together from [`Segmenter::index`]

mod clock;
mod format;
mod master;
mod names;
mod playlist;
mod reload;
mod segmenter;
mod timeline;

pub use clock::{Clock, LEAD, LIVE_LEAD, Listing};
pub use format::SegmentFormat;
pub use master::{Bandwidth, MasterPlaylist, Variant};
pub use names::{
    CAPTIONS_PLAYLIST, DELTA_CAPTIONS, INIT, M4A, MASTER, MP4, PLAIN_CAPTIONS, PLAYLIST,
    RenditionName, SOUND_PLAYLIST, captions_name,
};
pub use playlist::{Beside, Form, MediaPlaylist, Outlook};
pub use reload::{Reached, Reload, ReloadError};
pub use segmenter::{Cut, OPENING_PARTS, Part, Segment, SegmentError, Segmenter};
pub use timeline::{Edge, Timeline};
