//! rtnetlink against a real kernel, in network namespaces of their own. Needs
//! root, unshare(1) of util-linux, ip(8) of iproute2 and strace(1).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod cut;
mod live;
mod names;

use glowplug::action::{LinkAction, LinkChange, LinkRoute};
use glowplug::network::model::{Mac, SystemLink};
use glowplug::stage::network::system_links;
use glowplug::sys::clock;
use glowplug::sys::netlink::{Netlink, Uevent, Uevents};
use std::process::Command;

/// Set for the process that runs inside.
const INSIDE: &str = "GLOWPLUG_NAMESPACE";

/// Runs `body` in fresh network, mount and UTS namespaces: this very test
/// again, through unshare(1).
fn inside(name: &str, body: fn(&mut Netlink)) {
    if std::env::var_os(INSIDE).is_some() {
        return body(&mut Netlink::open().unwrap());
    }
    let output = Command::new("unshare")
        .args(["--net", "--mount", "--uts", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("unshare runs");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

fn ip(arguments: &str) -> String {
    let output = Command::new("ip").args(arguments.split(' ')).output().expect("ip runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {arguments}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// veth pairs `names[i]`-`peer{i}` with MAC 02:00:00:00:00:i; the first `up`
/// of them are up.
fn veth(names: &[&str], up: usize) {
    for (i, name) in names.iter().enumerate() {
        ip(&format!("link add {name} address 02:00:00:00:00:0{i} type veth peer name peer{i}"));
        ip(&format!("link set peer{i} up"));
        if i < up {
            ip(&format!("link set {name} up"));
        }
    }
}

fn present() -> Vec<SystemLink> {
    system_links().expect("the kernel lists its links")
}

fn by_mac(links: &[SystemLink], last: u8) -> &SystemLink {
    links.iter().find(|link| link.mac == Some(Mac([2, 0, 0, 0, 0, last]))).expect("the NIC is there")
}

#[test]
fn addresses_routes_and_mtu_are_read_back_by_ip() {
    inside("addresses_routes_and_mtu_are_read_back_by_ip", |netlink| {
        veth(&["eth0"], 0);
        ip("address add 192.0.2.9/24 dev eth0");
        let eth0 = |change| LinkAction::new("eth0", change);
        let address = |text: &str, prefix| {
            eth0(LinkChange::AddAddress {
                address: text.parse().unwrap(),
                prefix,
                broadcast: None,
                label: "".into(),
                deprecated: false,
            })
        };
        let route = |to: &str, prefix, gateway: Option<&str>, metric| {
            eth0(LinkChange::AddRoute(Box::new(LinkRoute {
                destination: to.parse().unwrap(),
                prefix,
                gateway: gateway.map(|gateway| gateway.parse().unwrap()),
                metric,
                table: None,
                mtu: None,
                windows: [None, None],
                source: None,
                scope: None,
                on_link: false,
            })))
        };
        let steps = [
            LinkAction::new("lo", LinkChange::Up),
            eth0(LinkChange::FlushAddresses { keep: Vec::new(), advertised: false }),
            eth0(LinkChange::SetMtu { mtu: 1400 }),
            eth0(LinkChange::Up),
            address("10.0.0.5", 24),
            address("2001:db8::5", 64),
            route("172.16.0.0", 12, None, None),
            route("192.168.0.0", 16, Some("10.0.0.254"), Some(50)),
            route("203.0.113.0", 24, Some("198.51.100.1"), None),
            route("0.0.0.0", 0, Some("10.0.0.1"), None),
            route("2001:db8:1::", 48, Some("2001:db8::2"), None),
            route("::", 0, Some("fe80::1"), None),
        ];
        for _ in 0..2 {
            for step in &steps {
                netlink.apply(step).unwrap();
            }
            assert_configured();
        }
        let addresses = netlink.addresses().unwrap();
        assert!(addresses.iter().any(|found| found.address.to_string() == "10.0.0.5" && found.prefix == 24));
    });
}

fn assert_configured() {
    let links = ip("-j address show dev eth0");
    for part in [
        r#""mtu":1400"#,
        r#""local":"10.0.0.5","prefixlen":24,"broadcast":"10.0.0.255""#,
        r#""local":"2001:db8::5","prefixlen":64,"scope":"global","nodad":true"#,
    ] {
        assert!(links.contains(part), "{part} in {links}");
    }
    assert!(!links.contains("192.0.2.9"), "{links}");
    let routes = ip("-j route show dev eth0");
    for part in [
        r#"{"dst":"default","gateway":"10.0.0.1","protocol":"static""#,
        r#"{"dst":"172.16.0.0/12","protocol":"static","scope":"link""#,
        r#"{"dst":"192.168.0.0/16","gateway":"10.0.0.254","protocol":"static","metric":50"#,
        r#"{"dst":"203.0.113.0/24","gateway":"198.51.100.1","protocol":"static","flags":["onlink"]"#,
    ] {
        assert!(routes.contains(part), "{part} in {routes}");
    }
    let routes = ip("-6 -j route show dev eth0");
    for part in
        [r#"{"dst":"default","gateway":"fe80::1""#, r#"{"dst":"2001:db8:1::/48","gateway":"2001:db8::2""#]
    {
        assert!(routes.contains(part), "{part} in {routes}");
    }
}

#[test]
fn a_failure_says_what_and_why() {
    inside("a_failure_says_what_and_why", |netlink| {
        veth(&["ens3", "eth0"], 0);
        let rename = |from: &str, to: &str| LinkAction::new(from, LinkChange::Rename { to: to.into() });
        let mut fail = |action: &LinkAction| netlink.apply(action).unwrap_err().to_string();
        assert_eq!(
            fail(&rename("ens3", "eth0")),
            "unable to rename link ens3 to eth0: File exists (RTM_NEWLINK)"
        );
        assert_eq!(
            fail(&rename("nic9", "eth1")),
            "unable to rename link nic9 to eth1: No such device (RTM_GETLINK)"
        );
        let mtu = LinkAction::new("ens3", LinkChange::SetMtu { mtu: 1 });
        assert_eq!(
            fail(&mtu),
            "unable to set MTU of ens3 to 1: Invalid argument (RTM_NEWLINK: mtu less than device minimum)"
        );
    });
}

#[test]
fn tells_links_with_an_address_of_their_own() {
    inside("tells_links_with_an_address_of_their_own", |_| {
        veth(&["eth0"], 0);
        ip("link add br0 type bridge");
        ip("link set eth0 master br0");
        let links = present();
        let own = |name: &str| links.iter().find(|link| link.name == name).unwrap().own_mac;
        assert!(own("eth0") && own("peer0"));
        assert!(!own("br0") && !own("lo"));
    });
}

#[test]
fn hears_of_a_link_that_appears() {
    inside("hears_of_a_link_that_appears", |_| {
        let mut uevents = Uevents::open().unwrap();
        assert_eq!(uevents.wait(clock::monotonic()).unwrap(), None, "nothing happened yet");
        veth(&["eth0"], 0);
        let deadline = clock::monotonic() + 5_000_000;
        loop {
            match uevents.wait(deadline).unwrap().expect("an announcement in time") {
                Uevent::Device { action, subsystem, path, .. }
                    if action == "add" && subsystem == "net" && path.ends_with("/eth0") =>
                {
                    break;
                }
                _ => {}
            }
        }
    });
}

/// `net apply` in a namespace took the machine's own resolv.conf away, and kept
/// no copy of it.
#[test]
fn net_apply_in_a_namespace_took_the_machines_resolver_away() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("net-apply");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("etc")).unwrap();
    let wanted = folder.join("wanted");
    let text = "version: 1\nconfig:\n- {type: physical, name: a0, subnets: [{type: static, address: 192.0.2.7/24}]}\n\
                - {type: nameserver, address: 192.0.2.53}\n";
    std::fs::write(&wanted, text).unwrap();
    // With an /etc of its own, should it be written all the same.
    let script = "mount -t tmpfs tmpfs /etc; echo mine >/etc/resolv.conf; ip link add a0 type veth peer name a1; \
                  $GLOWPLUG net apply --kind yaml --network-data $WANTED $ROOT; \
                  echo \"status $?\"; cat /etc/resolv.conf; cat $FOLDER/etc/resolv.conf \
                  $FOLDER/var/lib/glowplug/replaced/etc/resolv.conf";
    let run = |root: &str| {
        let output = Command::new("unshare")
            .args(["--net", "--mount", "--", "sh", "-c", script])
            .env("GLOWPLUG", env!("CARGO_BIN_EXE_glowplug"))
            .env("WANTED", &wanted)
            .env("FOLDER", &folder)
            .env("ROOT", root)
            .output()
            .unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let said = run("");
    let why = "unable to write /etc/resolv.conf: this network namespace is not the machine's own; --root names \
               the root that it is for";
    assert!(said.contains(why) && said.contains("status 1\nmine\n"), "{said}");
    assert!(said.contains("add address 192.0.2.7/24"), "{said}");

    std::fs::write(folder.join("etc/resolv.conf"), "theirs\n").unwrap();
    let said = run(&format!("--root={}", folder.display()));
    let files = "status 0\nmine\n# Generated by glowplug\nnameserver 192.0.2.53\ntheirs\n";
    assert!(said.contains(files), "{said}");
    let said = run(&format!("--root={}", folder.display()));
    assert!(said.contains(files) && !said.contains("replaced"), "{said}");

    // The copy of another one takes the place of no earlier copy.
    std::fs::write(folder.join("etc/resolv.conf"), "others\n").unwrap();
    let said = run(&format!("--root={}", folder.display()));
    let kept = std::fs::read_dir(folder.join("var/lib/glowplug/replaced/etc")).unwrap();
    let mut kept: Vec<_> =
        kept.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    kept.sort();
    assert_eq!(
        (said.contains(files), &*kept),
        (true, &["others\n".to_owned(), "theirs\n".to_owned()][..]),
        "{said}"
    );
}
