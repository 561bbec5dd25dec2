//! OpenStack's config drive, version 2
//! (<https://docs.openstack.org/nova/latest/user/metadata.html>).

use super::{Datasource, Needs};
use crate::error::{Error, Result};
use crate::fetch::Fetch;
use crate::instance::{
    EC2_META_DATA, File, Instance, InstanceId, META_DATA, NETWORK_DATA, USER_DATA, VENDOR_DATA, VENDOR_DATA2,
    public_keys,
};
use crate::limits;
use crate::syntax::json;
use crate::syntax::value::Value;
use crate::text::fill;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const DATASOURCE: Datasource =
    Datasource { name: "ConfigDrive", needs: Needs::Label(&["config-2", "CONFIG-2"]), read };

/// The versions cloud-init knows, newest first; the first one on the drive
/// counts, `latest` only when none of them is there.
const VERSIONS: &str =
    "2018-08-27 2017-02-22 2016-10-06 2016-06-30 2015-10-15 2013-10-17 2013-04-04 2012-08-10";

/// The files of a version that may be missing.
static FILES: [&str; 4] = [USER_DATA, VENDOR_DATA, VENDOR_DATA2, NETWORK_DATA];

fn read(disc: &dyn Fetch, source: &str, problems: &mut Vec<Error>) -> Result<Option<Box<Instance>>> {
    let Some(present) = disc.list("openstack")? else { return Ok(None) };
    let is_there = |version: &&str| present.iter().any(|name| name == version);
    let version = VERSIONS.split(' ').find(is_there).unwrap_or("latest");
    let mut reader = Reader { disc, version, budget: limits::SEED_TOTAL, problems };
    let path = reader.path(META_DATA);
    let Some(content) = disc.read(&path, limits::SEED_FILE)? else {
        return if present.is_empty() { Ok(None) } else { Err(reader.missing(&path)) };
    };
    let name = disc.name(&path);
    let meta = json::parse(&content).map_err(|error| error.in_file(&name))?;
    let Some(id) = text(&meta, "uuid") else {
        return Err(Error::new("read", &name, "it has no uuid, which is the instance-id"));
    };
    let mut instance = Box::new(Instance::new(InstanceId::parse(id)?, DATASOURCE.name));
    instance.detail = fill("[net,ver=2][source={}]", &[source]);
    instance.metadata.local_hostname = text(&meta, "hostname").map(ToOwned::to_owned);
    if let Some(keys) = meta.get("public_keys") {
        public_keys(keys, &mut |key| instance.metadata.public_keys.push(key.to_owned()));
    }
    for name in FILES {
        reader.keep(name, &reader.path(name), &mut instance.raw);
    }
    reader.keep(EC2_META_DATA, "ec2/latest/meta-data.json", &mut instance.raw);
    reader.injected(&meta, &mut instance.files);
    drop(meta);
    instance.raw.push(File { path: META_DATA.to_owned(), content });
    Ok(Some(instance))
}

/// The string under `key`.
fn text<'v>(value: &'v Value<'_>, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

/// Reads the parts that may be missing or broken without harm to the others.
struct Reader<'a> {
    disc: &'a dyn Fetch,
    /// Folder under openstack/.
    version: &'a str,
    /// Bytes that may still be kept.
    budget: usize,
    problems: &'a mut Vec<Error>,
}

impl Reader<'_> {
    fn path(&self, name: &str) -> String {
        fill("openstack/{}/{}", &[self.version, name])
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

    /// Reads a file that may be missing. A network that is no JSON is as good
    /// as unread, and either is something else than a seed that says nothing.
    #[inline(never)]
    fn keep(&mut self, name: &str, path: &str, files: &mut Vec<File>) {
        let problems = self.problems.len();
        let mut content = self.optional(path);
        if let Some(network) = content.as_deref().filter(|_| name == NETWORK_DATA)
            && let Some(error) = json::parse(network).err()
        {
            self.problems.push(error.in_file(&self.disc.name(path)));
            content = None;
        }
        let content = content.unwrap_or_default();
        if !content.is_empty() || self.problems.len() > problems {
            files.push(File { path: name.to_owned(), content });
        }
    }

    /// `files: [{path, content_path}]`; content lies under openstack/.
    #[inline(never)]
    fn injected(&mut self, meta: &Value<'_>, files: &mut Vec<File>) {
        let entries = meta.get("files").and_then(Value::items).unwrap_or_default();
        for entry in entries.iter().take(limits::INJECTED_FILES) {
            let (Some(path), Some(content_path)) = (text(entry, "path"), text(entry, "content_path")) else {
                let why = "an entry of files without path or content_path";
                self.problems.push(Error::new("read", self.disc.name("meta_data.json"), why));
                continue;
            };
            let source = ["openstack/", content_path.trim_start_matches('/')].concat();
            let problems = self.problems.len();
            match self.optional(&source) {
                Some(content) => files.push(File { path: absolute(path), content }),
                None if self.problems.len() == problems => self.problems.push(self.missing(&source)),
                None => {}
            }
        }
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

    fn found(files: &[(&str, &str)]) -> (Box<Instance>, Vec<String>) {
        let mut problems = Vec::new();
        let instance = read(&disc(files), "/dev/sr0", &mut problems).unwrap().unwrap();
        (instance, listed(&problems))
    }

    #[test]
    fn the_newest_known_version_counts() {
        let meta = |id: &str| alloc::format!("{{\"uuid\": \"{id}\"}}");
        let (instance, _) = found(&[
            ("openstack/2012-08-10/meta_data.json", &meta("old")),
            ("openstack/2015-10-15/meta_data.json", &meta("new")),
            ("openstack/2099-01-01/meta_data.json", &meta("future")),
            ("openstack/latest/meta_data.json", &meta("latest")),
        ]);
        assert_eq!(instance.id.as_str(), "new");
        assert_eq!(
            instance.datasource_line(),
            "DataSourceConfigDrive: DataSourceConfigDrive [net,ver=2][source=/dev/sr0]\n"
        );
    }

    #[test]
    fn parts_are_read_and_a_missing_one_is_named() {
        let (instance, problems) = found(&[
            (
                "openstack/latest/meta_data.json",
                r#"{"uuid": "i-1", "hostname": "vm.local", "public_keys": {"k": "ssh-ed25519 AAAA me"},
                   "files": [{"path": "/etc/motd", "content_path": "/content/0000"},
                             {"path": "etc/x", "content_path": "/content/0001"}, {}]}"#,
            ),
            ("openstack/latest/user_data", "#!/bin/sh\n"),
            ("openstack/content/0000", "hello"),
        ]);
        assert_eq!(instance.metadata.local_hostname.as_deref(), Some("vm.local"));
        assert_eq!(instance.metadata.public_keys, ["ssh-ed25519 AAAA me"]);
        assert_eq!(instance.file(USER_DATA), Some(&b"#!/bin/sh\n"[..]));
        assert_eq!(instance.file(NETWORK_DATA), None);
        assert_eq!(instance.files, [File { path: "/etc/motd".into(), content: b"hello".into() }]);
        assert_eq!(
            problems,
            [
                "unable to read /dev/sr0:/openstack/content/0001: it is missing",
                "unable to read /dev/sr0:/meta_data.json: an entry of files without path or content_path",
            ]
        );
    }

    #[test]
    fn what_is_no_json_or_has_no_uuid_is_broken() {
        let error = |content: &str| {
            read(&disc(&[("openstack/latest/meta_data.json", content)]), "/dev/sr0", &mut Vec::new())
                .unwrap_err()
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
        let (instance, problems) = found(&[meta, ("openstack/latest/network_data.json", "links: []")]);
        assert_eq!(instance.file(NETWORK_DATA), Some(&b""[..]));
        assert!(problems[0].starts_with("unable to read /dev/sr0:/openstack/latest/network_data.json:1:1: "));
    }

    #[test]
    fn an_empty_network_is_unread_too() {
        let meta = ("openstack/latest/meta_data.json", "{\"uuid\": \"i\"}");
        let empty = |name| [meta, (name, "")];
        let (instance, problems) = found(&empty("openstack/latest/network_data.json"));
        assert_eq!((instance.file(NETWORK_DATA), problems.len()), (Some(&b""[..]), 1));
        let (instance, problems) = found(&empty("openstack/latest/user_data"));
        assert_eq!((instance.file(USER_DATA), problems.len()), (None, 0));
    }

    #[test]
    fn another_disc_is_no_config_drive() {
        assert!(read(&disc(&[("readme", "x")]), "/dev/sr0", &mut Vec::new()).unwrap().is_none());
    }
}
