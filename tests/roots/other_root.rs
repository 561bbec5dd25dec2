//! An image that is made ready on another machine: the modules run in it, and
//! the machine that makes it stays as it is.

use super::story::{Story, said};

const USER_DATA: &str = "#cloud-config
hostname: image
write_files:
- {path: /etc/one, content: one}
bootcmd: ['hostname > /etc/by-bootcmd; ls -A /run > /etc/run; mount -t tmpfs tmpfs /mnt']
runcmd: ['readlink /proc/self/root > /etc/by-runcmd']
power_state: {mode: poweroff, delay: now}
";

/// An image with the machine's own programs, and one that would turn it off;
/// then the stages, and what has become of the machine.
const SCRIPT: &str = "\
mkdir -p $ROOT/proc $ROOT/sys $ROOT/dev $ROOT/run $ROOT/mnt $ROOT/usr; ln -s usr/bin usr/lib usr/lib64 $ROOT; \
mount --bind /usr $ROOT/usr; mount -t tmpfs tmpfs $ROOT/usr/local/sbin; \
printf '#!/bin/sh\\ntouch /etc/off\\n' > $ROOT/usr/local/sbin/shutdown; chmod +x $ROOT/usr/local/sbin/shutdown; \
hostname maker; touch /run/of-the-maker; \
$RUNNER init --local --root $ROOT --seed $SEED; echo \"status $?\"; mounts=$(cat /proc/self/mountinfo); \
for stage in init 'modules --mode=config' 'modules --mode final'; do \
$RUNNER $stage --root $ROOT/; echo \"status $?\"; done; \
[ \"$mounts\" = \"$(cat /proc/self/mountinfo)\" ] && echo same mounts; echo \"name $(hostname)\"; \
$RUNNER modules --mode final --root $ROOT/no-such; echo \"status $?\"";

#[test]
fn an_image_is_made_ready_and_its_maker_stays_as_it_is() {
    let story = Story::new("other-root");
    story.seed("user_data", USER_DATA);
    let output = story.run_on("52:54:00:bb:00", SCRIPT);
    let said = said(&output);
    assert!(!said.contains("unable to change") && !said.contains("unable to set"), "{said}");
    // its NICs are not the maker's: a warning of the local stage
    assert!(said.starts_with("status 2\n"), "{said}");
    assert_eq!(said.matches("status 0\n").count(), 3, "{said}");
    assert!(said.contains("same mounts\nname maker\n"), "{said}");
    assert!(said.contains("is not its root\n"), "{said}");
    let missing = "unable to enter ";
    assert!(said.contains(missing) && said.contains("No such file or directory"), "{said}");
    assert!(said.contains("status 1\n"), "{said}");
    let text = |path: &str| story.text(&format!("root/{path}"));
    assert_eq!(text("etc/hostname").as_deref(), Some("image\n"));
    assert_eq!(text("etc/by-bootcmd").as_deref(), Some("image\n"));
    assert_eq!(text("etc/one").as_deref(), Some("one"));
    assert_eq!(text("etc/by-runcmd").as_deref(), Some("/\n"));
    assert!(!text("etc/run").unwrap().contains("of-the-maker"), "{:?}", text("etc/run"));
    assert_eq!(text("etc/off"), None, "the machine was turned off");
    assert_eq!(text("var/lib/cloud/data/instance-id").as_deref(), Some("hook-1\n"));
    let finished = text("var/lib/cloud/instances/hook-1/boot-finished").unwrap();
    assert!(finished.contains(" - v. "), "{finished}");
}
