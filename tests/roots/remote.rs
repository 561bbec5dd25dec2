//! A seed that only a server on the network has: the agent leaves it to the
//! runner, which fetches it.

use crate::story::{Story, said};
use std::fs;

/// A boot: the agent, then the init stage in the root, with `$SERVE` in between.
const BOOT: &str = "\
mount --bind $ROOT/../cmdline /proc/cmdline; $AGENT --root $ROOT; echo agent $?; \
ip link set lo up; $SERVE; \
mkdir -p $ROOT/run $ROOT/proc $ROOT/sys $ROOT/dev; cp $RUNNER $ROOT/runner; mount --bind /run $ROOT/run; \
mount --bind /proc $ROOT/proc; mount --bind $ROOT/../cmdline $ROOT/proc/cmdline; \
mount --bind /sys $ROOT/sys; mount --bind /dev $ROOT/dev; \
chroot $ROOT /runner init; chroot $ROOT /runner analyze show; kill $! 2> /dev/null; true";

/// Serves the seed's folder, and goes on when it answers.
const SERVER: &str = "\
{ python3 -m http.server --bind 127.0.0.1 --directory $SEED 8099 2> /dev/null & \
until python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 8099))' 2> /dev/null; do sleep 0.1; done; }";

fn boot(story: &Story, serve: &str) -> String {
    said(&story.run(&BOOT.replace("$SERVE", serve)))
}

#[test]
fn a_seed_on_the_network_is_fetched_and_holds_when_the_server_is_gone() {
    let story = Story::new("remote");
    fs::write(story.folder.join("cmdline"), "ds=nocloud;s=http://127.0.0.1:8099/at").unwrap();
    for (name, content) in [
        ("meta-data", "instance-id: far\nlocal-hostname: distant\n"),
        ("user-data", "#cloud-config\nwrite_files:\n- {path: /etc/fetched, content: from the server}\n"),
    ] {
        let file = story.folder.join("seed/at").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    let told = boot(&story, SERVER);
    for line in [
        "the seed is at http://127.0.0.1:8099/at: it is fetched when the network is up",
        "agent 0",
        "found DataSourceNoCloud [seed=cmdline,http://127.0.0.1:8099/at][dsmode=local]",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let text = |path: &str| story.text(&format!("root/{path}"));
    assert_eq!(text("etc/fetched").as_deref(), Some("from the server"), "{told}");
    assert_eq!(text("etc/hostname").as_deref(), Some("distant\n"));
    assert_eq!(text("var/lib/cloud/data/instance-id").as_deref(), Some("far\n"));

    fs::remove_file(story.folder.join("root/etc/fetched")).unwrap();
    let told = boot(&story, "true");
    assert!(told.contains("instance far of the last boot holds"), "{told}");
    assert!(told.contains("unable to fetch http://127.0.0.1:8099/at/meta-data: "), "{told}");
    assert!(told.contains("|`->wait for http://127.0.0.1:8099/at/meta-data @"), "{told}");
    assert_eq!(text("var/lib/cloud/data/instance-id").as_deref(), Some("far\n"));
    assert!(text("etc/fetched").is_none(), "nothing of the instance runs again");
}
