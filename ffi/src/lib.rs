//! The neural networks as a C library. `include/avatar_models.h` is made from the types in `abi/` and the functions here.
//!
//! Nothing is decided here: a call checks what it was given, is passed on to `avatar-models`, and its outcome becomes a status and a text.

mod call;
pub mod import;
pub mod library;
pub mod listener;
pub mod networks;
pub mod performance;
pub mod photo;
mod pointer;
pub mod portrait;
pub mod preparer;
mod signatures;
pub mod talker;
