//! Seeds that name no NIC, as clouds write them: by their MAC addresses alone,
//! and none at all. The kernel gives a name before the pivot, udev another one
//! after it where it was not in the initramfs; the machine has its network
//! under either.
//!
//! `GLOWPLUG_NAMELESS=all cargo test --test vm nameless` boots every back end
//! from a minimal initramfs and from dracut's, 25 minutes; without it the one is
//! booted that lost its network: networkd behind an initramfs without udev.

use std::path::PathBuf;

use crate::debian::{BACK, FRONT, image, metadata};
use crate::scene::{Scene, addresses, link, write_seed};
use crate::vm::debian::{Backend, Maker};
use crate::vm::report::Boot;
use crate::vm::{Parts, RootKind};

const EVERY: &str = "GLOWPLUG_NAMELESS";

/// What boots without being asked for.
const CHOSEN: (Backend, Maker) = (Backend::Networkd, Maker::Minimal);

/// QEMU's answer of DHCP to the second NIC.
const LEASE: &str = "10.77.1.15/24";

/// A static network on one NIC, DHCP on the other, in the words of Nova.
fn by_address(story: &str) -> PathBuf {
    let network = format!(
        r#"{{"links": [
             {{"id": "tap1a2b3c4d-5e", "vif_id": "1a2b3c4d-5e6f", "type": "ovs", "mtu": 1442,
               "ethernet_mac_address": "{FRONT}"}},
             {{"id": "tap2b3c4d5e-6f", "vif_id": "2b3c4d5e-6f70", "type": "ovs", "mtu": null,
               "ethernet_mac_address": "{BACK}"}}],
            "networks": [
             {{"id": "network0", "link": "tap1a2b3c4d-5e", "type": "ipv4", "ip_address": "192.0.2.20",
               "netmask": "255.255.255.0", "network_id": "n0",
               "routes": [{{"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": "192.0.2.1"}}]}},
             {{"id": "network1", "link": "tap2b3c4d5e-6f", "type": "ipv4_dhcp", "network_id": "n1"}}],
            "services": []}}"#
    );
    write_seed(
        &format!("{story}-address"),
        &[("meta_data.json", &metadata("address", "anvil")), ("network_data.json", &network)],
    )
}

/// A seed that says nothing of a network: the kernel's first NIC, which is QEMU's last, is asked for
/// a lease.
fn by_nothing(story: &str) -> PathBuf {
    write_seed(&format!("{story}-nothing"), &[("meta_data.json", &metadata("nothing", "bellows"))])
}

#[test]
fn a_seed_that_names_no_nic_has_its_network_on_every_back_end() {
    let every = std::env::var(EVERY).is_ok_and(|value| value == "all");
    let makers = [Maker::Minimal, Maker::Dracut];
    let all = Backend::WORDS.into_iter().flat_map(|(_, backend)| makers.map(|maker| (backend, maker)));
    let asked: Vec<_> = all.filter(|pair| every || *pair == CHOSEN).collect();
    let faults: Vec<String> = asked.iter().flat_map(|(backend, maker)| faults(*backend, *maker)).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    println!("{} of 8 machines", asked.len());
}

/// What is not as the seeds say, on a machine of this kind.
fn faults(backend: Backend, maker: Maker) -> Vec<String> {
    let story = format!("nameless-{}-{}", backend.word(), maker.word());
    // ifupdown asks for a lease by a program of another package
    let packages: &[&str] = if backend == Backend::Ifupdown { &["isc-dhcp-client"] } else { &[] };
    let parts = Parts { root: RootKind::Debian(backend, packages), maker, provisioned: true };
    let image = Box::leak(Box::new(image(parts, &story)));
    let (address, nothing) = (by_address(&story), by_nothing(&story));
    let mut scene = Scene::of(image, &story, &[&address]);

    let boot = scene.boot_seed(&address);
    let mut faults = faults_of(&boot, "anvil", &[(FRONT, "192.0.2.20/24"), (BACK, LEASE)]);
    if !boot.routes.iter().any(|route| route.starts_with("default via 192.0.2.1 ")) {
        faults.push(format!("routes: {:?}", boot.routes));
    }
    if link(&boot, FRONT).mtu != 1442 {
        faults.push(format!("MTU: {:?}", link(&boot, FRONT)));
    }

    let boot = scene.boot_seed(&nothing);
    let old = boot.links.iter().any(|link| addresses(link).contains(&"192.0.2.20/24"));
    faults.extend(faults_of(&boot, "bellows", &[(BACK, LEASE)]));
    faults.extend(old.then(|| "the address of the instance before is there".to_owned()));
    faults.into_iter().map(|fault| format!("{story}: {fault}")).collect()
}

fn faults_of(boot: &Boot, name: &str, expected: &[(&str, &str)]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |holds: bool, fault: String| {
        if !holds {
            faults.push(format!("{name}: {fault}"));
        }
    };
    check(boot.status == "done" && boot.status_exit == 0, format!("status: {}", boot.status_output));
    check(boot.hostname == name, format!("hostname: {}", boot.hostname));
    for (mac, address) in expected {
        let link = link(boot, mac);
        check(link.up && addresses(link) == [*address], format!("{mac}: {link:?}"));
        let said = boot.network_backend.get(&link.name).map_or("", String::as_str);
        let plain = address.split('/').next().unwrap_or(address);
        // ifquery says how a lease is asked for, not what it is
        let says = said.contains(plain) || said.contains(&format!("{}={}", link.name, link.name));
        check(says, format!("the back end says of {}: {said}", link.name));
    }
    check(boot.failed_units.is_empty(), format!("failed: {:?}", boot.failed_units));
    faults
}
