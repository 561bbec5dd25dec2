//! Beside the real cloud-init: Debian's, 22.4.2, over an overlay of this
//! machine, reads the seed that the agent left it and does the rest.

// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const META_DATA: &str = r#"{"uuid": "beside-1", "hostname": "beside.example.org", "launch_index": 0,
 "public_keys": {"mine": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKey me@\"here\""}}"#;

const NETWORK: &str = r#"{"links": [{"id": "a", "name": "front", "type": "phy",
 "ethernet_mac_address": "52:54:00:aa:00:01"}],
 "networks": [{"id": "n", "link": "a", "type": "ipv4", "ip_address": "192.0.2.7", "netmask": "255.255.255.0"}]}"#;

const USER_DATA: &str = "#cloud-config
cloud_init_modules: [write-files, set-hostname, users-groups, ssh]
cloud_config_modules: [runcmd]
cloud_final_modules: [scripts-vendor, scripts-per-boot, scripts-user]
ssh_deletekeys: false
ssh_genkeytypes: []
users: []
disable_root: false
write_files:
- {path: /etc/beside, content: written}
runcmd:
- [sh, -c, 'echo once >> /etc/beside-commands']
";

const VENDOR_DATA: &str =
    r##"["#!/bin/sh\necho \"vendor \\ x\" >> /etc/beside-vendor\n", "#cloud-config\nlocale: C\n"]"##;

struct Work(PathBuf);

impl Work {
    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_real_cloud_init_does_the_rest() {
    let work = Work(std::env::temp_dir().join(format!("glowplug-beside-{}", std::process::id())));
    let _ = fs::remove_dir_all(&work.0);
    let seed = work.0.join("seed/openstack/latest");
    fs::create_dir_all(&seed).unwrap();
    for (name, text) in [
        ("meta_data.json", META_DATA),
        ("network_data.json", NETWORK),
        ("user_data", USER_DATA),
        ("vendor_data.json", VENDOR_DATA),
        ("vendor_data2.json", "\"#cloud-config\\ntimezone: UTC\\n\""),
    ] {
        fs::write(seed.join(name), text).unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/beside/boots.sh");
    let output =
        Command::new(script).arg(&work.0).arg(env!("CARGO_BIN_EXE_glowplug-agent")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let log = work.text("log");
    let statuses: Vec<_> = log.lines().filter(|line| line.starts_with("== status ")).collect();
    let mut expected = ["== status 0"; 10];
    // the agent of the second boot, whose --seed holds none
    expected[5] = "== status 12";
    assert_eq!(statuses, expected, "{log}");
    assert!(
        log.contains("the rest is left to cloud-init, which gets the seed in /run/glowplug/nocloud"),
        "{log}"
    );
    assert!(log.contains("instance beside-1 of the last boot holds"), "{log}");

    for boot in ["boot1", "boot2"] {
        let status = work.text(&format!("{boot}/var/lib/cloud/data/status.json"));
        let source = "DataSourceNoCloud [seed=ds_config_seedfrom,/run/glowplug/nocloud/][dsmode=net]";
        assert!(status.contains(source), "{boot}: {status}");
        assert!(!status.contains("error\": [\""), "{boot}: {status}");
        assert_eq!(work.text(&format!("{boot}/var/lib/cloud/data/instance-id")), "beside-1\n");
        let machine = work.text(&format!("{boot}/machine"));
        assert!(machine.contains("front@"), "{boot}: {machine}");
        assert_eq!(work.text(&format!("{boot}/etc/hostname")), "beside\n", "{boot}");
        assert!(machine.contains("192.0.2.7/24"), "{boot}: {machine}");
        let etc = work.0.join(boot).join("etc");
        assert!(!etc.join("network/interfaces.d/50-cloud-init").exists(), "{boot}: the network is ours");
        assert!(!etc.join("netplan").exists(), "{boot}: the network is ours");
        assert_eq!(work.text(&format!("{boot}/etc/beside")), "written");
        assert_eq!(work.text(&format!("{boot}/etc/beside-commands")), "once\n", "{boot}: once an instance");
        assert_eq!(work.text(&format!("{boot}/etc/beside-vendor")), "vendor \\ x\n", "{boot}: once, too");
        let keys = work.text(&format!("{boot}/root/.ssh/authorized_keys"));
        assert!(keys.contains("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKey me@\"here\""), "{keys}");
    }
    let merged = work.text("boot1/var/lib/cloud/instances/beside-1/vendor-cloud-config.txt");
    assert!(merged.contains("locale: C") && merged.contains("timezone: UTC"), "{merged}");
}
