//! Where a session's files lie.
//!
//! ```text
//! <data>/sessions/<id>/job.json          what was asked for
//!                      session.json      the record, at each change of state and of what is listed
//!                      init.mp4  segment_000.m4s …  segment_007.0.m4s …  captions_000.vtt …
//!                      playlist.m3u8  playlist.delta.m3u8  playlist.plain.m3u8  captions.m3u8  master.m3u8
//!                      output.mp4
//! ```
//!
//! Whatever others read appears under its name only when it is whole, or, as parts do, before anybody may ask for it.

mod directory;
mod segment;

pub use directory::Store;
pub use segment::SegmentFile;
