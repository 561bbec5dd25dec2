//! Machines that are not as they should be: caches that can't be used, files
//! that are empty or no text, a root that takes no files.

use crate::verbs::{LISTS, META_DATA, USER_DATA, Work, answers};
use glowplug::instance::{File, Instance, InstanceId, Machine};
use glowplug::state::cache;

/// Where the cache of the instance of these tests is.
const CACHE: &str = "root/var/lib/cloud/instances/i-verbs/instance.cache";

/// A machine that has booted once, and boots again with these files over it.
fn second_boot(name: &str, files: &[(&str, &[u8])], drive: bool, script: &str) -> (String, String) {
    let work = Work::new(name);
    work.put("boot1/seed/openstack/latest/meta_data.json", META_DATA);
    work.put("boot1/seed/openstack/latest/user_data", USER_DATA);
    work.put("boot1/root/etc/cloud/cloud.cfg.d/99-lists.cfg", LISTS);
    work.install();
    if drive {
        work.put("boot2/seed/openstack/latest/meta_data.json", META_DATA);
        work.put("boot2/seed/openstack/latest/user_data", USER_DATA);
    }
    work.put("boot2/root/srv/second", "");
    for (path, content) in files {
        work.put(&format!("boot2/{path}"), content);
    }
    let answers = answers(&work, script);
    let log = std::fs::read_to_string(work.0.join("log")).unwrap();
    let second = log.split("== boot2 init --local").nth(1).unwrap().to_owned();
    assert!(!log.contains("panicked") && !answers.contains("panicked"), "{log}{answers}");
    (second, answers)
}

#[test]
fn a_cache_that_can_not_be_used_is_told_and_made_anew_from_the_seed() {
    let mut other_version = cache::encode(&Instance::new(InstanceId::parse("i-verbs").unwrap(), "X"));
    other_version[8] ^= 0x40;
    let caches: [(&[u8], &str); 4] = [
        (b"", "it is cut short"),
        (b"nonsense that is long enough to be a header", "it is not one"),
        (&other_version, "another version of glowplug wrote it"),
        (b"GLOWPLUG", "it is cut short"),
    ];
    for (index, (damaged, why)) in caches.into_iter().enumerate() {
        let script = "glowplug cache get local-hostname; cat /srv/ran; ls -l /var/lib/cloud/instances/i-verbs/instance.cache | cut -c1-10";
        let (log, answers) = second_boot(&format!("damaged-{index}"), &[(CACHE, damaged)], true, script);
        let line = format!("unable to use the instance cache /var/lib/cloud/instance/instance.cache: {why}");
        assert!(log.contains(&line), "{why}: {log}");
        assert_eq!(answers, "vm.example.org\nran\n-r--------\n", "{log}");
    }
}

#[test]
fn without_a_drive_a_cache_holds_only_if_it_is_this_machines_and_whole() {
    let script =
        "cat /run/glowplug/seed-state; cloud-init status; cat /srv/ran; cloud-init query v1.instance_id";
    let (log, answers) = second_boot("last-good", &[], false, script);
    assert!(log.contains("instance i-verbs of the last boot holds"), "{log}");
    assert_eq!(answers, "cached\nstatus: done\nran\ni-verbs\n", "{log}");

    let (log, answers) = second_boot("torn", &[(CACHE, b"GLOW")], false, script);
    assert!(log.contains("it is cut short") && log.contains("nothing is provisioned"), "{log}");
    assert!(
        answers.starts_with("timed-out\nstatus: done\nran\n") || answers.starts_with("absent\n"),
        "{answers}"
    );

    let mut instance = Instance::new(InstanceId::parse("i-verbs").unwrap(), "ConfigDrive");
    instance.machine = Machine { product_uuid: "another".into(), macs: Vec::new() };
    instance
        .raw
        .push(File { path: "user_data".into(), content: b"#!/bin/sh\necho foreign >> /srv/ran\n".into() });
    let (log, answers) = second_boot("foreign", &[(CACHE, &cache::encode(&instance))], false, script);
    assert!(log.contains("it was made on another machine"), "{log}");
    assert!(answers.contains("ran\n") && !answers.contains("foreign"), "{answers}");
}

#[test]
fn files_that_are_no_text_or_empty_stop_nothing() {
    let files: [(&str, &[u8]); 5] = [
        ("root/etc/cloud/cloud.cfg.d/10-bytes.cfg", b"\xff\xfe\0hostname: x\n"),
        ("root/etc/cloud/cloud.cfg.d/11-empty.cfg", b""),
        ("root/etc/cloud/cloud.cfg.d/12-tabs.cfg", b"a:\n\tb: 1\n"),
        ("root/etc/os-release", b"\xff"),
        ("root/var/lib/cloud/data/set-hostname", b"\xff"),
    ];
    let script = "\
for file in /run/cloud-init/instance-data-sensitive.json /var/lib/cloud/data/status.json /run/glowplug/timings; do
    for content in '' '{' '[]' '{\"v1\": 5}' '\\377'; do
        printf \"$content\" > $file
        glowplug query v1.instance_id; glowplug status; glowplug analyze show; glowplug cloud-id; glowplug query --all
    done
done > /tmp/out 2>&1
grep -c '' /tmp/out | tr -d '0-9'; grep -i panic /tmp/out
cat /srv/ran";
    let (log, answers) = second_boot("bytes", &files, true, script);
    assert!(log.contains("modules-final is done\n== status 0"), "{log}");
    assert!(log.contains("10-bytes.cfg") && log.contains("12-tabs.cfg"), "{log}");
    assert_eq!(answers, "\nran\n", "{log}");
}

#[test]
fn a_root_that_takes_no_files_and_a_lost_hand_off_are_lived_with() {
    let script = "\
rm -rf /run/glowplug
glowplug init > /tmp/lost 2>&1; echo lost $?
mount --bind /var /var && mount -o remount,ro,bind /var || exit 1
rm -rf /run/glowplug /run/cloud-init
glowplug init --local --seed /var/lib/cloud/seed/config_drive > /tmp/local 2>&1; echo local $?
glowplug init > /tmp/init 2>&1; echo init $?
glowplug modules --mode final > /tmp/final 2>&1; echo final $?
grep -ih panic /tmp/lost /tmp/local /tmp/init /tmp/final
glowplug status
glowplug cache set local-hostname x
grep -c 'Read-only' /tmp/init | sed 's/[1-9][0-9]*/some/'
cat /srv/ran
test -s /run/cloud-init/status.json && echo status in /run
mount -o remount,rw,bind /var";
    let (log, answers) = second_boot("read-only", &[], true, script);
    let lines: Vec<&str> = answers.lines().collect();
    assert_eq!(lines[0], "lost 0", "{answers}{log}");
    assert!(
        answers.contains(
            "unable to write /var/lib/cloud/instances/i-verbs/instance.cache: Read-only file system"
        ),
        "{answers}"
    );
    let ran = lines.iter().filter(|line| **line == "ran").count();
    assert_eq!(ran, 1, "state that can't be written is seen, and nothing runs again: {answers}");
    assert!(answers.ends_with("status in /run\n"), "{answers}");
}

/// Keys and values of a file drew on the terminal of who looked at it, and made
/// lines of their own.
#[test]
fn what_a_file_says_never_draws_on_a_terminal_or_forges_a_line() {
    let folder = std::env::temp_dir().join(format!("glowplug-drawing-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let put = |name: &str, content: &str| {
        std::fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        std::fs::write(folder.join(name), content).unwrap();
    };
    let nasty = r"\e[2J\x7f\N\u202e\u2028\u2066x\nglowplug: all is well";
    let config = format!(
        "#cloud-config\n\"{nasty}\": 1\nhostname: \"{nasty}\"\nlocale: \"{nasty}\"\nusers: [{{name: \"{nasty}\"}}]\n\
         write_files:\n- {{path: \"/etc/{nasty}\", content: x}}\n- {{path: \"{nasty}\"}}\n\
         ssh_authorized_keys: [\"{nasty}\"]\n# raw: \u{202e}\u{2028} \u{9b}31m\n"
    );
    put("user-data", &config);
    put("broken", "#cloud-config\na: *x\u{202e}\u{7f}\n");
    put("seed/openstack/latest/user_data", &config);
    put("seed/openstack/latest/meta_data.json", META_DATA);
    put("root/etc/os-release", "ID=debian\n");
    put("data.json", r#"{"v1": {"a\u001b[2J\u202e\ndone": 1}}"#);
    put("timings", "agent/\u{1b}[2J\u{202e}\t1\t2\nrunner/init\t1\t2\n");
    let mut quoted = 0;
    for words in [
        vec!["schema", "-c", &path("user-data")],
        vec!["schema", "--annotate", "-c", &path("user-data")],
        vec!["schema", "-c", &path("broken")],
        vec!["devel", "yaml", &path("broken")],
        vec!["devel", "user-data", &path("user-data")],
        vec!["plan", "--seed", &path("seed"), "--root", &path("root")],
        vec!["plan", "--format", "json", "--seed", &path("seed"), "--root", &path("root")],
        vec!["query", "--instance-data", &path("data.json"), "--list-keys", "v1"],
        vec!["query", "--instance-data", &path("data.json"), "v1.none\u{1b}\u{202e}"],
        vec!["analyze", "show", "-i", &path("timings")],
        vec!["analyze", "dump", "-i", &path("timings")],
        vec!["\u{1b}[2J"],
    ] {
        let output =
            std::process::Command::new(env!("CARGO_BIN_EXE_glowplug")).args(&words).output().unwrap();
        for bytes in [output.stdout, output.stderr] {
            let text = String::from_utf8(bytes).unwrap();
            let bad = |c: char| glowplug::text::is_control(c) && !matches!(c, '\n' | '\t');
            assert!(!text.contains(bad), "{words:?}: {text:?}");
            assert!(!text.lines().any(|line| line.starts_with("glowplug: all") || line == "done"), "{text}");
            quoted += usize::from(text.contains("202e"));
        }
    }
    assert!(quoted >= 5, "the files are quoted: {quoted}");
    std::fs::remove_dir_all(&folder).unwrap();
}
