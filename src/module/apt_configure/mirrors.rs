//! `primary` and `security`: the mirrors of the distribution's own packages.

use super::{DOING, entries, image, key};
use crate::cloud_config::hostname;
use crate::fetch;
use crate::module::distribution::Distribution;
use crate::module::{Context, Plan};
use crate::syntax::value::Value;
use alloc::string::String;
use alloc::vec::Vec;

/// Where the distribution's packages come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mirrors {
    pub(super) primary: String,
    pub(super) security: String,
    /// Whether the configuration of apt names them.
    pub(super) given: bool,
}

/// What a mirror has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Primary,
    Security,
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
        let mut find = |kind| mirror(context, distribution, kind, &architecture, plan);
        let (primary, security) = (find(Kind::Primary), find(Kind::Security));
        if let Some(primary) = primary {
            let security = security.unwrap_or_else(|| primary.clone());
            return Self { primary, security, given: true };
        }
        let entry = image::entry(context, &architecture);
        let own = own(context, distribution);
        let one = |name, own: &str| {
            entry.and_then(|entry| image::mirror(context, entry, name)).unwrap_or_else(|| own.into())
        };
        Self { primary: one("primary", own[0]), security: one("security", own[1]), given: false }
    }
}

/// The distribution's own mirrors.
pub(super) fn own(context: &Context<'_>, distribution: &Distribution) -> [&'static str; 2] {
    match &*distribution.name {
        "ubuntu" if matches!(&*architecture(context), "amd64" | "i386") => UBUNTU,
        "ubuntu" => UBUNTU_PORTS,
        _ => DEBIAN,
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
    let Some(listed) = entry.get("arches") else { return false };
    let is_it = |item: &Value<'_>| item.as_str() == Some(architecture);
    listed.items().map_or_else(|| is_it(listed), |items| items.iter().any(is_it))
}

/// The entry for an architecture, else the last one that is for any.
pub(super) fn fitting<'v, 'a>(
    entries: impl Iterator<Item = &'v Value<'a>> + Clone,
    architecture: &str,
) -> Option<&'v Value<'a>>
where
    'a: 'v,
{
    let own = entries.clone().find(|entry| arches(entry, architecture));
    own.or_else(|| entries.filter(|entry| arches(entry, "default")).last())
}

/// The address a list of mirrors gives: `uri`, else the first of `search`, else
/// of those that `search_dns` stands for, whose host has an address.
fn mirror(
    context: &Context<'_>,
    distribution: &Distribution,
    kind: Kind,
    architecture: &str,
    plan: &mut Plan,
) -> Option<String> {
    let path = if kind == Kind::Primary { "apt.primary" } else { "apt.security" };
    let entries = entries(context, path, plan);
    let setting = entries.first()?.0;
    let Some(entry) = fitting(entries.iter().map(|(_, entry)| *entry), architecture) else {
        let why = ["none of them is for ", architecture, " or default (arches)"].concat();
        plan.problems.push(setting.error(DOING, setting.value, &why));
        return None;
    };
    let mut address = |value: &Value<'_>| {
        let text = value.as_str().filter(|text| is_address(text));
        if text.is_none() {
            plan.problems.push(setting.error(DOING, value, "it is no address of a mirror"));
        }
        text.map(String::from)
    };
    if let Some(uri) = entry.get_set("uri") {
        return address(uri);
    }
    let search = entry
        .get_set("search")
        .map_or(&[][..], |value| value.items().unwrap_or_else(|| core::slice::from_ref(value)));
    let found = search.iter().filter_map(&mut address).find(|url| is_there(context, url));
    let asks_dns = || entry.get_set("search_dns").is_some_and(|value| value.as_bool() != Some(false));
    found.or_else(|| {
        let usual = if asks_dns() { usual(context, distribution, kind) } else { Vec::new() };
        usual.into_iter().find(|url| is_there(context, url))
    })
}

/// Whether a text is one word of a source, neither its options nor a comment.
fn is_address(text: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "\"'\\".contains(c);
    !text.is_empty() && !text.starts_with(['[', '#', '-']) && !text.contains(is_odd)
}

/// Whether the host of an address has one of its own.
pub(super) fn is_there(context: &Context<'_>, url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => authority.split(':').next(),
    };
    host.is_some_and(|host| !host.is_empty() && context.host.resolves(host))
}

/// Where `search_dns` looks: in the machine's own domain, in `localdomain`, in
/// none.
fn usual(context: &Context<'_>, distribution: &Distribution, kind: Kind) -> Vec<String> {
    let given = context.instance.metadata.local_hostname.as_deref().unwrap_or_default();
    let given = hostname::of_metadata(given);
    // What is wrong with a name, set_hostname has told.
    let names = hostname::names(context.config, &given, &mut Vec::new());
    let domain = names.as_ref().and_then(|names| names.fqdn.split_once('.')).map(|(_, domain)| domain);
    let name = &*distribution.name;
    let mirror = if kind == Kind::Primary { "mirror" } else { "security-mirror" };
    let mut urls = Vec::new();
    for domain in [domain.filter(|domain| !domain.is_empty()), Some("localdomain"), Some("")].iter().flatten()
    {
        let dot = if domain.is_empty() { "" } else { "." };
        urls.push(["http://", name, "-", mirror, dot, domain, "/", name].concat());
    }
    urls
}

/// Keys that the lists of mirrors bring: the files of the primary one's and of the security one's.
pub(super) fn keys(context: &Context<'_>, plan: &mut Plan) -> [Option<String>; 2] {
    ["primary", "security"].map(|name| {
        // What is no mapping has been told when the mirrors were looked for.
        let mut told = Plan::default();
        let entries = entries(context, &["apt.", name].concat(), &mut told);
        let keys = entries.iter().filter_map(|(setting, entry)| key::add(setting, entry, name, false, plan));
        keys.last()
    })
}
