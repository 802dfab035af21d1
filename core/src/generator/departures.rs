//! Parts that have left their playlists, and when they leave the disk.

use std::collections::VecDeque;
use std::time::Instant;

use super::listing::Listing;
use crate::config::Config;
use crate::session::{Kind, SessionId};
use crate::store::Store;

/// Segments whose parts are to be deleted, the soonest first: all have the same time left when they come.
#[derive(Debug, Default)]
pub(crate) struct Departures(VecDeque<(Instant, SessionId, Kind, u32)>);

impl Departures {
    /// Takes note of the parts that have left the playlist of session `id`, which is of some kind.
    pub(crate) fn note(
        &mut self,
        (id, kind): (SessionId, Kind),
        listing: &mut Listing,
        now: Instant,
    ) {
        let gone = now + listing.grace();
        let departed = listing.departed();
        self.0
            .extend(departed.map(|segment| (gone, id, kind, segment)));
    }

    /// Deletes those whose time is up.
    pub(crate) fn clear(&mut self, store: &Store, config: &Config, now: Instant) {
        while let Some(&(gone, id, kind, segment)) = self.0.front()
            && gone <= now
        {
            for rendition in config.renditions_of(kind) {
                store.discard_parts(id, rendition, segment, 0);
            }
            self.0.pop_front();
        }
    }
}
