//! The configuration of a machine in layers: user-data, vendor-data, then the
//! root's own /etc/cloud.

use crate::cloud_config::{CloudConfig, Layer};
use crate::error::Error;
use crate::fetch::{Fetch, lossy};
use crate::instance::{DATASOURCE_CONFIG, Instance};
use crate::kernel_line::KernelLine;
use crate::limits;
use crate::syntax::value::{Data, Value};
use crate::syntax::yaml;
use crate::text::fill;
use crate::user_data::Merged;
use alloc::string::String;
use alloc::vec::Vec;

/// The texts of `cc:` on the kernel line, /run/cloud-init/cloud.cfg, /etc/cloud/cloud.cfg.d/*.cfg (the
/// last name wins) and /etc/cloud/cloud.cfg, the one that wins first.
#[derive(Debug, Default)]
pub struct SystemConfig {
    texts: Vec<(String, String)>,
    /// The first that is there, or may be, and could not be read. It may switch off whatever
    /// a boot does (a list without a module, `preserve_hostname`, `network: {config:
    /// disabled}`), so nothing is done that it could have: no module runs and none is marked, no hook
    /// runs, and the network is configured only as an earlier boot of the same instance did.
    /// It is an error of each stage, and the next boot that can read it does the rest.
    pub unread: Option<Error>,
}

impl SystemConfig {
    /// Reads them; what can't be read is a problem and left out.
    #[inline(never)]
    pub fn read(root: &dyn Fetch, run: &dyn Fetch, line: &KernelLine, problems: &mut Vec<Error>) -> Self {
        let mut texts = Vec::from([("cc: on the kernel line".into(), line.cloud_config().into())]);
        let mut unread = None;
        let mut take = |tree: &dyn Fetch, path: &str, name: &str| match tree.read(path, limits::ROOT_FILE) {
            Ok(Some(content)) => texts.push((name.into(), lossy(content))),
            Ok(None) => {}
            Err(error) => {
                unread.get_or_insert_with(|| error.clone());
                problems.push(error);
            }
        };
        take(run, "cloud-init/cloud.cfg", "/run/cloud-init/cloud.cfg");
        let folder = "/etc/cloud/cloud.cfg.d";
        let listed = root.list(folder);
        let names = listed.as_ref().ok().and_then(Option::as_ref);
        for name in names.into_iter().flatten().rev() {
            if name.ends_with(".cfg") {
                let path = fill("{}/{}", &[folder, name]);
                take(root, &path, &path);
            }
        }
        take(root, "/etc/cloud/cloud.cfg", "/etc/cloud/cloud.cfg");
        if let Err(error) = listed {
            unread.get_or_insert_with(|| error.clone());
            problems.push(error);
        }
        Self { texts, unread }
    }

    /// The trees of these texts, each with its name; one that is no mapping is
    /// a problem.
    #[inline(never)]
    pub fn trees(&self, problems: &mut Vec<Error>) -> Vec<(&str, Value<'_>)> {
        let mut trees = Vec::new();
        for (name, text) in &self.texts {
            match yaml::load(text) {
                Ok(value) => match value.data {
                    Data::Map(_) => trees.push((name.as_str(), value)),
                    Data::Null => {}
                    _ => {
                        let why = fill("it is {}, not a mapping", &[value.kind()]);
                        problems.push(Error::new("read", name, why));
                    }
                },
                Err(error) => {
                    let place = error.place;
                    problems.push(Error::at("read", name, place.line, place.column, error.message));
                }
            }
        }
        trees
    }
}

/// Adds what the datasource of `instance` says itself, which wins over the
/// root's own configuration.
pub fn add_datasource<'a>(trees: &mut Vec<(&'a str, Value<'a>)>, instance: &'a Instance) {
    let config = instance.file(DATASOURCE_CONFIG).and_then(|config| core::str::from_utf8(config).ok());
    if let Some(Ok(value)) = config.map(yaml::load) {
        trees.insert(0, (&instance.datasource, value));
    }
}

/// The whole configuration: what user-data and vendor-data were `merged` to
/// ([`super::consume::Consumed::merged`]), then the root's own `trees`
/// ([`SystemConfig::trees`]).
pub fn cloud_config<'a>(
    merged: &'a [(&'a str, Merged<'a>)],
    trees: &'a [(&'a str, Value<'a>)],
) -> CloudConfig<'a> {
    let mut layers = Vec::new();
    for (name, merged) in merged {
        layers.push(Layer { name, value: &merged.config });
    }
    for (name, value) in trees {
        layers.push(Layer { name, value });
    }
    CloudConfig::new(layers)
}
