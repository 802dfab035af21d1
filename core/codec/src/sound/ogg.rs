//! Where the pages of an Ogg stream (RFC 3533 section 6) begin and end. The demuxer drops a page that is cut off
//! without a word.

/// Bytes of a page's header before its table of segments.
const HEADER: usize = 27;

/// What the bytes passed so far have come to.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// The header of the page being passed, with its table of segments, as far as it is known.
    header: Vec<u8>,
    /// Bytes of its body that are still to come.
    body: usize,
    /// There was something else than a page; nothing more can be told.
    lost: bool,
}

impl Pages {
    /// Takes in more bytes.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.lost {
            let skipped = self.body.min(bytes.len());
            self.body -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            if self.body > 0 {
                return;
            }
            let wanted = self.wanted() - self.header.len();
            let (now, later) = bytes.split_at(wanted.min(bytes.len()));
            self.header.extend_from_slice(now);
            bytes = later;
            self.lost = !b"OggS".starts_with(self.header.get(..4).unwrap_or(&self.header));
            if self.header.len() >= HEADER && self.header.len() == self.wanted() {
                let table = self.header.get(HEADER..).unwrap_or_default();
                self.body = table.iter().map(|&size| usize::from(size)).sum();
                self.header.clear();
            }
        }
    }

    /// How long the header is, as far as that is known.
    fn wanted(&self) -> usize {
        let segments = self.header.get(HEADER - 1).copied();
        HEADER + segments.map_or(0, usize::from)
    }

    /// Whether they end within a page.
    pub(super) fn within(&self) -> bool {
        !self.lost && (self.body > 0 || !self.header.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(segments: &[u8]) -> Vec<u8> {
        let mut page = b"OggS".to_vec();
        page.resize(HEADER - 1, 0);
        page.push(segments.len() as u8);
        page.extend_from_slice(segments);
        page.resize(
            page.len()
                + segments
                    .iter()
                    .map(|&size| usize::from(size))
                    .sum::<usize>(),
            7,
        );
        page
    }

    #[test]
    fn an_end_within_a_page_is_seen_however_bytes_come() {
        let stream: Vec<u8> = [page(&[19]), page(&[]), page(&[255, 3, 0])].concat();
        let ends: Vec<usize> = [
            0,
            page(&[19]).len(),
            page(&[19]).len() + page(&[]).len(),
            stream.len(),
        ]
        .into();
        for pieces in [1, 2, 26, 27, 28, 100, 1000] {
            for end in 0..=stream.len() {
                let mut pages = Pages::default();
                stream[..end]
                    .chunks(pieces)
                    .for_each(|piece| pages.pass(piece));
                assert_eq!(pages.within(), !ends.contains(&end), "{end} of {pieces}");
            }
        }
    }

    #[test]
    fn what_is_no_page_is_not_judged() {
        let mut pages = Pages::default();
        pages.pass(&page(&[4]));
        pages.pass(b"something else");
        assert!(!pages.within());
    }
}
