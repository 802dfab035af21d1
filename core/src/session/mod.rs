//! A session: one generation from text to a media stream.
//!
//! Its identity ([`SessionId`]), what was asked ([`Job`]), how it stands ([`Record`]), and the [`Board`]
//! in shared memory on which every process reads how all of them stand.

#[macro_use]
mod numbers;

mod board;
mod condition;
mod failure;
mod header;
mod hint;
mod id;
mod intake;
mod job;
mod packed;
mod record;
mod screening;
mod slot;
mod status;
mod timestamp;

pub use board::{Board, BoardFull};
pub use condition::{Condition, Verdict};
pub use failure::{Failure, FailureCode};
pub use header::{Header, WorkerSlot};
pub use hint::{Bell, Hint, HintKind, NoBell};
pub use id::SessionId;
pub use intake::Intake;
pub(crate) use intake::{lost, orphaned};
pub use job::{Bare, Job, Kind, Pace, Portrait, Source};
pub use record::{Record, Stage, State, Vocabulary};
pub use slot::Slot;
pub use status::SlotStatus;
pub use timestamp::Timestamp;
