use super::*;
use crate::fetch::memory::Tree;
use crate::instance::{
    DATASOURCE_CONFIG, INTERFACES, META_DATA_YAML, NETWORK_CONFIG, NETWORK_DATA, USER_DATA, VENDOR_DATA_TEXT,
};
use crate::syntax::yaml;
use alloc::string::ToString;

const LATEST: &str = "openstack/latest/meta_data.json";

fn drive(files: &[(&str, &str)]) -> (Result<Reading>, Vec<String>) {
    read_as(&Tree::of("/dev/sr0:/", files))
}

fn read_as(tree: &Tree) -> (Result<Reading>, Vec<String>) {
    let mut problems = Vec::new();
    let reading = read_folder(&Medium { tree, name: "/dev/sr0" }, &mut problems);
    (reading, problems.iter().map(ToString::to_string).collect())
}

fn found(files: &[(&str, &str)]) -> (Box<Instance>, Vec<String>) {
    let (reading, problems) = drive(files);
    (reading.unwrap().instance().unwrap(), problems)
}

fn error(files: &[(&str, &str)]) -> String {
    drive(files).0.unwrap_err().to_string()
}

#[test]
fn the_newest_known_version_counts() {
    let meta = |id: &str| alloc::format!("{{\"uuid\": \"{id}\"}}");
    let (instance, _) = found(&[
        ("openstack/2012-08-10/meta_data.json", &meta("old")),
        ("openstack/2015-10-15/meta_data.json", &meta("new")),
        ("openstack/2099-01-01/meta_data.json", &meta("future")),
        (LATEST, &meta("latest")),
    ]);
    assert_eq!(instance.id.as_str(), "new");
    assert_eq!(
        instance.datasource_line(),
        "DataSourceConfigDrive: DataSourceConfigDrive [net,ver=2][source=/dev/sr0]\n"
    );
    assert_eq!((instance.source.as_str(), instance.dsmode.as_str()), ("/dev/sr0", "net"));
}

#[test]
fn parts_are_read_and_a_missing_one_is_named() {
    let (instance, problems) = found(&[
        (
            LATEST,
            r#"{"uuid": "i-1", "hostname": "vm.local", "public_keys": {"k": "ssh-ed25519 AAAA me"},
                "files": [{"path": "/etc/motd", "content_path": "/content/0000"},
                          {"path": "etc/x", "content_path": "/content/0001"}, {}],
                "network_config": {"content_path": "/content/0002"}}"#,
        ),
        ("openstack/latest/user_data", "#!/bin/sh\n"),
        ("openstack/content/0000", "hello"),
        ("openstack/content/0002", "auto eth0\n"),
    ]);
    assert_eq!(instance.metadata.local_hostname.as_deref(), Some("vm.local"));
    assert_eq!(instance.metadata.public_keys, ["ssh-ed25519 AAAA me"]);
    assert_eq!(instance.file(USER_DATA), Some(&b"#!/bin/sh\n"[..]));
    assert_eq!(instance.network(), Some((INTERFACES, &b"auto eth0\n"[..])));
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
    assert!(
        error(&[(LATEST, "{\n oops")])
            .starts_with("unable to read /dev/sr0:/openstack/latest/meta_data.json:2:2: ")
    );
    assert!(error(&[(LATEST, "{}")]).ends_with("it has no uuid, which is the instance-id"));
    assert!(error(&[("openstack/latest/x", "")]).ends_with("meta_data.json: it is missing"));
    assert!(error(&[("meta.js", "{")]).starts_with("unable to read /dev/sr0:/meta.js:1:2: "));
}

#[test]
fn a_network_that_can_not_be_read_is_not_absent() {
    let meta = (LATEST, "{\"uuid\": \"i\"}");
    for text in ["links: [", ""] {
        let (instance, problems) = found(&[meta, ("openstack/latest/network_data.json", text)]);
        assert_eq!(instance.file(NETWORK_DATA), Some(&b""[..]));
        assert!(
            problems[0].starts_with("unable to read /dev/sr0:/openstack/latest/network_data.json:1:1: "),
            "{problems:?}"
        );
        assert_eq!(problems.len(), 1);
    }
    let (instance, problems) = found(&[meta, ("openstack/latest/user_data", "")]);
    assert_eq!((instance.file(USER_DATA), problems.len()), (None, 0));
    let seed = [("meta-data", ""), ("user-data", ""), ("network-config", "version: [")];
    let (instance, problems) = found(&seed);
    assert_eq!(instance.network(), Some((NETWORK_CONFIG, &b""[..])));
    assert!(problems[0].starts_with("unable to read /dev/sr0:/network-config:1:10: "), "{problems:?}");
}

#[test]
fn what_is_none_of_all_is_nothing() {
    assert_eq!(drive(&[("readme", "x")]).0, Ok(Reading::Nothing));
}

#[test]
fn dsmode_says_how_a_drive_counts() {
    let files = [
        (LATEST, r#"{"uuid": "i", "hostname": "h", "meta": {"dsmode": "MODE"}, "public_keys": {"a": "k"}}"#),
        ("openstack/latest/user_data", "x"),
        ("openstack/latest/network_data.json", "{}"),
    ];
    let with = |mode: &str| {
        let meta = files[0].1.replace("MODE", mode);
        let mut files = files;
        files[0].1 = &meta;
        drive(&files)
    };
    let (Ok(Reading::Whole(instance)), _) = with("local") else { panic!() };
    assert_eq!(instance.detail, "[local,ver=2][source=/dev/sr0]");
    assert_eq!(with("disabled").0, Ok(Reading::Disabled));
    let (Ok(Reading::Whole(instance)), problems) = with("pass") else { panic!() };
    assert_eq!(instance.dsmode, "net");
    assert_eq!(
        problems,
        ["unable to use dsmode of /dev/sr0: it is \"pass\", neither net, local nor disabled"]
    );
}

#[test]
fn version_1_has_its_files_as_in_a_root() {
    let network = ("etc/network/interfaces", "auto eth0\n");
    let keys = ("root/.ssh/authorized_keys", "# mine\nssh-rsa A\n");
    let (instance, _) = found(&[network, keys]);
    assert_eq!((instance.id.as_str(), instance.metadata.public_keys.len()), ("iid-dsconfigdrive", 1));
    assert_eq!(instance.detail, "[net,ver=1][source=/dev/sr0]");
    assert_eq!(instance.network(), Some((INTERFACES, &b"auto eth0\n"[..])));

    let meta = r#"{"instance-id": 7, "dsmode": "net", "user-data": "x"}"#;
    let (instance, problems) = found(&[network, keys, ("meta.js", meta)]);
    assert_eq!((instance.id.as_str(), problems.len()), ("7", 0));
    assert_eq!(instance.metadata.public_keys, ["ssh-rsa A"]);
    assert_eq!(instance.file(USER_DATA), Some(&b"x"[..]));
    let (instance, _) = found(&[keys, ("meta.js", r#"{"public-keys": "b\nc", "dsmode": "net"}"#)]);
    assert_eq!(instance.metadata.public_keys, ["b", "c"]);
}

/// What NoCloud says with these files in the root, this kernel line and this
/// configuration.
fn no_cloud(
    root: &[(&str, &str)],
    kernel: Option<&str>,
    firmware: &[&str],
    config: &str,
    medium: Option<&[(&str, &str)]>,
) -> (Result<Reading>, Vec<String>) {
    let root = Tree::of("/sysroot", root);
    let firmware: Vec<String> = firmware.iter().map(ToString::to_string).collect();
    let config = [("cloud.cfg", yaml::load(config).unwrap())];
    let surroundings =
        Surroundings { root: &root, firmware: &firmware, kernel, config: &config, remote: None };
    let tree = medium.map(|files| Tree::of("/dev/vdb:/", files));
    let medium = tree.as_ref().map(|tree| Medium { tree, name: "/dev/vdb" });
    let mut problems = Vec::new();
    let reading = (no_cloud::DATASOURCE.read)(&surroundings, medium.as_ref(), &mut problems);
    (reading, problems.iter().map(ToString::to_string).collect())
}

#[test]
fn every_place_adds_to_no_cloud() {
    let seed = "/var/lib/cloud/seed/nocloud-net";
    let root = [
        (&*[seed, "/meta-data"].concat(), "{local-hostname: folder, a: {x: 1}, public-keys: [k1, k2]}"),
        (&*[seed, "/user-data"].concat(), "folder"),
        (&*[seed, "/vendor-data"].concat(), "vendor"),
        ("/var/lib/cloud/seed/nocloud/meta-data", ""),
    ];
    let drive = [("meta-data", "{instance-id: 12, a: {y: 2}, z: 1}"), ("user-data", "")];
    let (reading, problems) =
        no_cloud(&root, Some("nocloud;h=line"), &["x", "ds=nocloud-net;k=v"], "{}", Some(&drive));
    let Ok(Reading::Whole(instance)) = reading else { panic!("{reading:?}") };
    assert_eq!(
        problems,
        ["unable to read /sysroot/var/lib/cloud/seed/nocloud/user-data: it is missing, and a seed needs it"]
    );
    assert_eq!(
        instance.datasource_name(),
        "DataSourceNoCloud [seed=dmi,cmdline,/var/lib/cloud/seed/nocloud-net,/dev/vdb][dsmode=net]"
    );
    assert_eq!((instance.id.as_str(), instance.dsmode.as_str()), ("12", "net"));
    assert_eq!(instance.metadata.local_hostname.as_deref(), Some("line"));
    assert_eq!(instance.metadata.public_keys, ["k1", "k2"]);
    assert_eq!((instance.file(USER_DATA), instance.file(VENDOR_DATA_TEXT)), (None, Some(&b"vendor"[..])));
    let meta = instance.meta_data();
    assert_eq!(meta.get("a").unwrap().entries().len(), 2);
    assert_eq!(meta.get("k").unwrap().as_str(), Some("v"));
}

#[test]
fn one_place_keeps_its_metadata_as_it_is() {
    let (reading, _) =
        no_cloud(&[], None, &[], "{}", Some(&[("meta-data", "# mine\na: 1\n"), ("user-data", "")]));
    let instance = reading.unwrap().instance().unwrap();
    assert_eq!(instance.file(META_DATA_YAML), Some(&b"# mine\na: 1\n"[..]));
    assert_eq!(instance.datasource_name(), "DataSourceNoCloud [seed=/dev/vdb][dsmode=net]");
    assert_eq!(instance.id.as_str(), "nocloud");
}

#[test]
fn how_much_a_place_says_tells_how_long_to_wait() {
    let reading = |kernel: Option<&str>, config: &str| no_cloud(&[], kernel, &[], config, None).0;
    assert_eq!(reading(None, "{}"), Ok(Reading::Nothing));
    assert!(matches!(reading(Some("nocloud"), "{}"), Ok(Reading::Last(_))));
    assert!(matches!(reading(Some("nocloud;h=a"), "{}"), Ok(Reading::Last(_))));
    assert!(matches!(reading(Some("nocloud;i=a"), "{}"), Ok(Reading::Open(_))));
    let inline = "datasource: {NoCloud: {user-data: a, meta-data: {b: c}";
    assert!(matches!(reading(None, &[inline, "}}"].concat()), Ok(Reading::Open(_))));
    assert!(matches!(reading(None, &[inline, ", fs_label: null}}"].concat()), Ok(Reading::Whole(_))));
    assert_eq!(reading(Some("nocloud;i=a;dsmode=disabled"), "{}"), Ok(Reading::Disabled));
}

#[test]
fn the_configuration_may_hold_a_seed() {
    let config = "datasource:
  NoCloud:
    user-data: '#!x'
    vendor-data: !!binary aGk=
    meta-data: 'instance-id: inline'
    network-config: {version: 1, config: []}
";
    let instance = no_cloud(&[], None, &[], config, None).0.unwrap().instance().unwrap();
    assert_eq!((instance.id.as_str(), instance.source.as_str()), ("inline", "ds_config"));
    assert_eq!(instance.file(USER_DATA), Some(&b"#!x"[..]));
    assert_eq!(instance.file(VENDOR_DATA_TEXT), Some(&b"hi"[..]));
    let network = instance.file(NETWORK_CONFIG).unwrap();
    assert_eq!(core::str::from_utf8(network), Ok("---\nconfig: []\nversion: 1\n...\n"));
}

#[test]
fn a_seed_is_read_from_where_the_line_says() {
    let root = [
        ("/srv/seed/meta-data", "{instance-id: far, local-hostname: far}"),
        ("/srv/seed/user-data", "far"),
        ("/srv/seed/network-config", "version: 2"),
        ("/srv/a-meta-data.txt", ""),
        ("/srv/a-user-data.txt", "a"),
    ];
    for place in ["/srv/seed/", "/srv/seed", "file:///srv/seed/"] {
        let line = ["nocloud;h=near;s=", place].concat();
        let instance = no_cloud(&root, Some(&line), &[], "{}", None).0.unwrap().instance().unwrap();
        assert_eq!(instance.detail, ["[seed=cmdline,", place, "][dsmode=local]"].concat());
        assert_eq!(
            (instance.id.as_str(), instance.metadata.local_hostname.as_deref()),
            ("far", Some("near"))
        );
        assert_eq!(instance.file(USER_DATA), Some(&b"far"[..]));
        assert_eq!(instance.network(), Some((NETWORK_CONFIG, &b"version: 2"[..])));
    }
    let (reading, _) = no_cloud(&root, Some("nocloud;s=/srv/a-%s.txt"), &[], "{}", None);
    assert_eq!(reading.unwrap().instance().unwrap().file(USER_DATA), Some(&b"a"[..]));
    let error = |place: &str| {
        let line = ["nocloud-net;s=", place].concat();
        no_cloud(&root, Some(&line), &[], "{}", None).0.unwrap_err().to_string()
    };
    assert_eq!(
        error("ftp://h/"),
        "unable to fetch the seed ftp://h/: it is neither a path nor an address of HTTP"
    );
    assert_eq!(error("/none/"), "unable to read the seed /sysroot/none/: nothing is there");
}

#[test]
fn a_seed_on_the_network_waits_for_who_can_fetch_it() {
    let root = Tree::of("/sysroot", &[]);
    let line = Some("nocloud;h=near;s=http://h/a");
    let read = |remote| {
        let surroundings = Surroundings { kernel: line, remote, ..Surroundings::of_root(&root) };
        (no_cloud::DATASOURCE.read)(&surroundings, None, &mut Vec::new()).unwrap()
    };
    assert_eq!(read(None), Reading::Remote("http://h/a".into()));
    let server = Tree::of("", &[("http://h/a/meta-data", "instance-id: far"), ("http://h/a/user-data", "u")]);
    let instance = read(Some(&server)).instance().unwrap();
    assert_eq!((instance.id.as_str(), instance.file(USER_DATA)), ("far", Some(&b"u"[..])));
    assert_eq!(instance.metadata.local_hostname.as_deref(), Some("near"));
    assert_eq!(instance.detail, "[seed=cmdline,http://h/a][dsmode=local]");
}

#[test]
fn metadata_that_is_none_is_broken_with_its_place() {
    let seed = |meta| [("meta-data", meta), ("user-data", "x")];
    assert!(error(&seed("a: [")).starts_with("unable to read /dev/sr0:/meta-data:1:4: "));
    assert_eq!(error(&seed("- a")), "unable to read /dev/sr0:/meta-data: it is a list, not a mapping");
    assert!(error(&seed("instance-id: ..")).starts_with("unable to use instance-id"));
    assert_eq!(
        error(&[("meta-data", "")]),
        "unable to read /dev/sr0:/user-data: it is missing, and a seed needs it"
    );
}

#[test]
fn labels_and_kinds_tell_whose_a_volume_is() {
    let config = [("x", yaml::load("datasource: {NoCloud: {fs_label: Seed}}").unwrap())];
    let root = Tree::default();
    let plain = Surroundings::of_root(&root);
    let labelled = Surroundings { config: &config, ..Surroundings::of_root(&root) };
    let volume = |device: &str, kind, label: &str, partition| Volume {
        device: device.into(),
        kind,
        label: label.into(),
        partition,
    };
    for (volume, claims) in [
        (volume("vdb", "vfat", "CIDATA", true), [Claim::Labelled, Claim::No, Claim::No]),
        (volume("sr0", "iso9660", "cidata", false), [Claim::Labelled, Claim::Perhaps, Claim::Perhaps]),
        (volume("sda", "ext4", "cidata", false), [Claim::No; 3]),
        (volume("sda1", "ext4", "config-2", true), [Claim::No, Claim::Labelled, Claim::No]),
        (volume("vdb", "vfat", "", false), [Claim::No, Claim::Perhaps, Claim::No]),
        (volume("vdb1", "vfat", "EFI", true), [Claim::No; 3]),
    ] {
        let answers = [no_cloud::DATASOURCE, config_drive::DATASOURCE, ovf::DATASOURCE]
            .map(|datasource| (datasource.claims)(&plain, &volume));
        assert_eq!(answers, claims, "{volume:?}");
    }
    let claim = no_cloud::DATASOURCE.claims;
    assert_eq!(claim(&labelled, &volume("vdb", "vfat", "SEED", true)), Claim::Labelled);
    assert_eq!(claim(&labelled, &volume("vdb", "vfat", "CIDATA", true)), Claim::No);
}

#[test]
fn an_appliance_has_properties() {
    let environment = |properties: &str| {
        let text = ["<Environment xmlns:oe=\"x\"><PropertySection>", properties].concat();
        text + "</PropertySection><PropertySection><Property oe:key='hostname' oe:value='other'/>\
                </PropertySection><Entity><PropertySection><Property key='hostname' value='other'/>\
                </PropertySection></Entity></Environment>"
    };
    let text = environment(
        "<Property oe:key='instance-id' oe:value='i-1'/><Property oe:key='hostname' oe:value='first'/>\
         <Property oe:key='hostname' oe:value='vm'/><Property oe:key='password' oe:value='p:1'/>\
         <Property oe:key='user-data' oe:value='IyF4'/><Property oe:key='public-keys' oe:value='k'/>\
         <Property oe:key='network-config' oe:value='dmVyc2lvbjogMg=='/>\
         <Property oe:key='seedfrom' oe:value='http://h/'/><Property oe:key='other' oe:value=''/>",
    );
    let (instance, problems) = found(&[("ovf-env.xml", &text)]);
    assert_eq!(instance.datasource_name(), "DataSourceOVF [seed=iso]");
    assert_eq!((instance.id.as_str(), instance.metadata.public_keys.as_slice()), ("i-1", &["k".into()][..]));
    assert_eq!(instance.metadata.local_hostname.as_deref(), Some("vm"));
    assert_eq!(instance.file(USER_DATA), Some(&b"#!x"[..]));
    assert_eq!(instance.file(NETWORK_CONFIG), Some(&b"version: 2"[..]));
    assert_eq!(instance.file(DATASOURCE_CONFIG), Some(&b"---\npassword: p:1\n...\n"[..]));
    assert_eq!(
        problems,
        ["unable to fetch the seed http://h/: a seed behind an OVF environment is not built in"]
    );
    let text = environment("<Property oe:key='user-data' oe:value='#!plain'/>");
    assert_eq!(found(&[("OVF_ENV.XML", &text)]).0.file(USER_DATA), Some(&b"#!plain"[..]));
    assert!(error(&[("ovf-env.xml", "<a>")]).starts_with("unable to read /dev/sr0:/ovf-env.xml:1:4: "));
    assert!(error(&[("ovf-env.xml", "<a/>")]).ends_with("it is no OVF environment"));
    assert!(error(&[("ovf-env.xml", "<Environment/>")]).ends_with("it has no PropertySection"));
}

#[test]
fn names_are_known_in_any_case() {
    for (name, datasource) in
        [("nocloud", "NoCloud"), ("NoCloud-Net", "NoCloud"), ("CONFIGDRIVE", "ConfigDrive"), ("ovf", "OVF")]
    {
        assert_eq!(named(name).unwrap().name, datasource);
    }
    assert!(named("Ec2").is_none());
}
