//! Instance data: what a template in user-data can name, as cloud-init's
//! instance-data.json has it for a config drive.
//!
//! Of `v1` it lacks `python_version` and `system_platform`, of the top level
//! `sys_info`: this program runs without Python, before the system does.

use super::fallback::NAME;
use crate::cloud_config::hostname;
use crate::fetch::{self, Fetch};
use crate::instance::{EC2_META_DATA, Instance, NETWORK_DATA};
use crate::os_release::field;
use crate::syntax::json;
use crate::syntax::value::{Data, Value};
use crate::text::cut;
use crate::user_data;
use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Builds the instance data: `v1`, `ds` and, of `system`, the layers of the
/// root's own configuration, `merged_cfg`.
#[inline(never)]
pub fn instance_data<'a>(
    instance: &'a Instance,
    system: &[(&str, Value<'a>)],
    root: &dyn Fetch,
) -> Value<'a> {
    let mut meta_data = instance.meta_data();
    let v1 = standard(instance, &meta_data, root);
    if let Data::Map(entries) = &mut meta_data.data
        && instance.datasource != NAME
    {
        // What cloud-init makes of these is text, however a person wrote it.
        let text = |key: &Value<'_>| matches!(key.as_str(), Some("instance-id" | "local-hostname"));
        entries.retain(|(key, _)| !text(key));
        put(entries, "instance-id", instance.id.as_str());
        if let Some(name) = &instance.metadata.local_hostname {
            put(entries, "local-hostname", name);
        }
    }
    let mut ds = Vec::new();
    put_value(&mut ds, "meta_data", meta_data);
    if instance.datasource == "ConfigDrive" {
        put_value(&mut ds, "network_json", parsed(instance.file(NETWORK_DATA)));
        let ec2 = instance
            .file(EC2_META_DATA)
            .map_or(Value::bare(Data::Map(Vec::new())), |file| parsed(Some(file)));
        put_value(&mut ds, "ec2_metadata", ec2);
    }
    let mut merged = Value::bare(Data::Map(Vec::new()));
    for (_, tree) in system {
        user_data::fill_in(&mut merged, tree.clone());
    }
    let mut data = Vec::new();
    put_value(&mut data, "v1", Value::bare(Data::Map(v1)));
    put_value(&mut data, "ds", Value::bare(Data::Map(ds)));
    put_value(&mut data, "merged_cfg", merged);
    Value::bare(Data::Map(data))
}

/// The instance data as templates have it: newer cloud-inits call `merged_cfg`
/// `merged_system_cfg`.
#[inline(never)]
pub fn template_data<'a>(
    instance: &'a Instance,
    system: &[(&str, Value<'a>)],
    root: &dyn Fetch,
) -> Value<'a> {
    let mut data = instance_data(instance, system, root);
    let merged = data.get("merged_cfg").cloned();
    if let (Data::Map(entries), Some(merged)) = (&mut data.data, merged) {
        put_value(entries, "merged_system_cfg", merged);
    }
    data
}

type Entries<'a> = Vec<(Value<'a>, Value<'a>)>;

/// The keys that every cloud has.
fn standard<'a>(instance: &'a Instance, meta_data: &Value<'a>, root: &dyn Fetch) -> Entries<'a> {
    let mut v1 = Vec::new();
    let cloud = instance.datasource.to_ascii_lowercase();
    for key in ["cloud-name", "cloud_id", "cloud_name", "platform"] {
        put(&mut v1, key, &cloud);
    }
    for key in ["instance-id", "instance_id"] {
        put(&mut v1, key, instance.id.as_str());
    }
    let release = fetch::text(root, "/etc/os-release").unwrap_or_default();
    let distribution = match field(&release, "ID") {
        "rhel" => "redhat",
        id => id,
    };
    put(&mut v1, "distro", distribution);
    put(&mut v1, "distro_release", codename(&release));
    put(&mut v1, "distro_version", field(&release, "VERSION_ID"));
    put(&mut v1, "variant", variant(distribution));
    let kernel = rustix::system::uname();
    put(&mut v1, "kernel_release", kernel.release().to_str().unwrap_or_default());
    put(&mut v1, "machine", kernel.machine().to_str().unwrap_or_default());
    let source = instance.source.as_str();
    let medium = if source.starts_with("/dev") { "config-disk (" } else { "seed-dir (" };
    let place = if source.is_empty() { "config".into() } else { [medium, source, ")"].concat() };
    put(&mut v1, "subplatform", &place);
    let given = instance.metadata.local_hostname.as_deref().map(hostname::of_metadata);
    let own = || own_name(kernel.nodename().to_str().unwrap_or_default(), root);
    let name = given.filter(|name| !name.is_empty()).unwrap_or_else(own);
    let name = Data::Str(name.split('.').next().unwrap_or_default().to_string().into());
    let zone = ["availability-zone", "availability_zone"].into_iter().find_map(|key| meta_data.get_set(key));
    let given = |value: Option<&Value<'a>>| value.map_or(Data::Null, |value| value.data.clone());
    for (key, data) in [
        ("local-hostname", name.clone()),
        ("local_hostname", name),
        ("availability-zone", given(zone)),
        ("availability_zone", given(zone)),
        ("region", given(meta_data.get("region"))),
    ] {
        put_value(&mut v1, key, Value::bare(data));
    }
    let keys = instance.metadata.public_keys.iter();
    let keys = keys.map(|key| Value::bare(Data::Str(Cow::Borrowed(key)))).collect();
    put_value(&mut v1, "public_ssh_keys", Value::bare(Data::Seq(keys)));
    v1
}

/// The name of a machine that its seed gives none: what the kernel has, unless nobody
/// has told it; then what the root will tell it.
fn own_name(kernels: &str, root: &dyn Fetch) -> String {
    const UNTOLD: [&str; 3] = ["", "(none)", LOCALHOST];
    if !UNTOLD.contains(&kernels) {
        return kernels.into();
    }
    let text = fetch::text(root, "/etc/hostname").unwrap_or_default();
    let line = text.lines().map(str::trim_ascii).find(|line| !line.is_empty() && !line.starts_with('#'));
    line.unwrap_or(LOCALHOST).into()
}

const LOCALHOST: &str = "localhost";

/// What cloud-init calls the family of a distribution.
fn variant(distribution: &str) -> &str {
    const OWN: &str = "almalinux alpine arch centos cloudlinux debian eurolinux fedora mariner miraclelinux \
                       openeuler openmandriva photon rocky suse ubuntu virtuozzo";
    match distribution {
        "redhat" => "rhel",
        "linuxmint" | "mint" => "ubuntu",
        "opensuse" | "opensuse-tumbleweed" | "opensuse-leap" | "sles" | "sle_hpc" => "suse",
        _ if OWN.split(' ').any(|own| own == distribution) => distribution,
        _ => "linux",
    }
}

/// `VERSION_CODENAME`, else what stands in brackets in `VERSION`.
fn codename(release: &str) -> &str {
    match field(release, "VERSION_CODENAME") {
        "" => {
            let bracketed = cut(field(release, "VERSION"), " (").map(|(_, rest)| rest.split(')').next());
            bracketed.flatten().unwrap_or_default()
        }
        codename => codename,
    }
}

/// A JSON file; null where it is none.
fn parsed(file: Option<&[u8]>) -> Value<'_> {
    json::parse(file.unwrap_or_default()).unwrap_or_else(|_| Value::bare(Data::Null))
}

#[inline(never)]
fn put(entries: &mut Entries<'_>, key: &'static str, text: &str) {
    put_value(entries, key, Value::bare(Data::Str(Cow::Owned(text.to_string()))));
}

#[inline(never)]
fn put_value<'a>(entries: &mut Entries<'a>, key: &'static str, value: Value<'a>) {
    entries.push((Value::bare(Data::Str(Cow::Borrowed(key))), value));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;

    #[test]
    fn a_machine_whose_seed_names_it_not_had_no_name() {
        let named = Tree::of("", &[("/etc/hostname", "# a comment\n\nimage.example.org\n")]);
        assert_eq!(own_name("web1", &named), "web1");
        for untold in ["(none)", "localhost", ""] {
            assert_eq!(own_name(untold, &named), "image.example.org");
            assert_eq!(own_name(untold, &Tree::default()), "localhost");
        }
    }
}
