//! One machine over several boots: what runs again, and what does not.

use crate::scene::{Scene, addresses, link, write_seed};
use crate::vm::contents::Contents;

const MAC: &str = "52:54:00:6b:1d:01";

const USER_DATA: &str = "\
#cloud-config
runcmd:
- echo once >> /root/instances
bootcmd:
- echo again >> /root/boots
write_files:
- path: /etc/plan
  content: from the seed
";

fn metadata(id: &str, name: &str) -> String {
    format!(r#"{{"uuid": "{id}", "hostname": "{name}"}}"#)
}

fn network_data(address: &str) -> String {
    format!(
        r#"{{"links": [{{"id": "l0", "name": "wan0", "type": "phy", "ethernet_mac_address": "{MAC}"}}],
            "networks": [{{"id": "n0", "link": "l0", "type": "ipv4", "ip_address": "{address}",
                           "netmask": "255.255.255.0"}}]}}"#
    )
}

fn lines(contents: &Contents, path: &str) -> usize {
    contents.text(path).unwrap_or_default().lines().count()
}

#[test]
fn a_second_boot_runs_nothing_per_instance_and_another_instance_does() {
    let (first_metadata, first_network) = (metadata("first", "one"), network_data("192.0.2.20"));
    let first = write_seed(
        "boots-first",
        &[
            ("meta_data.json", &first_metadata),
            ("network_data.json", &first_network),
            ("user_data", USER_DATA),
        ],
    );
    let (second_metadata, second_network) = (metadata("second", "two"), network_data("192.0.2.30"));
    let second = write_seed(
        "boots-second",
        &[
            ("meta_data.json", &second_metadata),
            ("network_data.json", &second_network),
            ("user_data", USER_DATA),
        ],
    );
    let mut scene = Scene::new("boots", &[&first, &second]);

    let boot = scene.boot_seed(&first);
    let contents = scene.contents();
    assert_eq!((boot.hostname.as_str(), addresses(link(&boot, MAC))), ("one", vec!["192.0.2.20/24"]));
    assert_eq!((lines(&contents, "/root/instances"), lines(&contents, "/root/boots")), (1, 1));

    let boot = scene.boot_seed(&first);
    let contents = scene.contents();
    assert_eq!(boot.status, "done");
    assert_eq!((boot.hostname.as_str(), addresses(link(&boot, MAC))), ("one", vec!["192.0.2.20/24"]));
    assert_eq!((lines(&contents, "/root/instances"), lines(&contents, "/root/boots")), (1, 2));

    let boot = scene.boot_seed(&second);
    let contents = scene.contents();
    assert_eq!(boot.status, "done");
    assert_eq!((boot.hostname.as_str(), addresses(link(&boot, MAC))), ("two", vec!["192.0.2.30/24"]));
    assert_eq!((lines(&contents, "/root/instances"), lines(&contents, "/root/boots")), (2, 3));
    assert_eq!(contents.text("/var/lib/cloud/data/instance-id").as_deref(), Some("second\n"));
}

#[test]
fn a_drive_that_goes_away_takes_nothing_along() {
    let (metadata, network) = (metadata("kept", "keeper"), network_data("192.0.2.40"));
    let seed = write_seed(
        "detached",
        &[("meta_data.json", &metadata), ("network_data.json", &network), ("user_data", USER_DATA)],
    );
    let mut scene = Scene::new("detached", &[&seed]);
    scene.boot_seed(&seed);
    let boot = scene.boot(None);
    let contents = scene.contents();
    assert_eq!(boot.status, "done");
    assert_eq!((boot.hostname.as_str(), link(&boot, MAC).name.as_str()), ("keeper", "wan0"));
    assert_eq!(addresses(link(&boot, MAC)), ["192.0.2.40/24"]);
    assert_eq!((lines(&contents, "/root/instances"), lines(&contents, "/root/boots")), (1, 2));
    assert_eq!(contents.text("/etc/plan").as_deref(), Some("from the seed"));
}

/// A panic, and a stack that runs over: the agent as PID 1 starts again, and
/// the machine boots without being provisioned.
#[test]
fn a_fault_of_the_agent_ends_in_a_boot() {
    let seed = write_seed("fault", &[("meta_data.json", &metadata("fault", "faulty"))]);
    let mut scene = Scene::new("fault", &[&seed]);
    for fault in ["panic", "stack"] {
        let boot = scene.boot_with(None, &format!("glowplug.fault={fault}"));
        scene.expect_told(&["starting again without provisioning"]);
        assert_eq!(boot.hostname, "unnamed", "{fault}");
    }
    let boot = scene.boot_seed(&seed);
    assert_eq!((boot.hostname.as_str(), boot.status.as_str()), ("faulty", "done"));
}

#[test]
fn a_switch_on_the_kernel_line_turns_all_of_it_off() {
    let seed = write_seed("off", &[("meta_data.json", &metadata("off", "never"))]);
    let mut scene = Scene::new("off", &[&seed]);
    let boot = scene.boot_with(None, "glowplug=off");
    scene.expect_told(&["provisioning is off", "glowplug=off"]);
    assert_eq!((boot.hostname.as_str(), boot.status.as_str()), ("unnamed", "disabled"));
}
