//! The typed `#cloud-config`: layers of configuration and what the modules
//! take from them, a file per key group.

pub mod config_stage;
pub mod decimal_modes;
pub mod disk_setup;
pub mod disks;
pub mod final_stage;
pub mod host_keys;
pub mod hostname;
pub mod init_stage;
pub mod mounts;
pub mod passwords;
pub mod runcmd;
pub mod schema;
pub mod ssh;
pub mod system_files;
pub mod tools;
pub mod users;
pub mod virtual_network;
pub mod write_files;

use crate::error::{Error, Result};
use crate::syntax::value::{Data, Value};
use crate::text::fill;
use alloc::vec::Vec;

/// One source of configuration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layer<'a> {
    /// How messages name it: `user-data`, `/etc/cloud/cloud.cfg`.
    pub name: &'a str,
    /// Its mapping.
    pub value: &'a Value<'a>,
}

/// All configuration of a machine, the layer that wins first. Layers combine
/// as cloud-init's `mergemanydict`: mappings key by key, everything else (also
/// `null`) from the first layer that has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CloudConfig<'a> {
    layers: Vec<Layer<'a>>,
}

/// A value and the layer it came from.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The value.
    pub value: &'a Value<'a>,
    layer: &'a str,
}

/// A truth value as cloud-init reads options that people write in many ways:
/// true, yes, on, 1, as word or value. Anything else is none.
#[inline(never)]
fn is_true(value: &Value<'_>) -> bool {
    match &value.data {
        Data::Bool(value) => *value,
        Data::Int(value) => *value == 1,
        Data::Str(text) => {
            let text = text.trim_ascii();
            ["true", "1", "on", "yes"].iter().any(|word| text.eq_ignore_ascii_case(word))
        }
        _ => false,
    }
}

impl<'a> Setting<'a> {
    /// How messages name the layer it came from.
    pub fn layer(&self) -> &'a str {
        self.layer
    }

    /// An error at `value`, which lies within this setting.
    #[inline(never)]
    pub fn error(&self, doing: &str, value: &Value<'_>, cause: &str) -> Error {
        Error::at(doing, self.layer, value.place.line, value.place.column, cause)
    }

    /// The error of a `value` that is no `wanted`: `KEY is a list, not a string`.
    #[inline(never)]
    pub fn mismatch(&self, doing: &str, value: &Value<'_>, what: &str, wanted: &str) -> Error {
        self.error(doing, value, &fill("{} is {}, not {}", &[what, value.kind(), wanted]))
    }

    /// The items of the list that `key` is.
    #[inline(never)]
    pub fn list(&self, key: &str) -> Result<&'a [Value<'a>]> {
        self.value.items().ok_or_else(|| self.mismatch("read", self.value, key, "a list"))
    }
}

impl<'a> CloudConfig<'a> {
    /// `layers`: the one that wins first.
    pub fn new(layers: Vec<Layer<'a>>) -> Self {
        Self { layers }
    }

    /// The layers, the one that wins first.
    pub fn layers(&self) -> &[Layer<'a>] {
        &self.layers
    }

    /// The setting at a path of keys, written with dots between them; `None`
    /// when no layer has it.
    #[inline(never)]
    pub fn find(&self, path: &str) -> Option<Setting<'a>> {
        for &Layer { name: layer, mut value } in &self.layers {
            let (mut inside, mut found) = (false, true);
            for key in path.split('.') {
                let Some(next) = value.get(key) else {
                    found = false;
                    break;
                };
                value = next;
                inside = true;
            }
            if found {
                return Some(Setting { value, layer });
            }
            // Something that is no mapping hides what lower layers have below it.
            if inside && !matches!(value.data, Data::Map(_)) {
                return None;
            }
        }
        None
    }

    /// As [`CloudConfig::find`], with `null` taken for absent.
    #[inline(never)]
    pub fn get(&self, path: &str) -> Option<Setting<'a>> {
        self.find(path).filter(|setting| setting.value.data != Data::Null)
    }

    /// The list at a path of keys, with its setting; what is no list there is
    /// a problem.
    #[inline(never)]
    pub fn list(&self, path: &str, problems: &mut Vec<Error>) -> Option<(Setting<'a>, &'a [Value<'a>])> {
        let setting = self.get(path)?;
        match setting.list(path) {
            Ok(items) => Some((setting, items)),
            Err(error) => {
                problems.push(error);
                None
            }
        }
    }

    /// As [`is_true`], with what counts where the key is not set.
    #[inline(never)]
    pub fn is_true(&self, path: &str, default: bool) -> bool {
        self.get(path).map_or(default, |setting| is_true(setting.value))
    }

    /// A string.
    pub fn text(&self, path: &str) -> Option<&'a str> {
        self.get(path)?.value.as_str()
    }

    /// Whether any of the keys is set at the top.
    pub fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.find(key).is_some())
    }

    /// The name of the default user: `user` (text or mapping), else
    /// `system_info.default_user`; none where neither `user` nor `default` in
    /// `users` asks for one.
    pub fn default_user(&self) -> Option<&'a str> {
        let is_default = |value: &Value<'_>| match &value.data {
            Data::Str(text) => text.split(',').any(|name| name.trim_ascii() == "default"),
            Data::Map(_) => value.get("name").is_none_or(|name| name.as_str() == Some("default")),
            _ => false,
        };
        if self.get("user").is_none() {
            let users = self.get("users")?.value;
            let asked = match &users.data {
                Data::Seq(items) => items.iter().any(is_default),
                Data::Map(_) => users.get_set("default").is_some_and(|user| user.as_bool() != Some(false)),
                _ => is_default(users),
            };
            if !asked {
                return None;
            }
        }
        self.default_user_name()
    }

    /// What the default user is called, be it asked for or not.
    pub fn default_user_name(&self) -> Option<&'a str> {
        self.text("user")
            .or_else(|| self.text("user.name"))
            .or_else(|| self.text("system_info.default_user.name"))
    }
}

/// The configuration of user-data alone, for the modules' tests.
#[cfg(test)]
pub(crate) fn layer(text: &str) -> CloudConfig<'_> {
    let value = Box::leak(Box::new(crate::syntax::yaml::load(text).unwrap()));
    CloudConfig::new(vec![Layer { name: "user-data", value }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::yaml;

    fn config<'a>(layers: &[&'a str]) -> CloudConfig<'a> {
        let layer =
            |text: &&'a str| Layer { name: "x", value: Box::leak(Box::new(yaml::load(text).unwrap())) };
        CloudConfig::new(layers.iter().map(layer).collect())
    }

    #[test]
    fn the_first_layer_wins_and_mappings_combine() {
        let config =
            config(&["{a: {b: 1}, list: [x], none: null}", "{a: {b: 2, c: 3}, list: [y, z], none: 4}"]);
        let int = |path| config.get(path).and_then(|setting| setting.value.as_int());
        assert_eq!((int("a.b"), int("a.c"), int("none")), (Some(1), Some(3), None));
        assert_eq!(config.get("list").unwrap().value.items().unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_mapping_hides_lower_layers() {
        assert!(config(&["{a: 1}", "{a: {b: 2}}"]).get("a.b").is_none());
    }

    #[test]
    fn the_default_user_can_be_left_out() {
        let system = "{system_info: {default_user: {name: debian}}}";
        let user = |text| config(&[text, system]).default_user().map(String::from);
        assert_eq!(user("{}"), None);
        assert_eq!(user("{users: 'a, default'}").as_deref(), Some("debian"));
        assert_eq!(user("{users: {default: {shell: x}}}").as_deref(), Some("debian"));
        assert_eq!(user("{users: [{shell: x}]}").as_deref(), Some("debian"));
        assert_eq!(user("{user: me, users: [{name: b}]}").as_deref(), Some("me"));
        assert_eq!(user("{user: me}").as_deref(), Some("me"));
        assert_eq!(user("{user: {name: it}}").as_deref(), Some("it"));
        assert_eq!(user("{users: [default, {name: b}]}").as_deref(), Some("debian"));
        assert_eq!(user("{users: [{name: b}]}"), None);
    }
}
