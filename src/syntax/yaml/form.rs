//! The forms of numbers and dates that `PyYAML` tells by regular expressions,
//! in a notation small enough to need no expressions.

use super::number::sign;

/// What a scalar is, by what it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Str,
    Null,
    Truth(bool),
    Base64,
    /// An integer in this base; 60 is `1:30`.
    Int(u32),
    Float,
    /// `1:30.5`.
    SexagesimalFloat,
    Timestamp,
}

/// The forms, common ones first. Of the characters, [`length`] says which
/// stand for others; behind one, `?`, `*` and `+` mean what they do in regular
/// expressions. `(` to `)` is left out when its first character does not
/// match; at `$` the text may end.
const FORMS: [(Form, &[u8]); 11] = [
    (Form::Int(10), b"s?pn*"),
    (Form::Int(10), b"s?0"),
    (Form::Int(8), b"s?0o+"),
    (Form::Int(16), b"s?0xh+"),
    (Form::Int(2), b"s?0bi+"),
    (Form::Int(60), b"s?pn*6+"),
    (Form::Float, b"s?dn*.n*(esd+)"),
    (Form::Float, b".dn*(esd+)"),
    (Form::SexagesimalFloat, b"s?dn*6+.n*"),
    (Form::Timestamp, b"dddd-dd?-dd?$Tdd?:dd:dd(.d*)$w*Z"),
    (Form::Timestamp, b"dddd-dd?-dd?$Tdd?:dd:dd(.d*)$w*sdd?(:dd)"),
];

/// Floats in words; an infinity may have a sign.
const INFINITE: [&[u8]; 3] = [b".inf", b".Inf", b".INF"];
const NOT_NUMBERS: [&[u8]; 3] = [b".nan", b".NaN", b".NAN"];

/// What `!!float` takes besides: no point, a plain exponent, or whole parts
/// between colons.
const TAGGED_FLOATS: [&[u8]; 3] = [b"s?_*dn*(.n*)(es?d+)", b"s?_*._*dn*(es?d+)", b"s?dn*6+"];

/// The form of a number or date; `text` is a string if it is neither.
#[inline(never)]
pub(super) fn of(text: &str) -> Form {
    for (form, pattern) in FORMS {
        if fits(pattern, text.as_bytes()) {
            return form;
        }
    }
    let (_, body) = sign(text.as_bytes());
    let special = INFINITE.contains(&body) || NOT_NUMBERS.contains(&text.as_bytes());
    if special { Form::Float } else { Form::Str }
}

/// Whether `!!float` takes `text`, which has no [`Form`] of a float.
pub(super) fn is_tagged_float(text: &str) -> bool {
    TAGGED_FLOATS.iter().any(|pattern| fits(pattern, text.as_bytes()))
}

pub(super) fn fits(mut pattern: &[u8], mut text: &[u8]) -> bool {
    loop {
        pattern = match pattern {
            [] => return text.is_empty(),
            [b'$', ..] if text.is_empty() => return true,
            [b'(', first, rest @ ..] if length(*first, text) == 0 => behind_group(rest),
            [b'$' | b'(' | b')', rest @ ..] => rest,
            [item, rest @ ..] => {
                let (least, most) = match rest.first() {
                    Some(b'?') => (0, 1),
                    Some(b'*') => (0, usize::MAX),
                    Some(b'+') => (1, usize::MAX),
                    _ => (1, 1),
                };
                let mut count = 0;
                while count < most {
                    let taken = length(*item, text);
                    if taken == 0 {
                        break;
                    }
                    text = text.get(taken..).unwrap_or_default();
                    count += 1;
                }
                if count < least {
                    return false;
                }
                match rest {
                    [b'?' | b'*' | b'+', rest @ ..] => rest,
                    _ => rest,
                }
            }
        };
    }
}

fn behind_group(mut pattern: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = pattern {
        pattern = rest;
        if *first == b')' {
            break;
        }
    }
    pattern
}

/// How many bytes at the beginning of `text` the pattern's `item` stands for.
fn length(item: u8, text: &[u8]) -> usize {
    let Some(&byte) = text.first() else { return 0 };
    let found = match item {
        b's' => matches!(byte, b'+' | b'-'),
        b'd' => byte.is_ascii_digit(),
        b'p' => matches!(byte, b'1'..=b'9'),
        b'n' => byte.is_ascii_digit() || byte == b'_',
        b'i' => matches!(byte, b'0' | b'1' | b'_'),
        b'o' => matches!(byte, b'0'..=b'7' | b'_'),
        b'h' => byte.is_ascii_hexdigit() || byte == b'_',
        b'e' => matches!(byte, b'e' | b'E'),
        b'w' => is_white(byte),
        b'T' if is_white(byte) => return text.iter().take_while(|&&byte| is_white(byte)).count(),
        b'T' => matches!(byte, b'T' | b't'),
        b'6' => match text {
            [b':', b'0'..=b'5', b'0'..=b'9', ..] => return 3,
            [b':', b'0'..=b'9', ..] => return 2,
            _ => false,
        },
        _ => byte == item,
    };
    usize::from(found)
}

fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
