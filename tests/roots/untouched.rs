//! What the agent leaves as it was, and what it answers where it can't write:
//! roots of a machine that is switched off or has no seed, mounts with flags of
//! their own, descriptors that are closed, pipes that nobody reads.

use super::story::{Story, said};
use std::fs;

/// Mounts a file system in memory read-only, with flags and options of its own,
/// on `$NEW`, its files those of `$ROOT`; and says how it is mounted.
const MOUNT: &str = "mkdir /run/new; NEW=/run/new; mount -t tmpfs -o size=9m,mode=755 tmpfs $NEW; cp -a $ROOT/. $NEW/; \
    mount -o remount,ro,nosuid,nodev,noexec,noatime,size=9m $NEW; how() { grep \" $NEW \" /proc/self/mountinfo; }; \
    tree() { find $NEW -printf '%p %T@ %A@ %C@ %s\\n' | sort; }; how; tree > /run/before; ";

fn line(words: &str) -> String {
    format!("printf '{words}' > /run/line; mount --bind /run/line /proc/cmdline; ")
}

fn run(story: &Story, script: &str, status: i32) -> String {
    let output = story.run(script);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(status), "{said}");
    said
}

/// The lines that say how the root is mounted, before and after.
fn mounted(said: &str) -> Vec<&str> {
    said.lines().filter(|line| line.contains(" /run/new ")).collect()
}

#[test]
fn a_remounted_root_gets_all_its_flags_back() {
    let story = Story::new("flags");
    let said = run(
        &story,
        &format!("{MOUNT} $AGENT --root $NEW --seed $SEED || exit 2; how; cat $NEW/etc/hostname"),
        0,
    );
    let lines = mounted(&said);
    assert!(lines.len() == 2 && lines[0] == lines[1], "{said}");
    assert!(
        lines[0].contains(" ro,nosuid,nodev,noexec,noatime ") && lines[0].contains("size=9216k"),
        "{said}"
    );
    assert!(said.lines().any(|line| line == "hooked"), "it was written meanwhile: {said}");
}

#[test]
fn a_mount_that_alone_is_read_only_leaves_its_file_system_as_it_is() {
    let story = Story::new("bind");
    let said = run(
        &story,
        "mkdir /run/all /run/new; mount -t tmpfs -o mode=755 tmpfs /run/all; cp -a $ROOT/. /run/all/; \
         mount --bind /run/all /run/new; mount -o remount,bind,ro,nosuid /run/new; \
         how() { grep ' /run/new ' /proc/self/mountinfo; }; how; \
         $AGENT --root /run/new --seed $SEED || exit 2; how; touch /run/all/x && cat /run/all/etc/hostname",
        0,
    );
    let lines = mounted(&said);
    assert!(lines.len() == 2 && lines[0] == lines[1] && lines[0].contains(" ro,nosuid,"), "{said}");
    assert!(said.lines().any(|line| line == "hooked"), "{said}");
}

#[test]
fn a_machine_that_is_switched_off_is_not_touched() {
    for (name, word) in [("off", "glowplug=off"), ("disabled", "cloud-init=disabled")] {
        let story = Story::new(&format!("switched-{name}"));
        let script = format!(
            "{MOUNT} {} strace -f -o /run/trace -e trace=mount,mount_setattr,move_mount $AGENT --root $NEW --seed $SEED; \
             tree | diff /run/before - && ! grep -v exited /run/trace && how",
            line(&format!("BOOT_IMAGE=/M\\374nchen {word}"))
        );
        let said = run(&story, &script, 0);
        let lines = mounted(&said);
        assert!(lines.len() == 2 && lines[0] == lines[1], "{said}");
        assert!(said.contains("provisioning is off"), "{said}");
        assert!(said.contains("BOOT_IMAGE=/M\\xfcnchen"), "the word is named: {said}");
    }
}

#[test]
fn a_long_kernel_line_switches_off_as_a_short_one_does() {
    let story = Story::new("long-line");
    let long = format!("x={} glowplug=off", "y".repeat(60_000));
    fs::write(story.folder.join("line"), long).unwrap();
    let script =
        "mount --bind $ROOT/../line /proc/cmdline; $AGENT --root $ROOT --seed $SEED; ! [ -e $ROOT/var ]";
    let said = run(&story, script, 0);
    assert!(said.contains("glowplug=off on the kernel line"), "{said}");
}

#[test]
fn a_root_without_a_seed_is_not_remounted() {
    let story = Story::new("seedless");
    let script = format!(
        "{MOUNT} mkdir /run/none; strace -f -o /run/trace -e trace=mount $AGENT --root $NEW --seed /run/none; \
         [ $? = 12 ] || exit 2; tree | diff /run/before - && ! grep -v exited /run/trace"
    );
    run(&story, &script, 0);
}

/// Lines of the log were once written into the files that were opened next.
#[test]
fn closed_standard_descriptors_get_no_line_into_a_file() {
    let story = Story::new("closed");
    let said = run(&story, "$AGENT --root $ROOT --seed $SEED <&- >&- 2>&-; echo status=$?", 0);
    assert!(said.contains("status=0"), "{said}");
    let expected = Story::new("open");
    run(&expected, "$AGENT --root $ROOT --seed $SEED", 0);
    for path in ["root/etc/hostname", "root/var/lib/cloud/data/instance-id", "run/glowplug/seed-state"] {
        assert_eq!(story.text(path), expected.text(path), "{path}");
    }
    let grep = format!("! grep -rl 'glowplug-agent\\[' {}", story.folder.display());
    run(&expected, &grep, 0);
}

#[test]
fn a_pipe_that_nobody_reads_and_a_full_output_end_nothing() {
    for (name, output) in [("pipe", "2> >(exec true; )"), ("full", "2> /dev/full")] {
        let story = Story::new(&format!("output-{name}"));
        let script =
            format!("bash -c 'sleep 0.2; exec $AGENT --root $ROOT --seed $SEED {output}'; echo status=$?");
        let said = run(&story, &script, 0);
        assert!(said.contains("status=0"), "{said}");
        assert_eq!(story.text("root/etc/hostname").as_deref(), Some("hooked\n"));
    }
    let story = Story::new("output-plan");
    run(&story, "$AGENT --root $ROOT --seed $SEED --plan 2> /dev/full", 1);
}

#[test]
fn a_hand_off_that_can_not_be_written_is_a_failure() {
    let story = Story::new("no-hand-off");
    run(&story, "echo x > /run/glowplug; $AGENT --root $ROOT --seed $SEED", 1);
    let story = Story::new("full-run");
    run(&story, "mount -t tmpfs -o size=4k tmpfs /run; $AGENT --root $ROOT --seed $SEED", 1);
}

/// Whatever number of files may be open: provisioned, or not 0.
#[test]
fn too_few_descriptors_are_a_failure() {
    let story = Story::new("descriptors");
    let script = "for n in 3 4 5 6 7 8 9 10 12 14 64; do rm -rf $ROOT/var $ROOT/etc/hostname /run/glowplug; \
        (ulimit -n $n; exec $AGENT --root $ROOT --seed $SEED); code=$?; \
        if [ $code = 0 ] && [ \"$(cat $ROOT/etc/hostname)\" != hooked ]; then echo WRONG $n; fi; \
        case $code in 0|1|12) ;; *) echo WRONG $n: $code ;; esac; done; echo last=$code";
    let said = run(&story, script, 0);
    assert!(!said.contains("WRONG") && said.contains("last=0"), "{said}");
}
