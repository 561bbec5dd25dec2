//! Which styles a text can be written in.

/// What a text allows, in block context.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools)] // four independent answers
pub(super) struct Analysis {
    /// Holds line breaks.
    pub(super) multiline: bool,
    /// Plain, as far as its characters go.
    pub(super) plain: bool,
    /// Single-quoted.
    pub(super) single: bool,
    /// Literal.
    pub(super) block: bool,
}

/// The characters that break a line in YAML 1.1.
pub(super) fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(character: Option<char>) -> bool {
    character.is_none_or(|character| matches!(character, '\0' | ' ' | '\t' | '\r') || is_break(character))
}

impl Analysis {
    pub(super) fn of(text: &str) -> Self {
        if text.is_empty() {
            return Self { multiline: false, plain: false, single: true, block: false };
        }
        let edges = [text.chars().next(), text.chars().next_back()];
        let edge_white = edges.into_iter().flatten().any(|edge| edge == ' ' || is_break(edge));
        let mut multiline = false;
        let (mut special, mut break_space, mut space_break) = (false, false, false);
        let mut previous = None;
        for character in text.chars() {
            multiline |= is_break(character);
            // Not `allow_unicode`: what is not ASCII needs escapes.
            special |= !matches!(character, '\n' | ' '..='~');
            break_space |= character == ' ' && previous.is_some_and(is_break);
            space_break |= previous == Some(' ') && is_break(character);
            previous = Some(character);
        }
        let escapes = special || space_break;
        Self {
            multiline,
            plain: !edge_white && !multiline && !escapes && !has_indicator(text),
            single: !break_space && !escapes,
            block: !text.ends_with(' ') && !escapes,
        }
    }
}

/// Whether a reader of block context would take part of `text` for syntax.
fn has_indicator(text: &str) -> bool {
    if text.starts_with("---") || text.starts_with("...") {
        return true;
    }
    let mut previous = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let blank = is_blank(characters.peek().copied());
        let found = match character {
            ':' => blank,
            '?' | '-' => blank && previous.is_none(),
            '#' => is_blank(previous),
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
                previous.is_none()
            }
            _ => false,
        };
        if found {
            return true;
        }
        previous = Some(character);
    }
    false
}
