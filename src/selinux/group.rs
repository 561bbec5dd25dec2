//! Alternatives outside of brackets, which libselinux has its own way with.

use super::class::class_end;
use super::pattern::META;
use alloc::string::String;
use alloc::vec::Vec;

/// A pattern with a `|` outside of brackets, written as one group. libselinux
/// puts `^` before and `$` behind the whole, so that the first alternative is
/// a start and the last an end, and asks it only of paths in the directory that
/// it begins with.
#[inline(never)]
pub(super) fn grouped(pattern: &str) -> Option<String> {
    let bars = bars(pattern.as_bytes());
    let last = bars.len().checked_sub(1)?;
    let stops = |byte| byte == b'/' || META.contains(&byte);
    let end = pattern.bytes().skip(1).position(stops).map_or(0, |end| end + 1);
    let is_directory = pattern.starts_with('/') && pattern.as_bytes().get(end) == Some(&b'/');
    let directory = if is_directory { pattern.get(..end)? } else { "" };
    let inside = |part: &str| part.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'));
    let mut group = String::from("(");
    let mut start = 0;
    for (number, end) in bars.iter().copied().chain([pattern.len()]).enumerate() {
        let part = pattern.get(start..end)?;
        let behind = if number > last { "" } else { ".*" };
        if number == 0 || !directory.is_empty() && inside(part) {
            group.push_str(&[part, behind, "|"].concat());
        }
        if number > 0 {
            let between = match directory {
                "" => ".*",
                _ if part.starts_with('/') => "(/.*)?",
                _ => "/.*",
            };
            group.push_str(&[directory, between, part, behind, "|"].concat());
        }
        start = end + 1;
    }
    group.pop();
    group.push(')');
    Some(group)
}

/// Where a pattern has a `|` outside of brackets.
#[inline(never)]
fn bars(pattern: &[u8]) -> Vec<usize> {
    let (mut bars, mut depth, mut at) = (Vec::new(), 0_u32, 0);
    while let Some(byte) = pattern.get(at) {
        match byte {
            b'\\' => at += 1,
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b'[' => at = class_end(pattern, at + 1).unwrap_or(pattern.len()),
            b'|' if depth == 0 => bars.push(at),
            _ => {}
        }
        at += 1;
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_outside_of_brackets_are_a_start_and_an_end() {
        for (pattern, group) in [
            ("/srv/a|/srv/b", Some("(/srv/a.*|/srv/b|/srv(/.*)?/srv/b)")),
            ("/srv/a|x.y|/b", Some("(/srv/a.*|/srv/.*x.y.*|/srv(/.*)?/b)")),
            ("(/q/a|/q/b)|/q", Some("((/q/a|/q/b).*|.*/q)")),
            ("/a.b/c|d", Some("(/a.b/c.*|.*d)")),
            ("|", Some("(.*|.*)")),
            ("/(a|b)[|]\\|[^]|[:alpha:]|]", None),
            ("/plain", None),
            ("", None),
        ] {
            assert_eq!(grouped(pattern).as_deref(), group, "{pattern}");
        }
    }
}
