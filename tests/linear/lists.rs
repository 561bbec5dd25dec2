//! Seeds with lists: each has several, of modules that do not read each other's.

use std::fmt::Write as _;

/// Lists that are measured together.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    /// The root's distribution.
    pub(crate) distribution: &'static str,
    /// A seed with so many items in each list.
    pub(crate) seed: fn(usize) -> Seed,
    /// Whether the stages after `init` have something to do with it.
    pub(crate) is_late: bool,
}

/// What is in a seed.
#[derive(Default)]
pub(crate) struct Seed {
    pub(crate) user_data: String,
    pub(crate) meta_data: String,
    pub(crate) network_data: String,
    /// Beside them, by their paths.
    pub(crate) drop_ins: Vec<(String, String)>,
}

/// `key:` and its items, a line each.
fn items(key: &str, count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).fold(format!("{key}:\n"), |mut text, at| {
        writeln!(text, "- {}", item(at)).unwrap();
        text
    })
}

/// Items with commas between.
fn joined(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(", ")
}

fn config(lists: &[String]) -> Seed {
    Seed { user_data: format!("#cloud-config\n{}", lists.concat()), ..Seed::default() }
}

fn key(at: usize) -> String {
    format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{at:042} k{at:03}")
}

fn files(count: usize) -> Seed {
    let one = |at| {
        format!(
            "{{path: /etc/app/{at:03}, content: x, owner: 'app:app'}}\n- {{path: /etc/{at:03}/x, content: x}}\n\
             - {{path: /etc/app/x, content: x}}\n- {{path: /etc/app/y, content: {at:03}, append: true}}\n\
             - {{path: /etc/app/z{at:03}, content: x, owner: 'u{at:03}', defer: true}}"
        )
    };
    config(&[
        items("write_files", count, one),
        items("ssh_authorized_keys", count, key),
        "users: [app]\n".into(),
    ])
}

fn users(count: usize) -> Seed {
    let user = |at| {
        format!(
            "{{name: u{at:03}, groups: [g{at:03}, all], doas: [permit u{at:03}], sudo: ['ALL=(ALL) ALL'], \
             passwd: $6$a$b, ssh_authorized_keys: ['{}'], ssh_import_id: ['gh:u{at:03}']}}",
            key(at)
        )
    };
    config(&[
        items("groups", count, |at| format!("c{at:03}")),
        items("users", count, user),
        format!(
            "chpasswd: {{users: [{}]}}\n",
            joined(count, |at| format!("{{name: u{at:03}, password: $6$a${at:03}}}"))
        ),
    ])
}

/// Each of which has many.
fn of_one(count: usize) -> Seed {
    config(&[
        items("groups", count, |at| format!("g{at:03}: [root, app]")),
        format!(
            "users: [{{name: bob, groups: [{}], ssh_authorized_keys: [{}], ssh_import_id: [{}], sudo: [{}]}}]\n",
            joined(count, |at| format!("b{at:03}")),
            joined(count, key),
            joined(count, |at| format!("gh:i{at:03}")),
            joined(count, |at| format!("ALL=(ALL) /bin/{at:03}")),
        ),
        format!("chpasswd: {{list: [{}]}}\n", joined(count, |at| format!("'x{at:03}:$6$a$b'"))),
    ])
}

fn system(count: usize) -> Seed {
    config(&[
        items("mounts", count, |at| {
            format!(
                "[tmpfs, /mnt/m{at:03}, tmpfs]\n- ['s{at:03}:/x', null]\n- ['n{at:03}:/x', /mnt/n{at:03}, nfs]"
            )
        }),
        format!("device_aliases: {{{}}}\n", joined(count, |at| format!("a{at:03}: /dev/x"))),
        format!("ca_certs: {{trusted: [{}]}}\n", joined(count, |at| format!("C{at:03}"))),
        format!(
            "rsyslog: {{remotes: {{{}}}, configs: [{}]}}\n",
            joined(count, |at| format!("h{at:03}: 10.0.0.1")),
            joined(count, |at| format!("{{filename: f{at:03}.conf, content: x}}, '*.* {at:03}'")),
        ),
        format!(
            "manage_resolv_conf: true\nresolv_conf: {{nameservers: [{}], searchdomains: [{}], options: {{{}}}}}\n",
            joined(count, |_| "10.0.0.1".into()),
            joined(count, |at| format!("d{at:03}")),
            joined(count, |at| format!("o{at:03}: {at:03}")),
        ),
        items("bootcmd", count, |at| format!("[echo, 'b{at:03}']")),
        items("fs_setup", count, |at| format!("{{filesystem: ext4, device: /dev/f{at:03}}}")),
        format!("disk_setup: {{{}}}\n", joined(count, |at| format!("/dev/d{at:03}: {{layout: true}}"))),
        format!("growpart: {{devices: [{}]}}\n", joined(count, |at| format!("/g{at:03}"))),
    ])
}

fn packages(count: usize) -> Seed {
    config(&[
        items("packages", count, |at| format!("p{at:03}")),
        items("runcmd", count, |at| format!("[echo, 'r{at:03}']")),
        format!(
            "ntp: {{servers: [{}], pools: [{}]}}\n",
            joined(count, |at| format!("s{at:03}")),
            joined(count, |at| format!("p{at:03}"))
        ),
        format!(
            "apt: {{sources: {{{}}}}}\n",
            joined(count, |at| format!("s{at:03}.list: {{source: 'deb http://x {at:03} main'}}"))
        ),
    ])
}

fn repositories(count: usize) -> Seed {
    config(&[format!(
        "yum_repos: {{{}}}\n",
        joined(count, |at| format!("r{at:03}: {{baseurl: x}}, s{at:03}: {{baseurl: y}}"))
    )])
}

fn zypper(count: usize) -> Seed {
    config(&[format!(
        "zypper: {{repos: [{}], config: {{{}}}}}\n",
        joined(count, |at| format!("{{id: r{at:03}, baseurl: x}}")),
        joined(count, |at| format!("o{at:03}: v")),
    )])
}

/// Parts of a message: configurations, and scripts of each kind.
fn parts(count: usize) -> Seed {
    let part = |kind: &str, at: usize, text: &str| {
        format!(
            "--X\nContent-Type: text/{kind}\nContent-Disposition: attachment; filename=\"{kind}{at:03}\"\n\n{text}\n"
        )
    };
    let mut text = String::from("Content-Type: multipart/mixed; boundary=X\nMIME-Version: 1.0\n\n");
    for at in 0..count {
        text += &part(
            "cloud-config",
            at,
            &format!("#cloud-config\nmerge_how: 'list(append)+dict(recurse_list)'\nk{at:03}: 1\nruncmd: [a]"),
        );
        text += &part("x-shellscript", at, "#!/bin/sh");
        text += &part("x-shellscript-per-boot", at, "#!/bin/sh");
    }
    Seed { user_data: text + "--X--\n", ..Seed::default() }
}

fn network(count: usize) -> Seed {
    let link = |at: usize| {
        format!(
            r#"{{"id": "l{at:03}", "type": "phy", "ethernet_mac_address": "02:00:00:00:{:02x}:{:02x}"}}"#,
            at / 256,
            at % 256
        )
    };
    let of_link = |at: usize| {
        format!(
            r#"{{"id": "n{at:03}", "type": "ipv4", "link": "l{at:03}", "ip_address": "10.1.{}.{}", "netmask": "255.255.255.0"}},
            {{"id": "m{at:03}", "type": "ipv4", "link": "l000", "ip_address": "10.2.{}.{}", "netmask": "255.255.255.0",
              "routes": [{{"network": "10.3.{}.0", "netmask": "255.255.255.0", "gateway": "10.2.0.1"}}]}}"#,
            at / 256,
            at % 256,
            at / 256,
            at % 256,
            at % 256
        )
    };
    let network_data = format!(
        r#"{{"links": [{}], "networks": [{}], "services": [{}]}}"#,
        joined(count, link),
        joined(count, of_link),
        joined(count, |at| format!(r#"{{"type": "dns", "address": "10.4.{}.{}"}}"#, at / 256, at % 256)),
    );
    let keys = joined(count, |at| format!(r#""k{at:03}": "{}""#, key(at)));
    let meta = joined(count, |at| format!(r#""m{at:03}": "v""#));
    let meta_data = format!(r#", "public_keys": {{{keys}}}, "meta": {{{meta}}}"#);
    let drop_ins = (0..count).map(|at| {
        (
            format!("etc/cloud/cloud.cfg.d/{at:03}.cfg"),
            format!("k{at:03}: 1\nmerge_how: dict(recurse_list)\n"),
        )
    });
    Seed { network_data, meta_data, drop_ins: drop_ins.collect(), ..Seed::default() }
}

pub(crate) const GROUPS: &[Group] = &[
    Group { name: "files", distribution: "debian", seed: files, is_late: false },
    Group { name: "users", distribution: "debian", seed: users, is_late: true },
    Group { name: "lists of one user", distribution: "debian", seed: of_one, is_late: false },
    Group { name: "system", distribution: "debian", seed: system, is_late: false },
    Group { name: "packages", distribution: "debian", seed: packages, is_late: true },
    Group { name: "repositories", distribution: "fedora", seed: repositories, is_late: false },
    Group { name: "zypper", distribution: "sles", seed: zypper, is_late: false },
    Group { name: "parts", distribution: "debian", seed: parts, is_late: false },
    Group { name: "network", distribution: "debian", seed: network, is_late: false },
];
