//! The instance data that templates see, against what cloud-init makes of the
//! same config drive.

use crate::data;
use crate::oracle::Oracle;
use glowplug::datasource::{self, Medium};
use glowplug::instance::Instance;
use glowplug::stage::instance_data::instance_data;
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::{Data, Value};
use glowplug::syntax::yaml;
use glowplug::sys::root::Root;

/// Keys that only cloud-init has: Python's version and platform, remarks.
const THEIRS: [&str; 4] = ["python_version", "system_platform", "_beta_keys", "_doc"];

/// The instance that tests/data/template/seed describes.
pub(crate) fn of_drive() -> Instance {
    let drive = Root::open(data().join("template/seed/config_drive").to_str().unwrap()).unwrap();
    let mut problems = Vec::new();
    let medium = Medium { tree: &drive, name: "/seed" };
    let instance = datasource::read_folder(&medium, &mut problems).unwrap().instance().unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    *instance
}

/// Entries by key, without [`THEIRS`] and what differs by where the seed is.
fn comparable(value: &Value<'_>) -> Value<'static> {
    let mut text = String::new();
    json::write(value, Style::File, &mut text);
    let mut value = json::parse(text.leak().as_bytes()).unwrap();
    if let Data::Map(entries) = &mut value.data {
        entries.retain(|(key, _)| {
            !THEIRS.contains(&key.as_str().unwrap()) && key.as_str() != Some("subplatform")
        });
    }
    value
}

#[test]
fn instance_data_as_cloud_init() {
    let instance = of_drive();
    let value = yaml::load("datasource_list: [ConfigDrive]").unwrap();
    let system = [("/etc/cloud/cloud.cfg", value)];
    let ours = instance_data(&instance, &system, &Root::open("/").unwrap());
    let theirs = Oracle::start().ask("seed", data().join("template/seed").to_str().unwrap());
    for key in ["v1", "ds", "merged_cfg"] {
        let [ours, theirs] = [&ours, &theirs].map(|data| comparable(data.get(key).unwrap()));
        assert_eq!(crate::shown(&ours), crate::shown(&theirs), "{key}");
    }
    let subplatform = ours.get("v1").unwrap().get("subplatform").unwrap();
    assert_eq!(subplatform.as_str(), Some("seed-dir (/seed)"));
}
