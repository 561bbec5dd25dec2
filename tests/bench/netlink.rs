//! Naming and addressing 64 NICs: the netlink messages it takes, and the time
//! beside `ip -batch` doing the same. In a network namespace of its own, on
//! veth pairs; needs root, unshare(1), ip(8) and strace(1), which counts ip's
//! messages.
//!
//! ip starts anew for each batch, as it does for whoever uses it; what it takes
//! to start is measured too, with an empty batch, and left out of its time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a bench ends by a panic

use glowplug::action::{Action, LinkAction, LinkChange};
use glowplug::network::parse::network_config;
use glowplug::network::render::live;
use glowplug::stage::network::system_links;
use glowplug::syntax::yaml;
use glowplug::sys::netlink::Netlink;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const NICS: usize = 64;

/// Rounds that count; the first one does not.
const ROUNDS: usize = 9;

/// Set for the process in the namespace.
const INSIDE: &str = "GLOWPLUG_BENCH";

fn main() {
    if std::env::var_os(INSIDE).is_some() {
        return bench();
    }
    let mut inside = Command::new("unshare");
    inside.args(["--net", "--mount", "--"]).arg(std::env::current_exe().unwrap()).env(INSIDE, "1");
    assert!(inside.status().expect("unshare runs").success());
}

/// The NICs, down, by the names `ensN`, with an address from before; and the
/// description and `ip -batch` file that call them `lanN`.
struct Scene {
    before: PathBuf,
    batch: PathBuf,
    empty: PathBuf,
    description: String,
}

impl Scene {
    fn new(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        let (mut before, mut batch) = (String::new(), String::new());
        let mut description = String::from("version: 2\nethernets:\n");
        for nic in 0..NICS {
            let mac = format!("02:00:00:00:01:{nic:02x}");
            writeln!(before, "link add ens{nic} address {mac} type veth peer name peer{nic}").unwrap();
            writeln!(before, "link set peer{nic} up\naddress add 192.0.2.{nic}/24 dev ens{nic}").unwrap();
            writeln!(
                description,
                "  lan{nic}: {{match: {{macaddress: '{mac}'}}, set-name: lan{nic}, addresses: [10.{nic}.0.5/24], \
                 routes: [{{to: 172.16.{nic}.0/24, via: 10.{nic}.0.1}}]}}"
            )
            .unwrap();
        }
        for line in [
            "link set ensN name lanN",
            "address flush dev lanN",
            "route flush dev lanN",
            "link set lanN up",
            "address add 10.N.0.5/24 brd + dev lanN",
            "route replace 172.16.N.0/24 via 10.N.0.1 dev lanN proto static",
        ] {
            for nic in 0..NICS {
                writeln!(batch, "{}", line.replace('N', &nic.to_string())).unwrap();
            }
        }
        let file = |name: &str, text: &str| {
            fs::write(folder.join(name), text).unwrap();
            folder.join(name)
        };
        let (before, batch, empty) = (file("before", &before), file("batch", &batch), file("empty", ""));
        Self { before, batch, empty, description }
    }

    fn prepare(&self) {
        for link in system_links().unwrap() {
            if link.name.starts_with("peer") {
                Command::new("ip").args(["link", "delete", &link.name]).status().unwrap();
            }
        }
        assert!(ip(&self.before).status().unwrap().success());
    }

    /// Naming and addressing alone: what ip(8) can do too.
    fn actions(&self) -> Vec<LinkAction> {
        let network = network_config(yaml::load(&self.description).unwrap(), "description").network;
        let present = system_links().unwrap();
        let resolved = network.resolve(&present);
        assert_eq!(resolved.problems, []);
        let settings = resolved.renames().into_iter().map(Action::Link).chain(live::render(&resolved));
        let same = |action: Action| match action {
            Action::Link(action) => match action.change {
                LinkChange::FlushRules { .. } | LinkChange::AcceptAdvertisements { .. } => None,
                _ if action.link == "lo" => None,
                _ => Some(action),
            },
            other => panic!("{other}"),
        };
        settings.filter_map(same).collect()
    }

    /// All NICs have their names, one address and one route.
    fn check(&self, who: &str) {
        let mut netlink = Netlink::open().unwrap();
        let links = netlink.links().unwrap();
        let (addresses, routes) = (netlink.addresses().unwrap(), netlink.routes().unwrap());
        for nic in 0..NICS {
            let name = format!("lan{nic}");
            let link = links.iter().find(|link| link.name == name).unwrap_or_else(|| panic!("{who}: {name}"));
            let own = addresses.iter().filter(|own| own.link == link.index && !own.address.is_ipv6());
            let own: Vec<String> = own.map(|own| own.address.to_string()).collect();
            assert_eq!((link.up, own), (true, vec![format!("10.{nic}.0.5")]), "{who}: {name}");
            let ways = routes.iter().filter(|way| way.link == link.index && !way.is_the_kernels());
            assert_eq!(ways.count(), 1, "{who}: {name}");
        }
    }
}

fn ip(batch: &Path) -> Command {
    let mut ip = Command::new("ip");
    ip.arg("-batch").arg(batch).stdout(Stdio::null());
    ip
}

/// Does the work; the value is the messages it took.
fn singly(scene: &Scene) -> u32 {
    let actions = scene.actions();
    let mut netlink = Netlink::open().unwrap();
    for action in &actions {
        netlink.apply(action).unwrap();
    }
    netlink.sent()
}

fn together(scene: &Scene) -> u32 {
    let actions = scene.actions();
    let mut netlink = Netlink::open().unwrap();
    netlink
        .apply_all(&actions, &mut |action, outcome| assert_eq!(outcome, Ok(()), "{}", action.text()))
        .unwrap();
    netlink.sent()
}

fn by_ip(scene: &Scene) -> u32 {
    assert!(ip(&scene.batch).status().unwrap().success());
    0
}

/// Netlink messages of `ip -batch`: what it sends, from strace's list.
fn messages_of_ip(scene: &Scene) -> usize {
    scene.prepare();
    let mut strace = Command::new("strace");
    strace.args(["-e", "trace=sendto,sendmsg", "ip", "-batch"]).arg(&scene.batch).stdout(Stdio::null());
    let told = strace.output().expect("strace runs").stderr;
    String::from_utf8_lossy(&told).matches("nlmsg_type=RTM_").count()
}

fn time(work: impl FnOnce() -> u32) -> (Duration, u32) {
    let start = Instant::now();
    let messages = work();
    (start.elapsed(), messages)
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

fn bench() {
    let folder = std::env::temp_dir().join(format!("glowplug-bench-{}", std::process::id()));
    let scene = Scene::new(&folder);
    type Work = fn(&Scene) -> u32;
    let contestants: [(&str, Work); 3] = [
        ("glowplug, one message at a time", singly),
        ("glowplug, many at a time", together),
        ("ip -batch", by_ip),
    ];
    let mut times = [const { Vec::new() }; 3];
    let (mut messages, mut starts) = ([0; 3], Vec::new());
    for round in 0..=ROUNDS {
        for (at, (who, work)) in contestants.iter().enumerate() {
            scene.prepare();
            let (elapsed, sent) = time(|| work(&scene));
            scene.check(who);
            messages[at] = sent as usize;
            if round > 0 {
                times[at].push(elapsed);
            }
        }
        starts.push(time(|| u32::from(!ip(&scene.empty).status().unwrap().success())).0);
    }
    messages[2] = messages_of_ip(&scene);
    let start = median(starts);
    let medians = times.map(median);
    let own = medians[2] - start;
    println!("\nnaming and addressing {NICS} NICs, median of {ROUNDS} rounds");
    println!("{:34} {:>9} {:>9} {:>9}", "", "messages", "ms", "x ip");
    for (at, (who, _)) in contestants.iter().enumerate() {
        let spent = if at == 2 { own } else { medians[at] };
        println!("{who:34} {:>9} {spent:>9.2} {:>9.2}", messages[at], own / spent);
    }
    println!("(ip's start, {start:.2} ms, is left out; reading the description is part of glowplug's time)");
    fs::remove_dir_all(folder).unwrap();
}
