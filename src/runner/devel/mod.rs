//! `glowplug devel`: what a person who writes user-data asks before a machine
//! does.

pub(crate) mod hotplug_hook;
pub(crate) mod make_mime;
pub(crate) mod net_convert;
pub(crate) mod render;
pub(crate) mod user_data;
pub(crate) mod yaml;

use crate::input::{name, read};
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::{Data, Value};

/// A value as one line of JSON.
pub(crate) fn line(value: &Value<'_>) -> String {
    let mut out = String::new();
    json::write(value, Style::Compact, &mut out);
    out.push('\n');
    out
}

pub(crate) fn object<'a, const COUNT: usize>(fields: [(&'a str, Data<'a>); COUNT]) -> Value<'a> {
    let entry = |(key, data): (&'a str, _)| (Value::bare(Data::Str(key.into())), Value::bare(data));
    Value::bare(Data::Map(fields.into_iter().map(entry).collect()))
}
