//! Patterns of glob(7) for names of links.

/// Whether `pattern` matches the whole of `name`: `*`, `?`, `[a-z]`, `[!0-9]`.
/// Takes at most `pattern` times `name` steps.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.as_bytes(), name.as_bytes());
    // Where to go on when what follows the last `*` does not match here.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            pattern = rest;
            retry = Some((rest, name));
            continue;
        }
        match (one(pattern, name.first()), name) {
            (Some(rest), [_, left @ ..]) => (pattern, name) = (rest, left),
            _ if pattern.is_empty() && name.is_empty() => return true,
            _ => {
                let Some((rest, [_, left @ ..])) = retry else { return false };
                retry = Some((rest, left));
                (pattern, name) = (rest, left);
            }
        }
    }
}

/// Whether this means another name than itself.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The pattern behind its first character or set, when that matches `byte`.
fn one<'p>(pattern: &'p [u8], byte: Option<&u8>) -> Option<&'p [u8]> {
    let (byte, (first, rest)) = (byte?, pattern.split_first()?);
    if *first == b'['
        && let Some(end) = rest.iter().skip(1).position(|byte| *byte == b']')
    {
        let (set, rest) = rest.split_at_checked(end + 1)?;
        let (not, set) = match set {
            [b'!' | b'^', set @ ..] => (true, set),
            set => (false, set),
        };
        return (is_in(set, *byte) != not).then_some(rest.get(1..)?);
    }
    (*first == b'?' || first == byte).then_some(rest)
}

fn is_in(mut set: &[u8], byte: u8) -> bool {
    loop {
        match set {
            [from, b'-', to, rest @ ..] => {
                if (*from..=*to).contains(&byte) {
                    return true;
                }
                set = rest;
            }
            [one, rest @ ..] => {
                if *one == byte {
                    return true;
                }
                set = rest;
            }
            [] => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn as_the_shell() {
        for (pattern, name) in [
            ("en*", "enp1s0"),
            ("*", ""),
            ("e?p*s0", "enp1s0"),
            ("eth[0-3]", "eth2"),
            ("eth[!0-3]", "eth4"),
            ("*a*b", "xaab"),
            ("eth[", "eth["),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("en*", "eth0"), ("eth", "eth0"), ("eth0", "eth"), ("", "a"), ("eth[0-3]", "eth4"), ("*a", "ab")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        assert!(!matches(&"*a".repeat(50), &"a".repeat(49)));
    }
}
