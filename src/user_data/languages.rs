//! The parts that are programs in a language of their own, and what reads them.

use super::part::{Kind, Part};
use super::{patch, render};
use crate::error::Error;
use crate::syntax::value::{Place, Value};
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// Applies a JSON patch, the bytes, to a configuration; else where in the
/// bytes it fails, and why.
pub type Patch = for<'a> fn(&mut Value<'a>, &'a [u8]) -> Result<(), (Place, Cow<'static, str>)>;

/// Renders the templates among the parts of a source with the instance data.
pub type Render = fn(&str, &mut [Part], &Value<'_>, &mut Vec<Error>);

/// What reads such parts. They take 25 KB, so the agent has none and leaves
/// machines with such parts to the runner.
#[derive(Clone, Copy, Debug)]
pub struct Languages {
    /// `## template: jinja`.
    pub render: Render,
    /// `#cloud-config-jsonp`.
    pub patch: Patch,
}

/// All of them.
pub static LANGUAGES: Languages = Languages { render: render::render, patch: patch::apply };

impl Kind {
    /// The name of what must be fetched or read in a language of its own
    /// before anything in the other parts is sure to hold.
    pub const fn unresolved(self) -> Option<&'static str> {
        match self {
            Self::Include | Self::IncludeOnce => Some("an #include"),
            Self::Jinja => Some("a template"),
            Self::CloudConfigJsonp => Some("a JSON patch"),
            _ => None,
        }
    }
}
