//! Parts and segments that have left their playlists, and when they leave the disk.

use std::collections::VecDeque;
use std::mem;
use std::ops::Range;
use std::time::Instant;

use super::files::{Files, Gone};
use super::listing::Listing;
use crate::api::{MediaFile, RenditionFile};
use crate::config::Config;
use crate::session::{Kind, SessionId};

/// What is to be deleted.
#[derive(Debug, Default)]
pub(crate) struct Departures {
    /// Segments whose parts are.
    parts: Line,
    /// Segments that are themselves.
    segments: Line,
    /// Files whose time was up when the thread that deletes had other work.
    overdue: Vec<(SessionId, Gone)>,
}

/// Segments of a session of some kind and when their time is up, the soonest first.
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
            // Those of long segments have longer left, and do not go before others that came later.
            let at = line.partition_point(|(other, ..)| *other <= gone);
            for (segment, at) in segments.zip(at..) {
                line.insert(at, (gone, id, kind, segment));
            }
        };
        join(&mut self.parts, listing.departed(), now + listing.grace());
        join(&mut self.segments, listing.left(), now + listing.farewell());
    }

    /// Has what has no time left deleted.
    pub(crate) fn clear(&mut self, files: &Files, config: &Config, now: Instant) {
        let mut gone = mem::take(&mut self.overdue);
        for (id, kind, segment) in over(&mut self.parts, now) {
            let renditions = config.renditions_of(kind);
            gone.extend(renditions.map(|rendition| (id, Gone::Parts(rendition, segment))));
        }
        for (id, kind, segment) in over(&mut self.segments, now) {
            let captions = MediaFile::CaptionSegment(segment);
            let media = config.renditions_of(kind).flat_map(|rendition| {
                [
                    RenditionFile::Segment(segment).of(rendition),
                    RenditionFile::TsSegment(segment).of(rendition),
                ]
            });
            gone.extend(media.chain([captions]).map(|file| (id, Gone::File(file))));
        }
        self.overdue = files.discard(gone);
    }
}

/// Takes those whose time is up out of a line.
fn over(line: &mut Line, now: Instant) -> impl Iterator<Item = (SessionId, Kind, u32)> {
    let due = line.partition_point(|(gone, ..)| *gone <= now);
    line.drain(..due)
        .map(|(_, id, kind, segment)| (id, kind, segment))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::session::Job;

    #[test]
    fn long_segments_do_not_go_before_their_time() {
        let config = Config::default();
        let (face, sound) = (Job::saying("One."), Job::saying("Two."));
        let sound = Job {
            kind: Kind::Audio,
            ..sound
        };
        let now = Instant::now();
        let mut departures = Departures::default();
        let mut graces = Vec::new();
        for job in [&sound, &face, &sound, &face] {
            let mut listing = Listing::new(&config, job);
            listing.leave_until(3);
            graces.push(listing.grace());
            departures.note((job.id, job.kind), &mut listing, now);
        }
        assert!(graces[0] > graces[1] + Duration::from_millis(100));
        let gone: Vec<_> = over(&mut departures.parts, now + graces[1]).collect();
        assert_eq!(gone.len(), 6);
        assert!(gone.iter().all(|(_, kind, _)| *kind == Kind::Avatar));
        assert_eq!(over(&mut departures.parts, now + graces[0]).count(), 6);
    }
}
