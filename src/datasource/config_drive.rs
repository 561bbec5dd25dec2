//! OpenStack's config drive, version 2
//! (<https://docs.openstack.org/nova/latest/user/metadata.html>).

use super::{Datasource, Found, Needs};
use crate::error::{Error, Result};
use crate::fetch::Fetch;
use crate::instance::{InjectedFile, Instance, InstanceId, public_keys};
use crate::limits;
use crate::syntax::json;
use crate::syntax::value::Value;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const DATASOURCE: Datasource =
    Datasource { name: "ConfigDrive", needs: Needs::Label(&["config-2", "CONFIG-2"]), read };

/// The versions cloud-init knows, newest first; the first one on the drive
/// counts, `latest` only when none of them is there.
const VERSIONS: [&str; 8] = [
    "2018-08-27",
    "2017-02-22",
    "2016-10-06",
    "2016-06-30",
    "2015-10-15",
    "2013-10-17",
    "2013-04-04",
    "2012-08-10",
];

fn read(disc: &dyn Fetch, source: &str) -> Result<Option<Found>> {
    let Some(present) = disc.list("openstack")? else { return Ok(None) };
    let is_there = |version: &str| present.iter().any(|name| name == version);
    let version = VERSIONS.into_iter().find(|version| is_there(version)).unwrap_or("latest");
    let mut reader = Reader { disc, version, budget: limits::SEED_TOTAL, problems: Vec::new() };
    let path = reader.path("meta_data.json");
    let Some(meta_data) = disc.read(&path, limits::SEED_FILE)? else {
        return if present.is_empty() { Ok(None) } else { Err(reader.missing(&path)) };
    };
    let name = disc.name(&path);
    let meta = json::parse(&meta_data)
        .map_err(|error| Error::at("read", &name, error.place.line, error.place.column, error.message))?;
    let text = |key| meta.get_set(key).and_then(Value::as_str);
    let id =
        text("uuid").ok_or_else(|| Error::new("read", &name, "it has no uuid, which is the instance-id"))?;
    let mut instance = Box::new(Instance::new(InstanceId::parse(id)?, DATASOURCE.name));
    instance.detail = ["[net,ver=2][source=", source, "]"].concat();
    instance.metadata.local_hostname = text("hostname").map(ToOwned::to_owned);
    instance.metadata.public_keys = meta.get_set("public_keys").map(public_keys).unwrap_or_default();
    let raw = &mut instance.raw;
    for (name, part) in [
        ("user_data", &mut raw.user_data),
        ("vendor_data.json", &mut raw.vendor_data),
        ("vendor_data2.json", &mut raw.vendor_data2),
    ] {
        *part = reader.optional(&reader.path(name)).unwrap_or_default();
    }
    raw.network_data = reader.network("network_data.json");
    raw.ec2_meta_data = reader.optional("ec2/latest/meta-data.json").unwrap_or_default();
    instance.files = reader.injected(&meta);
    drop(meta);
    instance.raw.meta_data = meta_data;
    Ok(Some(Found { instance, problems: reader.problems }))
}

/// Reads the parts that may be missing or broken without harm to the others.
struct Reader<'a> {
    disc: &'a dyn Fetch,
    /// Folder under openstack/.
    version: &'a str,
    /// Bytes that may still be kept.
    budget: usize,
    problems: Vec<Error>,
}

impl Reader<'_> {
    fn path(&self, name: &str) -> String {
        ["openstack/", self.version, "/", name].concat()
    }

    fn missing(&self, path: &str) -> Error {
        Error::new("read", self.disc.name(path), "it is missing")
    }

    #[inline(never)]
    fn optional(&mut self, path: &str) -> Option<Vec<u8>> {
        match self.disc.read(path, limits::SEED_FILE.min(self.budget)) {
            Ok(content) => {
                self.budget -= content.as_ref().map_or(0, Vec::len);
                content
            }
            Err(error) => {
                self.problems.push(error);
                None
            }
        }
    }

    /// network_data.json: what is no JSON is as good as unread, and either is
    /// something else than a seed that says nothing of the network.
    fn network(&mut self, name: &str) -> Option<Vec<u8>> {
        let (problems, path) = (self.problems.len(), self.path(name));
        match self.optional(&path) {
            Some(content) => {
                let Err(error) = json::parse(&content) else { return Some(content) };
                let (place, name) = (error.place, self.disc.name(&path));
                self.problems.push(Error::at("read", &name, place.line, place.column, error.message));
                Some(Vec::new())
            }
            None => (self.problems.len() > problems).then(Vec::new),
        }
    }

    /// `files: [{path, content_path}]`; content lies under openstack/.
    #[inline(never)]
    fn injected(&mut self, meta: &Value<'_>) -> Vec<InjectedFile> {
        let entries = meta.get_set("files").and_then(Value::items).unwrap_or_default();
        let mut files = Vec::new();
        for entry in entries.iter().take(limits::INJECTED_FILES) {
            let text = |key| entry.get_set(key).and_then(Value::as_str);
            let (Some(path), Some(content_path)) = (text("path"), text("content_path")) else {
                let why = "an entry of files without path or content_path";
                self.problems.push(Error::new("read", self.disc.name("meta_data.json"), why));
                continue;
            };
            let source = ["openstack/", content_path.trim_start_matches('/')].concat();
            let problems = self.problems.len();
            match self.optional(&source) {
                Some(content) => files.push(InjectedFile { path: absolute(path), content }),
                None if self.problems.len() == problems => self.problems.push(self.missing(&source)),
                None => {}
            }
        }
        files
    }
}

fn absolute(path: &str) -> String {
    ["/", path.trim_start_matches('/')].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datasource::listed;
    use crate::fetch::memory::Tree;

    fn disc(files: &[(&str, &str)]) -> Tree {
        Tree::of("/dev/sr0:/", files)
    }

    fn found(files: &[(&str, &str)]) -> Found {
        read(&disc(files), "/dev/sr0").unwrap().unwrap()
    }

    #[test]
    fn the_newest_known_version_counts() {
        let meta = |id: &str| alloc::format!("{{\"uuid\": \"{id}\"}}");
        let found = found(&[
            ("openstack/2012-08-10/meta_data.json", &meta("old")),
            ("openstack/2015-10-15/meta_data.json", &meta("new")),
            ("openstack/2099-01-01/meta_data.json", &meta("future")),
            ("openstack/latest/meta_data.json", &meta("latest")),
        ]);
        assert_eq!(found.instance.id.as_str(), "new");
        assert_eq!(
            found.instance.datasource_line(),
            "DataSourceConfigDrive: DataSourceConfigDrive [net,ver=2][source=/dev/sr0]\n"
        );
    }

    #[test]
    fn parts_are_read_and_a_missing_one_is_named() {
        let found = found(&[
            (
                "openstack/latest/meta_data.json",
                r#"{"uuid": "i-1", "hostname": "vm.local", "public_keys": {"k": "ssh-ed25519 AAAA me"},
                   "files": [{"path": "/etc/motd", "content_path": "/content/0000"},
                             {"path": "etc/x", "content_path": "/content/0001"}, {}]}"#,
            ),
            ("openstack/latest/user_data", "#!/bin/sh\n"),
            ("openstack/content/0000", "hello"),
        ]);
        assert_eq!(found.instance.metadata.local_hostname.as_deref(), Some("vm.local"));
        assert_eq!(found.instance.metadata.public_keys, ["ssh-ed25519 AAAA me"]);
        assert_eq!(found.instance.raw.user_data, b"#!/bin/sh\n");
        assert_eq!(found.instance.raw.network_data, None);
        assert_eq!(
            found.instance.files,
            [InjectedFile { path: "/etc/motd".into(), content: b"hello".into() }]
        );
        assert_eq!(
            listed(&found.problems),
            [
                "unable to read /dev/sr0:/openstack/content/0001: it is missing",
                "unable to read /dev/sr0:/meta_data.json: an entry of files without path or content_path",
            ]
        );
    }

    #[test]
    fn what_is_no_json_or_has_no_uuid_is_broken() {
        let error = |content: &str| {
            read(&disc(&[("openstack/latest/meta_data.json", content)]), "/dev/sr0").unwrap_err()
        };
        assert!(error("{\n oops").errno().is_none());
        assert!(
            alloc::string::ToString::to_string(&error("{\n oops"))
                .starts_with("unable to read /dev/sr0:/openstack/latest/meta_data.json:2:2: ")
        );
        assert!(
            alloc::string::ToString::to_string(&error("{}"))
                .ends_with("it has no uuid, which is the instance-id")
        );
    }

    #[test]
    fn a_network_that_is_no_json_is_unread_and_not_absent() {
        let meta = ("openstack/latest/meta_data.json", "{\"uuid\": \"i\"}");
        let found = found(&[meta, ("openstack/latest/network_data.json", "links: []")]);
        assert_eq!(found.instance.raw.network_data, Some(Vec::new()));
        assert!(
            listed(&found.problems)[0]
                .starts_with("unable to read /dev/sr0:/openstack/latest/network_data.json:1:1: ")
        );
    }

    #[test]
    fn another_disc_is_no_config_drive() {
        assert!(read(&disc(&[("readme", "x")]), "/dev/sr0").unwrap().is_none());
    }
}
