//! The commonest mistakes of those who write user data, and the sentence that each gets at boot:
//! the line that `glowplug plan` prints is the one of the log.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const MIME: &str = "Content-Type: multipart/mixed; boundary=\"==B==\"\nMIME-Version: 1.0\n\n";

/// Of a cloud-config what follows its first line; what is said of it.
static CLOUD_CONFIGS: &[(&str, &str)] = &[
    (
        "users:\n  - name: a\n   shell: /bin/sh\n",
        "unable to read user-data:4:4: this indentation fits no list or mapping before it",
    ),
    (
        "users:\n\t- name: a\n",
        "unable to read user-data:3:1: a tab may neither indent nor separate; use spaces",
    ),
    (
        "runcmd:\n    - sed -i 's/^Components: main$/Components: main contrib/' /etc/x\n",
        "unable to read user-data:3:46: a mapping cannot begin on this line; a text with ': ' in it needs quotes around all of it",
    ),
    (
        "runcmd:\n- echo a: b\n",
        "runcmd: unable to run the command at user-data:3:3: it is a mapping, not text or a list (a colon followed by a \
         blank wants quotes around the text)",
    ),
    (
        "packages: [vim, curl\nhostname: a\n",
        "unable to read user-data:3:9: ':' is not expected here; is a bracket or brace before it not closed?",
    ),
    ("hostname: \"a\nfqdn: b\n", "unable to read user-data:2:11: the quoted scalar is not closed"),
    ("runcmd:\n- %foo\n", "unable to read user-data:3:3: no value may begin with this character; quote it"),
    ("runcmd:\n- @foo\n", "unable to read user-data:3:3: no value may begin with this character; quote it"),
    ("runcmd:\n- `ls`\n", "unable to read user-data:3:3: no value may begin with this character; quote it"),
    (
        "hostname: {{ v1.local_hostname }}\n",
        "unable to read user-data:2:12: a key must be a scalar; a template in braces must be quoted",
    ),
    (
        "hostname: a\n---\nhostname: b\n",
        "unable to read user-data:3:1: a second document; only one is supported",
    ),
    ("- a\n- b\n", "unable to read user-data:2:1: a mapping of keys is expected, not a list"),
    ("a: *b\n", "unable to read user-data:2:4: no anchor of this name stands before"),
    ("packages: [vim]\npackages: [curl]\n", "user-data:3:1: duplicate key: the last value counts"),
    ("packges: [vim]\n", "user-data:2:1: packges: no such key; is packages meant?"),
    ("Packages: [vim]\n", "user-data:2:1: Packages: no such key; is packages meant?"),
    ("write-files: []\n", "user-data:2:1: write-files: no such key; is write_files meant?"),
    ("users:\n- {nane: a}\n", "user-data:3:4: users.0.nane: no such key; is name meant?"),
    (
        "write_files:\n- {path: /x, contents: y}\n",
        "user-data:3:14: write_files.0.contents: no such key; is content meant?",
    ),
    ("ntp: {server: [a.example]}\n", "user-data:2:7: ntp.server: no such key; is servers meant?"),
    ("chef: {commands: [x]}\n", "user-data:2:1: chef: glowplug does not do chef"),
    ("runcmd: ls\n", "runcmd: unable to read user-data:2:9: runcmd is a string, not a list"),
    (
        "write_files:\n- {path: /x, content: y, permissions: 644}\n",
        "user-data:3:39: write_files.0.permissions: 644 is a decimal number, and makes the mode 1204; write \"0644\" for 0644",
    ),
    (
        "write_files:\n- {path: /x, content: y, permissions: '0999'}\n",
        "write_files: unable to read permissions at user-data:3:39: no octal mode; 0644 is used",
    ),
    (
        "write_files:\n- {content: y}\n",
        "write_files: unable to write the file at user-data:3:3: it has no path",
    ),
    (
        "write_files:\n- {path: /x, content: [y]}\n",
        "write_files: unable to write the file at user-data:3:23: content is a list, not a string",
    ),
    (
        "write_files:\n- {path: /x, content: y, encoding: rot13}\n",
        "write_files: unable to decode the file at user-data:3:36: unknown encoding; taken as text",
    ),
    (
        "write_files:\n- {path: /x, content: '!!!', encoding: b64}\n",
        "write_files: unable to decode the file at user-data:3:40: content has characters that no base64 has; they are left out",
    ),
    (
        "users:\n- {name: a, groups: wheel sudo}\n",
        "users_groups: unable to add the groups at user-data:3:21: wheel sudo: it is not a name",
    ),
    (
        "users:\n- {name: a, uid: abc}\n",
        "users_groups: unable to add the user at user-data:3:18: uid is \"abc\", not a number",
    ),
    (
        "users:\n- {name: a, sudo: NOPASSWD}\n",
        "users_groups: unable to take the rule at user-data:3:19: a host or user is no name; the rule is left out of sudo",
    ),
    (
        "chpasswd: {list: nocolon}\n",
        "set_passwords: unable to set the password at user-data:2:18: a line of it has no colon behind the user",
    ),
    (
        "hostname: a b\n",
        "set_hostname: unable to set host name at user-data:2:11: the name has blanks, slashes, quotes or control characters",
    ),
    (
        "mounts:\n- /dev/vdb\n",
        "mounts: unable to mount the device at user-data:3:3: it is a string, not a list with a device in front",
    ),
    (
        "power_state: {mode: reboot, delay: soon}\n",
        "power_state_change: unable to change the power state at user-data:2:36: delay is neither now nor a number of minutes",
    ),
    (
        "timezone: Mars/Base\n",
        "timezone: unable to set the time zone at user-data:2:11: /usr/share/zoneinfo/Mars/Base is no time zone of this system",
    ),
    ("package_update: perhaps\n", "user-data:2:17: package_update: it is a string, not a boolean"),
    ("apt_upgrade: true\n", "user-data:2:1: apt_upgrade: it is deprecated; write package_upgrade"),
];

/// All of user data; what is said of it.
static OTHERS: &[(&[u8], &str)] = &[
    (b"#!cloud-config\nusers: []\n", "user-data: its first line makes it a script for a program called cloud-config; write #cloud-config"),
    (b"# cloud-config\nusers: []\n", "user-data: its first line is probably meant to be #cloud-config, in just these characters"),
    (b"#cloudconfig\nusers: []\n", "user-data: its first line is probably meant to be #cloud-config, in just these characters"),
    (b"\xff\xfe#\0c\0l\0o\0u\0d\0-\0c\0o\0n\0f\0i\0g\0\n\0", "user-data: it is UTF-16; save it as UTF-8"),
    (b"\xef\xbb\xbf#cloud-config\nfqdn: a\n", "user-data: a byte order mark was taken off (cloud-init would ignore such data)"),
    (b"I2Nsb3VkLWNvbmZpZwpmcWRuOiBhCg==", "user-data: it was base64 and has been decoded (cloud-init would ignore such data)"),
    (b"hostname: a\nusers: []\n", "user-data: it looks like a cloud-config whose first line, #cloud-config, is missing"),
    (
        b"apt-get update\n",
        "user-data: a cloud-config begins with the line #cloud-config, a script with #! and its program (#!/bin/sh)",
    ),
    (b"{\"a\": 1}\n", "user-data: it looks like JSON; with the line #cloud-config before it it is read as a cloud-config"),
    (b"{\"ignition\": {\"version\": \"3.0.0\"}}", "user-data: it is a configuration for Ignition, which is another program"),
    (b"#ps1_sysnative\nls\n", "user-data: it is a script of Windows, which is not run here"),
    (
        b"--ca04766d-151d\nContent-Type: text/cloud-config; charset=\"us-ascii\"\n\n#cloud-config\npassword: x\n\n--ca04766d-151d--\n",
        "user-data: it looks like MIME without its headers: MIME-Version: 1.0 and Content-Type: multipart/mixed; \
         boundary=\"\u{2026}\" have to come first, then an empty line",
    ),
    (
        b"\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"==B==\"\n\n--==B==\nContent-Type: text/cloud-config\n\n\
          #cloud-config\nhostname: a\n\n--==B==--\n",
        "user-data: it looks like MIME, and an empty line stands before its headers; they have to begin in its first line",
    ),
    (
        b"Content-Type: text/cloud-config\n\n#cloud-config\n",
        "user-data: it looks like MIME, and MIME-Version: 1.0 is missing in its headers",
    ),
    (
        b"## template: jinja\n#cloud-config\nhostname: {{ v1.nope\n",
        "unable to render user-data part-001:3:17: unexpected end of input, expected end of variable block",
    ),
    (b"#include\nnot a url\n", "unable to include what is named at user-data part-001:2:1: not a url: the address has blanks in it"),
];

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("glowplug-{name}-{}", std::process::id()));
        for path in ["root/etc", "seed"] {
            fs::create_dir_all(folder.join(path)).unwrap();
        }
        fs::write(folder.join("root/etc/passwd"), "root:x:0:0::/root:/bin/sh\n").unwrap();
        fs::write(folder.join("root/etc/group"), "root:x:0:\n").unwrap();
        fs::write(folder.join("seed/meta-data"), "instance-id: i\n").unwrap();
        fs::write(folder.join("seed/user-data"), "#cloud-config\n{}\n").unwrap();
        Self(folder)
    }

    /// What is said of a seed with such a file.
    fn said(&self, file: &str, content: &[u8]) -> Vec<String> {
        fs::write(self.0.join("seed").join(file), content).unwrap();
        let path = |name: &str| -> String { Path::new(&self.0).join(name).display().to_string() };
        let output = Command::new(env!("CARGO_BIN_EXE_glowplug"))
            .args(["plan", "--seed", &path("seed"), "--root", &path("root")])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        said.lines().map(|line| line.split_once("]: ").map_or(line, |(_, text)| text).to_owned()).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_mistake_gets_one_line_that_says_where_and_what_to_do() {
    let place = Place::new("mistakes");
    let configs =
        CLOUD_CONFIGS.iter().map(|(text, line)| (["#cloud-config\n", text].concat().into_bytes(), *line));
    let others = OTHERS.iter().map(|(content, line)| (content.to_vec(), *line));
    let boundary = [MIME, "==B==\nContent-Type: text/cloud-config\n\nhostname: a\n"].concat().into_bytes();
    let no_part = "user-data: it is a MIME message, and no line of it begins a part: that is `--` and the boundary of its header";
    let mut wrong = Vec::new();
    for (content, line) in configs.chain(others).chain([(boundary, no_part)]) {
        let said = place.said("user-data", &content);
        if said.iter().filter(|said| *said == line).count() != 1 {
            wrong.push(format!("{}\n  wants {line}\n  {said:#?}", String::from_utf8_lossy(&content)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_nic_that_is_not_there_is_told_with_those_that_are() {
    let place = Place::new("no-nic");
    let network = "version: 2\nethernets:\n  a: {match: {macaddress: '52:54:00:00:00:99'}, addresses: [192.0.2.5/24]}\n";
    let said = place.said("network-config", network.as_bytes());
    let line = said.iter().find(|line| line.contains("52:54:00:00:00:99")).unwrap();
    assert!(line.starts_with("unable to find link 52:54:00:00:00:99: no NIC has this MAC address"), "{line}");
    let nics = fs::read_dir("/sys/class/net").unwrap().filter_map(Result::ok);
    let is_real = |nic: &fs::DirEntry| {
        fs::read_to_string(nic.path().join("addr_assign_type")).is_ok_and(|kind| kind != "2\n")
    };
    let mac = |nic: &fs::DirEntry| fs::read_to_string(nic.path().join("address")).unwrap_or_default();
    let shown = nics
        .filter(is_real)
        .any(|nic| line.contains(&format!("{} ({})", nic.file_name().to_string_lossy(), mac(&nic).trim())));
    assert!(shown || !line.contains("; there are "), "{line}");
}
