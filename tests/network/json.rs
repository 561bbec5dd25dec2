//! JSON of the golden cases as the tree that parsers are given.

use glowplug::syntax::value::{Data, Value};
use miniserde::json::{Array, Number, Object, Value as Json};

pub(crate) fn parse(text: &str) -> Value<'static> {
    convert(miniserde::json::from_str(text).expect("the case is JSON"))
}

fn convert(json: Json) -> Value<'static> {
    let string = |text: String| Data::Str(text.into());
    Value::bare(match json {
        Json::Null => Data::Null,
        Json::Bool(value) => Data::Bool(value),
        Json::Number(Number::U64(value)) => Data::Int(value.try_into().expect("fits")),
        Json::Number(Number::I64(value)) => Data::Int(value),
        Json::Number(Number::F64(value)) => Data::Float(value.to_string().into()),
        Json::String(text) => string(text),
        Json::Array(items) => Data::Seq(list(items)),
        Json::Object(entries) => Data::Map(map(entries)),
    })
}

fn list(items: Array) -> Vec<Value<'static>> {
    items.into_iter().map(convert).collect()
}

fn map(entries: Object) -> Vec<(Value<'static>, Value<'static>)> {
    entries.into_iter().map(|(key, value)| (Value::bare(Data::Str(key.into())), convert(value))).collect()
}
