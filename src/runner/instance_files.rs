//! The files by which other programs learn of the instance: its data as JSON,
//! the cloud's name, user-data as it was taken apart.

use crate::redaction::redact;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use glowplug::action::Action;
use glowplug::cloud_config::{CloudConfig, Layer, hostname};
use glowplug::fetch::{Fetch, may_exist};
use glowplug::instance::{Instance, META_DATA};
use glowplug::stage::config::cloud_config;
use glowplug::stage::consume::Consumed;
use glowplug::stage::instance_data::instance_data;
use glowplug::state::paths::{InstancePaths, semaphore_text};
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::{Data, Value};
use glowplug::sys::clock;
use glowplug::user_data::{self, Kind, Part};
use std::fmt::Write as _;

/// Where this boot's files are.
const RUN: &str = "/run/cloud-init";

/// The mark that the instance's user-data was taken apart, in its directory.
pub(crate) const CONSUMED: &str = "sem/consume_data";

/// The sources of parts and the file in which they are kept taken apart.
const PROCESSED: [(&str, &str); 3] = [
    ("user-data", "user-data.txt.i"),
    ("vendor-data2", "vendor-data2.txt.i"),
    ("vendor-data", "vendor-data.txt.i"),
];

/// Writes them; `config` is the whole configuration, the layer that wins
/// first, and `system` the part of it that is the root's own.
pub(crate) fn plan(
    consumed: &Consumed,
    instance: &Instance,
    paths: &InstancePaths,
    (config, system): (&[&Value<'_>], &[(&str, Value<'_>)]),
    root: &dyn Fetch,
) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut write = |path: &str, text: String, mode| {
        actions.push(Action::write(path, text.into_bytes(), mode));
    };
    for (source, parts) in consumed.sources() {
        if let Some((_, name)) = PROCESSED.iter().find(|(known, _)| *known == source) {
            write(&paths.file(name), message(parts), 0o600);
        }
    }
    let mark = paths.file(CONSUMED);
    if !may_exist(root, &mark) {
        write(&mark, semaphore_text(std::process::id(), clock::realtime()), 0o644);
    }
    if cloud_config(&[], system).is_true("manual_cache_clean", false) {
        write(&paths.file("manual-clean"), String::new(), 0o644);
    }
    write(&format!("{RUN}/.instance-id"), format!("{}\n", instance.id.as_str()), 0o644);
    let mut data = complete(instance_data(instance, system, root), merged(config), instance);
    if instance.metadata.local_hostname.is_none() {
        name_from(config, &mut data);
    }
    let (everybodys, roots) = for_both(data);
    write(&format!("{RUN}/instance-data-sensitive.json"), file(&roots), 0o600);
    write(&format!("{RUN}/instance-data.json"), file(&everybodys), 0o644);
    write(&format!("{RUN}/combined-cloud-config.json"), file(&merged(config)), 0o600);
    let cloud = instance.datasource.to_ascii_lowercase();
    let path = format!("{RUN}/cloud-id-{cloud}");
    write(&path, format!("{cloud}\n"), 0o644);
    actions.push(Action::MakeLink { path: format!("{RUN}/cloud-id"), target: path });
    actions.push(Action::make_directory(&format!("{RUN}/sem"), 0o755));
    actions
}

/// Layers of configuration as one tree.
pub(crate) fn merged<'a>(layers: &[&Value<'a>]) -> Value<'a> {
    let mut merged = Value::bare(Data::Map(Vec::new()));
    for layer in layers {
        user_data::fill_in(&mut merged, (*layer).clone());
    }
    merged
}

fn file(value: &Value<'_>) -> String {
    let mut text = String::new();
    json::write(value, Style::File, &mut text);
    text.push('\n');
    text
}

fn word(text: &str) -> Value<'_> {
    Value::bare(Data::Str(text.into()))
}

fn words<'a>(words: &[&'a str]) -> Value<'a> {
    Value::bare(Data::Seq(words.iter().map(|text| word(text)).collect()))
}

/// Gives the data of a machine that its seed names not the name that its configuration gives it.
fn name_from(config: &[&Value<'_>], data: &mut Value<'_>) {
    let layers = config.iter().map(|value| Layer { name: "", value }).collect();
    // set_hostname says what is wrong with a name.
    let config = CloudConfig::new(layers);
    let Some(names) = hostname::names(&config, "", &mut Vec::new()) else { return };
    let Data::Map(entries) = &mut data.data else { return };
    for (_, value) in entries.iter_mut().filter(|(key, _)| key.as_str() == Some("v1")) {
        let Data::Map(v1) = &mut value.data else { continue };
        for (key, value) in v1 {
            if matches!(key.as_str(), Some("local-hostname" | "local_hostname")) {
                *value = Value::bare(Data::Str(names.hostname.to_owned().into()));
            }
        }
    }
}

/// Instance data with what a file of it has besides.
fn complete<'a>(mut data: Value<'a>, merged: Value<'a>, instance: &Instance) -> Value<'a> {
    let Data::Map(entries) = &mut data.data else { return data };
    for (key, value) in entries.iter_mut() {
        let Data::Map(inner) = &mut value.data else { continue };
        match key.as_str() {
            Some("v1") => inner.push((word("_beta_keys"), words(&["subplatform"]))),
            Some("ds") => inner.push((
                word("_doc"),
                word(
                    "EXPERIMENTAL: The structure and format of content scoped under the 'ds' key may change in subsequent releases of cloud-init.",
                ),
            )),
            // what instance_data calls so is the system's alone
            Some("merged_cfg") => *key = word("merged_system_cfg"),
            _ => {}
        }
    }
    let meta_data = json::parse(instance.file(META_DATA).unwrap_or_default()).ok();
    let has_seed = meta_data.as_ref().is_some_and(|meta| meta.get_set("random_seed").is_some());
    let encoded: &[&str] = if has_seed { &["ds/meta_data/random_seed"] } else { &[] };
    entries.push((word("base64_encoded_keys"), words(encoded)));
    entries.push((word("merged_cfg"), merged));
    data
}

/// Instance data for everybody, and for root alone; both say what is secret.
fn for_both(mut data: Value<'_>) -> (Value<'_>, Value<'_>) {
    let mut redacted = data.clone();
    let paths = redact(&mut redacted);
    for data in [&mut redacted, &mut data] {
        if let Data::Map(entries) = &mut data.data {
            let paths = paths.iter().map(|path| Value::bare(Data::Str(path.clone().into()))).collect();
            entries.push((word("sensitive_keys"), Value::bare(Data::Seq(paths))));
        }
    }
    (redacted, data)
}

/// Parts as one MIME message.
fn message(parts: &[Part]) -> String {
    let nothing = [Part {
        kind: Kind::Unknown,
        content_type: "text/x-not-multipart".into(),
        filename: "part-001".into(),
        content: Vec::new(),
        merge_type: None,
        launch_index: None,
    }];
    let parts = if parts.is_empty() { &nothing } else { parts };
    let boundary = format!("==============={:019}==", clock::realtime());
    let mut text = format!(
        "Content-Type: multipart/mixed; boundary=\"{boundary}\"\nMIME-Version: 1.0\nNumber-Attachments: {}\n\n",
        parts.len()
    );
    for part in parts {
        let _ = write!(text, "--{boundary}\nMIME-Version: 1.0\nContent-Type: {}\n", part.content_type);
        let body = if let Ok(body) = str::from_utf8(&part.content) {
            body.into()
        } else {
            text.push_str("Content-Transfer-Encoding: base64\n");
            let encoded = STANDARD.encode(&part.content).into_bytes();
            encoded.chunks(76).map(|line| String::from_utf8_lossy(line) + "\n").collect::<String>()
        };
        if let Some(merge_type) = &part.merge_type {
            let _ = writeln!(text, "Merge-Type: {merge_type}");
        }
        if let Some(index) = part.launch_index {
            let _ = writeln!(text, "Launch-Index: {index}");
        }
        let name = part.filename.replace(['"', '\n', '\r'], "_");
        let _ = write!(text, "Content-Disposition: attachment; filename=\"{name}\"\n\n{body}\n");
    }
    let _ = writeln!(text, "--{boundary}--");
    text
}
