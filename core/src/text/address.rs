//! The address of a Markdown link, as it comes in.

/// What stands after the parenthesis that may begin a link's address.
pub(super) enum Address {
    Whole,
    Unfinished,
    None,
}

/// `https://x/y(z) "a title")` is one. A program's `f[i](x)` and `[1](see there)` have none.
pub(super) fn address(body: &str) -> Address {
    let mut depth = 0_usize;
    for (at, character) in body.char_indices() {
        match character {
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            ')' => {
                let named = body
                    .get(..at)
                    .is_some_and(|address| address.contains(['/', '.', '#', ':', '@']));
                return match named {
                    true => Address::Whole,
                    false => Address::None,
                };
            }
            '[' | ']' => return Address::None,
            _ if character.is_whitespace() => return title(body.get(at..).unwrap_or_default()),
            _ => {}
        }
    }
    Address::Unfinished
}

/// After the address, a title in quotation marks may stand.
fn title(body: &str) -> Address {
    let body = body.trim_start();
    let Some(quote) = body.chars().next() else {
        return Address::Unfinished;
    };
    if !matches!(quote, '"' | '\'') {
        return Address::None;
    }
    let behind = body.get(1..).and_then(|rest| rest.split_once(quote));
    let Some((_, behind)) = behind else {
        return Address::Unfinished;
    };
    match behind.trim_start() {
        "" => Address::Unfinished,
        behind if behind.starts_with(')') => Address::Whole,
        _ => Address::None,
    }
}
