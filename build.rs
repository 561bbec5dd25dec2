//! Link arguments of the agent alone: no start files, no libc, no interpreter.

// A build script has no better way to say that the build can't go on.
#![allow(clippy::expect_used)]

use std::{env, fs, path::Path};

/// Drops what only unwinding and debuggers would read: a fifth of the file.
const DISCARD: &str = "SECTIONS { /DISCARD/ : { \
    *(.eh_frame) *(.eh_frame_hdr) *(.gcc_except_table .gcc_except_table.*) *(.comment) \
    } } INSERT AFTER .rodata;\n";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if !env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default().contains("crt-static") {
        println!(
            "cargo::warning=crt-static is off (a RUSTFLAGS variable replaces .cargo/config.toml): glowplug will need a libc at run time"
        );
    }
    for argument in ["-nostartfiles", "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none"] {
        println!("cargo::rustc-link-arg-bin=glowplug-agent={argument}");
    }
    if env::var("PROFILE").as_deref() == Ok("release") {
        // Generic code for types of one layout is the same code.
        println!("cargo::rustc-link-arg-bin=glowplug-agent=-Wl,--icf=all");
        let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
        let script = Path::new(&out).join("discard.ld");
        fs::write(&script, DISCARD).expect("OUT_DIR is writable");
        println!("cargo::rustc-link-arg-bin=glowplug-agent=-Wl,-T,{}", script.display());
    }
}
