//! Roots that can't be written, or not all of them, or not for long: what the
//! agent can't write waits for the runner, and the log says where things are.

use super::story::{Story, said};

const USER_DATA: &str = "#cloud-config
write_files:
- {path: /etc/one, content: one}
- {path: /var/two, content: two}
";

/// A root that NetworkManager configures, and the directories a boot needs.
fn story(name: &str) -> Story {
    let story = Story::new(name);
    for path in ["usr/bin/nmcli", "usr/sbin/NetworkManager"] {
        story.root(path, "");
    }
    story.root("etc/systemd/system/multi-user.target.wants/NetworkManager.service", "");
    story.root("run/.keep", "");
    story.root("dev/null", "");
    story.seed("user_data", USER_DATA);
    story
}

/// Runs the runner's first stage in `$NEW`, /run and all, and prints its files.
const RUNNER: &str = "mount --bind /run $NEW/run && cp $RUNNER /run/runner && chroot $NEW /run/runner init; \
    status=$?; rm /run/runner; for file in etc/one var/two var/lib/cloud/data/instance-id; do \
    echo $file=$(cat $NEW/$file 2>/dev/null || cat $NEW/mnt/data/$file); done; (exit $status)";

fn run(story: &Story, script: &str) -> String {
    let output = story.run(&script.replace("RUN_THE_RUNNER", RUNNER));
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    said
}

fn has(said: &str, lines: &[&str]) {
    for line in lines {
        assert!(said.lines().any(|have| have.contains(line)), "{line} is not in\n{said}");
    }
}

/// What every one of these ends with.
const DONE: [&str; 3] = ["etc/one=one", "var/two=two", "var/lib/cloud/data/instance-id=hook-1"];

#[test]
fn a_root_that_no_remount_makes_writable_is_written_by_the_runner() {
    let story = story("read-only");
    // Without an upper directory an overlay stays read-only; one with it comes later, as from the root's init.
    let said = run(
        &story,
        "mkdir -p /run/none /run/new /run/memory; NEW=/run/new; \
         mount -t overlay overlay -o lowerdir=$ROOT:/run/none $NEW; \
         $AGENT --root $NEW --seed $SEED || exit 1; \
         ! [ -e $ROOT/etc/one ] && ! [ -e $ROOT/var ] || exit 2; \
         mount -t tmpfs tmpfs /run/memory; mkdir /run/memory/upper /run/memory/work; umount $NEW; \
         mount -t overlay overlay -o lowerdir=$ROOT,upperdir=/run/memory/upper,workdir=/run/memory/work $NEW; \
         RUN_THE_RUNNER",
    );
    has(&said, &["the root is read-only: its files are left to the runner"]);
    has(&said, &DONE);
    let profile = "run/NetworkManager/system-connections/cloud-init-front.nmconnection";
    assert!(story.text(profile).is_some_and(|text| text.contains("192.0.2.7/24")), "the network is not left");
}

#[test]
fn an_overlay_is_a_root_as_any_other() {
    let story = story("overlay");
    let said = run(
        &story,
        "mkdir -p /run/new /run/memory; NEW=/run/new; mount -t tmpfs tmpfs /run/memory; \
         mkdir /run/memory/upper /run/memory/work; \
         mount -t overlay overlay -o lowerdir=$ROOT,upperdir=/run/memory/upper,workdir=/run/memory/work $NEW; \
         $AGENT --root $NEW --seed $SEED || exit 1; cat $NEW/etc/one $NEW/var/two; echo; RUN_THE_RUNNER",
    );
    has(&said, &["onetwo", "write_files: 2 actions done"]);
    has(&said, &DONE);
}

#[test]
fn a_var_that_is_not_there_yet_waits_also_behind_a_link() {
    let story = story("var");
    story.root("etc/fstab", "LABEL=data /mnt/data ext4 defaults 0 2\n");
    let said = run(
        &story,
        "NEW=$ROOT; ln -s /mnt/data/var $ROOT/var; $AGENT --root $ROOT --seed $SEED || exit 1; \
         ! [ -e $ROOT/mnt ] || exit 2; mkdir -p $ROOT/mnt/data; mount -t tmpfs tmpfs $ROOT/mnt/data; \
         mkdir $ROOT/mnt/data/var; RUN_THE_RUNNER",
    );
    has(&said, &["/mnt/data is another mount once the root runs: state is left to the runner"]);
    has(&said, &["write_files: /var/two is left to the runner: /mnt/data is another mount"]);
    has(&said, &DONE);
}

#[test]
fn etc_that_is_mounted_later_waits() {
    let story = story("etc");
    story.root("etc/fstab", "overlay /etc overlay lowerdir=/etc,upperdir=/up,workdir=/work 0 0\n");
    let said = run(
        &story,
        "NEW=$ROOT; $AGENT --root $ROOT --seed $SEED || exit 1; ! [ -e $ROOT/etc/one ] || exit 2; \
         mkdir -p /run/memory; mount -t tmpfs tmpfs /run/memory; mkdir /run/memory/up /run/memory/work; \
         mount -t overlay overlay -o lowerdir=$ROOT/etc,upperdir=/run/memory/up,workdir=/run/memory/work $ROOT/etc; \
         RUN_THE_RUNNER",
    );
    has(&said, &["write_files: /etc/one is left to the runner: /etc is another mount once the root runs"]);
    has(&said, &DONE);
}

#[test]
fn a_full_disk_is_told_and_nothing_is_lost() {
    let story = story("full");
    story.root("etc/motd", "as it was\n");
    story.seed(
        "user_data",
        "#cloud-config\nwrite_files:\n- {path: /etc/motd, content: new}\n- {path: /etc/one, content: one}\n\
         - {path: /var/two, content: two}\n",
    );
    let said = run(
        &story,
        "mkdir /run/new; NEW=/run/new; mount -t tmpfs -o size=1m,mode=755 tmpfs $NEW; cp -a $ROOT/. $NEW/; \
         dd if=/dev/zero of=$NEW/filler bs=4096 2>/dev/null; $AGENT --root $NEW --seed $SEED; [ $? = 1 ] || exit 1; \
         cat $NEW/etc/motd; ls -A $NEW/etc; rm $NEW/filler; RUN_THE_RUNNER; cat $NEW/etc/motd",
    );
    has(&said, &["No space left on device", "as it was", "/etc/one is left to the runner: unable to"]);
    assert!(!said.contains(".motd.glowplug"), "{said}");
    has(&said, &DONE);
}

#[test]
fn a_root_that_stays_read_only_has_its_state_in_memory() {
    let story = story("stays-read-only");
    story.root("usr/bin/kept", "");
    let script = |more: &str| {
        format!(
            "mkdir -p /run/none /run/new; NEW=/run/new; {more}; \
             mount -t overlay overlay -o lowerdir=$ROOT:/run/none $NEW; \
             $AGENT --root $NEW --seed $SEED || exit 1; mount --bind /run $NEW/run; cp $RUNNER /run/runner; \
             chroot $NEW /run/runner init; echo status=$?; cat $NEW/var/lib/cloud/data/instance-id; rm /run/runner; \
             umount $NEW/var/lib/cloud; umount $NEW/run $NEW; rm -rf /run/glowplug /run/cloud-init"
        )
    };
    let output = story.run(&format!("{}; {}", script(":"), script("mkdir -p $ROOT/var/lib/cloud")));
    let said = said(&output);
    let line = "unable to keep the state in /var/lib/cloud: the root is read-only; if it had this directory, empty, \
                the state would be in memory";
    assert_eq!(said.matches(line).count(), 1, "{said}");
    assert_eq!(said.matches("status=1\n").count(), 1, "{said}");
    has(&said, &["the root is read-only: /var/lib/cloud is in memory, for this boot"]);
    has(&said, &["unable to write /etc/one: Read-only file system", "status=2", "hook-1"]);
}

/// A root that ifupdown configures.
fn ifupdown(name: &str) -> Story {
    let story = Story::new(name);
    for path in
        ["sbin/ifquery", "sbin/ifup", "sbin/ifdown", "etc/network/interfaces", "run/.keep", "dev/null"]
    {
        story.root(path, "");
    }
    story.root("etc/os-release", "ID=debian\n");
    story
}

#[test]
fn network_files_that_a_root_can_not_take_are_left_to_the_runner() {
    let story = ifupdown("left");
    let said = run(
        &story,
        "mkdir /run/new; NEW=/run/new; mount -t tmpfs -o size=64k,mode=755 tmpfs $NEW; cp -a $ROOT/. $NEW/; \
         dd if=/dev/zero of=$NEW/filler bs=4096 2>/dev/null; $AGENT --root $NEW --seed $SEED; [ $? = 1 ] || exit 1; \
         rm $NEW/filler; mount -o remount,size=16m $NEW; RUN_THE_RUNNER; \
         ls /run/glowplug/left/etc/network/interfaces.d; cp -a $NEW/etc/. $ROOT/etc",
    );
    let path = "/etc/network/interfaces.d/50-cloud-init";
    has(
        &said,
        &[&format!("{path} is left to the runner: unable to"), &format!("wrote {path}, which had to wait")],
    );
    let written = story.text(&format!("root{path}")).unwrap();
    assert!(written.contains("address 192.0.2.7"), "{written}");
}

#[test]
fn a_back_end_of_a_read_only_root_that_reads_no_run_is_not_waited_for() {
    let story = ifupdown("live");
    let said = run(
        &story,
        "mkdir -p /run/none /run/new; NEW=/run/new; \
         mount -t overlay overlay -o lowerdir=$ROOT:/run/none $NEW; \
         $AGENT --root $NEW --seed $SEED || exit 1; ip -o addr show dev front; ip -o link show dev front; \
         ! [ -e /run/glowplug/left/etc ] || exit 2",
    );
    has(&said, &["the root is read-only, and eni reads no file in /run: addresses are set live"]);
    has(&said, &["192.0.2.7/24", ",UP"]);
}

/// Each of these tools had its own complaints, and init failed.
#[test]
fn accounts_and_keys_of_a_read_only_root_are_a_line_each() {
    let story = story("read-only-accounts");
    let user_data = "#cloud-config\nusers: [{name: ann, plain_text_passwd: secret, lock_passwd: false}]\n\
                     ssh_deletekeys: false\nssh_genkeytypes: [ed25519]\n";
    story.seed("user_data", user_data);
    for program in ["useradd", "usermod", "groupadd", "chpasswd", "passwd", "ssh-keygen", "sshd"] {
        story.root(&format!("usr/sbin/{program}"), "it is never started\n");
    }
    story.root("var/lib/cloud/.keep", "");
    story.root("etc/ssh/.keep", "");
    let said = run(
        &story,
        "chmod 755 $ROOT/usr/sbin/*; mkdir /run/new; NEW=/run/new; mount --bind $ROOT $NEW; \
         $AGENT --root $NEW --seed $SEED; mount -o remount,bind,ro $NEW; \
         mount -t tmpfs tmpfs $NEW/var/lib/cloud; mount --bind /dev $NEW/dev; mount --rbind /run $NEW/run; cp $RUNNER /run/runner; \
         chroot $NEW /run/runner init; status=$?; rm /run/runner; umount -R -l $NEW; rmdir $NEW; [ $status = 2 ]",
    );
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("unable to run ")).collect();
    let why = |line: &&str| line.ends_with(": Read-only file system");
    assert!(lines.len() == 3 && lines.iter().all(why), "{lines:#?}\n{said}");
    has(
        &said,
        &["unable to run useradd ann", "unable to run chpasswd:", "unable to run ssh-keygen", "init is done"],
    );
}
