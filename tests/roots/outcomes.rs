//! How a boot ended, as every verb says it: a seed that did not come, one that can't be used, none
//! that was expected, and a local stage that is tried again.

use super::story::{Story, said};
use std::fs;

/// The agent with the kernel line of the file `cmdline`, then the runner's stages and its verbs in
/// the root, each with its exit status. The seed is what the kernel line and the root say.
const BOOT: &str = "\
mkdir -p $ROOT/run $ROOT/proc $ROOT/dev $ROOT/usr $ROOT/var/log; ln -s usr/bin usr/lib usr/lib64 $ROOT; \
mount --bind /usr $ROOT/usr; mount --bind /dev $ROOT/dev; mount --bind /run $ROOT/run; \
mount --bind /proc $ROOT/proc; mount --bind $ROOT/../cmdline $ROOT/proc/cmdline; cp $RUNNER /run/runner; \
mount --bind $ROOT/../cmdline /proc/cmdline; \
run() { chroot $ROOT /run/runner \"$@\"; echo \"$* -> $?\"; }; ";

const STAGES: &str = "$AGENT --root $ROOT; echo \"agent -> $?\"; \
run init; run modules --mode config; run modules --mode final; run status --long; run status --wait";

fn boot(name: &str, line: &str, files: &[(&str, &str)], script: &str) -> (Story, String) {
    let story = Story::new(name);
    fs::write(story.folder.join("cmdline"), line).unwrap();
    for (path, text) in files {
        story.root(path, text);
    }
    let output = story.run(&[BOOT, script].concat());
    let said = said(&output);
    (story, said)
}

fn has(said: &str, texts: &[&str]) {
    for text in texts {
        assert!(said.contains(text), "{text} is not in\n{said}");
    }
}

const PINNED: (&str, &str) = ("etc/cloud/cloud.cfg", "datasource_list: [ConfigDrive]\n");

#[test]
fn a_seed_that_does_not_come_degrades_and_is_told_with_what_was_seen() {
    let (story, said) = boot("late-seed", "quiet glowplug.wait=1\n", &[PINNED], STAGES);
    let ends =
        ["agent -> 11", "init -> 2", "config -> 2", "final -> 2", "status --long -> 2", "status --wait -> 2"];
    has(&said, &ends);
    let looked = "no seed: no drive labelled config-2, nothing in /var/lib/cloud/seed, on the kernel line or in the \
                  firmware after 1.";
    has(&said, &[looked, "s, and one is expected because of datasource_list; seen: ", "; DMI: "]);
    let nothing = "nothing is provisioned: the seed that was expected did not come (init-local says what was looked for)";
    has(&said, &["extended_status: degraded done", &["\t- ", nothing].concat()]);
    let log = story.text("root/var/log/cloud-init.log").unwrap();
    assert!(log.contains("glowplug-agent[WARNING]: no seed: "), "{log}");
}

#[test]
fn a_datasource_that_is_not_built_in_is_an_error_with_the_near_miss() {
    let (_, said) = boot("unknown", "ds=nocloudd;s=/x/\n", &[], STAGES);
    has(
        &said,
        &["agent -> 12", "init -> 1", "config -> 1", "final -> 1", "status --long -> 1", "status: error"],
    );
    let why = "\t- unable to use datasource nocloudd: ds= on the kernel line asks for it, and built in are only \
               NoCloud, ConfigDrive, OVF (is NoCloud meant?)\n";
    has(&said, &[why]);
}

#[test]
fn a_machine_that_needs_no_seed_is_disabled_without_a_word() {
    let (story, said) = boot("unseeded", "quiet\n", &[], STAGES);
    has(&said, &["agent -> 10", "init -> 0", "config -> 0", "final -> 0", "status --long -> 0"]);
    has(&said, &["status: disabled\n", "boot_status_code: disabled-by-generator\n", "errors: []\n"]);
    has(&said, &["detail: disabled: no seed was found, and nothing says that there should be one\n"]);
    assert_eq!(story.text("root/var/log/cloud-init.log"), None, "{said}");
    assert_eq!(story.text("run/cloud-init/status.json"), None, "{said}");
}

#[test]
fn a_seed_that_is_broken_or_not_there_ends_no_verb_with_0() {
    let broken = ("var/lib/cloud/seed/nocloud/meta-data", "instance-id: [\n");
    let user = ("var/lib/cloud/seed/nocloud/user-data", "#cloud-config\n{}\n");
    let (_, said) = boot("broken", "quiet\n", &[broken, user], STAGES);
    has(&said, &["agent -> 12", "init -> 1", "config -> 1", "final -> 1", "status --long -> 1"]);
    has(&said, &["/var/lib/cloud/seed/nocloud/meta-data:1:14: "]);
    let script = "mkdir $ROOT/empty; run plan --seed /none; run plan --seed /empty; run init --local --seed /none; \
                  run status; run init; $AGENT --root $ROOT --seed /none; echo \"agent -> $?\"";
    let (_, said) = boot("no-seed", "quiet\n", &[], script);
    let ends =
        ["plan --seed /none -> 1", "plan --seed /empty -> 1", "init --local --seed /none -> 1", "init -> 1"];
    has(&said, &ends);
    has(&said, &["agent -> 12", "unable to use --seed /empty: it holds no seed", "unable to open /none"]);
}

#[test]
fn a_local_stage_that_failed_is_tried_again_and_says_so() {
    let broken = ("var/lib/cloud/seed/nocloud/meta-data", "instance-id: [\n");
    let user = ("var/lib/cloud/seed/nocloud/user-data", "#cloud-config\nhostname: again\n");
    let script = "run init --local; run init --local; echo 'instance-id: i-2' > $ROOT/var/lib/cloud/seed/nocloud/meta-data; \
                  run init --local; run init --local; run init; cat $ROOT/etc/hostname";
    let (_, said) = boot("again", "quiet\n", &[broken, user], script);
    let ends: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("init --local -> ")).collect();
    // Without a network back end and a DHCP client there is a warning.
    assert_eq!(ends, ["1", "1", "2", "0"], "{said}");
    has(&said, &["init-local runs again: before, it ended with broken\n", "instance i-2 is new\n"]);
    has(&said, &["init-local was done before this: /run/glowplug is there\n", "\nagain\n"]);
}

#[test]
fn what_failed_names_its_module_its_place_and_what_to_do() {
    let user_data = "#cloud-config\nwrite_files:\n- {path: /etc/app.conf, content: y, owner: app}\n\
                     - {path: /etc/kept, content: y}\nruncmd:\n- echo said; exit 3\npackges: []\n";
    let seed = [
        ("var/lib/cloud/seed/nocloud/meta-data", "instance-id: i\n"),
        ("var/lib/cloud/seed/nocloud/user-data", user_data),
    ];
    let script = "$AGENT --root $ROOT > /dev/null 2>&1; run init; run modules --mode config; run modules --mode final; \
                  run status --long; cat $ROOT/etc/kept";
    let (story, said) = boot("named", "quiet\n", &seed, script);
    has(&said, &["init -> 1", "config -> 0", "final -> 1", "status --long -> 1"]);
    has(
        &said,
        &[
            "\t- write_files: unable to write the file at user-data:3:44: /etc/app.conf: the user app does not exist; with \
             defer: true it is written after packages\n",
            "\t- scripts_user: unable to run /var/lib/cloud/instance/scripts/runcmd: it ended with exit status 3; what it \
             said is in /var/log/cloud-init-output.log\n",
            "\t- user-data:7:1: packges: no such key; is packages meant?\n",
        ],
    );
    let log = story.text("root/var/log/cloud-init.log").unwrap();
    for line in [
        "glowplug-agent[DEBUG]: write /etc/kept (0644 root, 1 bytes)\n",
        "glowplug[DEBUG]: run /var/lib/cloud/instance/scripts/runcmd\n",
        "glowplug[WARNING]: user-data:7:1: packges: no such key; is packages meant?\n",
    ] {
        assert!(log.contains(line), "{line} is not in\n{log}");
    }
    let times: Vec<&str> = log.lines().filter_map(|line| line.get(..23)).collect();
    assert!(times.is_sorted(), "{log}");
}

/// Seconds of the step of that name in what `analyze show` says.
fn seconds_of(step: &str, said: &str) -> Option<f64> {
    let line = said.lines().find(|line| line.contains(&format!("->{step} @")))?;
    line.split_once('+')?.1.strip_suffix('s')?.parse().ok()
}

#[test]
fn a_seed_in_the_root_waited_for_the_kernel_to_be_silent() {
    let seed = [
        ("var/lib/cloud/seed/nocloud/meta-data", "instance-id: i\nlocal-hostname: near\n"),
        ("var/lib/cloud/seed/nocloud/user-data", "#cloud-config\n{}\n"),
    ];
    let script = "$AGENT --root $ROOT > /dev/null 2>&1; run init; run analyze show";
    let (_, said) = boot("no-wait", "quiet\n", &seed, script);
    assert!(seconds_of("find seed", &said).is_some(), "{said}");
    // what udev is at work on is asked for again and again, each time for 20 ms
    assert!(seconds_of("wait for a seed", &said).is_none_or(|seconds| seconds < 0.3), "{said}");
    let (_, said) = boot("a-wait", "glowplug.wait=1\n", &[PINNED], &[STAGES, "; run analyze show"].concat());
    assert!(seconds_of("wait for a seed", &said).is_some_and(|seconds| seconds > 0.9), "{said}");
}
