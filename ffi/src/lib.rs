//! The neural networks as a C library. `include/avatar_models.h` is made from the types in `abi/` and the functions here.
//!
//! Nothing is decided here: a call checks what it was given, is passed on to `avatar-models`, and its outcome becomes a status and a text.

mod call;
mod import;
mod library;
mod listener;
mod networks;
mod pointer;
mod portrait;
mod preparer;
