//! `glowplug completions`: what the build script made of the table.

use crate::cli::{Arguments, Ended, print};

/// The completions of each shell.
static SHELLS: [(&str, &str); 3] = [
    ("bash", include_str!(concat!(env!("OUT_DIR"), "/completions/bash"))),
    ("zsh", include_str!(concat!(env!("OUT_DIR"), "/completions/zsh"))),
    ("fish", include_str!(concat!(env!("OUT_DIR"), "/completions/fish"))),
];

pub(crate) fn run(arguments: &Arguments) -> Ended {
    let wanted = SHELLS.iter().find(|(name, _)| Some(*name) == arguments.operand());
    print(wanted.map_or("", |(_, text)| text))?;
    Ok(0)
}
