//! What clients say and are told. One small translator for each vocabulary turns its own words into the
//! same [`crate::session::Job`], and the same [`crate::session::Record`] into its own words.

mod audiostream;
mod call;
mod catalogue;
mod driven;
mod fields;
mod file;
mod form;
mod generate;
mod openai;
mod realtime;
mod refusal;
mod route;
mod status;
mod stills;

pub use audiostream::{start_audio, started_audio, task_status};
pub use call::{MOST_ANSWER, SDP_TYPE, answered, offer, offered, peer_url, whep};
pub use catalogue::{Avatar, Catalogue};
pub use driven::{
    Driven, Piece, driven, driven_film, driven_refusal, driven_status, driven_whole, fed, freed,
    piece,
};
pub use file::{MediaFile, RenditionFile};
pub use form::{Form, Upload};
pub use generate::{generate, generating, unmade};
pub use openai::{Delivery, SpeechOrder, delta, done, model, models, speech};
pub use realtime::{Addition, addition, named_session, start, started};
pub use refusal::{Code, Refusal, Words};
pub use route::{Route, route};
pub use status::{Urls, status};
pub use stills::{STILL_MARGIN, STILLS_END, STILLS_TYPE, Sight, enclose, stills, stills_asked};
