//! Instance data: what a template in user-data can name, as cloud-init's
//! instance-data.json has it for a config drive.
//!
//! Of `v1` it lacks `python_version` and `system_platform`, of the top level
//! `sys_info`: this program runs without Python, before the system does.

use crate::cloud_config::{CloudConfig, Layer, hostname};
use crate::fetch::{self, Fetch};
use crate::instance::Instance;
use crate::syntax::json;
use crate::syntax::value::{Data, Value};
use crate::user_data;
use alloc::borrow::Cow;
use alloc::string::ToString;

/// Builds the instance data: `v1`, `ds` and, of `system`, the layers of the
/// root's own configuration, `merged_cfg`.
#[inline(never)]
pub fn instance_data<'a>(instance: &'a Instance, system: &[Layer<'a>], root: &dyn Fetch) -> Value<'a> {
    let mut meta_data = parsed(&instance.raw.meta_data);
    let v1 = standard(instance, &meta_data, root);
    if let Data::Map(entries) = &mut meta_data.data {
        for (key, value) in [
            ("instance-id", Some(instance.id.as_str())),
            ("local-hostname", instance.metadata.local_hostname.as_deref()),
        ] {
            entries.extend(value.map(|value| (text(key), text(value))));
        }
    }
    let ds = map([
        ("meta_data", meta_data),
        ("network_json", parsed(instance.raw.network_data.as_deref().unwrap_or_default())),
        ("ec2_metadata", parsed(&instance.raw.ec2_meta_data)),
    ]);
    let merged = user_data::first_wins(system.iter().map(|layer| layer.value.clone()));
    map([("v1", v1), ("ds", ds), ("merged_cfg", merged)])
}

/// The keys that every cloud has.
fn standard<'a>(instance: &'a Instance, meta_data: &Value<'a>, root: &dyn Fetch) -> Value<'a> {
    let metadata = &instance.metadata;
    let cloud = instance.datasource.to_ascii_lowercase();
    let local_hostname = hostname::parse(&CloudConfig::default(), metadata.local_hostname.as_deref());
    let local_hostname = local_hostname.ok().flatten().map(|names| names.hostname);
    let source =
        instance.detail.rsplit_once("[source=").map_or("", |(_, source)| source.trim_end_matches(']'));
    let medium = if source.starts_with("/dev") { "config-disk (" } else { "seed-dir (" };
    let release = fetch::text(root, "/etc/os-release").unwrap_or_default();
    let kernel = rustix::system::uname();
    let in_meta_data = |keys: [&str; 2]| {
        keys.into_iter().find_map(|key| meta_data.get_set(key)).map_or(Value::bare(Data::Null), Value::clone)
    };
    let zone = in_meta_data(["availability-zone", "availability_zone"]);
    let distribution = match field(&release, "ID") {
        "rhel" => "redhat",
        id => id,
    };
    let keys = metadata.public_keys.iter().map(|key| text(key));
    map([
        ("availability-zone", zone.clone()),
        ("availability_zone", zone),
        ("cloud-name", owned(&cloud)),
        ("cloud_id", owned(&cloud)),
        ("cloud_name", owned(&cloud)),
        ("distro", owned(distribution)),
        ("distro_release", owned(codename(&release))),
        ("distro_version", owned(field(&release, "VERSION_ID"))),
        ("instance-id", text(instance.id.as_str())),
        ("instance_id", text(instance.id.as_str())),
        ("kernel_release", owned(kernel.release().to_str().unwrap_or_default())),
        ("local-hostname", local_hostname.as_deref().map_or(Value::bare(Data::Null), owned)),
        ("local_hostname", local_hostname.as_deref().map_or(Value::bare(Data::Null), owned)),
        ("machine", owned(kernel.machine().to_str().unwrap_or_default())),
        ("platform", owned(&cloud)),
        ("public_ssh_keys", Value::bare(Data::Seq(keys.collect()))),
        ("region", in_meta_data(["region", "region"])),
        ("subplatform", owned(&[medium, source, ")"].concat())),
        ("variant", owned(variant(distribution))),
    ])
}

/// What cloud-init calls the family of a distribution.
fn variant(distribution: &str) -> &str {
    const OWN: [&str; 17] = [
        "almalinux",
        "alpine",
        "arch",
        "centos",
        "cloudlinux",
        "debian",
        "eurolinux",
        "fedora",
        "mariner",
        "miraclelinux",
        "openeuler",
        "openmandriva",
        "photon",
        "rocky",
        "suse",
        "ubuntu",
        "virtuozzo",
    ];
    match distribution {
        "redhat" => "rhel",
        "linuxmint" | "mint" => "ubuntu",
        "opensuse" | "opensuse-tumbleweed" | "opensuse-leap" | "sles" | "sle_hpc" => "suse",
        _ if OWN.contains(&distribution) => distribution,
        _ => "linux",
    }
}

/// `VERSION_CODENAME`, else what stands in brackets in `VERSION`.
fn codename(release: &str) -> &str {
    match field(release, "VERSION_CODENAME") {
        "" => {
            let bracketed =
                field(release, "VERSION").split_once(" (").map(|(_, rest)| rest.split(')').next());
            bracketed.flatten().unwrap_or_default()
        }
        codename => codename,
    }
}

/// The value of a field of os-release(5).
fn field<'t>(release: &'t str, name: &str) -> &'t str {
    let line = release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    line.unwrap_or_default().trim_matches(['"', '\''])
}

/// A JSON file; null where it is none.
fn parsed(file: &[u8]) -> Value<'_> {
    json::parse(file).unwrap_or_else(|_| Value::bare(Data::Null))
}

fn text(text: &str) -> Value<'_> {
    Value::bare(Data::Str(Cow::Borrowed(text)))
}

fn owned<'a>(text: &str) -> Value<'a> {
    Value::bare(Data::Str(Cow::Owned(text.to_string())))
}

fn map<'a, const COUNT: usize>(fields: [(&'a str, Value<'a>); COUNT]) -> Value<'a> {
    Value::bare(Data::Map(fields.into_iter().map(|(key, value)| (text(key), value)).collect()))
}
