//! Rules that users become root by: they are checked by the root's own visudo(8) or doas(1)
//! before they are in place, and a wrong one leaves what was there.

use super::story::{Story, said};
use std::fs;

const OWN: &str = "etc/sudoers.d/90-cloud-init-users";

/// One boot: the agent, then init in the root; the stand-ins are in its PATH.
const BOOT: &str = "\
boot() { \
  umount $ROOT/run 2>/dev/null; rm -rf /run/glowplug /run/cloud-init; \
  $AGENT --root $ROOT --seed $SEED > /run/agent.said 2>&1; mount --bind /run $ROOT/run; \
  PATH=/usr/local/sbin:/usr/sbin:/usr/bin chroot $ROOT /run/runner init; echo \"init=$?\"; }; \
mkdir -p $ROOT/run $ROOT/proc $ROOT/dev $ROOT/usr $ROOT/tmp $ROOT/stand-ins; \
ln -sfn usr/bin $ROOT/bin; ln -sfn usr/sbin $ROOT/sbin; ln -sfn usr/lib $ROOT/lib; ln -sfn usr/lib64 $ROOT/lib64; \
mount --bind /usr $ROOT/usr; mount --bind $ROOT/stand-ins $ROOT/usr/local/sbin; \
mount -t proc proc $ROOT/proc; mount --bind /dev $ROOT/dev; cp $RUNNER /run/runner; ";

/// Says no to the word WRONG, as visudo 1.9 does, and writes down each call.
const VISUDO: &str = "#!/bin/sh
echo \"${0##*/} $1 $2\" >> /calls
for file; do :; done
case $file in /etc/sudoers.d/[!.]*) echo \"it is in place\" >> /calls ;; esac
line=$(grep -n WRONG \"$file\" | cut -d: -f1)
[ -z \"$line\" ] || { echo \"$file:$line:5: syntax error\"; exit 1; }
";

fn root(name: &str, user_data: &str) -> Story {
    let story = Story::new(name);
    story.root("etc/passwd", "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n");
    story.root("etc/sudoers", "root ALL=(ALL:ALL) ALL\n");
    story.root(OWN, "# by hand\n");
    story.root("etc/doas.conf", "permit nopass ann\n");
    story.root("etc/cloud/cloud.cfg", "cloud_init_modules: [users_groups]\n");
    story.seed("user_data", user_data);
    story
}

fn program(story: &Story, name: &str, content: &str) {
    story.root(&format!("stand-ins/{name}"), content);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(story.folder.join("root/stand-ins").join(name), mode).unwrap();
}

/// The files below /etc/sudoers.d.
fn rules(story: &Story) -> Vec<String> {
    let names = fs::read_dir(story.folder.join("root/etc/sudoers.d")).unwrap();
    names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

fn seed(second: &str) -> String {
    format!(
        "#cloud-config\nusers:\n- {{name: root, lock_passwd: false, sudo: 'ALL=(ALL) ALL', doas: [permit root]}}\n\
         - {{name: ann, lock_passwd: false, sudo: 'ALL=(ALL) {second}', doas: [permit nopass ann as {second}]}}\n"
    )
}

#[test]
fn rules_that_the_roots_own_program_refuses_are_not_put_in_place() {
    let story = root("rules-wrong", &seed("WRONG"));
    program(&story, "visudo", VISUDO);
    program(&story, "doas", VISUDO);
    let said = said(&story.run(&format!("{BOOT} boot; echo SECOND; boot")));
    let (first, second) = said.split_once("SECOND").unwrap();
    for error in [
        "unable to allow sudo to ann: users_groups: visudo refuses the rule \"ann ALL=(ALL) WRONG\": \
         /etc/sudoers.d/90-cloud-init-users:7:5: syntax error; what was there stays",
        "unable to allow doas to ann: users_groups: doas refuses the rule \"permit nopass ann as WRONG\": \
         /etc/doas.conf:7:5: syntax error; what was there stays",
    ] {
        assert!(said.contains(error), "{said}");
    }
    assert!(first.contains("init=1") && second.contains("init=0"), "{said}");
    assert_eq!(story.text(&format!("root/{OWN}")).as_deref(), Some("# by hand\n"));
    assert_eq!(story.text("root/etc/sudoers").as_deref(), Some("root ALL=(ALL:ALL) ALL\n"));
    assert_eq!(story.text("root/etc/doas.conf").as_deref(), Some("permit nopass ann\n"));
    assert_eq!(rules(&story), ["90-cloud-init-users"]);
    assert_eq!(
        story.text("root/calls").as_deref(),
        Some("visudo -c -f\ndoas -C /etc/.doas.conf.check.glowplug\n")
    );
}

/// Where a boot ends within the check, the next does all of it.
#[test]
fn rules_are_put_in_place_once_they_are_accepted_whatever_is_cut() {
    let killed = "#!/bin/sh\nif [ ! -e /killed ]; then touch /killed; kill -9 $PPID; exit 1; fi\n";
    for (number, before) in ["#!/bin/sh\n", killed].iter().enumerate() {
        let story = root(&format!("rules-{number}"), &seed("ALL"));
        program(&story, "visudo", &format!("{before}{}", VISUDO.trim_start_matches("#!/bin/sh\n")));
        let said = said(&story.run(&format!("{BOOT} boot; echo SECOND; boot")));
        let second = said.split_once("SECOND").unwrap().1;
        assert!(second.contains("init=0"), "{said}");
        let own = story.text(&format!("root/{OWN}")).unwrap();
        let rules_of =
            "\n# User rules for root\nroot ALL=(ALL) ALL\n\n# User rules for ann\nann ALL=(ALL) ALL\n";
        assert_eq!(own, ["# by hand\n", rules_of].concat(), "{said}");
        assert!(
            story.text("root/etc/sudoers").unwrap().ends_with("\n#includedir /etc/sudoers.d\n"),
            "{said}"
        );
        assert!(story.text("root/etc/doas.conf").unwrap().contains("\npermit nopass ann as ALL\n"), "{said}");
        assert_eq!(rules(&story), ["90-cloud-init-users"], "{said}");
        assert_eq!(story.text("root/calls").as_deref(), Some("visudo -c -f\n"), "{said}");
    }
}

/// The real ones: `apt-get download sudo opendoas`, `dpkg -x` of both into the folder
/// GLOWPLUG_SUDO, in which both packages' files are.
#[test]
#[ignore = "wants GLOWPLUG_SUDO, a folder with the unpacked packages sudo and opendoas"]
fn the_real_programs_tell_of_what_our_own_check_lets_through() {
    let packages = std::env::var("GLOWPLUG_SUDO").unwrap();
    for (rule, doas, is_good) in [("NOTBEFORE=x ALL", "root frob", false), ("NOPASSWD: ALL", "root", true)] {
        let text = seed("ALL")
            .replace("(ALL) ALL'", &format!("(ALL) {rule}'"))
            .replace("as ALL", &format!("as {doas}"));
        let story = root(&format!("rules-real-{is_good}"), &text);
        let copy = format!(
            "cp {packages}/usr/sbin/visudo {packages}/usr/bin/doas $ROOT/stand-ins; mkdir -p $ROOT/sudo; \
             cp {packages}/usr/libexec/sudo/* $ROOT/sudo; export LD_LIBRARY_PATH=/sudo"
        );
        let said = said(&story.run(&format!("{BOOT} {copy}; boot")));
        let own = story.text(&format!("root/{OWN}")).unwrap();
        let of_doas = story.text("root/etc/doas.conf").unwrap();
        if is_good {
            assert!(
                own.contains("\nann ALL=(ALL) NOPASSWD: ALL\n") && of_doas.contains("as root\n"),
                "{said}"
            );
            assert!(said.contains("init=0"), "{said}");
        } else {
            assert_eq!((&*own, &*of_doas), ("# by hand\n", "permit nopass ann\n"), "{said}");
            assert!(said.contains("invalid notbefore value") && said.contains("allow doas to ann"), "{said}");
        }
    }
}
