//! Where a session's files lie.
//!
//! ```text
//! <data>/sessions/<id>/job.json          what was asked for
//!                      draft.jsonl           its text, where that is still being written
//!                      feed/…                the sound it is fed, as long as nobody has listened to it
//!                      calls/…               offers of peers and the answers to them
//!                      strip                 the newest pictures, for those who watch them one by one
//!                      portrait  notes      the picture its face is made of, and what was found in it
//!                      session.json      the record, at each change of state and of what is listed
//!                      init.mp4  segment_000.m4s …  segment_007.0.m4s …  captions_000.vtt …
//!                      segment_000.ts …                        where transport streams are asked for
//!                      audio.m3u8  audio_000.m4s  audio_007.0.m4s …  output.m4a   where there is sound alone
//!                      playlist.m3u8  playlist.delta.m3u8  playlist.plain.m3u8  captions.m3u8  master.m3u8
//!                      output.mp4
//!                      recording.mp3 …   of a recording, instead of all media above
//!                      256/…             the media of a rendition 256 pixels high
//! <data>/reuse/<address>/made.json          the record, and the size of each file
//!                        …                  the files of a finished session
//! ```
//!
//! Whatever others read appears under its name only when it is whole, or, as parts do, before anybody may ask for it.

mod address;
mod calls;
mod directory;
mod draft;
mod feed;
mod segment;
mod shelf;
mod strip;

pub use calls::{Answered, Calls, Microphone, Offer};
pub use directory::Store;
pub use segment::SegmentFile;

pub(crate) use address::Address;
pub(crate) use calls::Call;
pub(crate) use draft::{Draft, DraftError};
pub use feed::Fed;
pub(crate) use feed::{Eater, Feed, FeedError, Morsel};
pub(crate) use shelf::Shelf;
pub use strip::Strip;
pub(crate) use strip::StripWriter;
