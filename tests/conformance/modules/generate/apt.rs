//! Made-up configurations of apt.

use super::{Case, case, flow, some, words};
use crate::random::Random;

pub(super) fn pipelining(random: &mut Random) -> Case {
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
pub(super) fn apt_image(random: &mut Random) -> Case {
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
pub(super) fn apt_odd(random: &mut Random) -> Case {
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
pub(super) fn apt_both(random: &mut Random) -> Case {
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

pub(super) fn apt(random: &mut Random) -> Case {
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

pub(super) fn apt_mirrors(random: &mut Random) -> Case {
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

pub(super) fn apt_old(random: &mut Random) -> Case {
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

pub(super) fn apt_sources(random: &mut Random) -> Case {
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
