//! The instance of a machine that has no seed and whose configuration names the
//! datasource None: what /etc/cloud says is done all the same.
//!
//! As cloud-init's DataSourceNone: always the same instance-id, metadata and
//! user-data of `datasource: {None: {metadata: …, userdata_raw: …}}`. The agent
//! links none of it.

use super::choice::choose;
use super::config::cloud_config;
use super::find::this_machine;
use super::log::Log;
use crate::cloud_config::Setting;
use crate::error::Error;
use crate::fetch::Fetch;
use crate::instance::{File, Instance, InstanceId, META_DATA_YAML, USER_DATA, public_keys};
use crate::kernel_line::KernelLine;
use crate::syntax::value::{Data, Value};
use crate::syntax::yaml;
use alloc::borrow::{Cow, ToOwned};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// As `datasource_list` names it.
pub const NAME: &str = "None";

/// The instance-id, whatever metadata says.
const ID: &str = "iid-datasource-none";

/// Whether the configuration lets a machine without a seed be this instance.
pub fn is_listed(line: &KernelLine, root: &dyn Fetch, config: &[(&str, Value<'_>)]) -> bool {
    // The local stage has told what there is to tell of the list.
    choose(line, root, config, &mut Log::new("", &|_, _| ())).fallback
}

/// The instance with nothing but its name.
pub fn bare() -> Option<Box<Instance>> {
    let mut instance = Box::new(Instance::new(InstanceId::parse(ID).ok()?, NAME));
    instance.dsmode = "net".into();
    instance.machine = this_machine();
    Some(instance)
}

/// The instance as the layers of the root's configuration describe it; what has
/// the wrong type is a problem and left out.
pub fn instance(config: &[(&str, Value<'_>)], problems: &mut Vec<Error>) -> Option<Box<Instance>> {
    let config = cloud_config(&[], config);
    let mut instance = bare()?;
    let mut wrong = |setting: Setting<'_>, key: &str, wanted: &str| {
        let doing = "use the fallback of the datasource None at";
        problems.push(setting.mismatch(doing, setting.value, key, wanted));
    };
    let mut metadata = "{}\n".to_owned();
    if let Some(setting) = config.get("datasource.None.metadata") {
        if let Data::Map(_) = setting.value.data {
            let name = setting.value.get("local-hostname").and_then(Value::scalar);
            instance.metadata.local_hostname = name.map(Cow::into_owned);
            if let Some(keys) = setting.value.get("public-keys") {
                public_keys(keys, &mut |key| instance.metadata.public_keys.push(key.to_owned()));
            }
            metadata = yaml::emit::dump_decimal(setting.value);
        } else {
            wrong(setting, "metadata", "a mapping");
        }
    }
    instance.raw.push(File { path: META_DATA_YAML.to_owned(), content: metadata.into_bytes() });
    if let Some(setting) = config.get("datasource.None.userdata_raw") {
        let content = match &setting.value.data {
            Data::Str(text) => text.as_bytes(),
            Data::Bytes(bytes) => bytes,
            _ => {
                wrong(setting, "userdata_raw", "a string");
                &[]
            }
        };
        if !content.is_empty() {
            instance.raw.push(File { path: USER_DATA.to_owned(), content: content.to_vec() });
        }
    }
    Some(instance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use alloc::string::{String, ToString};

    fn listed(text: &str) -> bool {
        let config = [("cloud.cfg", yaml::load(text).unwrap())];
        is_listed(&KernelLine::parse(""), &Tree::default(), &config)
    }

    #[test]
    fn none_counts_where_all_others_of_the_list_were_looked_for() {
        assert!(listed("datasource_list: [None]") && listed("datasource_list: None"));
        assert!(listed("datasource_list: [NoCloud, ConfigDrive, None]"));
        assert!(!listed("datasource_list: [NoCloud]") && !listed("{}"));
        assert!(!listed("datasource_list: [NoCloud, Ec2, None]"), "its server may have a seed");
    }

    #[test]
    fn the_configuration_says_what_the_instance_is() {
        let text = "\
datasource:
  None:
    metadata: {instance-id: other, local-hostname: a.b, public-keys: {x: ssh-rsa A, y: [ssh-rsa B]}}
    userdata_raw: '#!/bin/sh'
";
        let config = [("cloud.cfg", yaml::load(text).unwrap())];
        let mut problems = Vec::new();
        let instance = super::instance(&config, &mut problems).unwrap();
        assert_eq!(problems, []);
        assert_eq!(instance.id.as_str(), "iid-datasource-none");
        assert_eq!(instance.datasource_line(), "DataSourceNone: DataSourceNone\n");
        assert_eq!(instance.metadata.local_hostname.as_deref(), Some("a.b"));
        assert_eq!(instance.metadata.public_keys, ["ssh-rsa A", "ssh-rsa B"]);
        assert_eq!(instance.file(USER_DATA), Some(&b"#!/bin/sh"[..]));
        assert_eq!(instance.meta_data().get("instance-id").and_then(Value::as_str), Some("other"));
    }

    #[test]
    fn what_makes_no_sense_is_left_out_and_named() {
        let text = "datasource:\n  None:\n    metadata: [1]\n    userdata_raw: {a: b}\n";
        let config = [("x.cfg", yaml::load(text).unwrap())];
        let mut problems = Vec::new();
        let instance = super::instance(&config, &mut problems).unwrap();
        assert_eq!(instance.file(USER_DATA), None);
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let doing = "unable to use the fallback of the datasource None at x.cfg";
        let first = [doing, ":3:15: metadata is a list, not a mapping"].concat();
        assert_eq!(told, [first, [doing, ":4:19: userdata_raw is a mapping, not a string"].concat()]);
    }
}
