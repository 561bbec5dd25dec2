//! OpenStack's config drive, version 2
//! (<https://docs.openstack.org/nova/latest/user/metadata.html>).

use super::{Claim, Datasource, Medium, Parts, Reading, Surroundings, Volume, config_drive_v1, dsmode, text};
use crate::error::{Error, Result};
use crate::fetch::{Fetch, Folder, may_exist};
use crate::instance::{
    EC2_META_DATA, File, INTERFACES, Instance, InstanceId, META_DATA, NETWORK_DATA, USER_DATA, VENDOR_DATA,
    VENDOR_DATA2, public_keys,
};
use crate::limits;
use crate::syntax::value::Value;
use crate::syntax::{json, yaml};
use crate::text::fill;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const DATASOURCE: Datasource =
    Datasource { name: "ConfigDrive", what: "config drive", drive: "drive labelled config-2", claims, read };

/// Folders of the root that are a drive's copy.
static FOLDERS: [&str; 2] = ["/var/lib/cloud/seed/config_drive", "/config-drive"];

/// The versions cloud-init knows, newest first; the first one on the drive
/// counts, `latest` only when none of them is there.
const VERSIONS: &str =
    "2018-08-27 2017-02-22 2016-10-06 2016-06-30 2015-10-15 2013-10-17 2013-04-04 2012-08-10";

/// The files of a version that may be missing.
static FILES: [&str; 3] = [USER_DATA, VENDOR_DATA, VENDOR_DATA2];

/// A drive has its label on a whole disc or a partition; version 1 knew no
/// label, and came on a whole disc.
fn claims(_: &Surroundings<'_>, volume: &Volume) -> Claim {
    match volume.label.as_str() {
        "config-2" | "CONFIG-2" => Claim::Labelled,
        _ if volume.may_be_seed() && !volume.partition => Claim::Perhaps,
        _ => Claim::No,
    }
}

fn read(
    surroundings: &Surroundings<'_>,
    medium: Option<&Medium<'_>>,
    problems: &mut Vec<Error>,
) -> Result<Reading> {
    let own = surroundings.setting(DATASOURCE.name, "dsmode").and_then(Value::as_str);
    if let Some(Medium { tree, name }) = medium {
        return read_drive(*tree, name, own, problems);
    }
    let mut broken = None;
    for path in FOLDERS {
        match read_drive(&Folder { tree: surroundings.root, path }, path, own, problems) {
            Ok(Reading::Nothing) => {}
            Ok(reading) => return Ok(reading),
            Err(error) => problems.extend(broken.replace(error)),
        }
    }
    broken.map_or(Ok(Reading::Nothing), Err)
}

/// Reads the drive `source`; `own` is the `dsmode` of the root's configuration.
#[inline(never)]
fn read_drive(
    disc: &dyn Fetch,
    source: &str,
    own: Option<&str>,
    problems: &mut Vec<Error>,
) -> Result<Reading> {
    let (version, wish, mut instance) = match read_v2(disc, problems)? {
        Some((instance, wish)) => ("2", wish, instance),
        None => match config_drive_v1::read(disc, problems)? {
            Some((instance, wish)) => ("1", wish, instance),
            None => return Ok(Reading::Nothing),
        },
    };
    instance.dsmode = dsmode(&[wish.as_deref(), own], source, problems);
    instance.detail = fill("[{},ver={}][source={}]", &[&instance.dsmode, version, source]);
    instance.source = source.into();
    Ok(if instance.dsmode == "disabled" { Reading::Disabled } else { Reading::Whole(instance) })
}

/// Reads version 2, with the `dsmode` it asks for.
fn read_v2(disc: &dyn Fetch, problems: &mut Vec<Error>) -> Result<Option<(Box<Instance>, Option<String>)>> {
    let Some(present) = disc.list("openstack")? else { return Ok(None) };
    let is_there = |version: &&str| present.iter().any(|name| name == version);
    let version = VERSIONS.split(' ').find(is_there).unwrap_or("latest");
    let path = |name: &str| fill("openstack/{}/{}", &[version, name]);
    let Some(content) = disc.read(&path(META_DATA), limits::SEED_FILE)? else {
        return if present.is_empty() { Ok(None) } else { Err(missing(disc, &path(META_DATA))) };
    };
    let name = disc.name(&path(META_DATA));
    let meta = json::parse(&content).map_err(|error| error.in_file(&name))?;
    let Some(id) = text(&meta, "uuid") else {
        return Err(Error::new("read", &name, "it has no uuid, which is the instance-id"));
    };
    let mut instance = Box::new(Instance::new(InstanceId::parse(id)?, DATASOURCE.name));
    instance.metadata.local_hostname = text(&meta, "hostname").map(ToOwned::to_owned);
    if let Some(keys) = meta.get("public_keys") {
        public_keys(keys, &mut |key| instance.metadata.public_keys.push(key.to_owned()));
    }
    let mut parts = Parts::of(disc, problems);
    for name in FILES {
        parts.keep(name, &path(name), &mut instance.raw);
    }
    keep_network(&mut parts, &path(NETWORK_DATA), &mut instance.raw);
    // What network_data.json was before it came.
    let pointer = meta.get("network_config").and_then(|network| text(network, "content_path"));
    if let Some(pointer) = pointer.filter(|_| !instance.file(NETWORK_DATA).is_some_and(describes)) {
        instance.raw.retain(|file| file.path != NETWORK_DATA);
        parts.keep(INTERFACES, &content_path(pointer), &mut instance.raw);
    }
    parts.keep(EC2_META_DATA, "ec2/latest/meta-data.json", &mut instance.raw);
    injected(&meta, &mut parts, &mut instance.files);
    let wish = meta.get("meta").and_then(|meta| text(meta, "dsmode")).map(ToOwned::to_owned);
    drop(meta);
    instance.raw.push(File { path: META_DATA.to_owned(), content });
    Ok(Some((instance, wish)))
}

fn missing(disc: &dyn Fetch, path: &str) -> Error {
    Error::new("read", disc.name(path), "it is missing")
}

/// Whether a text is a mapping of YAML, which a description of another kind
/// than the file's name may be.
fn is_mapping(content: &[u8]) -> bool {
    let value = core::str::from_utf8(content).ok().and_then(|text| yaml::load(text).ok());
    value.is_some_and(|value| !value.entries().is_empty())
}

/// Whether a file of the network says something.
fn describes(content: &[u8]) -> bool {
    !matches!(json::parse(content), Ok(value) if value.entries().is_empty())
}

/// Keeps the network; one that is neither JSON nor YAML is as good as unread.
#[inline(never)]
fn keep_network(parts: &mut Parts<'_>, path: &str, files: &mut Vec<File>) {
    let problems = parts.problems.len();
    let mut content = parts.optional(path).unwrap_or_default();
    if parts.problems.len() == problems && !may_exist(parts.tree, path) {
        return;
    }
    if let Some(error) = json::parse(&content).err().filter(|_| !is_mapping(&content)) {
        if parts.problems.len() == problems {
            parts.problems.push(error.in_file(&parts.tree.name(path)));
        }
        content = Vec::new();
    }
    files.push(File { path: NETWORK_DATA.to_owned(), content });
}

/// Where the content that metadata points to lies.
fn content_path(pointer: &str) -> String {
    ["openstack/", pointer.trim_start_matches('/')].concat()
}

/// `files: [{path, content_path}]`.
#[inline(never)]
fn injected(meta: &Value<'_>, parts: &mut Parts<'_>, files: &mut Vec<File>) {
    let entries = meta.get("files").and_then(Value::items).unwrap_or_default();
    for entry in entries.iter().take(limits::INJECTED_FILES) {
        let (Some(path), Some(pointer)) = (text(entry, "path"), text(entry, "content_path")) else {
            let why = "an entry of files without path or content_path";
            parts.problems.push(Error::new("read", parts.tree.name(META_DATA), why));
            continue;
        };
        let source = content_path(pointer);
        let problems = parts.problems.len();
        match parts.optional(&source) {
            Some(content) => {
                files.push(File { path: ["/", path.trim_start_matches('/')].concat(), content });
            }
            None if parts.problems.len() == problems => parts.problems.push(missing(parts.tree, &source)),
            None => {}
        }
    }
}
