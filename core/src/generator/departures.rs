//! Parts and segments that have left their playlists, and when they leave the disk.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Instant;

use super::listing::Listing;
use crate::api::{MediaFile, RenditionFile};
use crate::config::Config;
use crate::session::{Kind, SessionId};
use crate::store::Store;

/// What is to be deleted.
#[derive(Debug, Default)]
pub(crate) struct Departures {
    /// Segments whose parts are.
    parts: Line,
    /// Segments that are themselves.
    segments: Line,
}

/// Segments of a session of some kind and when their time is up, the soonest first: all have the same time left when they
/// come.
type Line = VecDeque<(Instant, SessionId, Kind, u32)>;

impl Departures {
    /// Takes note of what has left the playlist of session `id`, which is of some kind.
    pub(crate) fn note(
        &mut self,
        (id, kind): (SessionId, Kind),
        listing: &mut Listing,
        now: Instant,
    ) {
        let join = |line: &mut Line, segments: Range<u32>, gone: Instant| {
            line.extend(segments.map(|segment| (gone, id, kind, segment)));
        };
        join(&mut self.parts, listing.departed(), now + listing.grace());
        join(&mut self.segments, listing.left(), now + listing.farewell());
    }

    /// Deletes what has no time left.
    pub(crate) fn clear(&mut self, store: &Store, config: &Config, now: Instant) {
        for (id, kind, segment) in over(&mut self.parts, now) {
            for rendition in config.renditions_of(kind) {
                store.discard_parts(id, rendition, segment, 0);
            }
        }
        for (id, kind, segment) in over(&mut self.segments, now) {
            store.discard(id, MediaFile::CaptionSegment(segment));
            for rendition in config.renditions_of(kind) {
                store.discard(id, RenditionFile::Segment(segment).of(rendition));
                store.discard(id, RenditionFile::TsSegment(segment).of(rendition));
            }
        }
    }
}

/// Takes those whose time is up out of a line.
fn over(line: &mut Line, now: Instant) -> impl Iterator<Item = (SessionId, Kind, u32)> {
    let due = line.partition_point(|(gone, ..)| *gone <= now);
    line.drain(..due)
        .map(|(_, id, kind, segment)| (id, kind, segment))
}
