//! Boots of ours alone: what cloud-init does otherwise, or in ten seconds more.

use crate::seed::Seed;
use crate::{boot, data};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// What the boots of a seed left.
struct Booted {
    folder: PathBuf,
}

impl Booted {
    /// Boots tests/data/stages/ours/NAME.seed.
    fn of(name: &str) -> Self {
        let seed = Seed::all(&data().join("ours"), Some(name)).remove(0);
        let folder = std::env::temp_dir().join(format!("glowplug-ours-{name}-{}", std::process::id()));
        boot(&seed, &folder, env!("CARGO_BIN_EXE_glowplug"), "--seed /var/lib/cloud/seed/config_drive");
        Self { folder }
    }

    /// A file as the last boot left it.
    fn file(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join("changed").join(path)).unwrap_or_default()
    }

    /// What a stage of a boot printed, without times.
    fn said(&self, boot: usize, stage: &str) -> String {
        let log = fs::read_to_string(self.folder.join("log")).unwrap();
        let start = format!("== boot{boot} {stage}\n");
        let said = log.split(&start).nth(1).unwrap().split("\n== boot").next().unwrap();
        let plain = |line: &str| line.split_once("]: ").map_or(line, |(_, text)| text).to_owned() + "\n";
        said.lines().map(plain).collect()
    }
}

impl Drop for Booted {
    fn drop(&mut self) {
        // The test has said already what is wrong.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn an_include_that_fails_is_an_error_and_the_others_count() {
    let booted = Booted::of("include-fails");
    let place = "unable to include what is named at user-data part-001";
    let none = format!("{place}:2:1: http://127.0.0.1:8765/none: the server answers 404\n");
    assert_eq!(
        booted.said(1, "init"),
        format!(
            "fetched http://127.0.0.1:8765/config: 51 bytes\n\
             fetched http://127.0.0.1:8765/broken: 19 bytes\n\
             {none}\
             unable to read user-data part-002:2:4: the bracket is not closed\n\
             set_hostname: 3 actions done\n\
             init is done with 1 error and 1 warning\n\
             == status 1\n"
        )
    );
    assert_eq!(
        booted.said(2, "init"),
        format!(
            "unable to fetch http://127.0.0.1:8765/config: the server answers 404; what it gave in an earlier boot is used\n\
             unable to fetch http://127.0.0.1:8765/broken: the server answers 404; what it gave in an earlier boot is used\n\
             {none}\
             unable to read user-data part-002:2:4: the bracket is not closed\n\
             init is done with 1 error and 3 warnings\n\
             == status 1\n"
        )
    );
    // The first boot's script has run once, at its end.
    assert!(booted.said(3, "init").contains("\nbootcmd: 2 actions done\n"));
    assert_eq!(booted.file("root/config"), "config 3\n");
    let status = booted.file("run/cloud-init/status.json");
    assert!(status.contains("part-001:2:1") && !status.contains("secret"), "{status}");
}

#[test]
fn the_network_is_described_for_others_and_output_that_can_not_go_stays() {
    let booted = Booted::of("network-config");
    let described = booted.file("var/lib/cloud/instances/i-network-config/network-config.json");
    let expected = r#"{"config":[{"address":"10.0.0.53","type":"nameserver"}],"version":1}"#;
    assert_eq!(described.split_whitespace().collect::<String>(), expected);
    let link = booted.folder.join("changed/run/cloud-init/network-config.json");
    assert_eq!(fs::read_link(link).unwrap().to_str(), Some("/var/lib/cloud/instance/network-config.json"));
    let said = booted.said(1, "modules --mode=final");
    let why = "unable to write output to /none/such/file: No such file or directory\n";
    assert!(said.starts_with(why) && said.contains("\nsaid\n"), "{said}");
    assert!(booted.file("var/log/cloud-init-output.log").ends_with("\nsaid\n"));
}

/// All of it was refused, and the stack waited for its server in vain.
#[test]
fn a_stack_of_heat_is_provisioned_without_python() {
    let booted = Booted::of("heat");
    let said = booted.said(1, "init");
    let placed = "Heat's part cfn-userdata becomes /var/lib/heat-cfntools/cfn-userdata, without its handler in Python\n";
    assert!(said.contains(placed) && said.ends_with("init is done\n== status 0\n"), "{said}");
    let final_stage = booted.said(1, "modules --mode=final");
    assert!(
        final_stage.contains("\nthe stack's author says hello\n700 complaint\nProvision done: "),
        "{final_stage}"
    );
    assert!(final_stage.contains("\n== status 0\n"), "{final_stage}");
    let log = booted.file("var/log/heat-provision.log");
    assert!(
        log.starts_with("Provision began: ") && log.contains("\n700 complaint\nProvision done: "),
        "{log}"
    );
    assert!(booted.file("srv/seen").starts_with("{\"deployments\""));
    assert!(booted.file("run/cloud-init/status.json").contains("\"recoverable_errors\": {}"));
    let mode = |path: &str| {
        let folder = booted.folder.join("changed/var").join(path);
        fs::metadata(folder).map(|data| data.permissions().mode() & 0o7777).unwrap_or_default()
    };
    assert_eq!(
        [
            "lib/heat-cfntools/cfn-userdata",
            "lib/heat-cfntools/provision-finished",
            "lib/heat-cfntools/.._cfn-watch-server",
            "lib/cloud/data/cfn-init-data",
            "log/heat-provision.log",
        ]
        .map(mode),
        [0o700, 0o644, 0o600, 0o600, 0o600]
    );
    // As the handler, once in an instance.
    assert_eq!(booted.file("var/lib/heat-cfntools/cfn-init-data"), "changed by its tools\n");
    assert!(!booted.said(2, "init").contains("Heat"), "{}", booted.said(2, "init"));
}

#[test]
fn other_tools_are_called_and_their_secrets_are_in_no_log() {
    let booted = Booted::of("tools");
    let ran = booted.file("srv/ran");
    assert_eq!(
        ran.lines().collect::<Vec<_>>(),
        [
            "snap wait system seed.loaded",
            "snap ack /var/lib/cloud/instances/i-tools/snapd.assertions",
            "snap install a",
            "snap install b",
            "pro config set http_proxy=http://u:s3cret@proxy",
            "pro config unset https_proxy",
            "pro attach --attach-config /run/glowplug/pro-attach.yaml",
            r#"{"token":"s3cret","enable_services":["esm-infra"]}"#,
            "subscription-manager register --password=s3cret --username=me",
            "subscription-manager attach --auto",
            "puppet config set --section main certname i-tools",
            "puppet config print ssldir",
            "puppet config print csr_attributes",
            "puppet agent --test",
            "service puppet start",
            "ansible-pull --url=https://x/y of /root, /etc/my ansible.cfg",
            "ansible-pull --full of /root, /etc/my ansible.cfg",
            "ansible-pull it's.yml of /root, /etc/my ansible.cfg",
            "git clone -- https://x/z /srv/z",
            "ansible-playbook a.yml --check in /usr/share by root",
        ]
    );
    assert_eq!(booted.file("srv/ssl/certs/ca.pem"), "CERTIFICATE\n");
    assert!(booted.file("srv/puppet/csr.yaml").contains("    1.2.840.113549.1.9.7: s3cret\n"));
    assert_eq!(booted.file("etc/default/puppet"), "START=yes\n");
    assert_eq!(booted.file("run/glowplug/pro-attach.yaml"), "");
    // The stand-in's root has no user puppet.
    let status = booted.file("run/cloud-init/status.json");
    assert!(status.contains("puppet") && !status.contains("s3cret"), "{status}");
    let log = fs::read_to_string(booted.folder.join("log")).unwrap();
    assert!(!log.contains("s3cret") && !booted.file("var/log/cloud-init.log").contains("s3cret"), "{log}");
    assert!(booted.said(1, "modules --mode=config").contains("\n== status 0\n"), "{log}");
}

#[test]
fn a_mount_that_was_left_out_comes_with_its_disk_in_a_later_boot() {
    let booted = Booted::of("mounts-left");
    let why = "unable to mount the device at user-data:3:10: /dev/loop97: there is no such device";
    let said = |boot| booted.said(boot, "init");
    assert!(said(1).contains(why) && said(1).ends_with("== status 2\n"), "{}", said(1));
    assert!(
        said(2).contains("\nmounts: 4 actions done\n") && said(2).ends_with("== status 0\n"),
        "{}",
        said(2)
    );
    assert!(!said(3).contains("mounts"), "{}", said(3));
    assert_eq!(
        booted.file("etc/fstab"),
        "nas:/x\t/mnt/nas\tnfs\tro,nofail,comment=cloudconfig\t0\t0\n\
         /dev/loop97\t/mnt/late\text4\tdefaults,nofail,comment=cloudconfig\t0\t2\n"
    );
    assert_eq!(booted.file("srv/ran"), "mount -a\nmount -a\n");
}

/// They were lines of the log, and the status was done.
#[test]
fn a_network_setting_that_the_back_end_does_not_have_degrades_the_status() {
    let booted = Booted::of("lost-settings");
    let said = booted.said(1, "init");
    for setting in ["dhcp-identifier", "dhcp4-overrides.use-dns", "dhcp4-overrides.use-mtu"] {
        let told = format!("unable to keep {setting} of link nic0: eni has no such setting\n");
        assert!(said.contains(&told), "{said}");
    }
    let status = booted.file("run/cloud-init/status.json");
    let warned = |setting: &str| status.contains(&format!("unable to keep {setting} of link nic0"));
    assert!(warned("dhcp-identifier") && warned("dhcp4-overrides.use-dns"), "{status}");
    assert!(!warned("dhcp4-overrides.use-mtu"), "{status}");
    assert!(said.ends_with("init is done with 2 warnings\n== status 2\n"), "{said}");
}
