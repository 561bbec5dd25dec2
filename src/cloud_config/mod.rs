//! The typed `#cloud-config`: layers of configuration and what the modules
//! take from them, a file per key group.

pub mod hostname;
pub mod runcmd;
pub mod ssh;
pub mod write_files;

use crate::error::Error;
use crate::syntax::value::{Data, Value};
use alloc::string::String;
use alloc::vec::Vec;

/// One source of configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer<'a> {
    /// How messages name it: `user-data`, `/etc/cloud/cloud.cfg`.
    pub name: String,
    /// Its mapping.
    pub value: Value<'a>,
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
pub struct Setting<'c> {
    /// The value.
    pub value: &'c Value<'c>,
    layer: &'c str,
}

impl Setting<'_> {
    /// An error at `value`, which lies within this setting.
    #[inline(never)]
    pub fn error(&self, doing: &str, value: &Value<'_>, cause: &str) -> Error {
        Error::at(doing, self.layer, value.place.line, value.place.column, cause)
    }

    /// The error of a `value` that is no `wanted`: `KEY is a list, not a string`.
    #[inline(never)]
    pub fn mismatch(&self, doing: &str, value: &Value<'_>, what: &str, wanted: &str) -> Error {
        self.error(doing, value, &[what, " is ", value.kind(), ", not ", wanted].concat())
    }
}

impl<'a> CloudConfig<'a> {
    /// `layers`: the one that wins first.
    pub fn new(layers: Vec<Layer<'a>>) -> Self {
        Self { layers }
    }

    /// The setting at a path of keys; `None` when no layer has it.
    #[inline(never)]
    pub fn find(&self, path: &[&str]) -> Option<Setting<'_>> {
        for layer in &self.layers {
            let mut value = &layer.value;
            let mut depth = 0;
            while let Some(next) = path.get(depth).and_then(|key| value.get(key)) {
                value = next;
                depth += 1;
            }
            if depth == path.len() {
                return Some(Setting { value, layer: &layer.name });
            }
            // Something that is no mapping hides what lower layers have below it.
            if depth > 0 && !matches!(value.data, Data::Map(_)) {
                return None;
            }
        }
        None
    }

    /// As [`CloudConfig::find`], with `null` taken for absent.
    #[inline(never)]
    pub fn get(&self, path: &[&str]) -> Option<Setting<'_>> {
        self.find(path).filter(|setting| setting.value.data != Data::Null)
    }

    /// A truth value as cloud-init reads options that people write in many
    /// ways: true, yes, on, 1, as word or value.
    #[inline(never)]
    pub fn is_true(&self, path: &[&str], default: bool) -> bool {
        match self.get(path).map(|setting| &setting.value.data) {
            None => default,
            Some(Data::Bool(value)) => *value,
            Some(Data::Int(value)) => *value == 1,
            Some(Data::Str(text)) => {
                ["true", "1", "on", "yes"].iter().any(|word| text.trim_ascii().eq_ignore_ascii_case(word))
            }
            Some(_) => false,
        }
    }

    /// A string.
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        self.get(path).and_then(|setting| setting.value.as_str())
    }

    /// Whether any of the keys is set at the top.
    pub fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.find(&[key]).is_some())
    }

    /// The name of the default user: `user:` (text or mapping), else
    /// `system_info.default_user`; none when `users:` leaves `default` out.
    pub fn default_user(&self) -> Option<&str> {
        if let Some(users) = self.get(&["users"]) {
            let is_default = |value: &Value<'_>| value.as_str() == Some("default");
            match &users.value.data {
                Data::Seq(items) if !items.iter().any(is_default) => return None,
                Data::Str(text) if !text.split(',').any(|name| name.trim_ascii() == "default") => {
                    return None;
                }
                _ => {}
            }
        }
        self.text(&["user"])
            .or_else(|| self.text(&["user", "name"]))
            .or_else(|| self.text(&["system_info", "default_user", "name"]))
    }
}

/// Layers from trees written as in Rust, for the modules' tests.
#[cfg(test)]
pub(crate) fn layer(text: &str) -> CloudConfig<'_> {
    CloudConfig::new(vec![Layer {
        name: "user-data".into(),
        value: crate::syntax::yaml::load(text).unwrap(),
    }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::yaml;

    fn config<'a>(layers: &[&'a str]) -> CloudConfig<'a> {
        let layer = |text: &&'a str| Layer { name: "x".into(), value: yaml::load(text).unwrap() };
        CloudConfig::new(layers.iter().map(layer).collect())
    }

    #[test]
    fn the_first_layer_wins_and_mappings_combine() {
        let config =
            config(&["{a: {b: 1}, list: [x], none: null}", "{a: {b: 2, c: 3}, list: [y, z], none: 4}"]);
        let int = |path: &[&str]| config.get(path).and_then(|setting| setting.value.as_int());
        assert_eq!((int(&["a", "b"]), int(&["a", "c"]), int(&["none"])), (Some(1), Some(3), None));
        assert_eq!(config.get(&["list"]).unwrap().value.items().unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_mapping_hides_lower_layers() {
        assert!(config(&["{a: 1}", "{a: {b: 2}}"]).get(&["a", "b"]).is_none());
    }

    #[test]
    fn the_default_user_can_be_left_out() {
        let system = "{system_info: {default_user: {name: debian}}}";
        let user = |text| config(&[text, system]).default_user().map(String::from);
        assert_eq!(user("{}").as_deref(), Some("debian"));
        assert_eq!(user("{user: me}").as_deref(), Some("me"));
        assert_eq!(user("{user: {name: it}}").as_deref(), Some("it"));
        assert_eq!(user("{users: [default, {name: b}]}").as_deref(), Some("debian"));
        assert_eq!(user("{users: [{name: b}]}"), None);
    }
}
