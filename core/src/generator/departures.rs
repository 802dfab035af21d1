//! Parts that have left their playlists, and when they leave the disk.

use std::collections::VecDeque;
use std::time::Instant;

use super::listing::Listing;
use crate::session::SessionId;
use crate::store::Store;

/// Segments whose parts are to be deleted, the soonest first: all have the same time left when they come.
#[derive(Debug, Default)]
pub(crate) struct Departures(VecDeque<(Instant, SessionId, u32)>);

impl Departures {
    /// Takes note of the parts that have left the playlist of session `id`.
    pub(crate) fn note(&mut self, id: SessionId, listing: &mut Listing, now: Instant) {
        let gone = now + listing.grace();
        let departed = listing.departed();
        self.0.extend(departed.map(|segment| (gone, id, segment)));
    }

    /// Deletes those whose time is up, of the renditions of all `heights`.
    pub(crate) fn clear<H>(&mut self, store: &Store, heights: impl Fn() -> H, now: Instant)
    where
        H: Iterator<Item = Option<u16>>,
    {
        while let Some(&(gone, id, segment)) = self.0.front()
            && gone <= now
        {
            for height in heights() {
                store.discard_parts(id, height, segment, 0);
            }
            self.0.pop_front();
        }
    }
}
