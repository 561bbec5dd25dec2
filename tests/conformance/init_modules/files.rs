//! Files of the system: fstab, hosts, resolv.conf, the host name.

use crate::python::Python;
use crate::random::Random;
use crate::{Folder, Json, ask, map, oracle, plan, text, written};
use glowplug::action::Action;
use glowplug::instance::Metadata;
use glowplug::syntax::value::{Data, Value};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Made up configurations of each kind.
const GENERATED: usize = 120;

/// What cloud-init makes of `path` below its own copy of a root.
fn theirs(oracle: &mut Python, module: &str, config: &str, name: &str, root: &Folder) -> Json {
    let metadata = map(vec![("local_hostname", text(name)), ("devices", devices())]);
    let question = map(vec![
        ("module", text(module)),
        ("config", text(config)),
        ("root", text(root.0.to_str().unwrap())),
        ("metadata", metadata),
    ]);
    ask(oracle, &question)
}

/// What the metadata of this machine calls its devices: nothing.
fn devices() -> Json {
    Value::bare(Data::Map(Vec::new()))
}

fn metadata(name: &str) -> Metadata {
    let local_hostname = Some(name).filter(|name| !name.is_empty()).map(Into::into);
    Metadata { local_hostname, ..Metadata::default() }
}

/// Lines without comments and empty ones, blanks made alike.
fn plain(text: &str) -> Vec<String> {
    let line = |line: &str| line.split('#').next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines().map(line).filter(|line| !line.is_empty()).collect()
}

#[test]
fn resolv_conf_as_cloud_init() {
    let mut oracle = oracle();
    let mut random = Random::new(7);
    let mut wrong = Vec::new();
    for _ in 0..GENERATED {
        let mut keys = Vec::new();
        for key in [
            "nameservers: [10.0.0.1]",
            "nameservers: [10.0.0.1, 'fe80::1', 192.0.2.53]",
            "searchdomains: [a.example, b.example]",
            "searchdomains: [one]",
            "domain: example.org",
            "sortlist: [10.0.0.1/255, 10.0.0.2]",
            "options: {rotate: true, timeout: 1}",
            "options: {debug: false, 'ndots': 2, attempts: 3, edns0: true, rotate: true}",
        ] {
            let name = key.split(':').next().unwrap();
            if random.once_in(2) && !keys.iter().any(|other: &&str| other.starts_with(name)) {
                keys.push(key);
            }
        }
        let config = format!("manage_resolv_conf: true\nresolv_conf: {{{}}}\n", keys.join(", "));
        let (ours, root) = (Folder::new(&[]), Folder::new(&[]));
        let answer = theirs(&mut oracle, "resolv_conf", &config, "", &root);
        let ours = plan("resolv_conf", &config, metadata(""), &ours);
        let ours = plain(&written(&ours, "/etc/resolv.conf").unwrap_or_default());
        let theirs = plain(&root.read("/etc/resolv.conf").unwrap_or_default());
        if ours != theirs {
            wrong.push(format!("{config}ours:   {ours:?}\ntheirs: {theirs:?} {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong, the first:\n{}", wrong.len(), wrong[0]);
}

/// Addresses and their names in order; the order of addresses counts for nobody.
fn by_address(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::<String, Vec<String>>::new();
    for line in plain(text) {
        let (address, names) = line.split_once(' ').unwrap_or((&line, ""));
        found.entry(address.to_owned()).or_default().push(names.to_owned());
    }
    found
}

#[test]
fn hosts_as_cloud_init() {
    let mut oracle = oracle();
    let mut random = Random::new(8);
    let mut wrong = Vec::new();
    let templates = ["debian", "redhat", "suse"].map(|family| {
        let path = format!("/etc/cloud/templates/hosts.{family}.tmpl");
        let content = std::fs::read_to_string(&path).expect("the templates of Debian's cloud-init");
        (path, content)
    });
    for _ in 0..GENERATED {
        let how = random.pick(&["true", "template", "localhost", "localhost", "false"]);
        let mut config = format!("manage_etc_hosts: {how}\n");
        config +=
            random.pick(&["", "fqdn: vm.example.org\n", "hostname: a.b\n", "{hostname: x, fqdn: y.z}\n"]);
        let config = config.replace("{hostname: x, fqdn: y.z}", "hostname: x\nfqdn: y.z");
        let mut old = String::new();
        for _ in 0..random.below(5) {
            old += random.pick(&[
                "127.0.0.1 localhost\n",
                "127.0.1.1 old.example old\n",
                "127.0.1.1\tvm.example.org vm\n",
                "127.0.1.1 x # by hand\n",
                "# nothing\n",
                "\n",
                "::1 localhost ip6\n",
            ]);
        }
        let files: Vec<(&str, &str)> = templates
            .iter()
            .map(|(path, content)| (path.as_str(), content.as_str()))
            .chain([("/etc/hosts", old.as_str()), ("/etc/os-release", "ID=debian\n")])
            .collect();
        let (ours, root) = (Folder::new(&files), Folder::new(&files));
        let answer = theirs(&mut oracle, "update_etc_hosts", &config, "meta.example.net", &root);
        let planned = plan("update_etc_hosts", &config, metadata("meta.example.net"), &ours);
        let ours = by_address(&written(&planned, "/etc/hosts").unwrap_or_else(|| old.clone()));
        let theirs = by_address(&root.read("/etc/hosts").unwrap());
        if ours != theirs {
            wrong.push(format!("{config}{old}ours:   {ours:?}\ntheirs: {theirs:?} {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong, the first:\n{}", wrong.len(), wrong[0]);
}

#[test]
fn names_at_every_boot_as_cloud_init() {
    let mut oracle = oracle();
    let previous = "/var/lib/cloud/data/previous-hostname";
    let names = ["", "vm", "other", "vm.example.org"];
    for (before, now) in names.iter().flat_map(|before| names.map(|now| (*before, now))) {
        for config in [
            "hostname: vm.example.org",
            "{fqdn: vm.example.org, prefer_fqdn_over_hostname: true}",
            "preserve_hostname: true",
        ] {
            let mut files = Vec::new();
            let (before_line, now_line) = (format!("{before}\n"), format!("{now}\n"));
            if !before.is_empty() {
                files.push((previous, before_line.as_str()));
            }
            if !now.is_empty() {
                files.push(("/etc/hostname", now_line.as_str()));
            }
            let (ours, root) = (Folder::new(&files), Folder::new(&files));
            let answer = theirs(&mut oracle, "update_hostname", config, "", &root);
            let planned = plan("update_hostname", config, metadata(""), &ours);
            for path in [previous, "/etc/hostname"] {
                let ours = written(&planned, path).or_else(|| ours.read(path));
                assert_eq!(ours, root.read(path), "{path}: {config}, {before} and {now}: {answer:?}");
            }
            let set = planned.actions.iter().find_map(|action| match action {
                Action::SetHostname { name } => Some(vec!["hostname".to_owned(), name.clone()]),
                _ => None,
            });
            let commands = answer.get("commands").unwrap().items().unwrap();
            let theirs = commands.first().map(|command| crate::texts(&command.items().unwrap()[0]));
            assert_eq!(set, theirs, "{config}, {before} and {now}");
        }
    }
}

/// cloud-init's fstab with what is better here: `nofail` everywhere, the unit's
/// name without `requires`, blanks escaped.
fn better(line: &str) -> String {
    let fields: Vec<&str> = line.split('\t').collect();
    let [device, point, kind, options, dump, pass] = fields[..] else { return line.into() };
    let mut options = options.replace("x-systemd.requires=", "x-systemd.after=");
    let mark = ",comment=cloudconfig";
    if !["nofail", "noauto", "nobootwait"].iter().any(|word| options.split(',').any(|own| own == *word)) {
        options = options.replace(mark, &format!(",nofail{mark}"));
    }
    [device, &point.replace(' ', "\\040"), kind, &options, dump, pass].join("\t")
}

/// Devices of the machine; whole disks have a partition, or have none.
const DEVICES: [&str; 6] = ["vda", "vda1", "vdb", "vdb1", "vdc", "sdd"];

fn entry(random: &mut Random) -> String {
    let device = random.pick(&["vdb", "vdc", "/dev/vdc", "sdd", "/dev/vdb1", "nas:/export", "LABEL=x"]);
    let mut entry = format!("[{device}");
    let fields = [
        random.pick(&["/data", "'/with blank'", "/a/b", "none"]),
        random.pick(&["ext4", "auto", "null", "xfs"]),
        random.pick(&["defaults", "'ro,nofail'", "null", "'rw,noauto'"]),
        random.pick(&["0", "'0'", "null"]),
        random.pick(&["2", "0"]),
    ];
    for field in &fields[..=random.below(5)] {
        write!(entry, ", {field}").unwrap();
    }
    if random.once_in(8) {
        entry = format!("[{device}, null");
    }
    entry + "]"
}

#[test]
fn fstab_as_cloud_init_but_better() {
    let mut oracle = oracle();
    let mut random = Random::new(9);
    let mut wrong = Vec::new();
    for _ in 0..GENERATED {
        let mut entries: Vec<String> = (0..random.below(4)).map(|_| entry(&mut random)).collect();
        // Labels need udev's links, which cloud-init does not look at: it writes them as they are.
        entries.retain(|entry| !entry.starts_with("[LABEL"));
        let mut config = format!("mounts: [{}]\n", entries.join(", "));
        if random.once_in(4) {
            config += "mount_default_fields: [null, null, ext4, 'noatime', '0', '1']\n";
        }
        let old = random.pick(&[
            "LABEL=root / ext4 defaults 0 1\n",
            "/dev/vda1 / ext4 defaults 0 1\n/dev/vdb1\t/old\tauto\tdefaults,comment=cloudconfig\t0\t2\n",
        ]);
        let mut files = vec![("/etc/fstab".to_owned(), old)];
        for device in DEVICES {
            files.push((format!("/dev/{device}"), ""));
            files.push((format!("/sys/class/block/{device}/size"), ""));
        }
        files.push(("/run/systemd/system/x".to_owned(), ""));
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, content)| (path.as_str(), *content)).collect();
        let (ours, root) = (Folder::new(&files), Folder::new(&files));
        let answer = theirs(&mut oracle, "mounts", &config, "", &root);
        let planned = plan("mounts", &config, metadata(""), &ours);
        let ours: Vec<String> =
            written(&planned, "/etc/fstab").unwrap_or_else(|| old.into()).lines().map(Into::into).collect();
        let theirs: Vec<String> = root.read("/etc/fstab").unwrap().lines().map(better).collect();
        // Where it has nothing to write it leaves its old lines.
        let stale = answer.get("commands").unwrap().items().unwrap().is_empty() && old.contains("/old");
        if ours != theirs && !stale {
            wrong.push(format!("{config}{old}ours:   {ours:#?}\ntheirs: {theirs:#?} {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong, the first:\n{}", wrong.len(), wrong[0]);
}
