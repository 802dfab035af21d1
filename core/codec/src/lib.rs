//! H.264 and AAC through libavcodec, and the pictures and sound they take.
mod picture;

pub use picture::Picture;
