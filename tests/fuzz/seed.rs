//! Whatever lies on a drive, or in the firmware's tables, becomes an instance
//! or an error with a sentence.

use glowplug::datasource::{Medium, read_folder};
use glowplug::error::Result;
use glowplug::fetch::Fetch;
use glowplug::state::cache;
use glowplug::sys::smbios;

use crate::Target;

/// One file under every name that a seed may have it by.
struct Drive<'a> {
    /// Names that are there.
    names: &'static [&'static str],
    content: &'a [u8],
}

impl Fetch for Drive<'_> {
    fn read(&self, path: &str, _: usize) -> Result<Option<Vec<u8>>> {
        Ok(self.names.contains(&path).then(|| self.content.to_vec()))
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>> {
        let any = self.names.iter().any(|name| name.starts_with(path));
        Ok(any.then(|| vec!["latest".to_owned()]))
    }

    fn mode(&self, path: &str) -> Result<Option<u32>> {
        Ok(self.names.contains(&path).then_some(0o100_644))
    }

    fn name(&self, path: &str) -> String {
        format!("/dev/sr0:/{path}")
    }
}

/// Names of the files of a seed of each kind.
const KINDS: [&[&str]; 4] = [
    &["meta-data", "user-data", "vendor-data", "network-config"],
    &[
        "openstack/latest/meta_data.json",
        "openstack/latest/network_data.json",
        "openstack/content/0000",
        "openstack/latest/user_data",
    ],
    &["meta.js", "etc/network/interfaces", "root/.ssh/authorized_keys"],
    &["ovf-env.xml"],
];

const CORPUS: [&str; 4] = [
    "instance-id: i-1\nlocal-hostname: a\npublic-keys: {x: k}\nnetwork-interfaces: |\n  auto eth0\ndsmode: pass\n",
    r#"{"uuid": "u", "hostname": "h", "public_keys": {"a": "k"}, "meta": {"dsmode": "local"},
        "files": [{"path": "/x", "content_path": "/content/0000"}], "network_config": {"content_path": "content/0000"}}"#,
    r#"{"instance-id": "v1", "dsmode": "net", "user-data": "x", "public-keys": "a\nb"}"#,
    "<?xml version='1.0'?><!-- c --><e:Environment xmlns:e='x'><PropertySection><Property e:key='user-data' \
     e:value='IyF4'/><Property e:key='password' e:value='&lt;&#x41;'/></PropertySection></e:Environment>",
];

const PIECES: &[&[u8]] = &[
    b"seedfrom: /x/",
    b"dsmode: disabled",
    b"instance-id: ..",
    b"\"content_path\"",
    b"<Property e:key='hostname' e:value='h'/>",
    b"<PropertySection>",
    b"</",
    b"<![CDATA[",
    b"]]>",
    b"-->",
    b"&#0;",
    b"&amp",
    b"<!DOCTYPE",
    b"'",
    b"\xff",
    b"\0",
];

pub(crate) fn target() -> Target {
    let corpus = CORPUS.iter().map(|text| text.as_bytes().to_vec()).collect();
    Target { name: "seed", corpus, pieces: PIECES, check, rounds: 10_000 }
}

/// Whether the input was a seed of any kind. What comes of one can be kept.
fn check(input: &[u8]) -> bool {
    let mut any = false;
    for names in KINDS {
        let drive = Drive { names, content: input };
        let mut problems = Vec::new();
        let reading = read_folder(&Medium { tree: &drive, name: "/dev/sr0" }, &mut problems);
        for error in problems.iter().chain(reading.as_ref().err()) {
            assert!(error.text().starts_with("unable to "), "{error}");
        }
        let Some(instance) = reading.ok().and_then(glowplug::datasource::Reading::instance) else { continue };
        any = true;
        let _ = instance.meta_data();
        assert_eq!(cache::decode(&cache::encode(&instance), "cache").unwrap(), instance);
    }
    any
}

/// Tables of the firmware.
pub(crate) fn tables() -> Target {
    let corpus = vec![
        b"\x01\x06\x01\x00ab\x0b\0\0\x0b\x05\x02\x00\x02ds=nocloud;i=1\0other\0\0\x7f\x04\x05\x00\0\0"
            .to_vec(),
        Vec::new(),
    ];
    let pieces = &[b"\0\0" as &[u8], b"\x0b\x05\0\0\x01", b"\x0b\0", b"\xff", b"ds=nocloud"];
    Target { name: "smbios", corpus, pieces, check: check_table, rounds: 20_000 }
}

fn check_table(table: &[u8]) -> bool {
    let strings = smbios::oem_strings(table);
    // A byte that is no character becomes one of three.
    assert!(strings.iter().map(String::len).sum::<usize>() <= 3 * table.len());
    !strings.is_empty()
}
