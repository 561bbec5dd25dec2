//! A root, a seed, and the agent run on them as the hook of an initramfs runs
//! it, in namespaces of its own (mounts, network, host name) with NICs that are
//! veth pairs; it needs to be root.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A description with a name, a static address and DHCP.
pub(crate) const NETWORK: &str = r#"{
 "links": [
  {"id": "a", "name": "front", "type": "phy", "ethernet_mac_address": "52:54:00:AA:00:01", "mtu": 1400},
  {"id": "b", "type": "vif", "ethernet_mac_address": "52:54:00:aa:00:02"}
 ],
 "networks": [
  {"id": "n", "link": "a", "type": "ipv4", "ip_address": "192.0.2.7", "netmask": "255.255.255.0",
   "routes": [{"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": "192.0.2.1"}]},
  {"id": "m", "link": "b", "type": "ipv4_dhcp"}
 ],
 "services": [{"type": "dns", "address": "192.0.2.53"}]
}"#;

/// A root, a seed, and the machine they are for.
pub(crate) struct Story {
    pub(crate) folder: PathBuf,
}

impl Story {
    /// A root with its accounts, and a seed for it.
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("glowplug-hook-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let story = Self { folder };
        story.root("etc/passwd", "root:x:0:0::/root:/bin/sh\n");
        story.root("etc/group", "root:x:0:\n");
        story.seed("meta_data.json", r#"{"uuid": "hook-1", "hostname": "hooked.example.org"}"#);
        story.seed("network_data.json", NETWORK);
        story
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Puts a file into the root.
    pub(crate) fn root(&self, path: &str, content: &str) {
        self.write(&format!("root/{path}"), content);
    }

    /// Puts a file into the seed.
    pub(crate) fn seed(&self, name: &str, content: &str) {
        self.write(&format!("seed/openstack/latest/{name}"), content);
    }

    /// Runs a script in fresh namespaces: /run is empty, `a0` and `b0` are
    /// NICs, `$AGENT`, `$RUNNER`, `$ROOT` and `$SEED` say where things are. What
    /// it leaves in /run is copied to `run`.
    pub(crate) fn run(&self, script: &str) -> Output {
        self.run_on("52:54:00:aa:00", script)
    }

    /// As [`Story::run`] on a machine whose NICs have other MAC addresses.
    pub(crate) fn run_on(&self, mac: &str, script: &str) -> Output {
        let prelude = format!(
            "set -e; mount -t tmpfs tmpfs /run; mount -t sysfs sysfs /sys; \
             ip link add a0 address {mac}:01 type veth peer name a1 address {mac}:11; \
             ip link add b0 address {mac}:02 type veth peer name b1 address {mac}:12; set +e"
        );
        let script = format!(
            "{prelude}; {script}; status=$?; rm -rf $ROOT/../run; cp -a /run $ROOT/../run; exit $status"
        );
        let output = Command::new("unshare")
            .args(["-m", "-n", "-u", "sh", "-c", &script])
            .env("AGENT", env!("CARGO_BIN_EXE_glowplug-agent"))
            .env("RUNNER", env!("CARGO_BIN_EXE_glowplug"))
            .env("ROOT", self.folder.join("root"))
            .env("SEED", self.folder.join("seed"))
            .output()
            .unwrap_or_else(|error| panic!("unable to run unshare (package util-linux): {error}"));
        assert_ne!(output.status.code(), Some(127), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// The text of a file below the folder of the story.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(path)).ok()
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What a run printed.
pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
