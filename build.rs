//! Link arguments of the agent alone: no start files, no libc, no interpreter.
//! Shell completions and man pages of the runner, out of its table of commands.

// A build script has no better way to say that the build can't go on.
#![allow(clippy::expect_used)]

#[path = "src/runner/cli/completions.rs"]
mod completions;
#[path = "src/runner/cli/man.rs"]
mod man;
#[path = "src/runner/cli/table.rs"]
mod table;
#[path = "src/runner/cli/verb.rs"]
mod verb;

use std::{env, fs, path::Path};

/// Drops what only unwinding and debuggers would read: a fifth of the file.
const DISCARD: &str = "SECTIONS { /DISCARD/ : { \
    *(.eh_frame) *(.eh_frame_hdr) *(.gcc_except_table .gcc_except_table.*) *(.comment) \
    } } INSERT AFTER .rodata;\n";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/runner/cli");
    if !env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default().contains("crt-static") {
        println!(
            "cargo::warning=crt-static is off (a RUSTFLAGS variable replaces .cargo/config.toml): glowplug will need a libc at run time"
        );
    }
    for argument in ["-nostartfiles", "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none"] {
        println!("cargo::rustc-link-arg-bin=glowplug-agent={argument}");
    }
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    describe(Path::new(&out)).expect("OUT_DIR is writable");
    if env::var("PROFILE").as_deref() == Ok("release") {
        // Generic code for types of one layout is the same code.
        println!("cargo::rustc-link-arg-bin=glowplug-agent=-Wl,--icf=all");
        let script = Path::new(&out).join("discard.ld");
        fs::write(&script, DISCARD).expect("OUT_DIR is writable");
        println!("cargo::rustc-link-arg-bin=glowplug-agent=-Wl,-T,{}", script.display());
    }
}

/// Writes what is made of the table of commands.
fn describe(out: &Path) -> std::io::Result<()> {
    let folder = out.join("completions");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("bash"), completions::bash(&table::GLOWPLUG))?;
    fs::write(folder.join("zsh"), completions::zsh(&table::GLOWPLUG))?;
    fs::write(folder.join("fish"), completions::fish(&table::GLOWPLUG))?;
    let pages = man::pages(&table::GLOWPLUG, env!("CARGO_PKG_VERSION"));
    fs::write(out.join("man.rs"), format!("&{pages:?}"))
}
