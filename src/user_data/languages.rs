//! The parts that are programs in a language of their own, and what reads them.

use super::part::Kind;
use super::render::Jinja;
use crate::syntax::value::{Place, Value};
use alloc::borrow::Cow;

/// Applies a JSON patch, the bytes, to a configuration; else where in the
/// bytes it fails, and why.
pub type Patch = for<'a> fn(&mut Value<'a>, &'a [u8]) -> Result<(), (Place, Cow<'static, str>)>;

/// What reads such parts. It takes 0.7 MB, so the agent has none and leaves
/// machines with such parts to the runner.
#[derive(Clone, Copy, Debug)]
pub struct Languages {
    /// `## template: jinja`, among the parts and wherever else.
    pub jinja: Jinja,
    /// `#cloud-config-jsonp`.
    pub patch: Patch,
}

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
