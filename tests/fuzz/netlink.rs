//! What the kernel answers is somebody else's too: lengths that do not fit are
//! refused, and of everything else each message is read by itself.
//!
//! The corpus was received from Linux 6.18 (x86-64): dumps of links with a
//! bridge and alternative names, of addresses, routes and rules, and a refusal
//! with the kernel's own words.

use std::fs;

use glowplug::ip::Ip;
use glowplug::sys::netlink::{Told, decode};

use crate::{Target, corpus};

/// Lengths, types and families that lead elsewhere.
const PIECES: &[&[u8]] = &[
    b"\0",
    b"\xff",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x10\0\0\0",
    b"\x11\0\0\0",
    // NLMSG_ERROR, NLMSG_DONE; RTM_NEWLINK, NEWADDR, NEWROUTE, NEWRULE.
    b"\x02\0\0\x03",
    b"\x03\0\x02\0",
    b"\x10\0\x02\0",
    b"\x14\0\x02\0",
    b"\x18\0\x02\0",
    b"\x20\0\x02\0",
    // Families: IPv4, bridge, IPv6, MPLS; a prefix longer than they have.
    b"\x02\x18",
    b"\x07\x40",
    b"\x0a\x40",
    b"\x1c\x14",
    b"\x0a\x81",
    b"\x02\x21",
    // Attributes: none, one byte short, a nest in a nest, kinds of links.
    b"\x04\0\x01\0",
    b"\x03\0\x01\0",
    b"\x05\0\x01\0",
    b"\x08\0\x35\0",
    b"\x0c\0\x12\x80\x08\0\x01\0",
    b"bond\0",
    b"vlan\0",
];

pub(crate) fn target() -> Target {
    let folder = corpus::data().join("netlink");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let corpus: Vec<Vec<u8>> = files.iter().map(|path| fs::read(path).unwrap()).collect();
    for (input, path) in corpus.iter().zip(&files) {
        let told = decode(input).unwrap_or_else(|| panic!("{} is not read", path.display()));
        assert!(!told.is_empty(), "{}", path.display());
    }
    Target { name: "netlink", corpus, pieces: PIECES, check, rounds: 60_000 }
}

fn check(input: &[u8]) -> bool {
    let Some(told) = decode(input) else { return false };
    let (mut alone, mut rest) = (Vec::new(), input);
    while let Some(length) = rest.first_chunk().map(|length| u32::from_ne_bytes(*length) as usize) {
        alone.extend(decode(&rest[..length]).expect("a message of a whole that was read is read alone"));
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    assert_eq!(told, alone);
    let fits = |address: Ip, prefix| assert!(prefix <= address.bits(), "{address}/{prefix}");
    for thing in &told {
        match thing {
            Told::Link(_) | Told::Error(..) => {}
            Told::Address(info) => fits(info.address, info.prefix),
            Told::Route(info) => {
                fits(info.route.destination, info.route.prefix);
                let gateway = info.route.gateway;
                assert!(gateway.is_none_or(|gateway| gateway.is_ipv6() == info.route.destination.is_ipv6()));
            }
            Told::Rule(info) => {
                for (address, prefix) in info.rule.from.iter().chain(&info.rule.to) {
                    assert_eq!(address.is_ipv6(), info.ipv6);
                    fits(*address, *prefix);
                }
            }
        }
    }
    !told.is_empty()
}
