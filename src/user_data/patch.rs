//! `#cloud-config-jsonp`: a JSON patch (RFC 6902) of the merged cloud-config.

use super::bound::{Budget, weight};
use super::mergers::compare;
use crate::limits;
use crate::syntax::json;
use crate::syntax::value::{Data, Place, Value};
use alloc::borrow::Cow;
use alloc::string::String;

/// Why a patch does not apply, and where in its part.
type Refusal = (Place, Cow<'static, str>);

/// Applies the patch in `content` to `config`; one operation that can't be
/// carried out leaves `config` as it was.
///
/// # Errors
/// What is no patch, what RFC 6902 forbids, and a result that is no mapping,
/// is nested too deep or takes more than [`limits::USER_DATA_WORK`].
pub fn apply<'a>(config: &mut Value<'a>, content: &'a [u8]) -> Result<(), Refusal> {
    let mark = b"#cloud-config-jsonp".len();
    let text = content.trim_ascii_start();
    let marked = text.get(..mark).is_some_and(|start| start.eq_ignore_ascii_case(b"#cloud-config-jsonp"));
    let text = if marked { text.get(mark..).unwrap_or_default() } else { text };
    let start = content.len() - text.len();
    let patch =
        json::parse(text).map_err(|error| (moved(error.place, content, start), error.message.into()))?;
    let place = |value: &Value<'_>| moved(value.place, content, start);
    let operations = patch.items().ok_or((place(&patch), "a list of operations is expected".into()))?;
    let mut work = Work { document: config.clone(), budget: Budget::new() };
    for operation in operations {
        work.carry_out(operation).map_err(|why| (place(operation), why.into()))?;
    }
    if !matches!(work.document.data, Data::Map(_)) {
        return Err((place(&patch), "no mapping is left".into()));
    }
    *config = work.document;
    Ok(())
}

/// A place in what follows byte `start` of `content`, as a place in the whole.
fn moved(place: Place, content: &[u8], start: usize) -> Place {
    let before = Place::of_byte(content, start);
    let column = if place.line <= 1 { before.column + place.column - 1 } else { place.column };
    Place { line: before.line + place.line - 1, column }
}

struct Work<'a> {
    document: Value<'a>,
    budget: Budget,
}

type Outcome<T> = Result<T, &'static str>;

const ABSENT: &str = "there is nothing at its path";
const TOO_MUCH: &str = "the patch takes too much work";

impl<'a> Work<'a> {
    fn carry_out(&mut self, operation: &Value<'a>) -> Outcome<()> {
        let text = |key| operation.get(key).and_then(Value::as_str);
        let name = text("op").ok_or("`op` is missing")?;
        let path = text("path").ok_or("`path` is missing")?;
        let value = || operation.get("value").ok_or("`value` is missing");
        let from = || text("from").ok_or("`from` is missing");
        match name {
            "add" => self.put(path, value()?.clone()),
            "remove" => self.take(path).map(|_| ()),
            "replace" => {
                let new = value()?.clone();
                self.check(path, &new)?;
                *self.find(path)? = new;
                Ok(())
            }
            "move" => {
                let from = from()?;
                if path.strip_prefix(from).is_some_and(|below| below.starts_with('/')) {
                    return Err("nothing can be moved into itself");
                }
                let value = self.take(from)?;
                self.put(path, value)
            }
            "copy" => {
                let value = self.find(from()?)?.clone();
                self.put(path, value)
            }
            "test" => {
                let equal = compare(self.find(path)?, value()?).is_eq();
                if equal { Ok(()) } else { Err("the value at its path is another one") }
            }
            _ => Err("`op` must be add, remove, replace, move, copy or test"),
        }
    }

    /// Whether `value` may stand at `path`.
    fn check(&mut self, path: &str, value: &Value<'a>) -> Outcome<()> {
        let depth = limits::YAML_DEPTH.saturating_sub(path.matches('/').count());
        let weight = weight(value, depth).ok_or("it would nest too deep")?;
        self.budget.spend(weight).ok_or(TOO_MUCH)
    }

    /// What stands at `path` (RFC 6901).
    fn find(&mut self, path: &str) -> Outcome<&mut Value<'a>> {
        let mut value = &mut self.document;
        if path.is_empty() {
            return Ok(value);
        }
        let steps = path.strip_prefix('/').ok_or("a path begins with `/`")?.split('/');
        for step in steps {
            self.budget.spend(children(value)).ok_or(TOO_MUCH)?;
            value = match &mut value.data {
                Data::Map(entries) => {
                    let at = key_at(entries, &name(step)).ok_or(ABSENT)?;
                    entries.get_mut(at).map(|(_, value)| value)
                }
                Data::Seq(items) => items.get_mut(index(step)?),
                _ => None,
            }
            .ok_or(ABSENT)?;
        }
        Ok(value)
    }

    /// The container that holds what is at `path`, and the last step to it.
    fn parent<'p>(&mut self, path: &'p str) -> Outcome<(&mut Value<'a>, &'p str)> {
        let (above, last) = path.rsplit_once('/').ok_or("a path begins with `/`")?;
        let count = children(self.find(above)?);
        self.budget.spend(count).ok_or(TOO_MUCH)?;
        Ok((self.find(above)?, last))
    }

    fn put(&mut self, path: &str, value: Value<'a>) -> Outcome<()> {
        self.check(path, &value)?;
        if path.is_empty() {
            self.document = value;
            return Ok(());
        }
        let (parent, last) = self.parent(path)?;
        match &mut parent.data {
            Data::Map(entries) => {
                let name = name(last);
                match key_at(entries, &name).and_then(|at| entries.get_mut(at)) {
                    Some((_, old)) => *old = value,
                    None => entries.push((Value::bare(Data::Str(name.into())), value)),
                }
            }
            Data::Seq(items) => {
                let at = if last == "-" { items.len() } else { index(last)? };
                if at > items.len() {
                    return Err("the list is shorter");
                }
                items.insert(at, value);
            }
            _ => return Err(ABSENT),
        }
        Ok(())
    }

    fn take(&mut self, path: &str) -> Outcome<Value<'a>> {
        self.find(path)?;
        let (parent, last) = self.parent(path)?;
        match &mut parent.data {
            Data::Map(entries) => {
                let at = key_at(entries, &name(last)).ok_or(ABSENT)?;
                Ok(entries.remove(at).1)
            }
            // it was found there
            Data::Seq(items) => Ok(items.remove(index(last)?)),
            _ => Err(ABSENT),
        }
    }
}

fn children(value: &Value<'_>) -> usize {
    value.items().map_or(value.entries().len(), <[_]>::len)
}

fn key_at(entries: &[(Value<'_>, Value<'_>)], name: &str) -> Option<usize> {
    entries.iter().position(|(key, _)| key.as_str() == Some(name))
}

/// A step of a path: `~1` is `/`, `~0` is `~`.
fn name(step: &str) -> String {
    let (mut name, mut rest) = (String::new(), step);
    while let Some((before, after)) = rest.split_once('~') {
        name.push_str(before);
        let (character, length) = match after.as_bytes().first() {
            Some(b'1') => ('/', 1),
            Some(b'0') => ('~', 1),
            _ => ('~', 0),
        };
        name.push(character);
        rest = after.get(length..).unwrap_or_default();
    }
    name.push_str(rest);
    name
}

fn index(step: &str) -> Outcome<usize> {
    let leading_zero = step.len() > 1 && step.starts_with('0');
    let digits = step.bytes().all(|digit| digit.is_ascii_digit());
    match step.parse() {
        Ok(index) if digits && !leading_zero => Ok(index),
        _ => Err("a number is expected as the place in a list"),
    }
}
