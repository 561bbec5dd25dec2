//! The machines that are cut off, as data: what their roots have and what their
//! seeds want.

use super::world::World;

/// Files of every root. `%` is the name of the distribution.
pub(crate) const FILES: [(&str, &str); 17] = [
    ("etc/os-release", "ID=%\nVERSION_CODENAME=stable\n"),
    ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nold:x:1000:1000:Old:/home/old:/bin/sh\n"),
    ("etc/group", "root:x:0:\nadm:x:4:old\nsudo:x:27:old\nold:x:1000:\n"),
    ("etc/shadow", "root:*:19000:0:99999:7:::\nold:!:19000:0:99999:7:::\n"),
    ("etc/gshadow", "root:*::\nadm:*::old\nsudo:*::old\nold:!::\n"),
    ("etc/fstab", "# the image's own\nLABEL=root / ext4 defaults 0 1\n"),
    ("etc/hosts", "127.0.0.1 localhost\n192.0.2.99 mine\n"),
    ("etc/hostname", "image\n"),
    ("etc/resolv.conf", "nameserver 192.0.2.1\n"),
    ("etc/sudoers", "root ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n"),
    ("etc/ssh/sshd_config", "# mine\nPort 2222\nPasswordAuthentication no\n"),
    ("etc/skel/.profile", "umask 022\n"),
    ("etc/motd", "an older text that is longer than the new one\n"),
    ("etc/log", "before\n"),
    ("usr/share/zoneinfo/Europe/Berlin", "TZif2"),
    ("home/old/.ssh/authorized_keys", "ssh-ed25519 AAAAold old\n"),
    (
        "etc/cloud/cloud.cfg",
        "disable_root: true\nsystem_info:\n  default_user: {name: admin, gecos: Admin, groups: [adm, sudo], \
         sudo: ['ALL=(ALL) NOPASSWD:ALL'], shell: /bin/sh, lock_passwd: true}\n",
    ),
];

/// Scripts of the image; each may run once, but for those of every boot.
pub(crate) const SCRIPTS: [(&str, &str); 3] = [
    ("per-once", "#!/bin/sh\necho 'once per-once' >> /dev/calls; echo made > /var/made-per-once\n"),
    (
        "per-instance",
        "#!/bin/sh\necho 'once per-instance' >> /dev/calls; echo made > /var/made-per-instance\n",
    ),
    ("per-boot", "#!/bin/sh\necho boot >> /dev/calls\n"),
];

pub(crate) static ALL: [World; 4] = [
    World {
        name: "debian",
        has_tools: true,
        stand_ins: &[
            "systemctl",
            "update-ca-certificates",
            "locale-gen",
            "update-locale",
            "debconf-set-selections",
            "apt-get",
            "mkswap",
            "swapon",
            "swapoff",
            "mount",
            "setupcon",
            "seed-random",
            "chronyd",
            "rsyslogd",
            "ifup",
            "ifdown",
            "ifquery",
            "visudo",
        ],
        id: "debian",
        files: &[
            ("etc/network/interfaces", "auto lo\niface lo inet loopback\n"),
            ("etc/default/locale", "LANG=C\n"),
            ("etc/default/keyboard", "XKBMODEL=\"pc105\"\nXKBLAYOUT=\"us\"\n"),
            ("etc/locale.gen", "# de_DE.UTF-8 UTF-8\nen_US.UTF-8 UTF-8\n"),
            ("etc/apt/sources.list", "deb http://deb.debian.org/debian stable main\n"),
            ("etc/ca-certificates.conf", "mozilla/One.crt\nmozilla/Two.crt\n"),
            ("etc/chrony/chrony.conf", "pool old.example.org iburst\n"),
        ],
        user_data: &[COMMON, USERS, FILES_OF_SEED, COMMANDS, RESOLV_CONF, DEBIAN],
    },
    World {
        name: "bare",
        has_tools: false,
        stand_ins: &["rsyslogd"],
        id: "other",
        files: &[],
        user_data: &[COMMON, USERS, FILES_OF_SEED, COMMANDS, MORE_USERS],
    },
    World {
        name: "rhel",
        has_tools: true,
        stand_ins: &[
            "systemctl",
            "update-ca-trust",
            "mount",
            "swapon",
            "chronyd",
            "rsyslogd",
            "localectl",
            "visudo",
            "dnf",
            "yum",
            "ifup",
            "ifdown",
        ],
        id: "rocky",
        files: &[
            ("etc/sysconfig/network", "NETWORKING=yes\n"),
            ("etc/sysconfig/network-scripts/ifcfg-front", "DEVICE=front\nBOOTPROTO=dhcp\n"),
            ("etc/sysconfig/network-scripts/network-functions", ""),
            ("etc/locale.conf", "LC_TIME=C\n"),
            ("etc/chrony.conf", "pool old.example.org iburst\n"),
        ],
        user_data: &[COMMON, USERS, FILES_OF_SEED, COMMANDS, RESOLV_CONF, RHEL],
    },
    World {
        name: "suse",
        has_tools: true,
        stand_ins: &["mount", "swapon", "rsyslogd", "zypper", "update-ca-certificates", "ifup", "ifdown"],
        id: "sles",
        files: &[
            ("etc/zypp/zypp.conf", "[main]\n# mine\nsolver.onlyRequires = true\n"),
            ("etc/sysconfig/config", ""),
            ("etc/sysconfig/network/ifcfg-lo", "IPADDR=127.0.0.1/8\n"),
        ],
        user_data: &[COMMON, USERS, COMMANDS, RESOLV_CONF, SUSE],
    },
];

/// Once, with an effect that can be seen.
const COMMANDS: &str = "\
bootcmd: ['echo boot >> /dev/calls']
runcmd:
- \"echo 'once runcmd' >> /dev/calls\"
- [sh, -c, 'echo made > /var/made-runcmd']
";

const COMMON: &str = "\
hostname: vm
fqdn: vm.example.org
manage_etc_hosts: true
timezone: Europe/Berlin
growpart: {mode: 'off'}
resize_rootfs: false
disable_root: true
ssh_pwauth: true
ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ6kbLrS1l9L0TCHQx0xHkz2Qk0r0dNQeQYk2e5u3B3f seed]
ssh_keys: {ed25519_private: PRIVATE, ed25519_public: ssh-ed25519 PUBLIC}
mounts:
- [tmpfs, /data, tmpfs, 'size=1m']
- ['server:/x', /net, nfs]
rsyslog: {configs: [{content: '*.* /var/log/all', filename: 10-all.conf}], remotes: {far: 192.0.2.1}}
random_seed: {file: /var/lib/seed, data: abc}
phone_home: {url: 'http://127.0.0.1:9/', tries: 1}
locale: de_DE.UTF-8
ntp: {servers: [ntp.example.org], ntp_client: chrony}
";

const USERS: &str = "\
groups: [web, {staff: [old]}]
users:
- default
- {name: ann, gecos: Ann, groups: [web, adm], sudo: 'ALL=(ALL) NOPASSWD:ALL', shell: /bin/sh,
   lock_passwd: false, hashed_passwd: '$6$salt$QQ', ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ6kbLrS1l9L0TCHQx0xHkz2Qk0r0dNQeQYk2e5u3B3e ann]}
- {name: svc, system: true}
chpasswd: {expire: true, users: [{name: old, password: '$6$salt$RR', type: hash}]}
";

const MORE_USERS: &str = "\
merge_how: [{name: list, settings: [append]}, {name: dict, settings: [recurse_list]}]
swap: {filename: /swap.img, size: 1048576, maxsize: 1048576}
";

const FILES_OF_SEED: &str = "\
write_files:
- {path: /etc/one/two/new, content: new, permissions: '0600'}
- {path: /etc/motd, content: \"welcome\\n\"}
- {path: /etc/app, content: its own, owner: 'old:adm', permissions: '4755'}
- {path: /etc/log, content: \"added\\n\", append: true}
- {path: /home/ann/deferred, content: hers, owner: 'ann:ann', defer: true}
- {path: /etc/log2, content: \"added\\n\", append: true, defer: true}
";

const RESOLV_CONF: &str = "\
manage_resolv_conf: true
resolv_conf: {nameservers: [192.0.2.53], searchdomains: [example.org]}
";

const DEBIAN: &str = "\
keyboard: {layout: de}
swap: {filename: /swap.img, size: 1048576, maxsize: 1048576}
ca_certs: {remove_defaults: true, trusted: [\"-----BEGIN CERTIFICATE-----\\nAA\\n-----END CERTIFICATE-----\"]}
apt:
  preserve_sources_list: false
  primary: [{arches: [default], uri: 'http://mirror.example.org/debian'}]
  sources: {mine.list: {source: 'deb http://mine.example.org x main'}}
  conf: 'APT {Get {Assume-Yes true;};};'
  proxy: http://proxy.example.org:3128
  debconf_selections: {one: 'a b string c'}
package_update: true
packages: [tree]
";

const RHEL: &str = "\
yum_repos: {mine: {baseurl: 'http://mine.example.org/', name: Mine, enabled: true}}
ca_certs: {trusted: [\"-----BEGIN CERTIFICATE-----\\nAA\\n-----END CERTIFICATE-----\"]}
packages: [tree]
";

const SUSE: &str = "\
zypper:
  repos: [{id: mine, name: Mine, baseurl: 'http://mine.example.org/'}]
  config: {download.use_deltarpm: false}
ca_certs: {trusted: [\"-----BEGIN CERTIFICATE-----\\nAA\\n-----END CERTIFICATE-----\"]}
";

/// User-data that is a script.
pub(crate) const SHELL: &str = "#!/bin/sh\necho 'once user' >> /dev/calls; echo made > /var/made-user\n";
