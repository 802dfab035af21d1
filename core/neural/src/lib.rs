//! A library of neural networks, opened when it is wanted, behind safe types.
//!
//! What computes faces is built apart from the program that shows them, and large: whoever never asks for a neural face never has it in
//! memory. There are two kinds of networks: [`Networks`] draw faces that are laid over a clip, a [`Talker`] makes a photo talk. A [`Library`]
//! is any file with the functions of `avatar_models.h`; everything that comes from it keeps it open.
//!
//! Errors carry the library's own texts. There are three that a caller can do something about: [`NeuralError::Memory`] (ask for fewer
//! faces at once), [`NeuralError::Device`] (replace the process) and [`NeuralError::Weights`] (mend the files).

mod call;
mod error;
mod import;
mod library;
mod listener;
mod message;
mod networks;
mod performance;
mod photo;
mod portrait;
mod preparer;
mod talker;

pub use avatar_models_abi::{Framing, Mode, Precision, Rectangle};
pub use error::NeuralError;
pub use library::Library;
pub use listener::Listener;
pub use networks::{Description, Networks, Options, Request};
pub use performance::{Manner, Performance};
pub use photo::Photo;
pub use portrait::Portrait;
pub use preparer::{LATENTS, Preparation, Prepared, Preparer};
pub use talker::{PictureRequest, Talker, TalkerDescription};
