//! The peers, each with its tree brought to one form for comparing: lists in
//! `[]`, mappings in `{}`, scalars as `LENGTH:TEXT`. The inputs hold no scalar
//! whose text differs from one schema to another.

use std::borrow::Cow;

use glowplug::syntax::value::{Data, Value};
use noyalib::borrowed::BorrowedValue;

fn scalar(out: &mut String, text: &str) {
    out.push_str(&text.len().to_string());
    out.push(':');
    out.push_str(text);
}

fn list<T>(out: &mut String, items: impl IntoIterator<Item = T>, mut each: impl FnMut(T, &mut String)) {
    out.push('[');
    for item in items {
        each(item, out);
    }
    out.push(']');
}

fn map<K, V>(
    out: &mut String,
    entries: impl IntoIterator<Item = (K, V)>,
    mut each: impl FnMut(K, V, &mut String),
) {
    out.push('{');
    for (key, value) in entries {
        each(key, value, out);
    }
    out.push('}');
}

/// The tree of this project.
pub fn own(value: &Value<'_>, out: &mut String) {
    match &value.data {
        Data::Null => scalar(out, "null"),
        Data::Bool(value) => scalar(out, &value.to_string()),
        Data::Int(value) => scalar(out, &value.to_string()),
        Data::Str(text) | Data::BigInt(text) | Data::Float(text) | Data::Timestamp(text) => scalar(out, text),
        Data::Bytes(bytes) => scalar(out, &String::from_utf8_lossy(bytes)),
        Data::Seq(items) => list(out, items, own),
        Data::Map(entries) => map(out, entries.iter().map(|(k, v)| (k, v)), |key, value, out| {
            own(key, out);
            own(value, out);
        }),
    }
}

pub fn saphyr(text: &str) -> Result<String, String> {
    use saphyr::{LoadableYamlNode, Scalar, Yaml};
    fn walk(node: &Yaml<'_>, out: &mut String) {
        match node {
            Yaml::Value(value) => match value {
                Scalar::Null => scalar(out, "null"),
                Scalar::Boolean(value) => scalar(out, &value.to_string()),
                Scalar::Integer(value) => scalar(out, &value.to_string()),
                Scalar::FloatingPoint(value) => scalar(out, &value.to_string()),
                Scalar::String(text) => scalar(out, text),
            },
            Yaml::Sequence(items) => list(out, items, walk),
            Yaml::Mapping(entries) => map(out, entries, |key, value, out| {
                walk(key, out);
                walk(value, out);
            }),
            _ => out.push('?'),
        }
    }
    let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    let mut out = String::new();
    documents.iter().for_each(|document| walk(document, &mut out));
    Ok(out)
}

pub fn yaml_rust2(text: &str) -> Result<String, String> {
    use yaml_rust2::{Yaml, YamlLoader};
    fn walk(node: &Yaml, out: &mut String) {
        match node {
            Yaml::Null => scalar(out, "null"),
            Yaml::Boolean(value) => scalar(out, &value.to_string()),
            Yaml::Integer(value) => scalar(out, &value.to_string()),
            Yaml::Real(text) | Yaml::String(text) => scalar(out, text),
            Yaml::Array(items) => list(out, items, walk),
            Yaml::Hash(entries) => map(out, entries, |key, value, out| {
                walk(key, out);
                walk(value, out);
            }),
            _ => out.push('?'),
        }
    }
    let documents = YamlLoader::load_from_str(text).map_err(|error| error.to_string())?;
    let mut out = String::new();
    documents.iter().for_each(|document| walk(document, &mut out));
    Ok(out)
}

pub fn serde_yaml_ng(text: &str) -> Result<String, String> {
    use serde_yaml_ng::Value;
    fn walk(node: &Value, out: &mut String) {
        match node {
            Value::Null => scalar(out, "null"),
            Value::Bool(value) => scalar(out, &value.to_string()),
            Value::Number(value) => scalar(out, &value.to_string()),
            Value::String(text) => scalar(out, text),
            Value::Sequence(items) => list(out, items, walk),
            Value::Mapping(entries) => map(out, entries, |key, value, out| {
                walk(key, out);
                walk(value, out);
            }),
            Value::Tagged(_) => out.push('?'),
        }
    }
    let value: Value = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
    let mut out = String::new();
    walk(&value, &mut out);
    Ok(out)
}

pub fn serde_saphyr(text: &str) -> Result<String, String> {
    use serde_json::Value;
    fn walk(node: &Value, out: &mut String) {
        match node {
            Value::Null => scalar(out, "null"),
            Value::Bool(value) => scalar(out, &value.to_string()),
            Value::Number(value) => scalar(out, &value.to_string()),
            Value::String(text) => scalar(out, text),
            Value::Array(items) => list(out, items, walk),
            Value::Object(entries) => map(out, entries, |key, value, out| {
                scalar(out, key);
                walk(value, out);
            }),
        }
    }
    let value: Value = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    let mut out = String::new();
    walk(&value, &mut out);
    Ok(out)
}

pub fn noyalib(text: &str) -> Result<String, String> {
    fn walk(node: &BorrowedValue<'_>, out: &mut String) {
        match node {
            BorrowedValue::Null => scalar(out, "null"),
            BorrowedValue::Bool(value) => scalar(out, &value.to_string()),
            BorrowedValue::Number(value) => scalar(out, &value.to_string()),
            BorrowedValue::String(text) => scalar(out, text),
            BorrowedValue::Sequence(items) => list(out, items, walk),
            BorrowedValue::Mapping(entries) => map(out, entries.iter(), |key: &Cow<'_, str>, value, out| {
                scalar(out, key);
                walk(value, out);
            }),
        }
    }
    let value = noyalib::borrowed::from_str_borrowed(text).map_err(|error| error.to_string())?;
    let mut out = String::new();
    walk(&value, &mut out);
    Ok(out)
}

#[cfg(feature = "rapidyaml")]
pub fn rapidyaml(text: &str) -> Result<String, String> {
    fn walk(tree: &ryml::Tree<'_>, node: usize, out: &mut String) -> Result<(), ryml::Error> {
        if tree.has_key(node)? {
            scalar(out, tree.key(node)?);
        }
        if !tree.is_map(node)? && !tree.is_seq(node)? {
            scalar(out, tree.val(node)?);
            return Ok(());
        }
        let (open, close) = if tree.is_map(node)? { ('{', '}') } else { ('[', ']') };
        out.push(open);
        let mut child = tree.first_child(node).ok();
        while let Some(node) = child {
            walk(tree, node, out)?;
            child = tree.next_sibling(node).ok();
        }
        out.push(close);
        Ok(())
    }
    let tree = ryml::Tree::parse(text).map_err(|error| error.to_string())?;
    let mut out = String::new();
    tree.root_id().and_then(|root| walk(&tree, root, &mut out)).map_err(|error| error.to_string())?;
    Ok(out)
}
