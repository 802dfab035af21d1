//! Where the landmarks of a face are.

mod backbone;
mod head;
mod landmarks;
mod rtmpose;
mod view;

pub use landmarks::{Landmarks, MIRRORED};
pub use rtmpose::{Logits, Rtmpose};
pub use view::View;
