//! What lies in the files: MP4 fragments, transport streams, the finished MP4, captions.
//!
//! Nothing here reads or writes a file: samples go in, bytes and byte ranges come out.

mod captions;
mod fragment;
mod index;
mod scale;
mod tracks;
mod transport;

pub use captions::{Captions, Word};
pub use fragment::{AudioSample, Fragment, WrittenFragment};
pub use index::{ByteRange, Mp4Index};
pub use scale::{ScaleError, Scaler};
pub use tracks::{MuxError, Tracks, VideoTrack};
