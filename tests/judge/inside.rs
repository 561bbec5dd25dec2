//! In a network of its own: a description is set live or given to a back end, and
//! what became of it is read.

use crate::case::Case;
use crate::facts::{self, Facts};
use glowplug::action::Action;
use glowplug::network::render::distribution::Distribution;
use glowplug::network::render::{self, Target, live};
use glowplug::network::resolve::Resolved;
use glowplug::stage::network::system_links;
use glowplug::sys::netlink::Netlink;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a back end is given, and how long its state must stay what it is.
const MOST: Duration = Duration::from_secs(9);
const STEADY: Duration = Duration::from_millis(1600);

/// What a back end makes of a case.
pub(crate) fn run(case: &Case, back_end: &str) -> Facts {
    let present = system_links().unwrap();
    let resolved = case.network.resolve(&present);
    let mut netlink = Netlink::open().unwrap();
    for step in resolved.renames() {
        netlink.apply(&step).unwrap();
    }
    if back_end == "live" {
        for action in live::render(&resolved) {
            // A veth pair can't be woken by a packet, and says so.
            if let Action::Link(step) = action
                && let Err(error) = netlink.apply(&step)
            {
                println!("{error}");
            }
        }
        let mut facts = facts::of_kernel();
        facts.append(&mut facts::described(&resolved));
        return facts::settled(&resolved, facts);
    }
    write(&resolved, back_end);
    let moved = if back_end == "eni" { Vec::new() } else { moved(&resolved) };
    match back_end {
        "networkd" => networkd(),
        "netplan" => netplan(),
        "network-manager" => network_manager(),
        _ => ifupdown(),
    }
    let expected = fs::read_to_string(std::env::var_os(crate::EXPECTED).unwrap()).unwrap();
    let expected: Facts = expected.lines().map(String::from).collect();
    let look = || facts::settled(&resolved, facts::renamed(&state(back_end), &moved));
    steady(&look, &expected)
}

/// NICs without a name get another one, as by udev's rules after the agent is
/// done: now, and before. (ifupdown's NICs are named by a rule of ours.)
fn moved(resolved: &Resolved<'_>) -> Vec<(String, String)> {
    let mut moved = Vec::new();
    for (at, link) in resolved.links.iter().enumerate().filter(|(_, link)| link.is_found_by_mac_alone()) {
        if link.present.is_some() {
            let names = (format!("udev{at}"), link.name.to_string());
            let status = Command::new("ip").args(["link", "set", &names.1, "name", &names.0]).status();
            assert!(status.unwrap().success());
            moved.push(names);
        }
    }
    moved
}

/// The back end's files, where a boot puts them.
fn write(resolved: &Resolved<'_>, back_end: &str) {
    let renderer = render::ALL.iter().find(|renderer| renderer.name == back_end).unwrap();
    let target = Target { distribution: Distribution::named("debian").unwrap(), lasting: back_end == "eni" };
    for action in (renderer.render)(resolved, target) {
        let Action::WriteFile(file) = action else { panic!("{action:?} is no file") };
        println!("{}\n{}", file.path, String::from_utf8_lossy(&file.content));
        put(&file.path, &file.content, file.mode);
    }
}

fn put(path: &str, content: &[u8], mode: u32) {
    fs::create_dir_all(Path::new(path).parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Starts a daemon; what it says is told with the rest.
#[allow(clippy::zombie_processes, reason = "it ends with the namespace of processes it is in")]
fn start(program: &str, arguments: &[&str]) {
    let started = Command::new(program)
        .args(arguments)
        .env("SYSTEMD_LOG_TARGET", "console")
        .env("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/run/dbus/system_bus_socket")
        .env_remove("NOTIFY_SOCKET")
        .stdin(Stdio::null())
        .spawn();
    started.unwrap_or_else(|error| panic!("{program}: {error}"));
}

fn networkd() {
    start("/usr/lib/systemd/systemd-networkd", &[]);
}

fn netplan() {
    let status = Command::new("/usr/libexec/netplan/generate").status().unwrap();
    assert!(status.success(), "netplan refuses it");
    // A veth pair has no permanent address, which netplan asks for.
    for file in fs::read_dir("/run/systemd/network").into_iter().flatten() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        println!("{}\n{text}", path.display());
        fs::write(&path, text.replace("PermanentMACAddress=", "MACAddress=")).unwrap();
    }
    networkd();
}

const BUS: &[u8] = b"<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen>\
    <policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\"/>\
    <allow receive_sender=\"*\"/><allow eavesdrop=\"false\"/></policy></busconfig>\n";

const NETWORK_MANAGER: &[u8] = b"[main]\nplugins=keyfile\ndhcp=internal\nno-auto-default=*\ndns=default\n\
    rc-manager=file\nauth-polkit=false\n[logging]\nlevel=INFO\n";

fn network_manager() {
    put("/run/bus.conf", BUS, 0o644);
    put("/etc/NetworkManager/NetworkManager.conf", NETWORK_MANAGER, 0o644);
    start("dbus-daemon", &["--config-file=/run/bus.conf", "--nofork", "--nopidfile"]);
    while !Path::new("/run/dbus/system_bus_socket").exists() {
        sleep(Duration::from_millis(20));
    }
    start("NetworkManager", &["--no-daemon"]);
}

/// The service's commands (ifupdown's networking.service).
fn ifupdown() {
    let main = "source-directory /etc/network/interfaces.d\nauto lo\niface lo inet loopback\n";
    if !Path::new("/etc/network/interfaces").exists() {
        put("/etc/network/interfaces", main.as_bytes(), 0o644);
    }
    let script = "timeout 30 ifup -a; timeout 30 ifup -a --allow=hotplug";
    Command::new("sh").args(["-c", script]).stdin(Stdio::null()).status().unwrap();
}

/// The state, once it stays what is expected, or after the time that is given.
fn steady(look: &dyn Fn() -> Facts, expected: &Facts) -> Facts {
    let start = Instant::now();
    let (mut facts, mut since) = (Facts::new(), Instant::now());
    while start.elapsed() < MOST && (since.elapsed() < STEADY || facts::like(&facts, expected) != *expected) {
        sleep(Duration::from_millis(200));
        let now = look();
        if now != facts {
            (facts, since) = (now, Instant::now());
        }
    }
    facts
}

/// What the kernel has, what was asked for on the wire, and resolvers.
fn state(back_end: &str) -> Facts {
    let mut facts = facts::of_kernel();
    facts.append(&mut facts::of_wire());
    facts.append(&mut resolvers(back_end));
    facts
}

/// DNS servers and search domains, as the back end hands them on.
fn resolvers(back_end: &str) -> Facts {
    let mut facts = Facts::new();
    let mut add = |kind: &str, words: &str| {
        facts.extend(words.split_ascii_whitespace().map(|word| format!("{kind} {word}")));
    };
    let mut files = vec!["/etc/resolv.conf".to_string(), "/run/dns".to_string()];
    if back_end == "networkd" || back_end == "netplan" {
        let links = fs::read_dir("/run/systemd/netif/links").unwrap();
        files = links.map(|link| link.unwrap().path().to_str().unwrap().to_string()).collect();
    }
    for file in files {
        for line in fs::read_to_string(file).unwrap_or_default().lines() {
            match line.split_once([' ', '=']) {
                Some(("nameserver" | "DNS", words)) => add("dns", words),
                Some(("search" | "DOMAINS", words)) => add("search", words),
                _ => {}
            }
        }
    }
    facts
}
