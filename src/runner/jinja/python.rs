//! What Jinja takes from Python and minijinja does otherwise.

use super::missing;
use minijinja::value::{Kwargs, ObjectRepr, Rest, Value, ValueKind};
use minijinja::{Environment, Error, State, filters};
use minijinja_contrib::{filters as contrib, globals};
use std::fmt::Write;

pub(super) fn add_to(environment: &mut Environment<'_>) {
    minijinja_contrib::add_to_environment(environment);
    environment.set_unknown_method_callback(super::method::call);
    environment.add_filter("tojson", to_json);
    environment.add_filter("int", int);
    environment.add_filter("float", float);
    environment.add_filter("center", |text: &str, width: Option<usize>| {
        super::method::centered(text, width.unwrap_or(80))
    });
    environment.add_filter(
        "truncate",
        |state: &mut State<'_, '_>, text: &Value, given: Rest<Value>, named: Kwargs| {
            contrib::truncate(state, text, by_name(&["length", "killwords", "end", "leeway"], given, &named)?)
        },
    );
    environment.add_filter("wordwrap", |text: &Value, given: Rest<Value>, named: Kwargs| {
        let names = ["width", "break_long_words", "wrapstring", "break_on_hyphens"];
        contrib::wordwrap(text, by_name(&names, given, &named)?)
    });
    environment.add_test("callable", |value: &Value| {
        value.as_object().is_some_and(|object| object.repr() == ObjectRepr::Plain)
            && !missing::is_missing(value)
    });
    environment.add_function("cycler", |items: Rest<Value>| globals::cycler(items.0));
}

/// Arguments that minijinja knows by their names alone.
fn by_name(names: &[&str], given: Rest<Value>, named: &Kwargs) -> Result<Kwargs, Error> {
    let mut all = Vec::new();
    for name in named.args() {
        all.push((name.to_owned(), named.get::<Value>(name)?));
    }
    all.extend(names.iter().map(|name| (*name).to_owned()).zip(given.0));
    Ok(all.into_iter().collect())
}

/// What is no number is 0, or what is given for it.
fn int(
    state: &State<'_, '_>,
    value: &Value,
    default: Option<Value>,
    base: Option<u32>,
    named: Kwargs,
) -> Result<Value, Error> {
    missing::refuse(value)?;
    let default = given(default, &named)?.unwrap_or_else(|| Value::from(0));
    let trimmed = value.as_str().map(|text| Value::from(text.trim()));
    filters::int(state, trimmed.as_ref().unwrap_or(value), Some(default), base, named)
}

/// As [`int`].
fn float(
    state: &State<'_, '_>,
    value: &Value,
    default: Option<Value>,
    named: Kwargs,
) -> Result<Value, Error> {
    missing::refuse(value)?;
    let default = given(default, &named)?.unwrap_or_else(|| Value::from(0.0));
    filters::float(state, value, Some(default), named)
}

fn given(default: Option<Value>, named: &Kwargs) -> Result<Option<Value>, Error> {
    default.map_or_else(|| named.get("default"), |default| Ok(Some(default)))
}

/// Keys in order, nothing but ASCII.
fn to_json(value: &Value, indent: Option<Value>, named: Kwargs) -> Result<Value, Error> {
    let json = filters::tojson(&sorted(value)?, indent, named)?;
    let mut ascii = String::new();
    for character in json.as_str().unwrap_or_default().chars() {
        if character.is_ascii() {
            ascii.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            write!(ascii, "\\u{unit:04x}")?;
        }
    }
    Ok(Value::from_safe_string(ascii))
}

fn sorted(value: &Value) -> Result<Value, Error> {
    missing::refuse(value)?;
    Ok(match value.kind() {
        ValueKind::Map => {
            let mut keys: Vec<Value> = value.try_iter()?.collect();
            keys.sort();
            let entry = |key: Value| Ok((key.clone(), sorted(&value.get_item(&key)?)?));
            Value::from_pairs(keys.into_iter().map(entry).collect::<Result<Vec<_>, Error>>()?)
        }
        ValueKind::Seq => value.try_iter()?.map(|item| sorted(&item)).collect::<Result<Vec<_>, _>>()?.into(),
        _ => value.clone(),
    })
}
