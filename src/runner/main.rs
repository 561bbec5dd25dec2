//! `glowplug`: the stages after the pivot, and the command line.

fn main() {}
