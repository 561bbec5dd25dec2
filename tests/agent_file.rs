//! The release agent as a file: static, without libc, and small.

// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Bytes of the program at most: it is in every initramfs. The aim is 128 KiB;
/// until it is reached, this bound goes up only with what the agent can do: it
/// writes five back ends' files as cloud-init does, makes bonds, bridges and
/// VLANs itself, hands the runner's units to systemd, labels files as the root's
/// policy does, and leaves to the runner NICs that come later, a seed that a
/// server has and a machine that has none. It walks below what others than root can
/// write without following a link, gives up devices that do not answer, and tells absent from
/// unreadable wherever that decides something. It configures every NIC that a match fits, and gives
/// netplan no document that it refuses.
const MOST: usize = 576 << 10;

/// Program header types (elf(5)).
const PT_DYNAMIC: u64 = 2;
const PT_INTERP: u64 = 3;
const PT_GNU_STACK: u64 = 0x6474_e551;

fn built() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let build = Command::new(cargo)
        .args(["build", "--release", "--bin", "glowplug-agent", "--message-format=json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
    let text = String::from_utf8(build.stdout).unwrap();
    let path = text.rsplit("\"executable\":\"").next().unwrap().split('"').next().unwrap();
    Path::new(path).to_path_buf()
}

fn number(file: &[u8], at: usize, bytes: usize) -> u64 {
    file[at..at + bytes].iter().rev().fold(0, |value, &byte| (value << 8) | u64::from(byte))
}

/// Type and flags of each program header of a 64-bit ELF file.
fn program_headers(file: &[u8]) -> Vec<(u64, u64)> {
    let (start, size, count) = (number(file, 0x20, 8), number(file, 0x36, 2), number(file, 0x38, 2));
    (0..count)
        .map(|index| {
            let at = usize::try_from(start + index * size).unwrap();
            (number(file, at, 4), number(file, at + 4, 4))
        })
        .collect()
}

/// Names of the sections.
fn sections(file: &[u8]) -> Vec<String> {
    let (start, size) = (number(file, 0x28, 8), number(file, 0x3a, 2));
    let (count, names) = (number(file, 0x3c, 2), number(file, 0x3e, 2));
    let header = |index: u64| usize::try_from(start + index * size).unwrap();
    let names = usize::try_from(number(file, header(names) + 0x18, 8)).unwrap();
    (0..count)
        .map(|index| {
            let at = names + usize::try_from(number(file, header(index), 4)).unwrap();
            let end = file[at..].iter().position(|&byte| byte == 0).unwrap();
            String::from_utf8_lossy(&file[at..at + end]).into_owned()
        })
        .collect()
}

#[test]
fn the_agent_needs_nothing_and_is_small() {
    let path = built();
    let file = std::fs::read(&path).unwrap();
    assert_eq!(&file[..5], b"\x7fELF\x02", "{}", path.display());
    let headers = program_headers(&file);
    assert!(headers.iter().all(|(kind, _)| ![PT_DYNAMIC, PT_INTERP].contains(kind)), "{headers:?}");
    let stack = headers.iter().find(|(kind, _)| *kind == PT_GNU_STACK).unwrap();
    assert_eq!(stack.1 & 1, 0, "the stack is executable");
    let sections = sections(&file);
    // Without a symbol table nothing can be left for a linker to find.
    for absent in [".interp", ".dynamic", ".dynsym", ".symtab", ".rela.dyn", ".rela.plt"] {
        assert!(!sections.iter().any(|name| name == absent), "{absent} is in {sections:?}");
    }
    assert!(sections.iter().any(|name| name == ".text"), "{sections:?}");
    assert!(file.len() <= MOST, "the agent has {} bytes, more than {MOST}", file.len());
}
