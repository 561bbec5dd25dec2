//! A network set live and killed at every single netlink message, then set
//! again: the machine ends as if nothing had happened. strace(1) kills it, as
//! the message is about to be sent: this very test, which sends them one by one
//! as the agent does, and `glowplug net apply`, which sends many at a time.

use crate::inside;
use crate::live::{network, set};
use glowplug::sys::netlink::Netlink;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// NICs as they are before, with everything on them, and what is wanted.
struct Situation {
    /// Commands of `ip -batch`. NICs have the addresses 02:00:00:00:00:0N.
    before: &'static str,
    /// Network config of version 2.
    wanted: &'static str,
    /// Names of all links but the peers, afterwards.
    names: &'static [&'static str],
}

const SITUATIONS: &[Situation] = &[
    // A swap of two that are up, with the old addresses, routes and rules on.
    Situation {
        before: "\
link add eth0 address 02:00:00:00:00:00 type veth peer name peer0
link add eth1 address 02:00:00:00:00:01 type veth peer name peer1
link set peer0 up
link set peer1 up
link set eth0 up
link set eth1 up
address add 192.0.2.7/24 dev eth0
address add 10.0.0.6/24 dev eth1
address add 2001:db8:9::9/64 dev eth1
route add 100.64.0.0/10 via 192.0.2.1 dev eth0
rule add from 172.16.0.0/12 lookup 9 priority 9 proto 103
",
        wanted: "
version: 2
ethernets:
  a:
    match: {macaddress: '02:00:00:00:00:00'}
    set-name: eth1
    mtu: 1400
    addresses: [10.0.0.5/24, '2001:db8::5/64']
    gateway4: 10.0.0.1
    routing-policy: [{from: 10.0.0.0/24, table: 7, priority: 7}, {from: 10.8.0.0/16, table: 8}]
  b:
    match: {macaddress: '02:00:00:00:00:01'}
    set-name: eth0
    addresses: [10.0.0.6/24]
    routes: [{to: 10.9.0.0/16, via: 10.0.0.9}, {to: 10.10.0.0/16, via: 192.0.2.2}]
",
        names: &["eth1", "eth0"],
    },
    // A cycle of three, one of them down.
    Situation {
        before: "\
link add lan0 address 02:00:00:00:00:00 type veth peer name peer0
link add lan1 address 02:00:00:00:00:01 type veth peer name peer1
link add lan2 address 02:00:00:00:00:02 type veth peer name peer2
link set lan0 up
link set lan2 up
address add 10.0.0.1/24 dev lan2
",
        wanted: "
version: 2
ethernets:
  a: {match: {macaddress: '02:00:00:00:00:00'}, set-name: lan1}
  b: {match: {macaddress: '02:00:00:00:00:01'}, set-name: lan2}
  c: {match: {macaddress: '02:00:00:00:00:02'}, set-name: lan0, addresses: [10.0.0.1/24]}
",
        names: &["lan1", "lan2", "lan0"],
    },
    // A chain with somebody else's NIC at its end, and a name that is another's
    // alternative one.
    Situation {
        before: "\
link add eth0 address 02:00:00:00:00:00 type veth peer name peer0
link add eth1 address 02:00:00:00:00:01 type veth peer name peer1
link add eth2 address 02:00:00:00:00:02 type veth peer name peer2
link add ens9 address 02:00:00:00:00:03 type veth peer name peer3
link set eth0 up
link set eth1 up
link set eth2 up
link property add dev ens9 altname eth3
link property add dev ens9 altname wan0
",
        wanted: "
version: 2
ethernets:
  a: {match: {macaddress: '02:00:00:00:00:00'}, set-name: eth1}
  b: {match: {macaddress: '02:00:00:00:00:01'}, set-name: eth2}
  d: {match: {macaddress: '02:00:00:00:00:03'}, addresses: [10.0.0.3/24]}
",
        names: &["eth1", "eth2", "eth4", "ens9"],
    },
    // A bridge that has its port's address, whose port gets another name; and a
    // name that is another NIC's alternative one.
    Situation {
        before: "\
link add ens3 address 02:00:00:00:00:00 type veth peer name peer0
link add ens4 address 02:00:00:00:00:01 type veth peer name peer1
link add br0 type bridge
link set ens3 master br0
link set ens3 up
link set br0 up
link property add dev ens4 altname lan0
address add 10.4.0.9/24 dev br0
",
        wanted: "
version: 2
ethernets:
  a: {match: {macaddress: '02:00:00:00:00:00'}, set-name: lan0}
bridges:
  br0: {interfaces: [a], addresses: [10.4.0.1/24], parameters: {stp: false, forward-delay: 4}}
",
        names: &["lan0", "ens4", "br0"],
    },
    // Everything right already.
    Situation {
        before: "\
link add eth0 address 02:00:00:00:00:00 type veth peer name peer0
link set eth0 up
address add 10.0.0.5/24 dev eth0
",
        wanted: "
version: 2
ethernets:
  a: {match: {macaddress: '02:00:00:00:00:00'}, set-name: eth0, addresses: [10.0.0.5/24]}
",
        names: &["eth0"],
    },
];

/// What the NIC in the way is called in the end.
const FOREIGN: &str = "eth4";

/// A folder of this process' own.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cut-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn prepare(before: &str, folder: &Path) {
    let batch = folder.join("before");
    let links = ["peer0", "peer1", "peer2", "peer3", "br0"].map(|name| format!("link delete {name}\n"));
    fs::write(&batch, links.concat()).unwrap();
    let mut ip = Command::new("ip");
    ip.args(["-force", "-batch"]).arg(&batch).stderr(Stdio::null());
    ip.status().unwrap();
    Command::new("ip").args(["rule", "flush", "proto", "103"]).status().unwrap();
    fs::write(&batch, before).unwrap();
    assert!(Command::new("ip").arg("-batch").arg(&batch).status().unwrap().success());
}

/// Set, to the description, for the process that is killed.
const DESCRIPTION: &str = "GLOWPLUG_CUT";

const ONE_BY_ONE: &str = "cut::one_by_one_killed_at_any_message_ends_well_when_it_is_repeated";

/// Sets what the description in `folder` says: one message at a time, or
/// `together`.
fn apply(together: bool, folder: &Path) -> Command {
    let wanted = folder.join("wanted");
    if together {
        let mut command = Command::new(env!("CARGO_BIN_EXE_glowplug"));
        command.args(["net", "apply", "--kind", "yaml", "--network-data"]).arg(wanted);
        command.arg("--root").arg(folder);
        return command;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", ONE_BY_ONE]).env(DESCRIPTION, wanted);
    command
}

/// As [`apply`], killed at the message of this number.
fn killed_at(message: u32, together: bool, folder: &Path) -> ExitStatus {
    let apply = apply(together, folder);
    let mut command = Command::new("strace");
    command.args(["-f", "-o", "/dev/null", "-e", "trace=sendto", "-e"]);
    command.arg(format!("inject=sendto:signal=KILL:when={message}"));
    command.arg(apply.get_program()).args(apply.get_args());
    command.envs(apply.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("strace runs")
}

/// The machine as far as a description goes: addresses tell links apart.
fn state(netlink: &mut Netlink) -> String {
    let links = netlink.links().unwrap();
    let (addresses, routes) = (netlink.addresses().unwrap(), netlink.routes().unwrap());
    let mut lines = Vec::new();
    for link in links.iter().filter(|link| link.name != "lo" && !link.name.starts_with("peer")) {
        let master = links.iter().find(|other| Some(other.index) == link.master).map(|other| &other.name);
        let mut line = format!("{} {:?} {} {master:?}", link.name, link.address, link.mtu);
        // Nobody knows any more that a link nobody describes was up before.
        if link.name != FOREIGN {
            let _ = write!(line, " {}", link.up);
        }
        for own in addresses.iter().filter(|own| own.link == link.index && own.scope == 0) {
            let _ = write!(line, " {}/{}", own.address, own.prefix);
        }
        let own = routes.iter().filter(|info| info.link == link.index && !info.is_the_kernels());
        let mut ways: Vec<String> = own.map(|info| format!(" {:?}", info.route)).collect();
        ways.sort();
        lines.push(line + &ways.concat());
    }
    lines.sort();
    let rules = netlink.rules().unwrap();
    lines.extend(rules.iter().filter(|info| info.protocol == 103).map(|info| format!("{:?}", info.rule)));
    lines.join("\n")
}

#[test]
fn one_by_one_killed_at_any_message_ends_well_when_it_is_repeated() {
    inside(ONE_BY_ONE, |netlink| {
        if let Some(description) = std::env::var_os(DESCRIPTION) {
            let network = network(&fs::read_to_string(description).unwrap());
            assert_eq!(set(netlink, &network), [] as [String; 0]);
            return;
        }
        let folder = folder();
        let killed: u32 = SITUATIONS.iter().map(|it| in_situation(netlink, it, false, &folder).1).sum();
        println!("killed at {killed} messages");
        assert!(killed > 150, "only {killed} messages: was it killed at all?");
        fs::remove_dir_all(folder).unwrap();
    });
}

#[test]
fn many_at_a_time_killed_at_any_of_them_ends_well_when_it_is_repeated() {
    inside("cut::many_at_a_time_killed_at_any_of_them_ends_well_when_it_is_repeated", |netlink| {
        let folder = folder();
        let mut killed = 0;
        for situation in SITUATIONS {
            let (whole, messages) = in_situation(netlink, situation, true, &folder);
            killed += messages;
            prepare(situation.before, &folder);
            assert!(apply(false, &folder).output().unwrap().status.success());
            assert_eq!(whole, state(netlink), "as one message at a time makes it");
        }
        println!("killed at {killed} messages");
        assert!(killed > 50, "only {killed} messages: was it killed at all?");
        fs::remove_dir_all(folder).unwrap();
    });
}

/// The state an undisturbed run ends in, and at how many messages others were
/// killed.
fn in_situation(
    netlink: &mut Netlink,
    situation: &Situation,
    together: bool,
    folder: &Path,
) -> (String, u32) {
    let Situation { before, wanted, names } = situation;
    fs::write(folder.join("wanted"), wanted).unwrap();
    let run = || {
        let output = apply(together, folder).output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&told));
    };
    prepare(before, folder);
    run();
    let whole = state(netlink);
    for name in *names {
        assert!(whole.lines().any(|line| line.starts_with(&format!("{name} "))), "{name} in {whole}");
    }
    for message in 1..200 {
        prepare(before, folder);
        let ended = killed_at(message, together, folder);
        run();
        assert_eq!(state(netlink), whole, "killed at message {message}");
        if ended.success() {
            return (whole, message - 1);
        }
    }
    panic!("it never ends");
}
