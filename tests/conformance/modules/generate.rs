//! Made-up configurations of each module, and the machines they are for.

use crate::random::Random;

/// One question to both.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) module: &'static str,
    pub(crate) distro: &'static str,
    pub(crate) config: String,
    /// Programs that are there.
    pub(crate) programs: Vec<&'static str>,
    pub(crate) systemd: bool,
    pub(crate) files: Vec<(&'static str, String)>,
}

/// Cases of each module.
const EACH: usize = 60;

pub(crate) fn cases(random: &mut Random) -> Vec<Case> {
    let makers: [fn(&mut Random) -> Case; 18] = [
        packages,
        ntp,
        locale,
        keyboard,
        yum,
        zypper,
        apk,
        pipelining,
        apt,
        apt_mirrors,
        apt_old,
        apt_sources,
        apt_image,
        apt_odd,
        apt_both,
        power_state,
        final_message,
        fingerprints,
    ];
    makers.iter().flat_map(|make| (0..EACH).map(|_| make(random)).collect::<Vec<_>>()).collect()
}

fn case(module: &'static str, distro: &'static str, config: String) -> Case {
    Case { module, distro, config, programs: Vec::new(), systemd: true, files: Vec::new() }
}

/// Some of the entries as a mapping in YAML's flow style.
fn some(random: &mut Random, entries: &[String]) -> String {
    let chosen: Vec<&str> = entries.iter().filter(|_| random.below(3) > 0).map(|entry| &**entry).collect();
    format!("{{{}}}", chosen.join(", "))
}

/// Some of the words, those of a program or of a list.
fn words(random: &mut Random, of: &[&'static str]) -> Vec<&'static str> {
    of.iter().filter(|_| random.below(2) > 0).copied().collect()
}

fn flow(items: &[&str]) -> String {
    format!("[{}]", items.join(", "))
}

fn packages(random: &mut Random) -> Case {
    let distro = random
        .pick(&["debian", "ubuntu", "fedora", "centos", "opensuse", "sles", "alpine", "arch", "amazon"]);
    // what apk and pacman take for a version is said otherwise there
    let versions = !["alpine", "arch"].contains(&distro);
    let names = if versions {
        words(
            random,
            &[
                "vim",
                "[curl, '8.1-2']",
                "[jq]",
                "git-core",
                "[less, null]",
                "lib32z1",
                "[a, 2]",
                "[b, 1.5]",
                "[c, '']",
            ],
        )
    } else {
        words(random, &["vim", "[jq]", "git-core"])
    };
    let names = if random.once_in(8) { "vim".into() } else { flow(&names) };
    let entries = [
        format!("package_update: {}", random.pick(&["true", "false", "'yes'"])),
        format!("package_upgrade: {}", random.pick(&["true", "false", "1"])),
        format!("packages: {names}"),
        "package_reboot_if_required: false".into(),
        format!("system_info: {}", flow_of_apt(random)),
    ];
    let programs = words(random, &["dnf", "eatmydata", "nice"]);
    let config = some(random, &entries);
    Case { programs, ..case("package_update_upgrade_install", distro, config) }
}

/// How apt-get is called.
fn flow_of_apt(random: &mut Random) -> String {
    let wrapper = format!(
        "apt_get_wrapper: {{command: {}, enabled: {}}}",
        random.pick(&["nice", "[nice, -n, '5']", "absent"]),
        random.pick(&["auto", "true", "false", "AUTO"])
    );
    let entries = [
        wrapper,
        "apt_get_command: [apt-get, --assume-yes]".into(),
        format!("apt_get_upgrade_subcommand: {}", random.pick(&["upgrade", "dist-upgrade"])),
    ];
    some(random, &entries)
}

fn ntp(random: &mut Random) -> Case {
    let distro = random.pick(&["debian", "centos", "rhel", "opensuse", "sles", "alpine"]);
    // which client these prefer hangs on their version
    let named = ["opensuse", "sles"].contains(&distro) || random.once_in(3);
    let clients: &[&str] = match distro {
        // there is no template of ntp for centos
        "centos" => &["chrony"],
        "alpine" | "rhel" => &["chrony", "ntp"],
        _ => &["chrony", "ntp", "systemd-timesyncd"],
    };
    let servers = flow(&words(random, &["10.0.0.1", "ntp.example.org", "'2001:db8::1'"]));
    let pools = flow(&words(random, &["0.pool.example.org", "pool.example.org"]));
    let mut entries = vec![format!("servers: {servers}"), format!("pools: {pools}"), "enabled: true".into()];
    if random.once_in(8) {
        entries.push("enabled: false".into());
        entries.remove(2);
    }
    let mut config = some(random, &entries);
    if named {
        let client = format!("ntp_client: {}", random.pick(clients));
        config = if config == "{}" {
            format!("{{{client}}}")
        } else {
            config.replacen('{', &format!("{{{client}, "), 1)
        };
    } else if random.once_in(6) {
        config = "{ntp_client: own, servers: [a.b], config: {check_exe: ownd, confpath: /etc/own, packages: [own], \
                  service_name: own, template: \"## template:jinja\\n{% for s in servers %}\\nhost {{ s }}\\n{% endfor %}\"}}"
            .into();
    }
    let mut programs =
        words(random, if distro == "centos" { &["chronyd", "dnf"] } else { &["chronyd", "ntpd", "dnf"] });
    // theirs installs it by a list without a package
    programs.push("systemd-timesyncd");
    if distro == "alpine" && !programs.contains(&"ntpd") {
        programs.push("ntpd");
    }
    let files = if random.once_in(2) {
        ["/etc/chrony/chrony.conf", "/etc/chrony.conf", "/etc/ntp.conf"]
            .map(|path| (path, "old\n".into()))
            .into()
    } else {
        Vec::new()
    };
    let systemd = distro != "alpine" && random.below(4) > 0;
    Case { programs, systemd, files, ..case("ntp", distro, format!("ntp: {config}")) }
}

fn locale(random: &mut Random) -> Case {
    let distro = random.pick(&["debian", "fedora", "opensuse", "alpine"]);
    let name = random.pick(&["de_DE.UTF-8", "fr_CA", "C.UTF-8", "'no'", "false", "en_US.UTF-8"]);
    let mut config = format!("{{locale: {name}");
    // Red Hat with systemd has one file
    if random.once_in(4) && distro != "fedora" {
        config.push_str(", locale_configfile: /etc/other");
    }
    config.push('}');
    let listed = "de_DE.UTF-8 UTF-8\nfr_CA UTF-8\nen_US.UTF-8 UTF-8\n";
    let mut files = vec![("/etc/locale.gen", listed.to_string())];
    if random.once_in(2) {
        let text = random.pick(&["LANG=en_US.UTF-8\n", "LANG=C\nLC_TIME=C\n", "LC_TIME=C\n"]);
        files.extend(
            ["/etc/default/locale", "/etc/locale.conf", "/etc/sysconfig/language"]
                .map(|path| (path, text.into())),
        );
    }
    let systemd = distro != "alpine" && random.below(3) > 0;
    let programs = vec!["locale-gen", "update-locale"];
    Case { programs, systemd, files, ..case("locale", distro, config) }
}

fn keyboard(random: &mut Random) -> Case {
    let entries = [
        format!("model: {}", random.pick(&["pc104", "pc105"])),
        format!("variant: {}", random.pick(&["nodeadkeys", "dvorak", "''"])),
        "options: 'compose:rwin,ctrl:nocaps'".into(),
    ];
    let layout = random.pick(&["us", "de", "'us,ru'"]);
    let rest = some(random, &entries);
    let config =
        format!("keyboard: {}", rest.replacen('{', &format!("{{layout: {layout}, "), 1).replace(", }", "}"));
    case("keyboard", random.pick(&["fedora", "opensuse", "arch", "centos"]), config)
}

/// Settings of a repository.
fn settings(random: &mut Random) -> String {
    let entries = [
        format!("enabled: {}", random.pick(&["true", "false", "1", "'0'"])),
        format!("GPGCheck: {}", random.pick(&["true", "no"])),
        "failover-method: priority".into(),
        format!("cost: {}", random.below(2000)),
        "gpgkey: 'file:///etc/pki/KEY'".into(),
        "name: Some repository (all of it)".into(),
    ];
    some(random, &entries)
}

fn with_settings(random: &mut Random, first: &str) -> String {
    settings(random).replacen('{', &format!("{{{first}, "), 1).replace(", }", "}")
}

fn yum(random: &mut Random) -> Case {
    let mut repositories = Vec::new();
    for id in words(random, &["base", "my repo", "epel-testing", "old"]) {
        let url = random.pick(&["baseurl: 'http://m/$releasever'", "baseurl: [a, b, c]"]);
        repositories.push(format!("{id}: {}", with_settings(random, url)));
    }
    let mut config = format!("yum_repos: {{{}}}", repositories.join(", "));
    if random.once_in(4) {
        config = format!("{{{config}, yum_repo_dir: /etc/other/}}");
    }
    Case {
        files: vec![("/etc/yum.repos.d/old.repo", String::new())],
        ..case("yum_add_repo", random.pick(&["fedora", "centos"]), config)
    }
}

fn zypper(random: &mut Random) -> Case {
    let mut repositories = Vec::new();
    for id in words(random, &["base", "my repo", "old", "another"]) {
        let first = format!("id: {id}, baseurl: 'http://m/x'");
        repositories.push(with_settings(random, &first));
    }
    let options = [format!("download.max: '{}'", random.below(9)), "solver.only: 'true'".to_string()];
    // without repositories theirs leaves zypp.conf alone
    let config = if repositories.is_empty() { "{}".into() } else { some(random, &options) };
    let config =
        format!("zypper: {{repos: {}, config: {config}}}", format_args!("[{}]", repositories.join(", ")));
    let files =
        vec![("/etc/zypp/repos.d/old.repo", String::new()), ("/etc/zypp/zypp.conf", "[main]\n".to_string())];
    Case { files, ..case("zypper_add_repo", random.pick(&["opensuse", "sles"]), config) }
}

fn apk(random: &mut Random) -> Case {
    let repository = [
        "base_url: 'http://m/alpine'".to_string(),
        format!("community_enabled: {}", random.pick(&["true", "false"])),
        format!("testing_enabled: {}", random.pick(&["true", "false"])),
    ];
    let version = format!("version: '{}'", random.pick(&["v3.20", "edge"]));
    let repository =
        some(random, &repository).replacen('{', &format!("{{{version}, "), 1).replace(", }", "}");
    let mut entries = vec![format!("alpine_repo: {repository}")];
    if random.once_in(2) {
        entries.push("local_repo_base_url: 'http://l/a'".into());
    }
    if random.once_in(6) {
        entries.push("preserve_repositories: true".into());
    }
    case("apk_configure", "alpine", format!("apk_repos: {{{}}}", entries.join(", ")))
}

fn pipelining(random: &mut Random) -> Case {
    let value = random.pick(&[
        "false",
        "os",
        "none",
        "unchanged",
        "'False'",
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "'2'",
        "' 5 '",
        "'OS'",
        "6",
        "true",
    ]);
    case("apt_pipelining", "debian", format!("apt_pipelining: {value}"))
}

/// The mirrors that an image brings, found by what the cloud says.
fn apt_image(random: &mut Random) -> Case {
    let hosts = [
        "'http://%(availability_zone)s.clouds.there/d'",
        "'http://%(region)s.there/d'",
        "'http://%(ec2_region)s.there/d'",
        "'http://mirror-of-%(availability_zone)s.THERE:80/100%%/'",
        "'http://absent/%(availability_zone)s'",
        "'http://-a_b-.there/'",
        "'file:///there'",
    ];
    let search = |random: &mut Random, name: &str| format!("{name}: {}", flow(&words(random, &hosts)));
    let search = [search(random, "primary"), search(random, "security")];
    let search = some(random, &search);
    let mirrors = format!(
        "system_info: {{package_mirrors: [{{arches: {}, failsafe: {{primary: 'http://p/d', security: 'http://s/d'}}, \
         search: {search}}}]}}",
        random.pick(&["[default]", "[amd64, i386]"]),
    );
    let config = format!("{{apt: {{sources_list: 'deb $MIRROR x y $SECURITY'}}, {mirrors}}}");
    Case { programs: vec!["apt-get", "add-apt-repository"], ..case("apt_configure", "debian", config) }
}

/// Values that people write and nobody meant.
fn apt_odd(random: &mut Random) -> Case {
    let entries = [
        format!(
            "preserve_sources_list: {}",
            random.pick(&["~", "maybe", "2", "0", "1", "'OFF'", "'No '", "[]", "''"])
        ),
        format!("generate_mirrorlists: {}", random.pick(&["'yes'", "1", "2", "~", "no"])),
        format!(
            "primary: {}",
            random.pick(&[
                "[{uri: 'http://none/'}]",
                "[{arches: [arm64], uri: 'http://arm/'}]",
                "[{arches: [default], uri: 'http://one/'}, {arches: [default], uri: 'http://two/'}]",
                "[{arches: [default], uri: 'http://one/'}, {arches: [amd64], uri: 'http://two/'}]",
                "[{arches: ~, uri: 'http://x/'}]",
                "[{arches: [default], uri: ~}]",
                "[]",
                "[{arches: amd64, uri: 'http://word/'}]",
            ])
        ),
        "security: [{arches: [default], uri: 'http://only-security/'}]".into(),
        format!("disable_suites: {}", random.pick(&["~", "[]", "[bookworm]", "['${RELEASE}-updates', x]"])),
        format!("proxy: {}", random.pick(&["~", "''", "'http://p'"])),
        format!("conf: {}", random.pick(&["~", "''", "\"a\\nb\""])),
        format!(
            "debconf_selections: {}",
            random.pick(&["~", "{}", "{a: ''}", "{z: 'a b c d', A: \"x y z\\n\"}"])
        ),
        format!(
            "sources_list: {}",
            random.pick(&[
                "\"deb $MIRROR $RELEASE main # c\\ndeb\\n\\ndeb [a=b] u bookworm\\n\"",
                "'deb ${MIRROR} ${RELEASE} $PRIMARY ${SECURITY} $$ $'",
                "\"deb [ a b c\\ndeb [arch=amd64 trusted=yes] http://x bookworm main\\n\"",
                "~",
            ])
        ),
        format!(
            "sources: {}",
            random.pick(&[
                "{}",
                "{a: {}}",
                "{a: {source: ''}}",
                "{a: {source: 'deb $UNKNOWN x'}}",
                "{a.list: {source: 'deb x', append: ~}, a: {source: 'deb y', append: 0}}",
                "{'b c': {source: 'deb x', filename: 'd e'}}",
                "{x: {source: \"deb a\\ndeb b\\n\"}, 'http://x': {filename: q}}",
                "{/srv/own: {source: 'deb z'}}",
            ])
        ),
    ];
    let config = some(random, &entries);
    Case {
        programs: vec!["apt-get", "add-apt-repository"],
        ..case("apt_configure", random.pick(&["debian", "ubuntu"]), format!("apt: {config}"))
    }
}

/// Keys of long ago beside those of today.
fn apt_both(random: &mut Random) -> Case {
    let entries = [
        format!(
            "apt: {}",
            random.pick(&["{}", "{proxy: 'http://p:1'}", "{preserve_sources_list: true}", "~"])
        ),
        format!("apt_proxy: {}", random.pick(&["'http://p:1'", "'http://q:1'", "~", "''"])),
        format!("apt_preserve_sources_list: {}", random.pick(&["true", "false"])),
        "apt_mirror: 'http://m/'".into(),
        format!(
            "apt_sources: {}",
            random.pick(&[
                "[]",
                "[{source: 'deb x'}]",
                "{b: {source: 'deb x'}, c: {source: y, filename: d}}"
            ])
        ),
        "add_apt_repo_match: '^deb'".into(),
    ];
    let config = some(random, &entries);
    let config = if config == "{}" { "{apt_proxy: 'http://r:1'}".into() } else { config };
    Case { programs: vec!["apt-get", "add-apt-repository"], ..case("apt_configure", "debian", config) }
}

const SUITES: [&str; 6] = ["updates", "backports", "security", "release", "$RELEASE-updates", "other"];

fn apt(random: &mut Random) -> Case {
    let mirror = |name: &str| {
        format!(
            "{name}: [{{arches: [s390x], uri: 'http://s390x/'}}, {{arches: [amd64, default], uri: 'http://{name}/d'}}]"
        )
    };
    let entries = [
        mirror("primary"),
        mirror("security"),
        format!("disable_suites: {}", flow(&words(random, &SUITES))),
        format!("conf: \"{}\"", random.pick(&["APT::X 'y';\\n", "", "APT { }"])),
        "proxy: 'http://p:1'".into(),
        "http_proxy: 'http://h:1'".into(),
        "ftp_proxy: 'ftp://f:1'".into(),
        "https_proxy: 'http://s:1'".into(),
        format!("preserve_sources_list: {}", random.pick(&["true", "false"])),
        format!(
            "sources_list: \"{}\"",
            random.pick(&[
                "deb $MIRROR $RELEASE main\\ndeb [ a=b c=d ] $SECURITY $RELEASE-updates main\\n",
                "## template:jinja\\ndeb {{mirror}} {{codename}} main\\ndeb {{primary}} x y\\ndeb {{security}} z\\n",
            ])
        ),
        "debconf_selections: {b: 'x x/y string z', a: 'p p/q boolean true'}".into(),
    ];
    let files = if random.once_in(2) {
        ["/etc/apt/apt.conf.d/94cloud-init-config", "/etc/apt/apt.conf.d/90cloud-init-aptproxy"]
            .map(|path| (path, "old\n".into()))
            .into()
    } else {
        Vec::new()
    };
    let config = some(random, &entries);
    let programs = vec!["apt-get", "add-apt-repository"];
    Case { programs, files, ..case("apt_configure", "debian", format!("apt: {config}")) }
}

/// Addresses of which some have a host.
const HOSTS: [&str; 4] =
    ["http://absent/d", "'http://me@there:80/d'", "https://there.example/x", "'http://[2001:db8::1]/d'"];

fn apt_mirrors(random: &mut Random) -> Case {
    let mut mirror = |name: &str| {
        let entries = [
            format!("search: {}", flow(&words(random, &HOSTS))),
            format!("search_dns: {}", random.pick(&["true", "false"])),
        ];
        let found = some(random, &entries).replacen('{', "{arches: [default], ", 1);
        format!("{name}: [{}]", found.replace(", }", "}"))
    };
    let entries = [
        mirror("primary"),
        mirror("security"),
        format!("generate_mirrorlists: {}", random.pick(&["true", "false"])),
        "sources_list: 'deb $MIRROR x y $SECURITY'".into(),
    ];
    let config = some(random, &entries);
    Case {
        programs: vec!["apt-get", "add-apt-repository"],
        ..case("apt_configure", "debian", format!("apt: {config}"))
    }
}

fn apt_old(random: &mut Random) -> Case {
    let sources = [
        "{source: 'deb http://a x y'}",
        "{source: 'deb $MIRROR $RELEASE z', filename: two}",
        "{source: 'deb http://b x y'}",
        "{source: 'ppa:some/thing'}",
    ];
    let entries = [
        "apt_proxy: 'http://p:1'".into(),
        "apt_http_proxy: 'http://h:1'".into(),
        format!("apt_preserve_sources_list: {}", random.pick(&["true", "false"])),
        "apt_custom_sources_list: 'deb $MIRROR x y $SECURITY'".into(),
        format!("apt_mirror: {}", random.pick(&["'http://m/d'", "null", "''"])),
        format!("apt_mirror_search: {}", flow(&words(random, &HOSTS))),
        format!("apt_mirror_search_dns: {}", random.pick(&["true", "false"])),
        format!("apt_sources: {}", flow(&words(random, &sources))),
    ];
    let config = some(random, &entries).replacen('{', "{apt_http_proxy: 'http://h:2', ", 1);
    Case {
        programs: vec!["apt-get", "add-apt-repository"],
        ..case("apt_configure", "debian", config.replace(", }", "}"))
    }
}

fn apt_sources(random: &mut Random) -> Case {
    let matching =
        random.pick(&["", r"^[\w-]+:\w", "^ppa:", "http", r"two (x|z)\s", "^[a-c]+$", r"[\w/]+/x"]);
    let all = [
        "one: {source: 'deb $MIRROR $RELEASE main'}",
        "two.list: {source: 'deb http://two x y', append: false}",
        "three: {source: 'deb $SECURITY $RELEASE/x main', filename: other}",
        "four: {source: 'ppa:some/thing'}",
        "five: {source: 'deb $PRIMARY sid main', filename: /etc/apt/sources.list.d/five.list}",
        "six: {source: 'deb http://six x y', filename: other.list}",
    ];
    let sources = words(random, &all).join(", ");
    let files = vec![
        ("/etc/apt/sources.list.d/two.list", "old\n".to_string()),
        ("/etc/apt/sources.list.d/one.list", "old\n".to_string()),
    ];
    let matching =
        if matching.is_empty() { String::new() } else { format!("add_apt_repo_match: '{matching}', ") };
    let config = format!("apt: {{preserve_sources_list: true, {matching}sources: {{{sources}}}}}");
    Case { files, programs: vec!["apt-get", "add-apt-repository"], ..case("apt_configure", "debian", config) }
}

fn power_state(random: &mut Random) -> Case {
    let distro = random.pick(&["debian", "fedora", "alpine"]);
    let mode = format!("mode: {}", random.pick(&["poweroff", "reboot", "halt", "sleep"]));
    let entries = [
        format!("delay: {}", random.pick(&["now", "5", "'+30'", "'7'", "soon"])),
        format!("message: {}", random.pick(&["Bye", "'Back soon, all'"])),
        format!("timeout: {}", random.pick(&["30", "2.5", "'9'"])),
        format!("condition: {}", random.pick(&["true", "false", "'test -e /a'", "[test, -e, /a b]"])),
    ];
    let config = some(random, &entries).replacen('{', &format!("{{{mode}, "), 1).replace(", }", "}");
    Case {
        programs: vec!["shutdown"],
        ..case("power_state_change", distro, format!("power_state: {config}"))
    }
}

fn final_message(random: &mut Random) -> Case {
    let pieces =
        words(random, &["$UPTIME", "${uptime}s", "$timestamp", " $DATASOURCE ", "100% $$ done", "\\n", "é"])
            .join(" ");
    let message = if random.once_in(3) {
        format!(
            "## template: jinja\\n{{{{ datasource }}}} {{{{ UPTIME }}}}{{% if uptime %}} {pieces}{{% endif %}}"
        )
    } else {
        // without words of its own it is another program's
        format!("up {pieces}")
    };
    case("final_message", "debian", format!("final_message: \"{message}\""))
}

fn fingerprints(random: &mut Random) -> Case {
    let lines = words(
        random,
        &[
            "ssh-rsa AAAAB3NzaC1yc2E me@home",
            "no-pty,command=\"echo ssh-rsa\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 two words",
            "ecdsa-sha2-nistp256 AAAAE2VjZHNh",
            "# a comment",
            "",
            "not a key",
            "ssh-dss ===",
        ],
    );
    let files = if random.once_in(8) {
        Vec::new()
    } else {
        vec![("/home/me/.ssh/authorized_keys", lines.iter().flat_map(|line| [line, "\n"]).collect())]
    };
    let mut files: Vec<(&str, String)> = files;
    files.push(("/etc/passwd", "me:x:7:7::/home/me:/bin/sh\n".into()));
    let extra =
        random.pick(&["", ", authkey_hash: sha512", ", no_ssh_fingerprints: true", ", authkey_hash: sha256"]);
    case("ssh_authkey_fingerprints", "debian", format!("{{users: [{{name: me}}]{extra}}}")).with(files)
}

impl Case {
    fn with(self, files: Vec<(&'static str, String)>) -> Self {
        Self { files, ..self }
    }
}
