//! Where there are faces in a picture.

mod boxes;
mod s3fd;

pub use boxes::{Detection, detections};
pub use s3fd::{ChannelOrder, Level, S3fd};
