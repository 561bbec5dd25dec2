//! Classes of the regular expressions of file_contexts(5): `[a-z_[:digit:]]`.

/// Whether a byte is one of a name's.
type Test = fn(&u8) -> bool;

/// Where the class that begins at `at`, behind its bracket, has the closing
/// one; `None` where it is outside the subset.
#[inline(never)]
pub(super) fn class_end(text: &[u8], mut at: usize) -> Option<usize> {
    at += usize::from(text.get(at) == Some(&b'^'));
    let start = at;
    loop {
        match *text.get(at)? {
            b']' if at > start => return Some(at),
            b'[' if text.get(at + 1) == Some(&b':') => at = named(text, at)?.1,
            // Escapes of letters are outside the subset, as other kinds of names are.
            b'[' if matches!(text.get(at + 1), Some(b'.' | b'=')) => return None,
            b'\\' if text.get(at + 1)?.is_ascii_alphanumeric() => return None,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The test that `[:NAME:]` at `at` stands for, and where it ends.
#[inline(never)]
fn named(text: &[u8], at: usize) -> Option<(Test, usize)> {
    static NAMES: [(&[u8], Test); 8] = [
        (b"[:alnum:]", u8::is_ascii_alphanumeric),
        (b"[:alpha:]", u8::is_ascii_alphabetic),
        (b"[:digit:]", u8::is_ascii_digit),
        (b"[:lower:]", u8::is_ascii_lowercase),
        (b"[:punct:]", u8::is_ascii_punctuation),
        (b"[:upper:]", u8::is_ascii_uppercase),
        (b"[:xdigit:]", u8::is_ascii_hexdigit),
        (b"[:word:]", |byte| *byte == b'_' || byte.is_ascii_alphanumeric()),
    ];
    let rest = text.get(at..)?;
    let (name, test) = NAMES.iter().find(|(name, _)| rest.starts_with(name))?;
    Some((*test, at + name.len()))
}

/// Whether `byte` is in the class that begins at `at` of the pattern.
#[inline(never)]
pub(super) fn in_class(text: &[u8], mut at: usize, byte: u8) -> bool {
    let take = |at: &mut usize| {
        if text.get(*at) == Some(&b'\\') {
            *at += 1;
        }
        *at += 1;
        text.get(*at - 1).copied()
    };
    let negated = text.get(at) == Some(&b'^');
    at += usize::from(negated);
    let (start, mut found) = (at, false);
    while at == start || text.get(at) != Some(&b']') {
        if let Some((test, end)) = named(text, at) {
            found |= test(&byte);
            at = end;
            continue;
        }
        let Some(low) = take(&mut at) else { break };
        let mut high = low;
        if text.get(at) == Some(&b'-') && text.get(at + 1) != Some(&b']') {
            at += 1;
            high = take(&mut at).unwrap_or(low);
        }
        found |= low <= byte && byte <= high;
    }
    found != negated
}
