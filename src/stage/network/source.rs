//! Which description of the network counts. The order is cloud-init's: the
//! kernel line, the initramfs, the root's own configuration, the seed; without
//! any, DHCP on one NIC.

use super::super::log::{Level, Log};
use super::Inputs;
use crate::error::{Error, Result};
use crate::instance::{Instance, NETWORK_CONFIG};
use crate::kernel_line::KernelLine;
use crate::limits;
use crate::network::fallback::fallback;
use crate::network::model::{Network, SystemLink};
use crate::network::parse::{Description, Parsed, description, klibc, of_value};
use crate::network::render::ours::{self, Owner, Trees};
use crate::syntax::encoding;
use crate::syntax::value::Data;
use crate::text::fill;
use alloc::string::String;
use alloc::vec::Vec;

/// Its being there leaves the network alone.
const UPGRADED: &str = "/var/lib/cloud/data/upgraded-network";

/// The description of a source, and what the log calls it.
type Said = (String, Description);

/// The network of this boot; `None` leaves it as it is.
#[inline(never)]
pub(super) fn choose(inputs: &Inputs<'_>, present: &[SystemLink], log: &mut Log<'_>) -> Option<Network> {
    match inputs.trees.root.mode(UPGRADED) {
        Ok(None) => {}
        Ok(Some(_)) => {
            log.info("the network is left alone: {} is there", &[UPGRADED]);
            return None;
        }
        Err(error) => {
            log.error(&error);
            log.info("the network is left alone: {} may be there", &[UPGRADED]);
            return None;
        }
    }
    let of_seed = inputs.instance.and_then(Instance::network);
    let mut unread = of_seed.is_some_and(|(_, bytes)| bytes.is_empty());
    let sources = [
        kernel_line(inputs),
        initramfs(&inputs.trees, inputs.kernel_line, present),
        Ok(system(inputs)),
        seed(inputs),
    ];
    for source in sources {
        let (name, description) = match source {
            Ok(Some(said)) => said,
            Ok(None) => continue,
            Err(error) => {
                log.error(&error);
                unread = true;
                continue;
            }
        };
        match description {
            Description::Nothing => {}
            Description::Disabled => {
                log.info("the network is left alone: it is disabled in {}", &[&name]);
                return None;
            }
            Description::Network(parsed) => {
                log.warn_of(&parsed.problems);
                if parsed.network.links.is_empty() {
                    return without_links(inputs, present, parsed, &name, log);
                }
                log.info("the network is described in {}", &[&name]);
                return Some(parsed.network);
            }
        }
    }
    if unread {
        return unusable(inputs, present, "its description can't be read", log);
    }
    without_any(present, log)
}

/// Of a description that has name servers or routes alone these stand beside
/// the fallback.
#[inline(never)]
fn without_links(
    inputs: &Inputs<'_>,
    present: &[SystemLink],
    parsed: Parsed,
    name: &str,
    log: &mut Log<'_>,
) -> Option<Network> {
    let Network { dns, routes, .. } = parsed.network;
    if dns.is_empty() && routes.is_empty() {
        return unusable(inputs, present, &fill("nothing in {} can be used", &[name]), log);
    }
    let mut network = without_any(present, log)?;
    network.dns = dns;
    if let Some(subnet) = network.links.iter_mut().find_map(|link| link.subnets.first_mut()) {
        subnet.routes = routes;
    }
    Some(network)
}

/// A network that an earlier boot wrote for this instance stays as it is; a
/// machine that has none yet gets the fallback, so that it can be reached.
#[inline(never)]
fn unusable(inputs: &Inputs<'_>, present: &[SystemLink], why: &str, log: &mut Log<'_>) -> Option<Network> {
    if super::write::is_written(inputs) {
        log.info("the network is left as it is: {}", &[why]);
        return None;
    }
    log.line(Level::Warning, "{}: there is no network of an earlier boot, so the fallback is used", &[why]);
    without_any(present, log)
}

/// The fallback.
#[inline(never)]
fn without_any(present: &[SystemLink], log: &mut Log<'_>) -> Option<Network> {
    let network = fallback(present);
    match network.as_ref().and_then(|network| network.links.first()) {
        Some(nic) => log.info("nothing describes the network: DHCP on {}", &[&nic.id]),
        None => log.line(Level::Warning, "nothing describes the network, and there is no NIC", &[]),
    }
    network
}

/// `network-config=` with `disabled` or base64 of YAML, which may be gzipped.
fn kernel_line(inputs: &Inputs<'_>) -> Result<Option<Said>> {
    const NAME: &str = "network-config= of the kernel line";
    let Some(word) = inputs.kernel_line.get("network-config") else { return Ok(None) };
    if word == "disabled" {
        return Ok(Some((NAME.into(), Description::Disabled)));
    }
    let fault = |why| Error::new("read", NAME, why);
    let mut bytes = encoding::base64(word.as_bytes()).map_err(fault)?;
    if encoding::is_gzip(&bytes) {
        bytes = encoding::gunzip(&bytes).map_err(fault)?;
    }
    Ok(Some((NAME.into(), description(NETWORK_CONFIG, &bytes, NAME)?)))
}

/// What klibc's ipconfig left, where the kernel line asked for it. Where
/// dracut did the same, its own files in /run hold: they are for the root.
#[inline(never)]
pub(super) fn initramfs(
    trees: &Trees<'_>,
    line: &KernelLine,
    present: &[SystemLink],
) -> Result<Option<Said>> {
    let run = trees.run;
    let asked = line.get("ip").is_some() || line.get("ip6").is_some();
    if !asked && run.mode("initramfs/open-iscsi.interface")?.is_none() {
        return Ok(None);
    }
    let mut files = Vec::new();
    for name in run.list("")?.unwrap_or_default() {
        if (name.starts_with("net-") || name.starts_with("net6-")) && name.ends_with(".conf") {
            let text = run.read(&name, limits::ROOT_FILE)?.unwrap_or_default();
            files.push((fill("/run/{}", &[&name]), String::from_utf8_lossy(&text).into_owned()));
        }
    }
    if let Some((first, _)) = files.first() {
        let name = fill("{} of the initramfs", &[first]);
        let mut texts = Vec::new();
        for (path, text) in &files {
            texts.push((path.as_str(), text.as_str()));
        }
        return Ok(Some((name, Description::Network(klibc::parse(&texts, present)))));
    }
    for folder in [
        "/run/NetworkManager/system-connections",
        "/run/systemd/network",
        "/run/initramfs/state/etc/sysconfig/network-scripts",
    ] {
        if !asked {
            break;
        }
        let mut paths = trees.paths(folder);
        paths.retain(|path| {
            let owned = trees.text(path).map(|text| ours::owner(path, &text));
            owned == Some(Owner::Other)
        });
        if let Some(first) = paths.first() {
            return Ok(Some((fill("{} of the initramfs", &[first]), Description::Disabled)));
        }
    }
    Ok(None)
}

/// `network:` of /etc/cloud.
#[inline(never)]
fn system(inputs: &Inputs<'_>) -> Option<Said> {
    const NAME: &str = "network: of /etc/cloud";
    if inputs.system.text("network.config") == Some("disabled") {
        return Some((NAME.into(), Description::Disabled));
    }
    for layer in inputs.system.layers() {
        let Some(network) = layer.value.get("network") else { continue };
        if network.get("version").is_none() {
            continue;
        }
        let mut network = network.clone();
        if let Data::Map(entries) = &mut network.data {
            // It is ours, and netplan would stumble over it.
            entries.retain(|(key, _)| key.as_str() != Some("persist"));
        }
        let name = fill("network: of {}", &[layer.name]);
        return Some((name, of_value(network, layer.name)));
    }
    None
}

/// The seed's own.
fn seed(inputs: &Inputs<'_>) -> Result<Option<Said>> {
    let Some((name, bytes)) = inputs.instance.and_then(Instance::network) else {
        return Ok(None);
    };
    // Why it is none was told when the seed was read; then it was kept empty.
    if bytes.is_empty() {
        return Ok(None);
    }
    Ok(Some((fill("{} of the seed", &[name]), description(name, bytes, name)?)))
}
