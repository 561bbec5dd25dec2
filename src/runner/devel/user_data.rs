//! `glowplug devel user-data`: the parts of user-data and what its
//! cloud-configs merge to.

use super::{line, name, object, read};
use crate::cli::{Arguments, Ended, print, say};
use crate::languages::LANGUAGES;
use glowplug::error::Error;
use glowplug::syntax::json;
use glowplug::syntax::value::{Data, Value};
use glowplug::syntax::yaml::{self, Warning};
use glowplug::user_data::{self, Kind, Part};
use sha2::{Digest, Sha256};
use std::fmt::Write;

pub(crate) fn run(arguments: &Arguments) -> Ended {
    let (file, instance_data) = (arguments.operand().unwrap_or("-"), arguments.value("instance-data"));
    let raw = read(file)?;
    let data = instance_data.map(read).transpose()?;
    let mut assembled = user_data::assemble(name(file), &raw);
    let parts = assembled.parts.iter().map(described).collect();
    if let Some(data) = &data {
        let data = json::parse(data).map_err(|error| {
            let place = error.place;
            Error::at("read", instance_data.unwrap_or_default(), place.line, place.column, error.message)
        })?;
        user_data::render(LANGUAGES.jinja, name(file), &mut assembled.parts, &data, &mut assembled.problems);
    } else {
        for part in assembled.parts.iter().filter(|part| part.kind == Kind::Jinja) {
            let what = ["template ", &part.filename, " of ", name(file)].concat();
            assembled.problems.push(Error::new("render", what, "no --instance-data is given"));
        }
    }
    warn(name(file), &assembled.parts);
    let merged = user_data::merge(name(file), &assembled.parts, Some(LANGUAGES.patch));
    for problem in assembled.problems.iter().chain(&merged.problems) {
        say(problem.text());
    }
    let usable = raw.is_empty()
        || !merged.from.is_empty()
        || assembled.parts.iter().any(|part| is_usable(part.kind, data.is_some()));
    if !usable && assembled.problems.is_empty() && merged.problems.is_empty() {
        say(Error::new("use", name(file), "it holds nothing").text());
    }
    let answer = object([("parts", Data::Seq(parts)), ("cloud_config", merged.config.data)]);
    print(&line(&answer))?;
    Ok(u8::from(!usable))
}

/// Whether something can be done with a part of this kind, whatever stands in
/// it. Of a cloud-config only merging tells.
fn is_usable(kind: Kind, rendered: bool) -> bool {
    match kind {
        Kind::CloudConfig
        | Kind::CloudConfigJsonp
        | Kind::CloudConfigArchive
        | Kind::PartHandler
        | Kind::Unknown => false,
        Kind::Jinja => !rendered,
        _ => true,
    }
}

/// Says what may surprise the author of the cloud-configs among the parts.
fn warn(file: &str, parts: &[Part]) {
    for part in parts.iter().filter(|part| part.kind == Kind::CloudConfig) {
        // What can't be read is a problem of merging.
        let Some(document) = str::from_utf8(&part.content).ok().and_then(|text| yaml::parse(text).ok())
        else {
            continue;
        };
        let file = if parts.len() == 1 { file.into() } else { [file, " ", &part.filename].concat() };
        for Warning { place, message } in document.warnings() {
            say(&format!("{file}:{}:{}: warning: {message}", place.line, place.column));
        }
    }
}

fn described(part: &Part) -> Value<'static> {
    let mut sha256 = String::new();
    for byte in Sha256::digest(&part.content) {
        // Writing to a String can't fail.
        let _ = write!(sha256, "{byte:02x}");
    }
    object([
        ("content_type", Data::Str(part.content_type.clone().into())),
        ("filename", Data::Str(part.filename.clone().into())),
        ("size", Data::Int(i64::try_from(part.content.len()).unwrap_or(i64::MAX))),
        ("sha256", Data::Str(sha256.into())),
    ])
}
