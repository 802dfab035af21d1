//! The neural networks as a C library. `include/avatar_models.h` is made from the types in `abi/` and the functions here.

mod call;
mod import;
mod library;
mod listener;
mod networks;
mod portrait;
mod preparer;
