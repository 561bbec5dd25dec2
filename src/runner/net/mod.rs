//! `glowplug net`: what a person does by hand with ip(8), with the words and
//! the code of a boot.

pub(crate) mod apply;
pub(crate) mod flush;
pub(crate) mod show;
mod table;
