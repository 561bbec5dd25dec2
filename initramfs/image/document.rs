//! `report.json`: what a run of the demo found, for programs to read.

use std::collections::BTreeMap;

use miniserde::{Serialize, json};

use crate::vm::report::{Boot, Link};

/// `report.json`: the last boot's values, and every boot's.
#[derive(Serialize)]
struct Document<'a> {
    hostname: &'a String,
    links: &'a Vec<Link>,
    status: &'a String,
    run_files: &'a BTreeMap<String, String>,
    timings_ms: &'a BTreeMap<String, f64>,
    failed_units: &'a [String],
    network_backend: &'a BTreeMap<String, String>,
    boot_s: &'a BTreeMap<String, f64>,
    agent_bytes: u64,
    boots: &'a [Boot],
}

/// The text of `report.json`; `None` without a boot.
pub(crate) fn text(boots: &[Boot], agent_bytes: u64) -> Option<String> {
    let last = boots.last()?;
    let mut text = json::to_string(&Document {
        hostname: &last.hostname,
        links: &last.links,
        status: &last.status,
        run_files: &last.run_files,
        timings_ms: &last.timings_ms,
        failed_units: &last.failed_units,
        network_backend: &last.network_backend,
        boot_s: &last.boot_s,
        agent_bytes,
        boots,
    });
    text.push('\n');
    Some(text)
}
