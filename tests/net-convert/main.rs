//! Every back end's files against cloud-init's, whole, over the descriptions of
//! tests/data/net-convert and tests/data/network-inputs.
//!
//! `net-convert/expected` holds the answers of cloud-init 26.2 (see record.py
//! beside this; record.sh records them again). Ours must be the same: paths,
//! modes, texts without the comments they begin with. Differences that are
//! meant stand with their reasons in `net-convert/differences.tsv`; one that no
//! longer differs fails too. What ours are where they differ is in
//! `net-convert/ours`; with `GLOWPLUG_BLESS=1` it is written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod alike;
mod identity;
#[path = "../support/machine.rs"]
mod machine;

use alike::as_cloud_init;
use glowplug::action::Action;
use glowplug::network::model::{Address, Control, Kind, Method, Network, Origin, Route, Subnet, SystemLink};
use glowplug::network::parse::{Parsed, eni, network_config, network_data};
use glowplug::network::render::distribution::Distribution;
use glowplug::network::render::{self, Target};
use glowplug::syntax::{json, yaml};
use machine::machine;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// The back ends, each for a distribution that has it; as record.py asks.
const BACK_ENDS: [(&str, &str); 6] = [
    ("eni", "debian"),
    ("netplan", "debian"),
    ("networkd", "debian"),
    ("network-manager", "rhel"),
    ("sysconfig", "rhel"),
    ("sysconfig", "opensuse"),
];

/// Files by path, each its mode and text.
type Files = BTreeMap<String, String>;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// The descriptions, by name.
fn inputs() -> BTreeMap<String, String> {
    let mut inputs = BTreeMap::new();
    for folder in ["net-convert", "network-inputs"] {
        for entry in fs::read_dir(data().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_string();
            if [".v1.yaml", ".v2.yaml", ".network_data.json", ".eni"].iter().any(|end| name.ends_with(end)) {
                let text = fs::read_to_string(&path).unwrap();
                assert!(inputs.insert(name, text).is_none(), "{} is there twice", path.display());
            }
        }
    }
    inputs
}

fn parse(name: &str, text: &str) -> Parsed {
    if name.ends_with(".network_data.json") {
        network_data::parse(&json::parse(text.as_bytes()).unwrap())
    } else if name.ends_with(".eni") {
        eni::parse(text, name, &|_, _| Vec::new())
    } else {
        network_config(yaml::load(text).unwrap(), name)
    }
}

/// Our files for one back end of one distribution.
fn render(network: &Network, machine: &[SystemLink], back_end: &str, distribution: &str) -> Files {
    let resolved = network.resolve(machine);
    let renderer = render::ALL.iter().find(|renderer| renderer.name == back_end).unwrap();
    let target = Target { distribution: Distribution::named(distribution).unwrap(), lasting: true };
    let mut files = Files::new();
    for action in (renderer.render)(&resolved, target) {
        let Action::WriteFile(file) = action else { panic!("{action:?} is no file") };
        let text = String::from_utf8(file.content).unwrap();
        let text = format!("{:o}\n{}", file.mode, without_head(&text));
        let path = file.path.strip_prefix('/').unwrap().to_string();
        assert!(files.insert(path, text).is_none(), "{} is written twice", file.path);
    }
    files
}

/// A file without the comments it begins with.
fn without_head(text: &str) -> &str {
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\n') {
        if !(line.is_empty() || line.starts_with(['#', ';'])) {
            break;
        }
        rest = after;
    }
    rest
}

/// cloud-init's files by back end and distribution; `None` where it refuses.
fn expected(text: &str) -> BTreeMap<String, Option<Files>> {
    let mut all: BTreeMap<String, Option<Files>> = BTreeMap::new();
    let mut open: Option<&mut String> = None;
    for line in text.lines().skip(1) {
        if let Some(title) = line.strip_prefix("== ") {
            let (back_end, rest) = title.split_once(' ').unwrap();
            let files = all.entry(back_end.into()).or_insert_with(|| Some(Files::new()));
            if rest.starts_with("refuses: ") {
                *files = None;
                open = None;
            } else {
                let (path, mode) = rest.rsplit_once(' ').unwrap();
                let file = files.as_mut().unwrap().entry(path.into()).or_default();
                writeln!(file, "{mode}").unwrap();
                open = Some(file);
            }
        } else if let Some(text) = open.as_mut() {
            let line = line.strip_prefix('|').unwrap();
            writeln!(text, "{}", line.strip_prefix(' ').unwrap_or(line)).unwrap();
        }
    }
    all
}

/// `INPUT<TAB>BACK END/DISTRIBUTION…<TAB>reason`; `*` where the description is
/// understood differently, which any back end may show.
fn differences() -> Vec<(String, String)> {
    let text = fs::read_to_string(data().join("net-convert/differences.tsv")).unwrap();
    let mut differences = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [input, back_ends, reason] = fields[..] else { panic!("{line}: three fields") };
        assert!(!reason.is_empty(), "{line}: no reason");
        for back_end in back_ends.split(' ') {
            differences.push((input.to_string(), back_end.to_string()));
        }
    }
    differences
}

/// What differs between two sets of files, for a person to read.
fn compare(ours: &Files, theirs: &Files) -> String {
    let mut text = String::new();
    for path in ours.keys().chain(theirs.keys().filter(|path| !ours.contains_key(*path))) {
        match (ours.get(path), theirs.get(path)) {
            (Some(own), Some(other)) if own == other => {}
            (own, other) => {
                let show = |file: Option<&String>| file.map_or("(none)\n".to_string(), Clone::clone);
                writeln!(text, "--- {path}\nours: {}theirs: {}", show(own), show(other)).unwrap();
            }
        }
    }
    text
}

/// Files of several back ends as record.py writes them.
fn recorded(all: &BTreeMap<String, Files>) -> String {
    let mut text = String::from("glowplug\n");
    for (title, files) in all {
        for (path, file) in files {
            let (mode, file) = file.split_once('\n').unwrap();
            writeln!(text, "== {title} {path} {mode}").unwrap();
            for line in file.lines() {
                writeln!(text, "|{}{line}", if line.is_empty() { "" } else { " " }).unwrap();
            }
        }
    }
    text
}

/// Our files that differ from cloud-init's against those recorded.
fn check_ours(name: &str, ours: &BTreeMap<String, Files>, wrong: &mut String) {
    let path = data().join("net-convert/ours").join(name);
    if std::env::var_os("GLOWPLUG_BLESS").is_some() {
        let _ = fs::remove_file(&path);
        if !ours.is_empty() {
            fs::write(&path, recorded(ours)).unwrap();
        }
    }
    let text = fs::read_to_string(&path).unwrap_or_default();
    let mut before = expected(&text);
    for (title, files) in ours {
        let known = before.remove(title).flatten().unwrap_or_default();
        let difference = compare(files, &known).replace("theirs: ", "recorded: ");
        if !difference.is_empty() {
            writeln!(wrong, "##### ours {name} {title}\n{difference}").unwrap();
        }
    }
    for title in before.keys().filter(|title| !ours.contains_key(*title)) {
        writeln!(wrong, "net-convert/ours/{name} has {title}, which does not differ").unwrap();
    }
}

#[test]
fn every_file_is_cloud_inits() {
    let (machine, known) = (machine(), differences());
    let (mut wrong, mut used) = (String::new(), Vec::new());
    let mut same: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for (name, text) in inputs() {
        let network = parse(&name, &text).network;
        let recorded = fs::read_to_string(data().join("net-convert/expected").join(&name))
            .unwrap_or_else(|_| panic!("{name} has no recorded answer: see record.sh"));
        let expected = expected(&recorded);
        let mut differing = BTreeMap::new();
        for (back_end, distribution) in BACK_ENDS {
            let title = format!("{back_end}/{distribution}");
            let ours = render(&network, &machine, back_end, distribution);
            let count = same.entry(title.clone()).or_default();
            // Without a link some write no file at all.
            let none = Some(Files::new());
            let Some(theirs) = expected.get(&title).unwrap_or(&none) else {
                count[2] += 1;
                continue;
            };
            let mut difference = compare(&ours, theirs);
            if !matches!(network.origin, Origin::V2 { .. }) || back_end != "netplan" {
                let alike = |files| as_cloud_init(back_end, files);
                difference = compare(&alike(&ours), &alike(theirs));
            }
            let listed = known
                .iter()
                .find(|(input, back_end)| *input == name && (*back_end == title || *back_end == "*"));
            let any = listed.is_some_and(|(_, back_end)| *back_end == "*");
            match (listed, difference.is_empty()) {
                (None, true) => count[0] += 1,
                (Some(_), true) if any => count[0] += 1,
                (Some(listed), false) => {
                    count[1] += 1;
                    used.push(listed);
                    differing.insert(title, ours);
                }
                (Some(_), true) => writeln!(wrong, "{name} {title} no longer differs").unwrap(),
                (None, false) => {
                    writeln!(wrong, "##### {name} {title}\n{difference}").unwrap();
                }
            }
        }
        check_ours(&name, &differing, &mut wrong);
    }
    println!("back end: the same, meant to differ, cloud-init refuses");
    for (title, counts) in &same {
        println!("{title}: {counts:?}");
    }
    for difference in &known {
        assert!(used.contains(&difference), "{difference:?} differs nowhere");
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(same.values().all(|counts| counts[0] >= 50), "{same:?}");
}

/// FNV-1a, 64 bits, as record.py has it.
fn digest(files: &Files) -> String {
    let mut value: u64 = 0xcbf2_9ce4_8422_2325;
    for (path, text) in files {
        for byte in path.bytes().chain([b'\n']).chain(text.bytes()) {
            value = (value ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{value:016x}")
}

/// Whether a description has something that is meant to come out otherwise than
/// cloud-init has it; `differences.tsv` gives the reasons.
fn is_meant_to_differ(network: &Network, text: &str, back_end: &str) -> bool {
    let subnets = || network.links.iter().flat_map(|link| &link.subnets);
    let advertised =
        |method: &Method| matches!(method, Method::Slaac | Method::Dhcp6Stateless | Method::Dhcp6Stateful);
    let other_family =
        |subnet: &Subnet| subnet.dns.servers.iter().any(|server| server.is_ipv6() != subnet.method.is_ipv6());
    let resolver = subnets().any(|subnet| subnet.address().is_none() && !subnet.dns.is_empty())
        || network.links.iter().any(|link| link.dns.is_some())
        || !network.dns.is_empty();
    let routes = |subnet: &Subnet| subnet.address().is_none() && !subnet.routes.is_empty();
    let gateways = subnets().any(|subnet| subnet.gateway().is_some() || !subnet.routes.is_empty());
    let alone = |subnet: &Subnet| subnet.method == Method::Manual && !subnet.routes.is_empty();
    text.contains("\"type\": \"route\"")
        || text.matches("\"interface\":").count() > 1
        || ["gateway4", "gateway6"].iter().any(|key| text.contains(key))
        || subnets().any(alone)
        || subnets().any(|subnet| subnet.routes.iter().any(|route| route.on_link))
        || network.links.iter().any(|link| link.kind == Kind::Bond)
        || back_end == "eni" && (resolver || subnets().any(other_family) || text.contains("\": 0"))
        || back_end == "netplan" && (resolver || subnets().any(|subnet| subnet.control == Control::Manual))
        || back_end == "netplan"
            && (subnets().any(routes) || ["optional", "wakeonlan"].iter().any(|key| text.contains(key)))
        || back_end == "networkd"
            && (resolver
                || subnets().any(|subnet| subnet.metric.is_some() || subnet.mtu.is_some())
                || subnets().any(|subnet| subnet.control == Control::Manual)
                || network.links.iter().any(|link| !link.dhcp4_overrides.is_empty())
                || ["dhcp6-overrides", "wakeonlan"].iter().any(|key| text.contains(key)))
        || back_end == "sysconfig" && (gateways || text.contains("-overrides") || text.contains("\"table\""))
        || back_end == "sysconfig"
            && network.links.iter().any(|link| matches!(link.kind, Kind::Vlan(_)) && link.mac.is_some())
        || back_end == "eni"
            && (network.links.iter().any(|link| link.accept_ra.is_some()) || text.contains("\"table\""))
        || back_end == "network-manager" && is_otherwise_in_a_profile(network, resolver)
        || matches!(back_end, "netplan" | "networkd") && subnets().any(|subnet| advertised(&subnet.method))
}

/// What NetworkManager is told otherwise: resolvers of every place, the addresses and
/// packets of links that are made, families that nothing is asked of, rules.
fn is_otherwise_in_a_profile(network: &Network, resolver: bool) -> bool {
    let is_otherwise = |subnet: &Subnet| {
        let other_family = |route: &Route| route.destination().is_ipv6() != subnet.method.is_ipv6();
        let ipv6 = |server: &Address| server.is_ipv6() != subnet.method.is_ipv6();
        matches!(subnet.method, Method::Manual | Method::Loopback)
            || subnet.control == Control::Manual
            || subnet.method.is_ipv6() && subnet.mtu.is_some()
            || subnet.dns.servers.iter().any(ipv6)
            || subnet.dns.search.len() > 1
            || subnet.routes.iter().any(|route| other_family(route) || route.table.is_some())
    };
    let is_made = |kind: &Kind| matches!(kind, Kind::Vlan(_) | Kind::Bridge { .. } | Kind::Dummy);
    let advertised = |subnet: &Subnet| {
        matches!(subnet.method, Method::Slaac | Method::Dhcp6Stateless | Method::Dhcp6Stateful)
    };
    let mut subnets = network.links.iter().flat_map(|link| &link.subnets);
    // cloud-init knows of one of them that no lease of IPv4 is wanted.
    resolver
        || network.links.len() > 1 && subnets.any(advertised)
        || network.links.iter().flat_map(|link| &link.subnets).any(is_otherwise)
        || network.links.iter().any(|link| {
            is_made(&link.kind) && (link.mtu.is_some() || link.mac.is_some())
                || link.accept_ra.is_some()
                || !link.rules.is_empty()
                || !link.dhcp4_overrides.is_empty()
                || !link.dhcp6_overrides.is_empty()
        })
}

/// `generated.jsonl` has a description a line, made by chance (generate.py),
/// with a digest of cloud-init's files for each back end.
#[test]
fn descriptions_made_by_chance() {
    let machine = machine();
    let lines = fs::read_to_string(data().join("net-convert/generated.jsonl")).unwrap();
    let (mut wrong, mut same) = (String::new(), 0);
    for (number, line) in lines.lines().enumerate() {
        let line = json::parse(line.as_bytes()).unwrap();
        let word = |key: &str| line.get(key).and_then(|value| value.as_str());
        let (kind, text) = (word("kind").unwrap(), word("text").unwrap());
        let network = parse(&format!("generated.{kind}"), text).network;
        for (back_end, distribution) in BACK_ENDS {
            let Some(theirs) = word(&format!("{back_end}/{distribution}")) else { continue };
            let slaac = |subnet: &Subnet| distribution == "opensuse" && subnet.method == Method::Slaac;
            let has_slaac = network.links.iter().flat_map(|link| &link.subnets).any(slaac);
            if has_slaac || is_meant_to_differ(&network, text, back_end) {
                continue;
            }
            let ours = render(&network, &machine, back_end, distribution);
            if [digest(&ours), digest(&as_cloud_init(back_end, &ours))].iter().any(|own| own == theirs) {
                same += 1;
            } else {
                writeln!(wrong, "line {} {kind} {back_end}/{distribution}", number + 1).unwrap();
            }
        }
    }
    println!("{same} answers the same");
    assert!(wrong.is_empty(), "{wrong}");
    assert!(same > 180, "only {same} answers");
}

mod command {
    //! The command itself, as a person calls it.

    use super::{as_cloud_init, compare, data, expected, without_head};
    use std::collections::BTreeMap;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output};

    fn net_convert(words: &[&str]) -> Output {
        let program = env!("CARGO_BIN_EXE_glowplug");
        Command::new(program).args(["devel", "net-convert"]).args(words).output().unwrap()
    }

    /// A folder of this test's own.
    fn folder(name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("net-convert").join(name);
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn input(name: &str) -> String {
        data().join("net-convert").join(name).to_str().unwrap().into()
    }

    /// Every file below `folder`, as the comparison has them.
    fn tree(folder: &Path, below: &str, files: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{below}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                tree(&entry.path(), &format!("{path}/"), files);
            } else {
                let text = fs::read_to_string(entry.path()).unwrap();
                let mode = entry.metadata().unwrap().permissions().mode() & 0o7777;
                files.insert(path, format!("{mode:o}\n{}", without_head(&text)));
            }
        }
    }

    #[test]
    fn files_of_every_kind_and_back_end() {
        for (name, kind, back_end, distro) in [
            ("vlan-on-bond.network_data.json", "network_data.json", "sysconfig", "rhel"),
            ("networks-one-link.network_data.json", "network_data.json", "networkd", "debian"),
            ("bridge-more.v1.yaml", "yaml", "eni", "debian"),
            ("match-mac.v2.yaml", "yaml", "network-manager", "rhel"),
            ("passthrough-styles.v2.yaml", "yaml", "netplan", "debian"),
            ("static-more.eni", "eni", "sysconfig", "opensuse"),
        ] {
            let folder = folder(name);
            let (file, directory) = (input(name), folder.to_str().unwrap());
            let mut words = vec!["-p", &file, "--kind", kind, "-O", back_end, "-D", distro, "-d", directory];
            let macs: Vec<String> =
                (1..=4).map(|number| format!("ens{number},fa:16:3e:00:00:0{number}")).collect();
            for mac in &macs {
                words.extend(["-m", mac]);
            }
            let output = net_convert(&words);
            assert_eq!(output.status.code(), Some(0), "{name}: {output:?}");
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(said.contains(&format!("Read input format '{kind}' from '{file}'.\n")), "{said}");
            assert!(said.contains(&format!("Wrote output format '{back_end}' to '{directory}'\n")), "{said}");
            let recorded = fs::read_to_string(data().join("net-convert/expected").join(name)).unwrap();
            let mut files = BTreeMap::new();
            tree(&folder, "", &mut files);
            let title = format!("{back_end}/{distro}");
            let ours = fs::read_to_string(data().join("net-convert/ours").join(name)).unwrap_or_default();
            let theirs =
                expected(&ours).remove(&title).unwrap_or_else(|| expected(&recorded)[&title].clone());
            let theirs = theirs.unwrap();
            let alike = |files| as_cloud_init(back_end, files);
            assert_eq!(compare(&alike(&files), &alike(&theirs)), "", "{name}");
        }
    }

    #[test]
    fn exit_status() {
        let folder = folder("exit-status");
        let (yaml, json) = (input("dhcp4.v2.yaml"), input("bond-more.network_data.json"));
        let directory = folder.to_str().unwrap();
        let with = |file: &str, kind: &str, back_end: &str, distro: &str| {
            let words = ["-p", file, "-k", kind, "-O", back_end, "-D", distro, "-d", directory];
            net_convert(&words).status.code()
        };
        assert_eq!(with(&yaml, "yaml", "netplan", "debian"), Some(0));
        for (kind, back_end, distro) in
            [("xml", "eni", "debian"), ("yaml", "ini", "debian"), ("yaml", "eni", "hurd")]
        {
            assert_eq!(with(&yaml, kind, back_end, distro), Some(2), "{kind} {back_end} {distro}");
        }
        assert_eq!(net_convert(&["-p", &yaml, "-k", "yaml"]).status.code(), Some(2));
        assert_eq!(net_convert(&["--help"]).status.code(), Some(0));
        assert_eq!(with("/does/not/exist", "yaml", "eni", "debian"), Some(1));
        assert_eq!(with(&json, "network_data.json", "eni", "debian"), Some(1), "no -m names its NICs");
        assert_eq!(with(&yaml, "yaml", "sysconfig", "debian"), Some(1), "no ifcfg there");
    }
}
