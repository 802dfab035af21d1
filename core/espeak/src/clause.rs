//! A text as phonemes, clause by clause.

/// What espeak-ng says in one go: a sentence, or a part of one up to a comma.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// In IPA, with stress marks and with spaces between words. Where the voice changes to another language and back, the
    /// name of the language stands in parentheses: "(en)həlˈoʊ(ru)".
    pub phonemes: String,
    /// What ends it.
    pub stop: Stop,
}

/// What ends a [`Clause`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// A full stop, question mark or exclamation mark: `.`, `?` or `!`.
    Sentence(char),
    /// A comma, colon or semicolon: `,`, `:` or `;`. A dash counts as a semicolon.
    Clause(char),
    /// No mark that says how it was meant: an ellipsis, or the end of the text.
    Open,
}

impl Stop {
    /// What ended a clause, judged by all of the text that the library took for it.
    ///
    /// espeak-ng 1.52 tells; 1.51 does not, but has stopped only where a mark stands.
    pub(crate) fn of(taken: &str) -> Self {
        let taken = taken.trim_end();
        if taken.ends_with("...") {
            return Self::Open;
        }
        // Of "?!" the first counts.
        let run = taken.trim_end_matches(['?', '!']);
        let first = taken.get(run.len()..).and_then(|run| run.chars().next());
        match first.or_else(|| taken.chars().next_back()) {
            Some(mark @ ('.' | '?' | '!')) => Self::Sentence(mark),
            Some(mark @ (',' | ':' | ';')) => Self::Clause(mark),
            Some('—' | '–') => Self::Clause(';'),
            _ => Self::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_mark_counts() {
        for (taken, stop) in [
            ("Да.", Stop::Sentence('.')),
            ("Да.. ", Stop::Sentence('.')),
            ("Да?! ", Stop::Sentence('?')),
            ("Да!?", Stop::Sentence('!')),
            ("Да, ", Stop::Clause(',')),
            ("Да — ", Stop::Clause(';')),
            ("Да...", Stop::Open),
            ("Да… ", Stop::Open),
            ("Да", Stop::Open),
            ("", Stop::Open),
        ] {
            assert_eq!(Stop::of(taken), stop, "{taken:?}");
        }
    }
}
