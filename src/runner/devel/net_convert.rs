//! `glowplug devel net-convert`: a description of a network as a back end's
//! files, with the options of cloud-init's command of that name.

use super::read;
use crate::cli::{Arguments, Ended, Fault, say, say_lines};
use crate::input::read_text;
use glowplug::action::{Action, WriteFile};
use glowplug::error::{Error, Result};
use glowplug::network::glob;
use glowplug::network::model::{Mac, SystemLink};
use glowplug::network::parse::eni::Included;
use glowplug::network::parse::{Parsed, eni, network_config, network_data};
use glowplug::network::render::distribution::Distribution;
use glowplug::network::render::{self, Renderer, Target};
use glowplug::network::resolve::Resolved;
use glowplug::syntax::{json, yaml};
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// What is to be converted.
struct Request<'a> {
    network_data: &'a str,
    kind: &'a str,
    output_kind: &'a str,
    distro: &'a str,
    directory: &'a str,
    macs: Vec<(String, Mac)>,
    debug: bool,
}

impl<'a> Request<'a> {
    fn of(arguments: &'a Arguments) -> std::result::Result<Self, Fault> {
        let given = |name| arguments.value(name).unwrap_or_default();
        let distro = given("distro");
        if Distribution::named(distro).is_none() {
            return Err(Fault::Usage(format!("unable to use --distro {distro:?}: it is not known")));
        }
        Ok(Self {
            network_data: given("network-data"),
            kind: given("kind"),
            output_kind: given("output-kind"),
            distro,
            directory: given("directory"),
            macs: arguments.values("mac").map(mac).collect::<std::result::Result<_, _>>()?,
            debug: arguments.has("debug"),
        })
    }
}

/// Takes `NAME,MAC`.
fn mac(argument: &str) -> std::result::Result<(String, Mac), Fault> {
    let link = argument.split_once(',').and_then(|(name, mac)| Some((name.to_string(), Mac::parse(mac)?)));
    link.ok_or_else(|| Fault::Usage(format!("unable to take {argument:?} for a NIC: NAME,MAC is expected")))
}

pub(crate) fn run(arguments: &Arguments) -> Ended {
    let request = &Request::of(arguments)?;
    let parsed = read_description(request.network_data, request.kind)?;
    let machine = machine(&request.macs);
    let resolved = parsed.network.resolve(&machine);
    if request.debug {
        say_lines(&format!("Internal State\n{:#?}", parsed.network));
    }
    // A machine that lacks a NIC is told; only with -m is it known what it has.
    let nics: &[Error] = if request.macs.is_empty() { &[] } else { &resolved.problems };
    let lost = render::lost::lost(&parsed.network, request.output_kind);
    for problem in parsed.problems.iter().chain(nics).chain(lost.iter().map(|lost| &lost.error)) {
        say(&format!("WARNING: {problem}"));
    }
    for note in &resolved.notes {
        say(note);
    }
    let (distribution, renderer) = target(request)?;
    if parsed.network.links.is_empty() && !parsed.problems.is_empty() {
        return Err(Error::new("convert", request.network_data, "nothing in it can be used").into());
    }
    if let Some(link) = unknown(request, &resolved) {
        return Err(Error::new("find a NIC for link", link, "no -m names one with its MAC address").into());
    }
    say(&format!("Read input format '{}' from '{}'.", request.kind, request.network_data));
    say(&format!("Wrote output format '{}' to '{}'", request.output_kind, request.directory));
    say("");
    for action in (renderer.render)(&resolved, Target { distribution, lasting: true }) {
        if let Action::WriteFile(file) = action {
            write(Path::new(&request.directory), &file)
                .map_err(|error| Error::os("write", &file.path, error.raw_os_error().unwrap_or(0)))?;
        }
    }
    Ok(0)
}

fn target(request: &Request<'_>) -> Result<(&'static Distribution, &'static Renderer)> {
    let distribution = Distribution::named(request.distro);
    let renderer = render::ALL.iter().find(|renderer| renderer.name == request.output_kind);
    let (Some(distribution), Some(renderer)) = (distribution, renderer) else {
        return Err(Error::new("convert", request.network_data, "no such back end or distribution"));
    };
    if renderer.name == "sysconfig" && !distribution.has_ifcfg() {
        return Err(Error::new("write sysconfig for", request.distro, "it has no such files"));
    }
    Ok((distribution, renderer))
}

/// Reads a description of this kind from a file, `-` for standard input.
pub(crate) fn read_description(file: &str, kind: &str) -> Result<Parsed> {
    let bytes = read(file)?;
    if kind == "network_data.json" {
        let value = json::parse(&bytes).map_err(|error| error.in_file(file))?;
        return Ok(network_data::parse(&value));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Error::new("read", file, "not UTF-8"))?;
    if kind == "eni" {
        return Ok(eni::parse(text, file, &include));
    }
    let value = yaml::load(text)
        .map_err(|error| Error::at("read", file, error.place.line, error.place.column, error.message))?;
    Ok(network_config(value, file))
}

/// Reads what an interfaces file includes; what is not there is nothing.
fn include(included: Included<'_>, from: &str) -> Vec<(String, String)> {
    let (Included::Source(name) | Included::Directory(name)) = included;
    let path = Path::new(from).join(name);
    let (folder, pattern) = match included {
        Included::Directory(_) => (path.as_path(), "*"),
        Included::Source(_) => (
            path.parent().unwrap_or(Path::new("/")),
            path.file_name().and_then(|name| name.to_str()).unwrap_or_default(),
        ),
    };
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| glob::matches(pattern, name))
        .filter(|name| matches!(included, Included::Source(_)) || is_plain(name))
        .collect();
    names.sort_unstable();
    let text = |name: String| {
        let path = folder.join(name);
        Some((path.to_str()?.to_string(), read_text(path.to_str()?).ok()?))
    };
    names.into_iter().filter_map(text).collect()
}

/// Whether a directory's file of this name is read (interfaces(5)).
fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// The links that `-m` names.
fn machine(macs: &[(String, Mac)]) -> Vec<SystemLink> {
    let link = |(name, mac): &(String, Mac), index| SystemLink {
        index,
        name: name.clone(),
        mac: Some(*mac),
        own_mac: true,
        ..SystemLink::default()
    };
    macs.iter().zip(1..).map(|(known, index)| link(known, index)).collect()
}

/// A link of network_data.json whose NIC is not there: it has no name.
fn unknown<'a>(request: &Request, resolved: &'a Resolved<'_>) -> Option<&'a str> {
    let missing = |id: &str| !resolved.links.iter().any(|link| *link.link.id == *id);
    let links = &resolved.described.links;
    let unnamed = links.iter().find(|link| link.kind.is_nic() && missing(&link.id));
    unnamed.filter(|_| request.kind == "network_data.json").map(|link| &*link.id)
}

/// Writes a file below `directory`, whose folders are made.
fn write(directory: &Path, file: &WriteFile) -> io::Result<()> {
    let path = directory.join(file.path.trim_start_matches('/'));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut opened =
        OpenOptions::new().write(true).create(true).truncate(true).mode(file.mode).open(&path)?;
    opened.write_all(&file.content)?;
    opened.set_permissions(Permissions::from_mode(file.mode))
}
