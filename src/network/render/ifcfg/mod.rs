//! The ifcfg files of Red Hat's network scripts and of NetworkManager's
//! ifcfg-rh plugin, and those of SUSE's wicked (cloud-init's "sysconfig").

mod kind;
mod route;
mod setting;
mod subnet;

use super::distribution::{Distribution, Scripts};
use super::section::Section;
use super::text::hardware_address;
use super::{Renderer, Target, exists, file, has_programs, names, resolv_conf, udev};
use crate::action::Action;
use crate::fetch::Fetch;
use crate::network::model::{Kind, Method, Network};
use crate::network::resolve::{Resolved, ResolvedLink};
use crate::text::to_bytes;
use alloc::string::String;
use alloc::vec::Vec;

/// The back end.
pub const RENDERER: Renderer = Renderer {
    name: "sysconfig",
    detect: |root| Distribution::of(root).has_ifcfg() && (has_scripts(root) || has_plugin(root)),
    reads_run: |_| false,
    render,
};

/// First lines of every file; they tell what an earlier run wrote.
const HEADER: &str = "# Created by cloud-init automatically, do not edit.\n#\n";
const RESOLV_HEADER: &str = "; Created by cloud-init automatically, do not edit.\n;\n";

/// Red Hat's file of what belongs to no link: others write into it too.
pub const GLOBAL: &str = "/etc/sysconfig/network";

/// Adds the lines of the [`GLOBAL`] file that is `here` to ours, which has the
/// variables of `NETWORKING` and `IPV6_AUTOCONF`; as cloud-init does it.
#[inline(never)]
pub fn merge(ours: &mut Vec<u8>, here: &str) {
    for line in here.lines() {
        let line = line.trim_ascii();
        let known = ["#", "NETWORKING", "IPV6_AUTOCONF"].iter().any(|start| line.starts_with(start));
        if !line.is_empty() && !known {
            ours.extend_from_slice(&to_bytes(line));
            ours.push(b'\n');
        }
    }
}

fn has_scripts(root: &dyn Fetch) -> bool {
    has_programs(root, &["ifup", "ifdown"])
        && (exists(root, &["etc/sysconfig/network-scripts/network-functions"])
            || exists(root, &["etc/sysconfig/config"]))
}

fn has_plugin(root: &dyn Fetch) -> bool {
    ["usr/lib64/NetworkManager", "usr/lib/NetworkManager"].iter().any(|folder| {
        names(root, &[folder])
            .iter()
            .any(|version| exists(root, &[folder, "/", version, "/libnm-settings-plugin-ifcfg-rh.so"]))
    })
}

/// The files of all links while they are made: a bond or bridge also tells
/// its members' files.
struct Files<'n, 'a> {
    network: &'n Resolved<'a>,
    suse: bool,
    /// Whether the description has a default route among its routes.
    default_route: bool,
    /// Variables, one section for each link.
    sections: Vec<Section>,
}

impl Files<'_, '_> {
    /// The name of a variable in the dialect.
    fn name(&self, red_hat: &'static str, suse: &'static str) -> &'static str {
        if self.suse { suse } else { red_hat }
    }
}

fn render(network: &Resolved<'_>, target: Target) -> Vec<Action> {
    let suse = target.distribution.scripts == Some(Scripts::Suse);
    let mut files =
        Files { network, suse, default_route: has_default_route(network.described), sections: Vec::new() };
    for link in &network.links {
        let section = files.shared(link);
        files.sections.push(section);
    }
    // cloud-init's order, which shows where one link's file is told by two.
    for rank in 0..5 {
        for (at, link) in network.links.iter().enumerate() {
            if kind::rank(&link.link.kind) == rank {
                files.link(at, link);
            }
        }
    }
    let folder = if suse { "/etc/sysconfig/network/" } else { "/etc/sysconfig/network-scripts/" };
    let mut actions = Vec::new();
    for (section, link) in files.sections.iter_mut().zip(&network.links) {
        if matches!(link.link.kind, Kind::Loopback) || link.is_nobodys() {
            continue;
        }
        let mut text = String::from(HEADER);
        section.flush(&mut text, "", "=", "\"");
        file(&mut actions, &[folder, "ifcfg-", &link.name], 0o644, text);
        if suse {
            route::suse(&mut actions, link, folder);
        } else {
            route::files(&mut actions, link, folder);
        }
    }
    global(&mut actions, network, suse);
    actions
}

fn has_default_route(network: &Network) -> bool {
    let mut any = network.routes.iter().any(|route| route.destination().is_everything());
    for link in &network.links {
        for subnet in &link.subnets {
            any |= subnet.routes.iter().any(|route| route.destination().is_everything());
        }
    }
    any
}

impl Files<'_, '_> {
    /// What links of all kinds begin with.
    #[inline(never)]
    fn shared(&self, resolved: &ResolvedLink<'_>) -> Section {
        let link = resolved.link;
        let mut file = Section::default();
        if self.suse {
            file.set_all("BOOTPROTO=static STARTMODE=auto");
        } else {
            file.set_all("BOOTPROTO=none ONBOOT=yes TYPE=Ethernet USERCTL=no");
            file.set("DEVICE", &resolved.name);
            if let Some(accept) = link.accept_ra {
                file.set("IPV6_FORCE_ACCEPT_RA", if accept { "yes" } else { "no" });
            }
        }
        if let (true, Some(address)) = (link.kind.is_nic(), hardware_address(link)) {
            file.set(self.name("HWADDR", "LLADDR"), &address);
        }
        if !self.suse {
            setting::of_link(&mut file, link);
        }
        file.set_number("MTU", link.mtu);
        if link.wake_on_lan && matches!(link.kind, Kind::Physical(_)) {
            file.set("ETHTOOL_OPTS", "wol g");
        }
        file
    }
}

/// What belongs to no link.
#[inline(never)]
fn global(actions: &mut Vec<Action>, network: &Resolved<'_>, suse: bool) {
    if !suse {
        let mut text = String::from(HEADER);
        text.push_str("NETWORKING=yes\n");
        let ipv6 = |method: &Method| match method {
            Method::Static(address) => address.is_ipv6(),
            other => matches!(other, Method::Dhcp6),
        };
        let links = &network.links;
        if links.iter().any(|link| link.link.subnets.iter().any(|subnet| ipv6(&subnet.method))) {
            text.push_str("NETWORKING_IPV6=yes\nIPV6_AUTOCONF=no\n");
        }
        file(actions, &[GLOBAL], 0o644, text);
    }
    if resolv_conf(actions, network, RESOLV_HEADER, usize::MAX) {
        // NetworkManager would write its own.
        let text = super::concat(&[HEADER, "[main]\ndns = none\n"]);
        file(actions, &["/etc/NetworkManager/conf.d/99-cloud-init.conf"], 0o644, text);
    }
    let rules = if suse { "85-persistent-net-cloud-init.rules" } else { "70-persistent-net.rules" };
    udev::rules(actions, network, &super::concat(&["/etc/udev/rules.d/", rules]));
}
