//! Made-up configurations of each module, and the machines they are for.

mod apt;

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
        apt::pipelining,
        apt::apt,
        apt::apt_mirrors,
        apt::apt_old,
        apt::apt_sources,
        apt::apt_image,
        apt::apt_odd,
        apt::apt_both,
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
