//! Debian with systemd, through the initramfs its own tools make: the root has
//! nothing of ours, one network back end, and boots to multi-user.target.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use crate::places::line;
use crate::scene::{Scene, addresses, story_folder, write_seed};
use crate::vm::debian::{Backend, Maker};
use crate::vm::folder;
use crate::vm::kernel::Kernel;
use crate::vm::monitor::Plug;
use crate::vm::report::Boot;
use crate::vm::{Image, Parts};

pub(crate) const FRONT: &str = "52:54:00:6b:2d:01";
pub(crate) const BACK: &str = "52:54:00:6b:2d:02";
/// The NIC of another machine.
const COPY: &str = "52:54:00:6b:2d:0f";
pub(crate) const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHNhbXBsZS1rZXktb2YtdGhlLW1ldGFkYXRhLTAwMDAx desk";

pub(crate) const USER_DATA: &str = concat!(
    "\
#cloud-config
write_files:
- {path: /etc/early.conf, content: \"before the pivot\\n\", permissions: '0640'}
- path: /var/lib/cloud/scripts/per-boot/count
  permissions: '0755'
  content: |
    #!/bin/sh
    echo boot >> /root/boots
",
    wait_for_back!(),
    "\
runcmd:
- echo instance >> /root/instances
- ip -4 -o address show dev front > /root/address
"
);

/// The metadata of instance `id`.
pub(crate) fn metadata(id: &str, name: &str) -> String {
    format!(r#"{{"uuid": "{id}", "hostname": "{name}", "public_keys": {{"k": "{KEY}"}}}}"#)
}

/// A network in which `front` has ADDRESS/24 and a route, `back` has
/// 198.51.100.20/25.
pub(crate) fn network(address: &str) -> String {
    format!(
        r#"{{"links": [
             {{"id": "a", "name": "front", "type": "phy", "ethernet_mac_address": "{FRONT}"}},
             {{"id": "b", "name": "back", "type": "phy", "ethernet_mac_address": "{BACK}"}}],
            "networks": [
             {{"id": "n", "link": "a", "type": "ipv4", "ip_address": "{address}", "netmask": "255.255.255.0",
               "routes": [{{"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": "192.0.2.1"}}]}},
             {{"id": "m", "link": "b", "type": "ipv4", "ip_address": "198.51.100.20",
               "netmask": "255.255.255.128"}}]}}"#
    )
}

/// A seed of instance `id` with that network.
pub(crate) fn seed(story: &str, id: &str, name: &str, address: &str) -> PathBuf {
    seed_with(story, id, name, address, USER_DATA)
}

/// The same with other user-data.
pub(crate) fn seed_with(story: &str, id: &str, name: &str, address: &str, user_data: &str) -> PathBuf {
    let files = [
        ("meta_data.json", &*metadata(id, name)),
        ("network_data.json", &network(address)),
        ("user_data", user_data),
    ];
    write_seed(story, &files)
}

pub(crate) fn image(parts: Parts, name: &str) -> Image {
    let say = &mut |text: &str| println!("{text}");
    let kernel = Kernel::find_or_fetch(&folder().join("kernel"), say).unwrap();
    Image::build(&story_folder(&format!("{name}-image")), &kernel, parts, say).unwrap()
}

/// What is not as the seed says; nothing of it may stay.
fn faults(boot: &Boot, backend: Backend, name: &str, address: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |holds: bool, fault: String| {
        if !holds {
            faults.push(fault);
        }
    };
    // without a drive it is done with a warning: one was expected
    check(
        boot.status == "done" && [0, 2].contains(&boot.status_exit),
        format!("status: {}", boot.status_output),
    );
    check(boot.hostname == name, format!("hostname: {}", boot.hostname));
    let address = format!("{address}/24");
    for (mac, nic, has) in [(FRONT, "front", &*address), (BACK, "back", "198.51.100.20/25")] {
        let link = boot.links.iter().find(|link| link.mac == mac);
        let right = link.is_some_and(|link| link.name == nic && link.up && addresses(link) == [has]);
        check(right, format!("{nic}: {link:?}"));
        let said = boot.network_backend.get(nic).map_or("", String::as_str);
        let plain = has.split('/').next().unwrap_or(has);
        let owns = match backend {
            Backend::NetworkManager => {
                said.contains("GENERAL.STATE:100 (connected)")
                    && said.contains(&format!("GENERAL.CONNECTION:cloud-init {nic}"))
                    && said.contains(has)
            }
            Backend::Networkd | Backend::Netplan => {
                said.contains("(configured)")
                    && said.contains("/run/systemd/network/10-")
                    && said.contains(plain)
            }
            Backend::Ifupdown => said.contains(&format!("{nic}={nic}")) && said.contains(plain),
        };
        check(owns, format!("the back end says of {nic}: {said}"));
    }
    let route = boot.routes.iter().any(|route| route.starts_with("default via 192.0.2.1 dev front"));
    check(route, format!("routes: {:?}", boot.routes));
    check(boot.failed_units.is_empty(), format!("failed: {:?}", boot.failed_units));
    check(boot.cycles.trim().is_empty(), format!("cycles: {}", boot.cycles));
    let at = |step: &str| boot.boot_s.get(step).copied().unwrap_or_default();
    let ordered = at("init") > 0.0 && at("init") <= at("ssh") && at("init") < at("final");
    check(ordered, format!("order: {:?}", boot.boot_s));
    faults
}

/// Fails with what the machine said unless all is as the seed says.
pub(crate) fn sound(scene: &Scene, boot: &Boot, backend: Backend, name: &str, address: &str) {
    let faults = faults(boot, backend, name, address);
    assert!(faults.is_empty(), "{faults:#?}\n{:#?}", scene.lines);
}

/// How often commands ran: for the instance, and in each boot.
pub(crate) fn counts(scene: &Scene) -> (usize, usize) {
    let lines = |path: &str| scene.text(path).unwrap_or_default().lines().count();
    (lines("/root/instances"), lines("/root/boots"))
}

/// No interface and no file of the back end has an address of the seed.
fn nothing_old(boot: &Boot, old: &str) {
    let links = format!("{:?}", boot.links);
    assert!(!links.contains(old), "{links}");
    for text in boot.network_backend.values().chain(boot.run_files.values().filter(|text| text.len() < 4096))
    {
        assert!(!text.contains(old), "{text}");
    }
}

#[test]
fn dracut_and_network_manager() {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    let backend = Backend::NetworkManager;
    let image = IMAGE.get_or_init(|| image(Parts::debian(backend, Maker::Dracut), "dracut"));
    let first = seed("dracut-first", "first", "anvil", "192.0.2.20");
    let second = seed("dracut-second", "second", "bellows", "192.0.2.30");
    let copy = nic_seed("dracut-copy", COPY);
    let mut scene = Scene::of(image, "dracut", &[&first]);

    let boot = scene.boot_seed_with(&first, "report.verify");
    sound(&scene, &boot, backend, "anvil", "192.0.2.20");
    assert_eq!(boot.verify.trim(), "", "systemd-analyze verify");
    assert_eq!(counts(&scene), (1, 1));
    assert_eq!(scene.text("/etc/early.conf").as_deref(), Some("before the pivot\n"));
    assert!(scene.text("/home/admin/.ssh/authorized_keys").unwrap().contains(KEY));
    assert!(scene.text("/root/address").unwrap().contains("192.0.2.20/24"), "the network was there");
    scene.expect_told(&["found config drive", "/dev/sr0"]);
    scene.expect_told(&["/usr/local/bin/glowplug runs the stages"]);

    let boot = scene.boot(None);
    sound(&scene, &boot, backend, "anvil", "192.0.2.20");
    assert_eq!(counts(&scene), (1, 2), "a drive that went away changes nothing, nothing runs again");

    let boot = scene.boot_seed(&second);
    sound(&scene, &boot, backend, "bellows", "192.0.2.30");
    assert_eq!(counts(&scene), (2, 3), "another drive is another instance");
    nothing_old(&boot, "192.0.2.20");

    scene.move_to_nics_of(&[&copy]);
    let boot = scene.boot(None);
    nothing_old(&boot, "192.0.2.30");
    assert_eq!((boot.failed_units.len(), counts(&scene).0), (0, 2), "{:?}", boot.failed_units);
}

/// The words of a boot that `back` comes late in: the seed's script waits for
/// it once multi-user.target is reached, the agent does not.
pub(crate) const LATE: &str = "report.late glowplug.wait=1";

/// From now on `back` is plugged in when multi-user.target is reached.
pub(crate) fn plug_back(scene: &mut Scene) {
    scene.move_to_nics_of(&[&nic_seed("late", FRONT)]);
    let network = r#"{"execute": "netdev_add", "arguments": {"type": "user", "id": "late", "restrict": true, "ipv6": false}}"#;
    let nic = format!(
        r#"{{"execute": "device_add", "arguments": {{"driver": "virtio-net-pci", "netdev": "late",
            "mac": "{BACK}", "romfile": ""}}}}"#
    );
    let commands = vec![network.to_owned(), nic];
    let delay = Duration::from_millis(500);
    scene.plug_in(vec![Plug { after: "multi-user.target is reached", delay, commands }]);
}

/// A seed that only names a NIC.
fn nic_seed(story: &str, mac: &str) -> PathBuf {
    let network = format!(r#"{{"links": [{{"id": "a", "type": "phy", "ethernet_mac_address": "{mac}"}}]}}"#);
    write_seed(&format!("{story}-nic"), &[("network_data.json", &network)])
}

/// The first boot of a machine whose seed is on a disc, and whose second NIC
/// comes late.
fn first_boot(parts: Parts, backend: Backend, story: &str, image: &'static OnceLock<Image>) -> Scene {
    let image = image.get_or_init(|| self::image(parts, story));
    let seed = seed(&format!("{story}-first"), "first", "anvil", "192.0.2.20");
    let mut scene = Scene::of(image, story, &[&seed]);
    plug_back(&mut scene);
    let boot = scene.boot_seed_with(&seed, LATE);
    sound(&scene, &boot, backend, "anvil", "192.0.2.20");
    assert_eq!(counts(&scene), (1, 1));
    assert!(scene.text("/root/address").unwrap().contains("192.0.2.20/24"));
    scene
}

#[test]
fn classic_dracut_and_networkd() {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    let backend = Backend::Networkd;
    let mut scene = first_boot(Parts::debian(backend, Maker::DracutClassic), backend, "classic", &IMAGE);
    scene.plug_in(Vec::new());
    scene.move_to_nics_of(&[&nic_seed("classic-copy", COPY)]);
    let boot = scene.boot(None);
    nothing_old(&boot, "192.0.2.20");
    assert!(boot.failed_units.is_empty(), "{:?}", boot.failed_units);
}

#[test]
fn the_agent_as_init_and_netplan() {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    let backend = Backend::Netplan;
    let mut scene = first_boot(Parts::debian(backend, Maker::Minimal), backend, "netplan", &IMAGE);

    // A copy without a seed, whose configuration is enough.
    scene.plug_in(Vec::new());
    scene.move_to_nics_of(&[&nic_seed("netplan-copy", COPY)]);
    let config = "datasource_list: [None]\ndatasource: {None: {metadata: {local-hostname: chalk}}}\n\
                  runcmd: [echo none >> /root/none]\n";
    let boot = scene.boot_with(None, &line(config));
    assert_eq!((&*boot.status, &*boot.hostname), ("done", "chalk"), "{}", boot.status_output);
    assert!(boot.failed_units.is_empty(), "{:?}", boot.failed_units);
    assert_eq!(scene.text("/root/none").as_deref(), Some("none\n"));
    nothing_old(&boot, "192.0.2.20");
}

/// The same checks must fail where nothing provisions: QEMU answers DHCP, and
/// systemd is up and running all the same.
#[test]
fn without_the_agent_the_checks_fail() {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    let backend = Backend::NetworkManager;
    let mut parts = Parts::debian(backend, Maker::InitramfsTools);
    parts.provisioned = false;
    let image = IMAGE.get_or_init(|| image(parts, "unprovisioned"));
    let seed = seed("unprovisioned-first", "first", "anvil", "192.0.2.20");
    let mut scene = Scene::of(image, "unprovisioned", &[&seed]);
    let boot = scene.boot_seed(&seed);
    let faults = faults(&boot, backend, "anvil", "192.0.2.20").join("\n");
    for fault in ["status: ", "hostname: unnamed", "front: ", "back: ", "routes: ", "order: "] {
        assert!(faults.contains(fault), "{fault} is not in\n{faults}");
    }
    assert_eq!(counts(&scene), (0, 0));
    assert!(scene.text("/etc/early.conf").is_none());
}
