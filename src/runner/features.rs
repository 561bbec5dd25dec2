//! `glowplug features`: one name a line, cloud-init's where it has one.

use crate::cli::{Arguments, Ended, print};

/// What cloud-init lists and this program does, and what is its own.
const FEATURES: &str = "\
CLOUD_CONFIG_MODULE_ARGUMENTS
EARLY_MODULES
JINJA_TEMPLATES
JSON_PATCH
NETWORK_CONFIG_V1
NETWORK_CONFIG_V2
VENDOR_DATA2
";

pub(crate) fn run(_: &Arguments) -> Ended {
    print(FEATURES)?;
    Ok(0)
}
