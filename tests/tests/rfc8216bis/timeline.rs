//! What all playlists of a capture say together.

use std::collections::BTreeMap;

use avatar_tests::hls::{Capture, MediaPlaylist, Part};

/// A segment with all its parts, as far as any playlist told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parent {
    /// Where it is, once it is whole.
    pub(crate) uri: Option<String>,
    /// How long it is in seconds, once it is whole.
    pub(crate) duration: Option<f64>,
    /// Its parts, from the longest list of them.
    pub(crate) parts: Vec<Part>,
    /// Whether a playlist listed it whole together with these parts.
    pub(crate) complete: bool,
}

/// The segments of a session by their media sequence numbers.
pub(crate) struct Timeline(pub(crate) BTreeMap<u64, Parent>);

impl Timeline {
    pub(crate) fn of(capture: &Capture) -> Self {
        let mut parents: BTreeMap<u64, Parent> = BTreeMap::new();
        for reading in capture.low_latency() {
            let playlist = &reading.playlist;
            let closed = playlist
                .segments
                .iter()
                .map(|segment| (segment.sequence, &segment.parts));
            let open = std::iter::once((playlist.in_progress(), &playlist.open));
            for (sequence, parts) in closed.chain(open).filter(|(_, parts)| !parts.is_empty()) {
                let parent = parents.entry(sequence).or_default();
                if parts.len() > parent.parts.len() {
                    parent.parts.clone_from(parts);
                }
            }
        }
        for reading in capture.low_latency() {
            for segment in &reading.playlist.segments {
                let parent = parents.entry(segment.sequence).or_default();
                parent.uri = Some(segment.uri.clone());
                parent.duration = Some(segment.duration);
                parent.complete |=
                    !segment.parts.is_empty() && segment.parts.len() == parent.parts.len();
            }
        }
        Self(parents)
    }

    /// When a segment begins, in seconds from the first.
    pub(crate) fn start(&self, sequence: u64) -> f64 {
        let before = self.0.range(..sequence);
        before.map(|(_, parent)| parent.length()).sum()
    }

    /// When a part ends.
    pub(crate) fn end_of(&self, part: &Part) -> f64 {
        let parts = self
            .0
            .get(&part.sequence)
            .map_or(&[][..], |parent| &parent.parts);
        let through = parts
            .iter()
            .position(|other| other.uri == part.uri)
            .map_or(0, |at| at + 1);
        let inside: f64 = parts[..through].iter().map(|part| part.duration).sum();
        self.start(part.sequence) + inside
    }

    /// When a playlist ends.
    pub(crate) fn end(&self, playlist: &MediaPlaylist) -> f64 {
        let open: f64 = playlist.open.iter().map(|part| part.duration).sum();
        self.start(playlist.in_progress()) + open
    }

    /// Whether nothing but the end follows `playlist`: no other that has not ended lists more.
    pub(crate) fn awaits_the_end(&self, capture: &Capture, playlist: &MediaPlaylist) -> bool {
        let mut growing = capture
            .low_latency()
            .filter(|reading| !reading.playlist.ended);
        let end = self.end(playlist) + crate::ROUNDING;
        growing.all(|other| self.end(&other.playlist) <= end)
    }

    /// The part that follows another, as far as it is known.
    pub(crate) fn after(&self, part: &Part) -> Option<&Part> {
        let parent = self.0.get(&part.sequence)?;
        let at = parent
            .parts
            .iter()
            .position(|other| other.uri == part.uri)?;
        match parent.parts.get(at + 1) {
            Some(next) => Some(next),
            None if parent.complete => self.0.get(&(part.sequence + 1))?.parts.first(),
            None => None,
        }
    }

    /// Whether a playlist has what `_HLS_msn` and `_HLS_part` ask for (section 6.2.5.2).
    pub(crate) fn satisfies(
        &self,
        playlist: &MediaPlaylist,
        sequence: u64,
        part: Option<u64>,
    ) -> bool {
        let (in_progress, open) = playlist.edge();
        let Some(part) = part else {
            return in_progress > sequence;
        };
        if in_progress > sequence {
            // A part beyond the segment's last is the first of the next.
            let parent = self.0.get(&sequence);
            let parts = parent
                .filter(|parent| parent.complete)
                .map(|parent| parent.parts.len() as u64);
            let beyond = parts.is_some_and(|parts| part >= parts);
            return !beyond || in_progress > sequence + 1 || open > 0;
        }
        in_progress == sequence && open as u64 > part
    }
}

impl Parent {
    fn length(&self) -> f64 {
        let parts = self.parts.iter().map(|part| part.duration).sum();
        self.duration.unwrap_or(parts)
    }
}
