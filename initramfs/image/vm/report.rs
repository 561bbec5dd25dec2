//! What a machine tells of itself at the end of a boot, over its second serial
//! port (`root/etc/init.d/S99report`).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use glowplug::error::{Error, Result};
use miniserde::Serialize;

/// One boot, as its machine saw it.
// the names are those of report.json
#[allow(clippy::struct_field_names)]
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Boot {
    /// The kernel's host name.
    pub(crate) hostname: String,
    /// Every link but `lo`.
    pub(crate) links: Vec<Link>,
    /// The word after `status:` of `glowplug status`; empty if it said none.
    pub(crate) status: String,
    /// Exit status of `glowplug status`.
    pub(crate) status_exit: i32,
    /// All `glowplug status` printed.
    pub(crate) status_output: String,
    /// The lines of `ip route`, of both families.
    pub(crate) routes: Vec<String>,
    /// The text files below /run, by path.
    pub(crate) run_files: BTreeMap<String, String>,
    /// What `/run/glowplug/timings` says each step took.
    pub(crate) timings_ms: BTreeMap<String, f64>,
    /// Seconds from the kernel's start to the report.
    pub(crate) uptime_s: f64,
    /// Units that `systemctl --failed` lists.
    pub(crate) failed_units: Vec<String>,
    /// By NIC: what nmcli, networkctl or ifquery say of it.
    pub(crate) network_backend: BTreeMap<String, String>,
    /// Seconds from the kernel's start to `network` (the last address is
    /// there), `multi_user`, `init`, `final` (those stages are done), `ssh`.
    pub(crate) boot_s: BTreeMap<String, f64>,
    /// By unit, of those with cloud-init's names: how long its program ran, and
    /// the processor's time in it and all it started.
    pub(crate) stages_ms: BTreeMap<String, Vec<f64>>,
    /// Lines of the journal about ordering cycles.
    pub(crate) cycles: String,
    /// What `systemd-analyze verify` says, with `report.verify` on the kernel line.
    pub(crate) verify: String,
}

/// One network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Link {
    /// Its name.
    pub(crate) name: String,
    /// Its Ethernet address.
    pub(crate) mac: String,
    /// Whether `IFF_UP` is set.
    pub(crate) up: bool,
    /// Largest packet, in bytes.
    pub(crate) mtu: u32,
    /// `bond`, `vlan`, `bridge`, …: what /sys calls it; empty for a NIC.
    pub(crate) kind: String,
    /// The bond or bridge it is in; empty for none.
    pub(crate) master: String,
    /// `ADDRESS/PREFIX`, of both families, in the kernel's order.
    pub(crate) addresses: Vec<String>,
    /// The lines of `ip route` that go this way.
    pub(crate) routes: Vec<String>,
}

impl Boot {
    /// Reads a report. Without its last line it is an error: the machine
    /// stopped before it had told everything.
    pub(crate) fn parse(report: &str) -> Result<Self> {
        let mut boot = Self::default();
        let (mut addresses, mut kinds) = (String::new(), String::new());
        for line in report.lines() {
            let (item, rest) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
            match item {
                "exit" => boot.status_exit = rest.parse().unwrap_or(-1),
                "status" => boot.status_output = decode(rest),
                "hostname" => boot.hostname = decode(rest),
                "links" => boot.links = decode(rest).lines().filter_map(parse_link).collect(),
                "addresses" => addresses = decode(rest),
                "kinds" => kinds = decode(rest),
                "routes" => boot.routes = decode(rest).lines().map(|line| line.trim().to_owned()).collect(),
                "uptime" => boot.uptime_s = first_number(&decode(rest)),
                "file" => boot.add_run_file(rest),
                "failed" => boot.failed_units.extend(Some(decode(rest)).filter(|unit| !unit.is_empty())),
                "backend" => boot.add_backend(rest),
                "second" => boot.boot_s.extend(parse_second(rest)),
                "stage" => boot.stages_ms.extend(parse_stage(rest)),
                "cycles" => boot.cycles = decode(rest),
                "verify" => boot.verify = decode(rest),
                "end" => {
                    boot.add_addresses(&addresses);
                    boot.add_kinds(&kinds);
                    boot.share_routes();
                    boot.read_status();
                    return Ok(boot);
                }
                _ => {}
            }
        }
        Err(Error::new("boot", "the machine", "it stopped before its report was complete"))
    }

    /// A file that is not text is left out.
    fn add_run_file(&mut self, fields: &str) {
        let (path, content) = fields.split_once(' ').unwrap_or((fields, ""));
        let Ok(content) = String::from_utf8(decode_bytes(content)) else { return };
        let path = decode(path);
        if path == "/run/glowplug/timings" {
            self.timings_ms.extend(content.lines().filter_map(parse_timing));
        }
        self.run_files.insert(path, content);
    }

    /// `NIC TEXT`.
    fn add_backend(&mut self, fields: &str) {
        let (nic, text) = fields.split_once(' ').unwrap_or((fields, ""));
        self.network_backend.insert(decode(nic), decode(text));
    }

    /// A line of `ip -o addr`: `2: eth0    inet 192.0.2.5/24 brd …`.
    fn add_addresses(&mut self, listing: &str) {
        for line in listing.lines() {
            let mut words = line.split_whitespace().skip(1);
            let (Some(name), Some("inet" | "inet6"), Some(address)) =
                (words.next(), words.next(), words.next())
            else {
                continue;
            };
            if let Some(link) = self.links.iter_mut().find(|link| link.name == name) {
                link.addresses.push(address.to_owned());
            }
        }
    }

    /// A line of `grep`: `/sys/class/net/bond0/uevent:DEVTYPE=bond`.
    fn add_kinds(&mut self, listing: &str) {
        for line in listing.lines() {
            let Some((path, kind)) = line.split_once(":DEVTYPE=") else { continue };
            let name = path.split('/').nth(4);
            if let Some(link) = self.links.iter_mut().find(|link| Some(&*link.name) == name) {
                kind.trim().clone_into(&mut link.kind);
            }
        }
    }

    /// Gives each link its lines: `default via 192.0.2.1 dev eth0 …`.
    fn share_routes(&mut self) {
        for line in &self.routes {
            let name = word_after(line, "dev");
            if let Some(link) = self.links.iter_mut().find(|link| Some(&*link.name) == name) {
                link.routes.push(line.clone());
            }
        }
    }

    fn read_status(&mut self) {
        let word = self.status_output.lines().find_map(|line| line.strip_prefix("status:"));
        self.status = word.unwrap_or_default().trim().to_owned();
    }
}

/// The word after `word`.
fn word_after<'l>(line: &'l str, word: &str) -> Option<&'l str> {
    line.split_whitespace().skip_while(|other| *other != word).nth(1)
}

/// A line of `ip -o link`: `2: eth0: <BROADCAST,UP> mtu … master br0 … \    link/ether 52:54:… brd …`.
fn parse_link(line: &str) -> Option<Link> {
    let mut words = line.split_whitespace().skip(1);
    let name = words.next()?.trim_end_matches(':').split('@').next()?.to_owned();
    let flags = words.next()?.trim_matches(['<', '>']);
    let mac = words.skip_while(|word| !word.starts_with("link/")).nth(1).unwrap_or_default().to_owned();
    let up = flags.split(',').any(|flag| flag == "UP");
    let mtu = word_after(line, "mtu")?.parse().ok()?;
    let master = word_after(line, "master").unwrap_or_default().to_owned();
    (name != "lo").then(|| Link { name, mac, up, mtu, master, ..Link::default() })
}

/// A line of the timings: `STEP<TAB>START_US<TAB>DURATION_US`.
fn parse_timing(line: &str) -> Option<(String, f64)> {
    let mut fields = line.split('\t');
    let step = fields.next()?;
    let microseconds: f64 = fields.nth(1)?.trim().parse().ok()?;
    Some((step.to_owned(), microseconds / 1000.0))
}

/// `STEP SECONDS`.
fn parse_second(fields: &str) -> Option<(String, f64)> {
    let (step, seconds) = fields.split_once(' ')?;
    Some((step.to_owned(), seconds.trim().parse().ok()?))
}

/// `UNIT MS MS`.
fn parse_stage(fields: &str) -> Option<(String, Vec<f64>)> {
    let (unit, times) = fields.split_once(' ')?;
    Some((unit.to_owned(), times.split_whitespace().filter_map(|time| time.parse().ok()).collect()))
}

fn first_number(text: &str) -> f64 {
    text.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or_default()
}

fn decode(text: &str) -> String {
    String::from_utf8_lossy(&decode_bytes(text)).into_owned()
}

fn decode_bytes(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str, content: &str) -> String {
        format!("{name} {}\r\n", STANDARD.encode(content))
    }

    fn report() -> String {
        let links = "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue \\    link/loopback 00:00 brd 00:00\n\
            2: eth1: <BROADCAST,MULTICAST,UP> mtu 1500 qdisc pfifo master br0 \\    link/ether 52:54:00:00:00:01 brd ff:ff\n";
        let addresses = "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever\n\
            2: eth1    inet 192.0.2.5/24 brd 192.0.2.255 scope global eth1\\       valid_lft forever\n\
            2: eth1    inet6 fe80::1/64 scope link \\       valid_lft forever\n";
        let timings = format!(
            "file {} {}\n",
            STANDARD.encode("/run/glowplug/timings"),
            STANDARD.encode("agent/mount root\t100\t2500\n")
        );
        let status = item("status", "status: done");
        let routes = item("routes", "default via 192.0.2.1 dev eth1\nff00::/8 dev eth7\n");
        let kinds = item("kinds", "/sys/class/net/eth1/uevent:DEVTYPE=bond\n");
        let (addresses, links) = (item("addresses", addresses), item("links", links));
        let stages = "stage cloud-init 12.500 3.250\nstage cloud-final - -\n";
        format!("exit 0\r\n{status}{addresses}{links}{routes}{kinds}{timings}{stages}")
    }

    #[test]
    fn reads_a_whole_report() {
        let boot = Boot::parse(&(report() + "end\r\n")).unwrap();
        assert_eq!((boot.status.as_str(), boot.status_exit), ("done", 0));
        let addresses = vec!["192.0.2.5/24".to_owned(), "fe80::1/64".to_owned()];
        let expected = Link {
            name: "eth1".into(),
            mac: "52:54:00:00:00:01".into(),
            up: true,
            mtu: 1500,
            kind: "bond".into(),
            master: "br0".into(),
            addresses,
            routes: vec!["default via 192.0.2.1 dev eth1".into()],
        };
        assert_eq!(boot.links, [expected]);
        assert_eq!(boot.stages_ms["cloud-init"], [12.5, 3.25]);
        assert!(boot.stages_ms["cloud-final"].is_empty(), "what systemd does not know is left out");
        assert_eq!(boot.timings_ms["agent/mount root"].to_bits(), 2.5_f64.to_bits());
    }

    #[test]
    fn without_its_end_a_report_is_a_failed_boot() {
        assert!(Boot::parse(&report()).is_err());
    }
}
