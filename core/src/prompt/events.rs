//! Server-sent events (WHATWG HTML section 9.2.6) as they arrive.

/// An event has this many bytes at the most. Those of a language model carry a word or two.
const LONGEST: usize = 1 << 20;

/// Cuts bytes into events. Only what events carry is looked at, not what they are called.
#[derive(Debug, Default)]
pub(super) struct Events {
    line: Vec<u8>,
    data: Option<String>,
    /// The last byte ended a line, and a line feed after it is part of that end.
    returned: bool,
}

/// There is an event that nobody can mean.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Events {
    /// Takes in more bytes; appends to `events` what the events carry that became whole.
    pub(super) fn push(&mut self, bytes: &[u8], events: &mut Vec<String>) -> Result<(), TooLong> {
        for &byte in bytes {
            let returned = std::mem::replace(&mut self.returned, byte == b'\r');
            match byte {
                b'\n' if returned => {}
                b'\n' | b'\r' => self.end_line(events),
                _ => self.line.push(byte),
            }
            let carried = self.data.as_ref().map_or(0, String::len);
            if self.line.len() + carried > LONGEST {
                return Err(TooLong);
            }
        }
        Ok(())
    }

    fn end_line(&mut self, events: &mut Vec<String>) {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            events.extend(self.data.take());
            return;
        }
        let Some(value) = line.strip_prefix(b"data") else {
            return;
        };
        let value = match value {
            [] => value,
            [b':', b' ', value @ ..] | [b':', value @ ..] => value,
            _ => return,
        };
        let value = String::from_utf8_lossy(value);
        match &mut self.data {
            Some(data) => {
                data.push('\n');
                data.push_str(&value);
            }
            None => self.data = Some(value.into_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events(bytes: &[u8], pieces: usize) -> Vec<String> {
        let (mut events, mut found) = (Events::default(), Vec::new());
        for piece in bytes.chunks(pieces) {
            events.push(piece, &mut found).unwrap();
        }
        found
    }

    #[test]
    fn lines_end_in_any_of_three_ways() {
        let stream = "event: x\r\ndata: one\r\n\r\n: a comment\n\ndata:two\ndata: lines\n\ndata\r\rdatabase: no\n\ndata: кто?\n\n\
            data: unfinished\n";
        for pieces in 1..stream.len() {
            assert_eq!(
                events(stream.as_bytes(), pieces),
                ["one", "two\nlines", "", "кто?"]
            );
        }
    }

    #[test]
    fn nobody_fills_the_memory() {
        let (mut events, mut found) = (Events::default(), Vec::new());
        let line = [b'a'; 65_536];
        let result = (0..20).try_for_each(|_| events.push(&line, &mut found));
        assert_eq!(result, Err(TooLong));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), pieces in 1_usize..20) {
            prop_assert_eq!(events(&bytes, pieces), events(&bytes, 1_000));
        }
    }
}
