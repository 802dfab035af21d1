//! What has been cut so far.

use super::segmenter::Part;
use crate::time::Samples;

/// The parts of a stream in the order of time, and where its segments end.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// Where each part ends.
    ends: Vec<Samples>,
    /// Whether decoding can begin with each part.
    independent: Vec<bool>,
    /// Parts up to the end of each segment.
    segments: Vec<usize>,
}

/// How far a stream is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Edge {
    /// Whole segments.
    pub segments: u32,
    /// Parts of the one after them.
    pub parts: u32,
}

/// A segment of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) number: u32,
    /// Its first part, counted over the whole stream.
    pub(super) first: usize,
    /// The part after its last.
    pub(super) after: usize,
}

impl Timeline {
    /// Takes in the next part.
    pub fn push(&mut self, part: &Part) {
        self.ends.push(part.start + part.duration);
        self.independent.push(part.independent);
        if part.closes.is_some() {
            self.segments.push(self.ends.len());
        }
    }

    /// Forgets all parts but the first `parts`.
    pub fn cut(&mut self, parts: usize) {
        self.ends.truncate(parts);
        self.independent.truncate(parts);
        let whole = self.segments.partition_point(|&after| after <= parts);
        self.segments.truncate(whole);
    }

    /// Makes the parts after the last whole segment a segment, if there are some.
    pub fn close(&mut self) {
        if self.edge(self.ends.len()).parts > 0 {
            self.segments.push(self.ends.len());
        }
    }

    /// Where each part ends.
    pub fn ends(&self) -> &[Samples] {
        &self.ends
    }

    /// Where the first `parts` parts end.
    pub fn end(&self, parts: usize) -> Samples {
        parts
            .checked_sub(1)
            .and_then(|last| self.ends.get(last).or(self.ends.last()))
            .copied()
            .unwrap_or_default()
    }

    /// Where a segment begins.
    pub(super) fn start(&self, segment: usize) -> Samples {
        let before = segment.checked_sub(1);
        let parts = before.and_then(|before| self.segments.get(before));
        self.end(parts.copied().unwrap_or_default())
    }

    /// Whether decoding can begin with a part.
    pub(super) fn independent(&self, part: usize) -> bool {
        self.independent.get(part).copied().unwrap_or_default()
    }

    /// Parts up to the end of the segment in which the first `parts` parts end.
    pub fn whole(&self, parts: usize) -> usize {
        let segments = self.segments.partition_point(|&after| after < parts);
        self.segments
            .get(segments)
            .copied()
            .unwrap_or(self.ends.len())
    }

    /// The first `parts` parts in segments.
    pub fn edge(&self, parts: usize) -> Edge {
        let segments = self.segments.partition_point(|&after| after <= parts);
        let whole = segments
            .checked_sub(1)
            .and_then(|last| self.segments.get(last))
            .copied()
            .unwrap_or_default();
        Edge {
            segments: count(segments),
            parts: count(parts.min(self.ends.len()).saturating_sub(whole)),
        }
    }

    /// The number of the last whole segment before `edge`, and how many parts it has.
    pub fn last(&self, edge: Edge) -> Option<(u32, u32)> {
        let number = edge.segments.checked_sub(1)?;
        let index = usize::try_from(number).ok()?;
        let after = *self.segments.get(index)?;
        let first = match index.checked_sub(1) {
            Some(before) => *self.segments.get(before)?,
            None => 0,
        };
        Some((number, count(after - first)))
    }

    /// How many segments end more than `margin` before the end of the first `parts` parts.
    pub(super) fn ended_long_before(&self, parts: usize, margin: Samples) -> usize {
        let end = self.end(parts);
        self.segments
            .partition_point(|&after| self.end(after) + margin < end)
    }

    /// The segments that end within the first `parts` parts.
    pub(super) fn segments(&self, parts: usize) -> impl Iterator<Item = Stretch> + '_ {
        let firsts = std::iter::once(0).chain(self.segments.iter().copied());
        firsts
            .zip(&self.segments)
            .zip(0u32..)
            .map(|((first, &after), number)| Stretch {
                number,
                first,
                after,
            })
            .take_while(move |stretch| stretch.after <= parts)
    }
}

fn count(parts: usize) -> u32 {
    u32::try_from(parts).unwrap_or(u32::MAX)
}
