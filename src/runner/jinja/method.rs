//! Python's methods of texts, lists and mappings.

use super::missing;
use minijinja::value::{Value, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State};
use minijinja_contrib::pycompat;
use std::borrow::Cow;

/// Calls what is no method of a value's own.
pub(super) fn call(
    state: &mut State<'_, '_>,
    value: &Value,
    name: &str,
    arguments: &[Value],
) -> Result<Value, Error> {
    let answer = match (value.kind(), value.as_str()) {
        (_, Some(text)) => of_text(text, name, arguments)?,
        (ValueKind::Map, _) if name == "get" => Some(get(value, arguments)?),
        (ValueKind::Seq, _) if name == "index" => {
            let (item,): (&Value,) = from_args(arguments)?;
            let at = value.try_iter()?.position(|other| other == *item);
            Some(at.ok_or_else(|| fault("the item is not in the list"))?.into())
        }
        (ValueKind::Seq | ValueKind::Map, _) if CHANGES.contains(&name) => {
            return Err(fault("lists and mappings don't change: `LIST + [ITEM]` is a new list"));
        }
        _ => None,
    };
    answer.map_or_else(|| pycompat::unknown_method_callback(state, value, name, arguments), Ok)
}

/// Methods of Python's that change what they belong to.
const CHANGES: [&str; 9] =
    ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "setdefault", "update"];

fn fault(why: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, why)
}

fn get(map: &Value, arguments: &[Value]) -> Result<Value, Error> {
    let (key, default): (&Value, Option<Value>) = from_args(arguments)?;
    let found = map.get_item(key)?;
    Ok(if missing::is_missing(&found) { default.unwrap_or_else(|| Value::from(())) } else { found })
}

/// `None`: minijinja has it.
fn of_text(text: &str, name: &str, arguments: &[Value]) -> Result<Option<Value>, Error> {
    Ok(Some(match name {
        "title" => titled(text).into(),
        "swapcase" => swapped(text).into(),
        "ljust" | "rjust" | "center" | "zfill" => {
            let (width,): (usize,) = from_args(arguments)?;
            match name {
                "ljust" => padded(text, 0, width)?,
                "rjust" => padded(text, width, 0)?,
                "center" => centered(text, width)?,
                _ => zero_filled(text, width)?,
            }
            .into()
        }
        "removeprefix" | "removesuffix" => {
            let (part,): (&str,) = from_args(arguments)?;
            let rest = if name == "removeprefix" { text.strip_prefix(part) } else { text.strip_suffix(part) };
            rest.unwrap_or(text).into()
        }
        "index" | "rindex" => {
            let (part,): (&str,) = from_args(arguments)?;
            let at = if name == "index" { text.find(part) } else { text.rfind(part) };
            let at =
                at.ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "the part is not in the text"))?;
            text.get(..at).unwrap_or_default().chars().count().into()
        }
        "rsplit" => {
            let (part, count): (Option<&str>, Option<usize>) = from_args(arguments)?;
            let mut pieces: Vec<Value> = match (part, count) {
                (Some(part), Some(count)) => {
                    text.rsplitn(count.saturating_add(1), part).map(Value::from).collect()
                }
                (Some(part), None) => text.rsplit(part).map(Value::from).collect(),
                (None, None) => text.split_whitespace().rev().map(Value::from).collect(),
                (None, Some(_)) => return Ok(None),
            };
            pieces.reverse();
            pieces.into()
        }
        "partition" | "rpartition" => {
            let (part,): (&str,) = from_args(arguments)?;
            let found = if name == "partition" { text.split_once(part) } else { text.rsplit_once(part) };
            let pieces = match found {
                Some((before, after)) => [before, part, after],
                None if name == "partition" => [text, "", ""],
                None => ["", "", text],
            };
            Value::from(minijinja::value::Tuple::from(pieces.map(Value::from).to_vec()))
        }
        // minijinja takes the memory before it counts it
        "format" if text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > 5) => {
            return Err(too_wide());
        }
        _ => return Ok(None),
    }))
}

/// Python's `str.title`: a capital at the start of each run of letters.
fn titled(text: &str) -> String {
    let mut title = String::new();
    let mut is_inside = false;
    for character in text.chars() {
        if is_inside {
            title.extend(character.to_lowercase());
        } else {
            title.extend(character.to_uppercase());
        }
        is_inside = character.is_alphabetic();
    }
    title
}

fn swapped(text: &str) -> String {
    let mut swapped = String::new();
    for character in text.chars() {
        if character.is_uppercase() {
            swapped.extend(character.to_lowercase());
        } else {
            swapped.extend(character.to_uppercase());
        }
    }
    swapped
}

pub(super) fn centered(text: &str, width: usize) -> Result<String, Error> {
    let room = width.saturating_sub(text.chars().count());
    // As CPython rounds.
    let left = room / 2 + (room & width & 1);
    padded(&padded(text, text.chars().count() + left, 0)?, 0, width)
}

fn zero_filled(text: &str, width: usize) -> Result<String, Error> {
    let digits = text.trim_start_matches(['-', '+']);
    let sign = text.strip_suffix(digits).unwrap_or_default();
    Ok(sign.to_owned() + &padded(digits, width.saturating_sub(sign.len()), 0)?.replace(' ', "0"))
}

/// Spaces before `text` up to `before` characters, and behind it up to `behind`.
fn padded(text: &str, before: usize, behind: usize) -> Result<String, Error> {
    let length = text.chars().count();
    if before.max(behind) > WIDTH {
        return Err(too_wide());
    }
    let spaces = |width: usize| " ".repeat(width.saturating_sub(length));
    Ok(spaces(before) + text + &spaces(behind))
}

fn too_wide() -> Error {
    fault(format!("no text is made wider than {WIDTH} characters"))
}

/// Characters a text is filled up to.
const WIDTH: usize = 65536;
