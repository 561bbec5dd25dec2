use super::*;
use crate::fetch::memory::Tree;
use crate::module::tests::{FILE, planned, texts};

const OS_RELEASE: &str = "ID=debian\nVERSION_CODENAME=bookworm\n";
const KEY: &str = "key: |\n        -----BEGIN PGP PUBLIC KEY BLOCK-----\n\n        YWJj\n        \
                   -----END PGP PUBLIC KEY BLOCK-----\n";

fn debian() -> Tree {
    Tree::default().with("/etc/os-release", OS_RELEASE, FILE)
}

fn file(plan: &Plan, path: &str) -> String {
    let found = plan.actions.iter().find_map(|action| match action {
        Action::WriteFile(file) if file.path == path => {
            Some(String::from_utf8(file.content.clone()).unwrap())
        }
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{path} is not in {:?}", plan.actions))
}

#[test]
fn conf_and_proxies_stay_while_somebody_asks_for_them() {
    let text =
        "apt: {preserve_sources_list: true, conf: 'APT { }', proxy: 'http://p:1', https_proxy: 'http://s:2'}";
    let plan = planned(MODULE.name, text, &debian());
    assert_eq!(file(&plan, CONF), "APT { }");
    assert_eq!(
        file(&plan, PROXY),
        "Acquire::http::Proxy \"http://p:1\";\nAcquire::https::Proxy \"http://s:2\";\n"
    );
    let old = debian().with(CONF, "x", FILE).with(PROXY, "x", FILE);
    let plan = planned(MODULE.name, "apt: {preserve_sources_list: true}", &old);
    let removed = |path: &str| Action::RemoveFile { path: path.into() };
    assert_eq!(plan.actions, [removed(PROXY), removed(CONF)]);
}

#[test]
fn a_list_is_made_of_mirrors() {
    let text = "apt: {primary: [{arches: [s390x], uri: no}, {arches: [default], uri: 'http://m/d'}], \
                disable_suites: [backports, $RELEASE-updates]}";
    let plan = planned(MODULE.name, text, &debian());
    let list = file(&plan, "/etc/apt/sources.list");
    assert_eq!(plan.problems, []);
    assert_eq!(
        list,
        "# Created by glowplug\n\
         deb http://m/d bookworm main\ndeb-src http://m/d bookworm main\n\
         # suite disabled by glowplug: deb http://m/d bookworm-updates main\n\
         # suite disabled by glowplug: deb-src http://m/d bookworm-updates main\n\
         # suite disabled by glowplug: deb http://m/d bookworm-backports main\n\
         # suite disabled by glowplug: deb-src http://m/d bookworm-backports main\n\
         deb http://m/d bookworm-security main\ndeb-src http://m/d bookworm-security main\n"
    );
}

#[test]
fn deb822_stays_deb822() {
    let path = "/etc/apt/sources.list.d/debian.sources";
    let root = debian().with(path, "Types: deb\n", FILE);
    assert_eq!(planned(MODULE.name, "apt: {}", &root).actions, []);
    let text = "apt: {security: [{arches: [default], uri: 'http://s'}], primary: [{arches: [amd64, arm64], search: ['http://m', 'http://n']}], disable_suites: [security]}";
    let plan = planned(MODULE.name, text, &root);
    assert_eq!(
        file(&plan, path),
        "# Created by glowplug\n\nTypes: deb deb-src\nURIs: http://m\nSuites: bookworm bookworm-updates \
         bookworm-backports\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n\
         # suite disabled by glowplug: Types: deb deb-src\n# suite disabled by glowplug: URIs: http://s\n\
         # suite disabled by glowplug: Suites: bookworm-security\n\
         # suite disabled by glowplug: Components: main\n\
         # suite disabled by glowplug: Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
    );
    let old = planned(MODULE.name, "apt: {sources_list: 'deb $MIRROR $RELEASE main'}", &root);
    let removed = Action::RemoveFile { path: path.into() };
    assert_eq!(file(&old, "/etc/apt/sources.list"), "deb https://deb.debian.org/debian bookworm main");
    assert_eq!(old.actions.last(), Some(&removed));
}

#[test]
fn the_old_list_goes_when_the_new_file_is_written() {
    let given = "apt: {sources_list: \"Types: deb\\nURIs: $MIRROR\\n\"}";
    let list = "/etc/apt/sources.list";
    let with_list =
        |os_release, text| Tree::default().with("/etc/os-release", os_release, FILE).with(list, text, FILE);
    let ubuntu = "ID=ubuntu\nVERSION_CODENAME=noble\n";
    let plan = planned(MODULE.name, given, &with_list(ubuntu, "deb http://a x y\n"));
    let told =
        "# Created by glowplug\n# The sources of packages are in /etc/apt/sources.list.d/ubuntu.sources\n";
    assert_eq!(file(&plan, list), told);
    let plan = planned(MODULE.name, given, &with_list(OS_RELEASE, " deb http://a x y\n"));
    assert_eq!(plan.actions[1], Action::RemoveFile { path: list.into() });
    assert_eq!(planned(MODULE.name, given, &with_list(OS_RELEASE, "# none\n")).actions.len(), 1);
    // the newer template counts where the root has neither file
    let template = "/etc/cloud/templates/sources.list.debian.deb822.tmpl";
    let text = "## template:jinja\nTypes: deb\nURIs: {{mirror}}\nSigned-By: {{security_key | default(primary_key)}}\n";
    let text_of_key = format!("apt:\n  primary:\n    - arches: default\n      uri: http://m\n      {KEY}");
    let plan = planned(MODULE.name, &text_of_key, &debian().with(template, text, FILE));
    let written = "Types: deb\nURIs: http://m\nSigned-By: /etc/apt/trusted.gpg.d/primary.gpg\n";
    assert_eq!(file(&plan, "/etc/apt/sources.list.d/debian.sources"), written);
    let plan = planned(MODULE.name, "apt: {}", &with_list(OS_RELEASE, "").with(template, text, FILE));
    assert!(file(&plan, list).contains("\ndeb https://deb.debian.org/debian bookworm main\n"));
}

#[test]
fn sources_stay_unless_they_are_given_up_for_sure() {
    for (value, stays, told) in [
        ("no", false, 0),
        ("'OFF'", false, 0),
        ("0", false, 0),
        ("1", true, 0),
        ("~", true, 1),
        ("maybe", true, 1),
    ] {
        let plan = planned(MODULE.name, &format!("apt: {{preserve_sources_list: {value}}}"), &debian());
        assert_eq!((plan.actions.is_empty(), plan.problems.len()), (stays, told), "{value}");
    }
}

#[test]
fn programs_that_are_not_there_are_installed_before_they_are_needed() {
    let text = "apt: {preserve_sources_list: true, proxy: 'http://p', \
                sources: {'a b': {source: deb x}, c: {keyid: AB}, d: {source: 'ppa:x/y'}}}";
    let plan = planned(MODULE.name, text, &debian());
    let lines: Vec<String> = plan.actions.iter().map(ToString::to_string).collect();
    assert!(lines[0].starts_with("write /etc/apt/apt.conf.d/90cloud-init-aptproxy "), "{lines:?}");
    assert!(lines[2].ends_with(" update") && lines[3].ends_with(" install gnupg software-properties-common"));
    assert_eq!(lines.len(), 7);
    assert_eq!(
        texts(&plan.problems),
        ["unable to make use of the source at user-data:1:72: apt reads no file that is called a b.list"]
    );
}

#[test]
fn a_release_without_a_name_has_no_sources() {
    let root = Tree::default().with("/etc/os-release", "ID=debian\n", FILE);
    let plan = planned(MODULE.name, "apt: {proxy: 'http://p'}", &root);
    assert_eq!(
        texts(&plan.problems),
        ["unable to write the sources of packages: os-release names no code name of the release"]
    );
    assert_eq!(plan.actions.len(), 1);
    let old = root.with("/etc/os-release", "ID=debian\nVERSION_CODENAME=buster\n", FILE);
    let plan = planned(MODULE.name, "apt: {}", &old);
    assert!(file(&plan, "/etc/apt/sources.list").contains("/debian-security buster/updates main\n"));
}

#[test]
fn a_mirror_that_is_for_nobody_here_is_told() {
    let text = "apt: {primary: [{uri: 'http://m'}], sources_list: $MIRROR}";
    let plan = planned(MODULE.name, text, &debian());
    assert_eq!(
        texts(&plan.problems),
        ["unable to configure apt at user-data:1:16: none of them is for amd64 or default (arches)"]
    );
    let text = text.replace("uri", "arches: amd64, uri");
    assert_eq!(file(&planned(MODULE.name, &text, &debian()), "/etc/apt/sources.list"), "http://m");
}

#[test]
fn lists_are_renamed_with_their_mirror() {
    let lists = "/var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_InRelease";
    let text = "apt: {primary: [{arches: [default], uri: 'http://m/d/'}], sources_list: x}";
    let plan = planned(MODULE.name, text, &debian().with(lists, "", FILE));
    let Action::RunProgram(program) = &plan.actions[1] else { panic!("{:?}", plan.actions) };
    let words = ["/var/lib/apt/lists/deb.debian.org_debian_", "/var/lib/apt/lists/m_d_"];
    assert_eq!((&program.argv[4..], plan.actions.len()), (&words.map(String::from)[..], 2));
    assert_eq!(planned(MODULE.name, text, &debian()).actions.len(), 1);
}

#[test]
fn sources_have_files_and_keys() {
    let text = format!(
        "apt:\n  preserve_sources_list: true\n  sources:\n    one.list:\n      source: deb [signed-by=$KEY_FILE] \
         http://o $RELEASE main\n      {KEY}    two: {{source: 'deb http://t x y', append: false}}\n    \
         three: {{source: 'ppa:a/b'}}\n    four: {{keyid: 'AB CD', keyserver: k.org}}\n"
    );
    let root =
        debian().with("/usr/bin/gpg", "", 0o100_755).with("/usr/bin/add-apt-repository", "", 0o100_755);
    let plan = planned(MODULE.name, &text, &root);
    assert_eq!(plan.problems, []);
    let key = Action::write("/etc/apt/cloud-init.gpg.d/one.gpg", b"abc".into(), 0o644);
    assert_eq!(plan.actions[0], key);
    assert_eq!(
        file(&plan, "/etc/apt/sources.list.d/one.list"),
        "deb [signed-by=/etc/apt/cloud-init.gpg.d/one.gpg] http://o bookworm main\n"
    );
    assert_eq!(file(&plan, "/etc/apt/sources.list.d/two.list"), "deb http://t x y\n");
    let repository = Program::repeatable(&["add-apt-repository", "--no-update", "ppa:a/b"]);
    assert_eq!(plan.actions[3], repository.into());
    assert!(plan.actions[4].to_string().ends_with(" sh k.org ABCD /etc/apt/trusted.gpg.d/four.gpg"));
    assert!(plan.actions[5].to_string().ends_with(" update"));
}

#[test]
fn selections_go_to_debconf_in_the_order_of_their_names() {
    let text = "apt: {preserve_sources_list: yes, debconf_selections: {b: two, a: one}}";
    let plan = planned(MODULE.name, text, &debian());
    let Action::RunProgram(program) = &plan.actions[0] else { panic!("{:?}", plan.actions) };
    assert_eq!(
        (&*program.argv, &*program.input),
        (&["debconf-set-selections".to_string()][..], &b"one\ntwo\n"[..])
    );
}

#[test]
fn what_makes_no_sense_leaves_the_rest() {
    let text = "apt: {preserve_sources_list: true, conf: [x], sources: {a: x, b: {source: 'deb $NO x y'}, c: {key: z}, \
                d: {filename: ../../x, source: deb}}}";
    let plan = planned(MODULE.name, text, &debian());
    assert_eq!(
        texts(&plan.problems),
        [
            "unable to configure apt at user-data:1:42: apt.conf is a list, not a string",
            "unable to configure apt at user-data:1:60: a source is a string, not a mapping",
            "unable to render the source b: there is no NO",
            "unable to use the key at user-data:1:100: it is no OpenPGP public key in ASCII armor",
            "unable to configure apt at user-data:1:107: its file name leads out of apt's folder",
        ]
    );
    assert_eq!(planned(MODULE.name, "apt: [x]", &debian()).problems.len(), 1);
}

#[test]
fn keys_of_before_apt_are_taken_where_there_is_no_apt() {
    let text = "apt_ftp_proxy: 'ftp://f:1'\napt_https_proxy: 'http://s:2'\napt_preserve_sources_list: true\n\
                apt_sources:\n- source: deb http://a x y\n- {source: deb http://b x y, filename: b}\n- 5\n";
    let plan = planned(MODULE.name, text, &debian());
    // cloud-init has these two the wrong way round
    assert_eq!(
        file(&plan, PROXY),
        "Acquire::ftp::Proxy \"ftp://f:1\";\nAcquire::https::Proxy \"http://s:2\";\n"
    );
    assert_eq!(file(&plan, "/etc/apt/sources.list.d/cloud_config_sources.list"), "deb http://a x y\n");
    assert_eq!(file(&plan, "/etc/apt/sources.list.d/b.list"), "deb http://b x y\n");
    assert_eq!(
        texts(&plan.problems),
        ["unable to configure apt at user-data:7:3: a source is an integer, not a mapping"]
    );
    let both = "apt: {preserve_sources_list: true}\napt_proxy: 'http://p:1'\n";
    let plan = planned(MODULE.name, both, &debian());
    assert_eq!(plan.actions, []);
    assert_eq!(
        texts(&plan.problems),
        ["unable to use the old key at user-data:2:12: apt is set, and counts without apt_proxy"]
    );
}

#[test]
fn a_pattern_that_is_not_known_is_told() {
    let text = "apt: {preserve_sources_list: true, add_apt_repo_match: '(?i)PPA', sources: {a: {source: 'ppa:x/y'}}}";
    let plan = planned(MODULE.name, text, &debian());
    assert_eq!(
        texts(&plan.problems),
        [
            "unable to configure apt at user-data:1:56: it is no regular expression that is known here; NAME:WORD is taken"
        ]
    );
    assert!(plan.actions[2].to_string().starts_with("run add-apt-repository"), "{:?}", plan.actions);
}
