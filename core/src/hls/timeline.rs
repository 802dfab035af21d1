//! What has been cut so far.

use super::segmenter::Part;
use crate::time::Samples;

/// The parts of a stream in the order of time, and where its segments end.
///
/// Parts and segments are counted from the beginning of the stream, also where that was [forgotten](Self::forget).
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// Parts and segments before those that are kept, and where the first part that is kept begins.
    gone_parts: usize,
    gone_segments: usize,
    begin: Samples,
    /// Where each part ends that is kept.
    ends: Vec<Samples>,
    /// Whether decoding can begin with each.
    independent: Vec<bool>,
    /// Parts up to the end of each segment that is kept.
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
            self.segments.push(self.len());
        }
    }

    /// Forgets the segments before number `segment`, which nobody will ask for any more: what a stream without an end takes
    /// does not grow with it.
    pub fn forget(&mut self, segment: usize) {
        let count = segment
            .saturating_sub(self.gone_segments)
            .min(self.segments.len());
        let last = count
            .checked_sub(1)
            .and_then(|last| self.segments.get(last));
        let Some(&after) = last else {
            return;
        };
        self.begin = self.end(after);
        let parts = after.saturating_sub(self.gone_parts).min(self.ends.len());
        self.ends.drain(..parts);
        self.independent.drain(..parts);
        self.segments.drain(..count);
        self.gone_parts += parts;
        self.gone_segments += count;
    }

    /// Forgets all parts but the first `parts`.
    pub fn cut(&mut self, parts: usize) {
        let kept = parts.saturating_sub(self.gone_parts);
        self.ends.truncate(kept);
        self.independent.truncate(kept);
        let whole = self.segments.partition_point(|&after| after <= parts);
        self.segments.truncate(whole);
    }

    /// Makes the parts after the last whole segment a segment, if there are some.
    pub fn close(&mut self) {
        if self.edge(self.len()).parts > 0 {
            self.segments.push(self.len());
        }
    }

    /// How many parts there are.
    pub fn len(&self) -> usize {
        self.gone_parts + self.ends.len()
    }

    /// How many parts are kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        assert_eq!(self.ends.len(), self.independent.len());
        assert!(self.segments.len() <= self.ends.len());
        self.ends.len()
    }

    /// Whether there is no part yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where each part ends that comes after the first `parts`.
    pub fn ends_after(&self, parts: usize) -> impl Iterator<Item = Samples> + '_ {
        let kept = parts.saturating_sub(self.gone_parts);
        self.ends.iter().copied().skip(kept)
    }

    /// Where the first `parts` parts end.
    pub fn end(&self, parts: usize) -> Samples {
        let kept = parts.saturating_sub(self.gone_parts);
        let Some(last) = kept.checked_sub(1) else {
            return self.begin;
        };
        let end = self.ends.get(last).or(self.ends.last());
        end.copied().unwrap_or(self.begin)
    }

    /// Parts up to the end of segment `segment`, if it is whole.
    fn parts_through(&self, segment: usize) -> Option<usize> {
        match segment.checked_sub(self.gone_segments) {
            Some(kept) => self.segments.get(kept).copied(),
            None => Some(self.gone_parts),
        }
    }

    /// Where a segment begins.
    pub(super) fn start(&self, segment: usize) -> Samples {
        let before = segment.checked_sub(1);
        let parts = before.and_then(|before| self.parts_through(before));
        self.end(parts.unwrap_or_default())
    }

    /// Whether decoding can begin with a part.
    pub(super) fn independent(&self, part: usize) -> bool {
        let kept = part.checked_sub(self.gone_parts);
        let independent = kept.and_then(|kept| self.independent.get(kept));
        independent.copied().unwrap_or_default()
    }

    /// Parts up to the end of the segment in which the first `parts` parts end.
    pub fn whole(&self, parts: usize) -> usize {
        let segments = self.segments.partition_point(|&after| after < parts);
        self.segments.get(segments).copied().unwrap_or(self.len())
    }

    /// The first `parts` parts in segments.
    pub fn edge(&self, parts: usize) -> Edge {
        let segments = self.segments.partition_point(|&after| after <= parts);
        let whole = segments
            .checked_sub(1)
            .and_then(|last| self.segments.get(last))
            .copied()
            .unwrap_or(self.gone_parts);
        Edge {
            segments: count(self.gone_segments + segments),
            parts: count(parts.min(self.len()).saturating_sub(whole)),
        }
    }

    /// The number of the last whole segment before `edge`, and how many parts it has; `None` also where that is forgotten.
    pub fn last(&self, edge: Edge) -> Option<(u32, u32)> {
        let number = edge.segments.checked_sub(1)?;
        let index = usize::try_from(number).ok()?;
        let after = *self.segments.get(index.checked_sub(self.gone_segments)?)?;
        let first = match index.checked_sub(1) {
            Some(before) => self.parts_through(before)?,
            None => 0,
        };
        Some((number, count(after.saturating_sub(first))))
    }

    /// How many segments end more than `margin` before the end of the first `parts` parts; those that are forgotten do.
    pub(super) fn ended_long_before(&self, parts: usize, margin: Samples) -> usize {
        let end = self.end(parts);
        let long_before = |&after: &usize| self.end(after) + margin < end;
        self.gone_segments + self.segments.partition_point(long_before)
    }

    /// The segments from number `first` on that end within the first `parts` parts.
    pub(super) fn segments(
        &self,
        parts: usize,
        first: usize,
    ) -> impl Iterator<Item = Stretch> + '_ {
        let begins = std::iter::once(self.gone_parts).chain(self.segments.iter().copied());
        begins
            .zip(&self.segments)
            .zip(self.gone_segments..)
            .skip(first.saturating_sub(self.gone_segments))
            .map(|((first, &after), number)| Stretch {
                number: count(number),
                first,
                after,
            })
            .take_while(move |stretch| stretch.after <= parts)
    }
}

fn count(parts: usize) -> u32 {
    u32::try_from(parts).unwrap_or(u32::MAX)
}
