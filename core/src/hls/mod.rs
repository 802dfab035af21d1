//! HTTP Live Streaming: cutting samples into parts and segments, listing them, and when to list them.
//!
//! Nothing here reads a clock or touches a file: samples and times go in, bytes, texts and deadlines come out.
//!
//! The course of one session, with [`Tracks`](crate::media::Tracks) from the open encoders:
//!
//! 1. write [`Tracks::init_segment`](crate::media::Tracks::init_segment) to [`INIT`] and a [`MasterPlaylist`] to [`MASTER`]
//! 2. feed a [`Segmenter`] what the encoders give, forcing a key picture where [`Cut::starts_segment`] says so; append
//!    each [`Part`] it gives to the file [`segment_name`], and give each closed segment to a [`MediaPlaylist`]
//! 3. whenever a segment is closed or the instant comes that [`Clock::list`] named, write [`MediaPlaylist::render`]
//! 4. at the end [`Segmenter::finish`], write the last parts, and put `output.mp4` together from [`Segmenter::index`]

mod clock;
mod master;
mod names;
mod playlist;
mod segmenter;

pub use clock::{Clock, LEAD, Listing};
pub use master::{Bandwidth, MasterPlaylist};
pub use names::{CAPTIONS_PLAYLIST, INIT, MASTER, MP4, PLAYLIST, captions_name, segment_name};
pub use playlist::MediaPlaylist;
pub use segmenter::{Cut, Part, Segment, SegmentError, Segmenter};
