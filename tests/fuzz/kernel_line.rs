//! Any bytes are a kernel line; its words hold no more than it does.

use glowplug::kernel_line::KernelLine;

use crate::Target;

const LINES: [&str; 5] = [
    "BOOT_IMAGE=/vmlinuz root=UUID=0a-1 ro quiet glowplug.wait=20 console=ttyS0,115200n8 -- init arguments",
    "rw ds=\"nocloud;s=http://10.0.2.2/ x\" a=\"b c\"d=e \"f g\"=h",
    "  \t\n root=/dev/vda1\u{a0}x=é ro rw\n",
    "glowplug.seed=/run/seed \"",
    "ro cc: a: %5B1%5D\\nb: 2 end_cc cc:c: 3 end_cc ip=::::h:eth0:52:54:00:cc:00:01",
];

const PIECES: &[&[u8]] = &[
    b"\"",
    b" ",
    b"=",
    b"--",
    b" -- ",
    b" cc:",
    b"end_cc",
    b"%",
    b" ro",
    b" rw ",
    b"\n",
    b"\t",
    b"root=",
    b"\xc2\xa0",
    b"\xc3\xa9",
    b"\0",
];

pub(crate) fn target() -> Target {
    let corpus = LINES.iter().map(|line| line.as_bytes().to_vec()).collect();
    Target { name: "kernel-line", corpus, pieces: PIECES, check, rounds: 50_000 }
}

fn check(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let line = KernelLine::parse(input);
    assert_eq!(line, KernelLine::parse(input));
    for key in ["root", "a", "glowplug.wait", "ro", ""] {
        if let Some(value) = line.get(key) {
            assert!(value.len() < text.len());
            assert!(text.contains('='));
        }
        assert!(!line.has(key) || key.is_empty() || text.replace('"', "").contains(key));
    }
    assert!(line.cloud_config().len() <= text.len());
    line.get("root").is_some() || !line.cloud_config().is_empty()
}
