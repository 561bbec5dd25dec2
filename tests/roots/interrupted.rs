//! Stages after the pivot that are killed, and the boots that follow: nothing is
//! lost, nothing that must not run twice does, and the status says what is not known.

use super::story::{Story, said};
use std::fs;
use std::process::Output;

/// One boot: the agent, then the runner's stages in the root; a stage that is killed does not
/// stop the script. The final stage is run by `$TRACE`. `STAND_INS` of the root come first in the PATH.
const BOOT: &str = "\
boot() { \
  umount $ROOT/run 2>/dev/null; rm -rf /run/glowplug /run/cloud-init; \
  $AGENT --root $ROOT --seed $SEED > /run/agent.said 2>&1; echo \"agent=$?\"; \
  mount --bind /run $ROOT/run; \
  for stage in init 'modules --mode=config' 'modules --mode=final'; do \
    trace=; case $stage in *final) trace=$TRACE ;; esac; \
    PATH=/stand-ins:/usr/sbin:/usr/bin $trace chroot $ROOT /run/runner $stage; echo \"$stage=$?\"; done; \
  timeout 60 chroot $ROOT /run/runner status --wait --long; echo \"status=$?\"; }; \
mkdir -p $ROOT/run $ROOT/proc $ROOT/dev $ROOT/usr $ROOT/tmp $ROOT/stand-ins; \
ln -sfn usr/bin $ROOT/bin; ln -sfn usr/sbin $ROOT/sbin; ln -sfn usr/lib $ROOT/lib; ln -sfn usr/lib64 $ROOT/lib64; \
mount --bind /usr $ROOT/usr; mount -t proc proc $ROOT/proc; mount --bind /dev $ROOT/dev; cp $RUNNER /run/runner; ";

/// A program that kills the stage which starts it, once, and then does `then`.
fn killer(then: &str) -> String {
    format!(
        "#!/bin/sh\nif [ ! -e /killed ]; then touch /killed; kill -9 $PPID; {then}; fi\n\
         echo \"${{0##*/}} $*\" >> /started\nexec /usr/sbin/${{0##*/}} \"$@\"\n"
    )
}

fn root(name: &str, user_data: &str) -> Story {
    let story = Story::new(name);
    story.root("etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    story.root("etc/shadow", "root:*:19000:0:99999:7:::\n");
    story.root("etc/group", "root:x:0:\n");
    story.root("etc/gshadow", "root:*::\n");
    story.root("etc/sudoers", "root ALL=(ALL:ALL) ALL\n");
    story.root("etc/login.defs", "UID_MIN 1000\nGID_MIN 1000\nUSERGROUPS_ENAB yes\nCREATE_HOME yes\n");
    story.root("etc/skel/.profile", "skeleton\n");
    story.root("etc/log", "before\n");
    story.root("etc/cloud/cloud.cfg", CLOUD_CFG);
    story.seed("user_data", user_data);
    story
}

const CLOUD_CFG: &str = "users: []\nssh_deletekeys: false\nssh_genkeytypes: []\ncloud_init_modules: [write_files, users_groups, ssh]\n\
    cloud_config_modules: [runcmd]\ncloud_final_modules: [scripts_user]\n";

const USERS: &str = "#cloud-config
groups: [crew]
users:
- name: ann
  groups: [crew]
  sudo: ALL=(ALL) NOPASSWD:ALL
  lock_passwd: false
  passwd: $6$salt$hash
  ssh_authorized_keys: [ssh-ed25519 AAAAC3Nz ann@home]
";

fn executable(story: &Story, path: &str, content: &str) {
    story.root(path, content);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(story.folder.join("root").join(path), mode).unwrap();
}

/// What must be there of ann once a boot has ended in peace.
fn has_ann(story: &Story, output: &Output) {
    let said = said(output);
    let text = |path: &str| story.text(&format!("root/{path}")).unwrap_or_default();
    for (path, part) in [
        ("etc/passwd", "\nann:x:"),
        ("etc/shadow", "\nann:$6$salt$hash:"),
        ("etc/group", "\ncrew:x:"),
        ("etc/gshadow", "\nann:!"),
        ("etc/sudoers.d/90-cloud-init-users", "\nann ALL=(ALL) NOPASSWD:ALL\n"),
        ("home/ann/.ssh/authorized_keys", "ssh-ed25519 AAAAC3Nz ann@home\n"),
        ("home/ann/.profile", "skeleton\n"),
    ] {
        assert!(text(path).contains(part), "{path} has no {part:?}: {:?}\n{said}", text(path));
    }
    let member = text("etc/group").lines().any(|line| line.starts_with("crew:") && line.ends_with(":ann"));
    assert!(member, "{}\n{said}", text("etc/group"));
    let once = |path: &str| text(path).matches("\nann:").count() == 1;
    assert!(once("etc/passwd") && once("etc/shadow") && once("etc/gshadow"), "{said}");
    let instance = story.folder.join("root/var/lib/cloud/instances/hook-1");
    let left = fs::read_dir(instance)
        .unwrap()
        .any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with("glowplug.plan-"));
    assert!(!left, "what it planned by is not needed any more");
}

#[test]
fn a_user_whose_useradd_was_killed_is_made_at_the_next_boot() {
    for (number, then) in
        ["exit 1", "/usr/sbin/useradd \"$@\"; exit 1", "/usr/sbin/useradd -M ann; exit 1"].iter().enumerate()
    {
        let story = root(&format!("useradd-{number}"), USERS);
        executable(&story, "stand-ins/useradd", &killer(then));
        let output = story.run(&format!("{BOOT} boot; echo; echo SECOND; boot"));
        let said = said(&output);
        let (first, second) = said.split_once("SECOND").unwrap();
        assert!(first.contains("init=137"), "{said}");
        assert!(
            first.contains("init was interrupted: its process ended") && first.contains("status=1"),
            "{said}"
        );
        has_ann(&story, &output);
        assert!(second.contains("users_groups was interrupted: it goes on"), "{said}");
        assert!(second.contains("errors: []"), "{said}");
    }
}

#[test]
fn a_group_whose_groupadd_was_killed_gets_its_line_of_gshadow() {
    let story = root("groupadd", USERS);
    executable(&story, "stand-ins/groupadd", &killer("echo crew:x:1000: >> /etc/group; exit 1"));
    let output = story.run(&format!("{BOOT} boot; echo; echo SECOND; boot"));
    has_ann(&story, &output);
    let gshadow = story.text("root/etc/gshadow").unwrap();
    assert!(gshadow.contains("\ncrew:!::ann\n"), "{gshadow}\n{}", said(&output));
}

#[test]
fn a_user_made_without_useradd_is_completed_by_the_next_boot() {
    let story = root("account-files", USERS);
    // no useradd, and a kill at each file that is put in place
    let boots = "umount $ROOT/usr; mkdir -p $ROOT/usr/bin; cp /bin/busybox $ROOT/usr/bin/; \
        ln -s busybox $ROOT/usr/bin/sh; boot() { \
        umount $ROOT/run 2>/dev/null; rm -rf /run/glowplug /run/cloud-init; \
        $AGENT --root $ROOT --seed $SEED > /run/agent.said 2>&1; mount --bind /run $ROOT/run; }; \
        cp -a $ROOT/etc /run/etc; n=0; while n=$((n + 1)); do \
        rm -rf $ROOT/var $ROOT/home $ROOT/etc; cp -a /run/etc $ROOT/etc; boot; \
        strace -qq -o /dev/null -e trace=renameat,renameat2 -e inject=renameat,renameat2:signal=KILL:when=$n \
        chroot $ROOT /run/runner init >/dev/null 2>&1 && break; boot; \
        chroot $ROOT /run/runner init >/run/said 2>&1; \
        for part in passwd:ann:x: shadow:ann:.6.salt.hash: gshadow:ann:! gshadow:crew:!::ann group:crew:x:1000:ann; do \
        grep -q \"^${part#*:}\" $ROOT/etc/${part%%:*} || { echo \"cut $n: no $part\"; cat /run/said $ROOT/etc/${part%%:*}; }; done; \
        [ -e $ROOT/home/ann/.profile ] || echo \"cut $n: no skeleton\"; \
        done; echo cuts=$n";
    let said = said(&story.run(&format!("{BOOT} {boots}")));
    let cuts: usize =
        said.trim().rsplit("cuts=").next().unwrap().parse().unwrap_or_else(|_| panic!("{said}"));
    assert!(cuts > 10, "{said}");
    assert!(!said.contains("cut "), "{said}");
}

const COMMANDS: &str = "#cloud-config
write_files:
- {path: /etc/log, content: \"added\\n\", append: true}
runcmd:
- echo ran >> /ran
- '[ -e /killed ] || { touch /killed; kill -9 $(cut -d\" \" -f1 /run/glowplug/stage); }'
- echo after >> /ran
";

#[test]
fn a_command_whose_boot_was_interrupted_does_not_run_twice_and_the_status_says_so() {
    let story = root("commands", COMMANDS);
    let output = story.run(&format!("{BOOT} boot; echo SECOND; boot; echo THIRD; boot"));
    let said = said(&output);
    let (first, rest) = said.split_once("SECOND").unwrap();
    let (second, third) = rest.split_once("THIRD").unwrap();
    assert!(first.contains("mode=final=137") && first.contains("status=1"), "{said}");
    assert!(first.contains("modules-final was interrupted"), "{said}");
    assert!(second.contains("its outcome is unknown, and it is not run again"), "{said}");
    assert!(second.contains("extended_status: degraded done") && second.contains("status=2"), "{said}");
    let third = third.split_once("status=").unwrap().0;
    assert!(!third.contains("scripts_user"), "{said}");
    assert_eq!(story.text("root/etc/log").as_deref(), Some("before\nadded\n"));
    let ran = story.text("root/ran").unwrap();
    assert_eq!(ran.matches("ran").count(), 1, "{ran}\n{said}");
}

/// The journal is damaged, is a folder, is too large: what was added is not added again.
#[test]
fn a_journal_that_can_not_be_read_repeats_nothing() {
    for (number, damage) in [
        "echo garbage >> $J; echo 'done x 1' >> $J",
        "rm $J; mkdir $J",
        "truncate -s 40M $J",
        "printf '\\377\\n' >> $J",
    ]
    .iter()
    .enumerate()
    {
        let story = root(&format!("journal-{number}"), COMMANDS);
        let damage = format!(
            "J=$ROOT/var/lib/cloud/instances/hook-1/glowplug.journal; {damage}; \
             rm $ROOT/var/lib/cloud/instances/hook-1/sem/config_write_files"
        );
        let said = said(&story.run(&format!("{BOOT} boot; {damage}; echo SECOND; boot")));
        let second = said.split_once("SECOND").unwrap().1;
        assert!(second.contains("glowplug.journal") && second.contains("status=1"), "{damage}: {said}");
        assert_eq!(story.text("root/etc/log").as_deref(), Some("before\nadded\n"), "{said}");
        assert!(second.contains("append to /etc/log: it may have been added in an earlier boot"), "{said}");
        assert_eq!(story.text("root/ran").unwrap().matches("ran").count(), 1, "{said}");
    }
}

/// A link without an end in place of a semaphore, and of the switch that turns all off.
#[test]
fn what_can_not_be_looked_up_is_not_absent() {
    let story = root("lookups", "#cloud-config\nruncmd: ['echo ran >> /ran']\n");
    let said = said(&story.run(&format!(
        "{BOOT} boot; M=$ROOT/var/lib/cloud/instances/hook-1/sem/config_scripts_user; rm $M; ln -s config_scripts_user $M; \
         echo SECOND; boot; rm $M; D=$ROOT/etc/cloud/cloud-init.disabled; ln -s cloud-init.disabled $D; \
         echo THIRD; boot; cat /run/agent.said"
    )));
    assert_eq!(story.text("root/ran").as_deref(), Some("ran\n"), "{said}");
    let (second, third) = said.split_once("SECOND").unwrap().1.split_once("THIRD").unwrap();
    assert!(
        second.contains("scripts_user is not run: unable to look") && second.contains("status=1"),
        "{said}"
    );
    assert!(third.contains("agent=12") && third.contains("nothing is provisioned: unable to look"), "{said}");
    assert!(third.contains("init=1"), "{said}");
}

#[test]
fn the_instance_before_is_the_same_in_every_boot_of_this_one() {
    let story = root("previous", "#cloud-config\n{}\n");
    let show = "cat $ROOT/var/lib/cloud/data/previous-instance-id";
    let other = "mkdir -p /run/other/openstack/latest; cp $SEED/openstack/latest/* /run/other/openstack/latest; \
        sed -i 's/hook-1/hook-2/' /run/other/openstack/latest/meta_data.json; FIRST=$SEED; SEED=/run/other";
    let said = said(&story.run(&format!(
        "{BOOT} quiet() {{ boot > /dev/null 2>&1; {show}; }}; quiet; quiet; {other}; quiet; quiet; quiet"
    )));
    let none = "NO_PREVIOUS_INSTANCE_ID\n".repeat(2);
    assert_eq!(said, none + &"hook-1\n".repeat(3));
}

/// What was lost: the next boot was cut off as well, when the module was marked and before the
/// status was kept; the third said nothing.
#[test]
fn a_second_cut_does_not_lose_what_the_status_has_to_say() {
    let failing = "#cloud-config\nruncmd: ['echo ran >> /ran; exit 3']\n";
    for (name, user_data, first, line) in [
        ("unknown", COMMANDS, "boot;", "scripts_user: unable to run "),
        (
            "failed",
            failing,
            ":;",
            "scripts_user: unable to run /var/lib/cloud/instance/scripts/runcmd: it ended with exit status",
        ),
    ] {
        let story = root(&format!("twice-{name}"), user_data);
        let mark = "var/lib/cloud/instances/hook-1/sem/config_scripts_user";
        let output = story.run(&format!(
            "{BOOT} {first} echo SECOND; \
             TRACE='strace -qq -o /dev/null -e trace=rename -e inject=rename:signal=KILL:when=2'; boot; \
             [ -e $ROOT/{mark} ] && echo marked; TRACE=; echo THIRD; boot; echo FOURTH; boot"
        ));
        let said = said(&output);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (second, rest) = text.split_once("SECOND").unwrap().1.split_once("THIRD").unwrap();
        let (third, fourth) = rest.split_once("FOURTH").unwrap();
        assert!(second.contains("mode=final=137") && second.contains("marked"), "{said}");
        assert!(second.contains("modules-final was interrupted") && !second.contains(line), "{said}");
        assert!(third.contains(&format!("\t- {line}")), "the status: {said}");
        assert!(!fourth.contains(line) && fourth.contains("extended_status: "), "{said}");
        assert_eq!(story.text("root/ran").unwrap().matches("ran").count(), 1, "{said}");
    }
}

/// What was lost: the agent marks the modules that it finishes, and its log is in memory.
#[test]
fn a_cut_behind_the_agent_does_not_lose_what_it_had_to_say() {
    const LINE: &str = "write_files: unable to write the file at ";
    let user_data = "#cloud-config\nwrite_files:\n- {content: x}\n- {path: /etc/file, content: y}\n";
    let story = root("agent-alone", user_data);
    let kept = "var/lib/cloud/instances/hook-1/glowplug.untold";
    let agent =
        "umount $ROOT/run; rm -rf /run/glowplug; $AGENT --root $ROOT --seed $SEED > /run/agent.said 2>&1";
    let output = story.run(&format!(
        "{BOOT} $AGENT --root $ROOT --seed $SEED; {agent}; cat $ROOT/{kept}; echo SECOND; boot; \
         cat /run/agent.said; cat $ROOT/run/cloud-init/status.json; [ -e $ROOT/{kept} ] && echo still; \
         echo THIRD; boot"
    ));
    let said = said(&output);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (first, rest) = text.split_once("SECOND").unwrap();
    let (second, third) = rest.split_once("THIRD").unwrap();
    assert_eq!(first.matches(LINE).count(), 1, "kept once: {said}");
    assert!(second.contains("init=2") && second.contains("status=2"), "{said}");
    assert!(second.contains(&format!("\t- {LINE}")) && !second.contains("still"), "the status: {said}");
    assert!(!third.contains(LINE) && third.contains("errors: []"), "{said}");
    // In the boot that has the agent's log it is told once.
    let story = root("agent-whole", user_data);
    let said = super::story::said(&story.run(&format!("{BOOT} boot; [ -e $ROOT/{kept} ] && echo still")));
    assert!(said.contains("init=0") && said.contains("status=2") && !said.contains("still"), "{said}");
    assert_eq!(said.split("status=").next().unwrap().matches(&format!("\t- {LINE}")).count(), 1, "{said}");
}

/// The agent is killed at each of its calls that write, and what it had to say comes in the next boot.
#[test]
fn wherever_the_agent_is_cut_its_warnings_are_told() {
    const LINE: &str = "write_files: unable to write the file at ";
    let story =
        root("agent-cut", "#cloud-config\nwrite_files:\n- {content: x}\n- {path: /etc/file, content: y}\n");
    let output = story.run(&format!(
        "{BOOT} rm -rf $ROOT/var; for call in renameat fsync syncfs; do n=0; while n=$((n + 1)); do \
         umount $ROOT/run 2>/dev/null; rm -rf $ROOT/var /run/glowplug /run/cloud-init; \
         strace -qq -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when=$n \
         $AGENT --root $ROOT --seed $SEED > /run/cut.said 2>&1; [ $? = 137 ] || break; \
         rm -rf /run/glowplug; $AGENT --root $ROOT --seed $SEED > /run/agent.said 2>&1; \
         mount --bind /run $ROOT/run; chroot $ROOT /run/runner init > /run/init.said 2>&1; \
         grep -q '{LINE}' $ROOT/run/cloud-init/status.json || {{ echo \"lost at $call $n\"; cat /run/cut.said /run/agent.said /run/init.said; }}; \
         done; echo $call=$n; done"
    ));
    let said = said(&output);
    let cuts: usize = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.split_once('=')?.1.parse::<usize>().ok())
        .sum();
    assert!(!said.contains("lost at") && cuts > 30, "{said}");
}

/// Of the home only a part was made; a link in it leads nowhere that is written to.
#[test]
fn a_home_of_which_useradd_made_a_part_is_completed() {
    let parts = [
        ("nothing", "rm -r /home/ann"),
        ("no owner", "rm -r /home/ann; mkdir -m 0 /home/ann"),
        ("no mode", "rm -r /home/ann; mkdir -m 0755 /home/ann; chown ann:ann /home/ann"),
        (
            "a part of a file",
            "rm -r /home/ann/.config; printf sk > /home/ann/.profile; chown 0:0 /home/ann/.profile",
        ),
        ("an empty folder", "rm -r /home/ann/.config; mkdir -m 0 /home/ann/.config"),
    ];
    let check = "stat -c '%n %a %u:%g' $ROOT/home/ann $ROOT/home/ann/.profile $ROOT/home/ann/.config \
                 $ROOT/home/ann/.config/one | sed \"s,$ROOT,,\"; ls -A $ROOT/elsewhere";
    let wanted = "/home/ann 750 1000:1001\n/home/ann/.profile 640 1000:1001\n/home/ann/.config 711 1000:1001\n\
                  /home/ann/.config/one 644 1000:1001\n";
    let link = (
        "a link",
        "rm -r /home/ann/.config; ln -s /elsewhere /home/ann/.config; chown -h ann: /home/ann/.config",
    );
    for (name, part) in parts.into_iter().chain([link]) {
        let story = root(&format!("home-{}", name.replace(' ', "-")), USERS);
        story.root("etc/login.defs", "UID_MIN 1000\nGID_MIN 1000\nUSERGROUPS_ENAB yes\nHOME_MODE 0750\n");
        story.root("etc/skel/.config/one", "1\n");
        story.root("elsewhere/mine", "mine\n");
        executable(
            &story,
            "stand-ins/useradd",
            &killer(&format!("/usr/sbin/useradd \"$@\"; {part}; exit 1")),
        );
        let output = story.run(&format!(
            "{BOOT} chmod 640 $ROOT/etc/skel/.profile; chmod 711 $ROOT/etc/skel/.config; boot; echo SECOND; boot; \
             echo FOUND; {check}"
        ));
        let said = said(&output);
        assert_eq!(story.text("root/home/ann/.profile").as_deref(), Some("skeleton\n"), "{name}: {said}");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let found = text.split_once("FOUND\n").unwrap().1;
        if name == "a link" {
            assert!(found.ends_with("\nmine\n"), "{name}: {said}");
            assert!(said.contains(".config"), "{name}: {said}");
        } else {
            assert_eq!(found, [wanted, "mine\n"].concat(), "{name}: {said}");
            assert!(text.split_once("SECOND").unwrap().1.contains("errors: []"), "{name}: {said}");
        }
    }
}
