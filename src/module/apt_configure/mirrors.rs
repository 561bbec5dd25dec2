//! `primary` and `security`: the mirrors of the distribution's own packages.

use super::{DOING, entries, key};
use crate::fetch;
use crate::module::distribution::Distribution;
use crate::module::{Context, Plan};
use crate::syntax::value::Value;
use alloc::string::String;

/// Where the distribution's packages come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mirrors {
    pub(super) primary: String,
    pub(super) security: String,
    /// Whether the configuration of apt names them.
    pub(super) given: bool,
}

/// Mirrors where nothing else names them.
const DEBIAN: [&str; 2] = ["https://deb.debian.org/debian", "https://deb.debian.org/debian-security"];
const UBUNTU: [&str; 2] = ["http://archive.ubuntu.com/ubuntu/", "http://security.ubuntu.com/ubuntu/"];
const UBUNTU_PORTS: [&str; 2] = ["http://ports.ubuntu.com/ubuntu-ports"; 2];

impl Mirrors {
    /// Those of `apt`; else of `system_info.package_mirrors`; else the
    /// distribution's own. A primary mirror alone serves for both.
    pub(super) fn of(context: &Context<'_>, distribution: &Distribution, plan: &mut Plan) -> Self {
        let architecture = architecture(context);
        let primary = mirror(context, "apt.primary", &architecture, plan);
        let security = mirror(context, "apt.security", &architecture, plan);
        if let Some(primary) = primary {
            let security = security.unwrap_or(primary).into();
            return Self { primary: primary.into(), security, given: true };
        }
        let failsafe = package_mirrors(context, &architecture);
        let own = match &*distribution.name {
            "ubuntu" if matches!(&*architecture, "amd64" | "i386") => UBUNTU,
            "ubuntu" => UBUNTU_PORTS,
            _ => DEBIAN,
        };
        let one =
            |name, own: &str| failsafe.and_then(|mirrors| mirrors.get(name)?.as_str()).unwrap_or(own).into();
        Self { primary: one("primary", own[0]), security: one("security", own[1]), given: false }
    }
}

/// The architecture as dpkg names it: what dpkg was told, else this program's.
fn architecture(context: &Context<'_>) -> String {
    let told = fetch::text(context.root, "/var/lib/dpkg/arch").unwrap_or_default();
    let own = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    told.lines().next().map(str::trim_ascii).filter(|told| !told.is_empty()).unwrap_or(own).into()
}

/// Whether an entry is for an architecture: by its name or as `default`.
fn arches(entry: &Value<'_>, architecture: &str) -> bool {
    let listed = entry.get("arches").and_then(Value::items).unwrap_or_default();
    listed.iter().any(|item| item.as_str() == Some(architecture))
}

/// The entry for an architecture, else the last one that is for any.
fn fitting<'v, 'a>(
    entries: impl Iterator<Item = &'v Value<'a>> + Clone,
    architecture: &str,
) -> Option<&'v Value<'a>>
where
    'a: 'v,
{
    let own = entries.clone().find(|entry| arches(entry, architecture));
    own.or_else(|| entries.filter(|entry| arches(entry, "default")).last())
}

/// The address a list of mirrors gives: `uri`, else the first of `search`.
fn mirror<'a>(context: &Context<'a>, path: &str, architecture: &str, plan: &mut Plan) -> Option<&'a str> {
    let entries = entries(context, path, plan);
    let setting = entries.first()?.0;
    let entry = fitting(entries.iter().map(|(_, entry)| *entry), architecture)?;
    let search = || entry.get("search").and_then(Value::items)?.first();
    let Some(address) = entry.get_set("uri").or_else(search) else {
        if entry.get_set("search_dns").is_some() {
            let why = "search_dns is not done here: give uri or search";
            plan.problems.push(setting.error(DOING, entry, why));
        }
        return None;
    };
    let text = address.as_str().filter(|text| !text.is_empty() && !text.contains(char::is_whitespace));
    if text.is_none() {
        plan.problems.push(setting.error(DOING, address, "it is no address of a mirror"));
    }
    text
}

/// `failsafe` of the image's own list.
fn package_mirrors<'a>(context: &Context<'a>, architecture: &str) -> Option<&'a Value<'a>> {
    let items = context.config.get("system_info.package_mirrors")?.value.items()?;
    fitting(items.iter(), architecture)?.get("failsafe")
}

/// Keys that the lists of mirrors bring.
pub(super) fn keys(context: &Context<'_>, plan: &mut Plan) {
    for name in ["primary", "security"] {
        // What is no mapping has been told when the mirrors were looked for.
        let mut told = Plan::default();
        for (setting, entry) in entries(context, &["apt.", name].concat(), &mut told) {
            key::add(&setting, entry, name, false, plan);
        }
    }
}
