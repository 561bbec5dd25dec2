//! A root on the network keeps its network: the NICs that are up for it are
//! neither renamed nor taken down, and no other NIC gets their names.

use crate::kernel_line::KernelLine;
use crate::network::model::{Link, Network, SystemLink};
use crate::network::resolve;
use crate::text::fill;
use alloc::string::String;
use alloc::vec::Vec;

/// How `root=` begins for a root on the network (dracut.cmdline(7),
/// initramfs-tools(7), the kernel's nfsroot.rst).
static ROOTS: [&str; 9] =
    ["nfs", "/dev/nfs", "iscsi:", "nbd:", "/dev/nbd", "cifs:", "fcoe:", "live:http", "live:nfs"];

/// Whether the root comes over the network.
pub(super) fn is_on_network(line: &KernelLine) -> bool {
    let root = line.get("root").unwrap_or_default();
    line.get("netroot").is_some()
        || line.get("boot") == Some("nfs")
        || ROOTS.iter().any(|begin| root.starts_with(begin))
        || line.get("rd.iscsi.firmware").is_some()
        || line.has("rd.iscsi.firmware")
        || line.has("iscsi_auto")
}

/// Takes the wishes for names away that would touch a NIC which is up. The
/// value: a line for each.
#[inline(never)]
pub(super) fn keep(network: &mut Network, present: &[SystemLink]) -> Vec<String> {
    let mut lines = Vec::new();
    for nic in present.iter().filter(|nic| nic.up && nic.own_mac) {
        let touches = |link: &Link| {
            let wanted = link.name.as_deref();
            let is_it = link.kind.is_nic() && resolve::fits(link, nic);
            wanted.is_some() && is_it != (wanted == Some(&*nic.name))
        };
        for link in &mut network.links {
            if touches(link) {
                let name = link.name.take();
                let name = name.as_deref().unwrap_or_default();
                lines.push(fill(
                    "{} is not given: the root is on the network, and {} is up for it",
                    &[name, &nic.name],
                ));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::model::Mac;
    use crate::network::parse::network_data;
    use crate::syntax::json;

    fn nic(index: u32, name: &str, last: u8, up: bool) -> SystemLink {
        let mac = Some(Mac([0x52, 0x54, 0, 0, 0, last]));
        SystemLink {
            index,
            name: name.into(),
            alternative_names: Vec::new(),
            mac,
            own_mac: true,
            up,
            carrier: up,
            driver: None,
        }
    }

    #[test]
    fn a_nic_that_carries_the_root_keeps_its_name() {
        let text = br#"{"links": [
            {"id": "a", "name": "front", "type": "phy", "ethernet_mac_address": "52:54:00:00:00:01"},
            {"id": "b", "name": "eth0", "type": "phy", "ethernet_mac_address": "52:54:00:00:00:02"},
            {"id": "c", "name": "back", "type": "phy", "ethernet_mac_address": "52:54:00:00:00:03"}]}"#;
        let mut network = network_data::parse(&json::parse(text).unwrap()).network;
        let present = [nic(2, "eth0", 1, true), nic(3, "eth1", 2, false), nic(4, "eth2", 3, false)];
        assert_eq!(keep(&mut network, &present).len(), 2);
        let resolved = network.resolve(&present);
        let steps: Vec<String> = resolved.renames().iter().map(crate::action::LinkAction::text).collect();
        assert_eq!(steps, ["rename link eth2 to back"]);
    }

    #[test]
    fn a_root_on_the_network_is_known_by_the_kernel_line() {
        for line in ["root=nfs:10.0.0.1:/r", "root=/dev/nfs", "netroot=iscsi:x root=/dev/sda1", "boot=nfs"] {
            assert!(is_on_network(&KernelLine::parse(line)), "{line}");
        }
        assert!(!is_on_network(&KernelLine::parse("root=LABEL=nfs ip=dhcp")));
    }
}
