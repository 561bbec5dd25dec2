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
use crate::user_data::{Kind, Merged};
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

    /// The first text that is a template, with its name. Until all are rendered
    /// ([`SystemConfig::render`]) it may hold anything, and no module runs.
    pub fn template(&self) -> Option<(&str, &str)> {
        self.templates().next()
    }

    /// All of them.
    pub fn templates(&self) -> impl Iterator<Item = (&str, &str)> {
        let templates = self.texts.iter().filter(|(_, text)| is_template(text));
        templates.map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Puts what `render` makes of each template, by its name and text, in its place; one
    /// that can't be rendered is left out.
    pub fn render(&mut self, render: &mut dyn FnMut(&str, &str) -> Option<String>) {
        for (name, text) in &mut self.texts {
            if is_template(text) {
                *text = render(name, text).unwrap_or_default();
            }
        }
    }

    /// The trees of these texts, templates left out, each with its name; one that is no mapping is
    /// a problem.
    #[inline(never)]
    pub fn trees(&self, problems: &mut Vec<Error>) -> Vec<(&str, Value<'_>)> {
        let mut trees = Vec::new();
        for (name, text) in &self.texts {
            if is_template(text) {
                continue;
            }
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

fn is_template(text: &str) -> bool {
    Kind::of_content(text.as_bytes()) == Some(Kind::Jinja)
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

#[cfg(test)]
mod tests {
    use super::super::instance_data::template_data;
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::instance::InstanceId;
    use crate::user_data::render_text;

    #[test]
    fn templates_have_the_configuration_under_its_new_name_too() {
        let system = yaml::load("system_info: {default_user: {name: debian}}").unwrap();
        let instance = Instance::new(InstanceId::parse("i").unwrap(), "NoCloud");
        let data = template_data(&instance, &[("cloud.cfg", system)], &Tree::default());
        let template = "## template: jinja\n{{ merged_system_cfg.system_info.default_user.name }}";
        assert_eq!(render_text(crate::jinja::render, "t", template, &data).unwrap(), "debian");
    }

    #[test]
    fn a_template_in_etc_cloud_was_read_as_it_is() {
        let root = Tree::of(
            "",
            &[
                ("/etc/cloud/cloud.cfg", "a: 1\n"),
                (
                    "/etc/cloud/cloud.cfg.d/10_t.cfg",
                    "## template: jinja\n#cloud-config\n{% if x %}\na: 2\n{% endif %}\n",
                ),
                ("/etc/cloud/cloud.cfg.d/20_u.cfg", "## template: jinja\nb: {{ x }}\n"),
            ],
        );
        let mut problems = Vec::new();
        let mut config = SystemConfig::read(&root, &Tree::default(), &KernelLine::parse(""), &mut problems);
        assert_eq!(config.trees(&mut problems).len(), 1, "no template is a tree");
        assert_eq!(config.template().unwrap().0, "/etc/cloud/cloud.cfg.d/20_u.cfg");
        config.render(&mut |name, _| name.ends_with("10_t.cfg").then(|| "a: 2\n".into()));
        let trees = config.trees(&mut problems);
        assert_eq!(cloud_config(&[], &trees).get("a").unwrap().value.as_int(), Some(2));
        assert!(config.template().is_none() && problems.is_empty());
    }
}
