//! What the final stage does over three boots, and a machine that ends by itself.

use crate::scene::{Scene, write_seed};
use crate::vm::contents::Contents;

/// Scripts of every kind, then a cloud-config.
fn user_data(config: &str) -> String {
    let scripts = ["boot", "instance", "once"].map(|often| {
        format!(
            "--part\nContent-Type: text/x-shellscript-per-{often}\nContent-Disposition: attachment; \
             filename=\"{often}.sh\"\n\n#!/bin/sh\necho $INSTANCE_ID >> /root/{often}\n\n"
        )
    });
    let scripts = scripts.concat();
    format!(
        "Content-Type: multipart/mixed; boundary=\"part\"\nMIME-Version: 1.0\n\n{scripts}\
         --part\nContent-Type: text/cloud-config\n\n{config}\n--part--\n"
    )
}

/// A report that leaves the machine on; the sample's powers it off.
const POWERED: &str = "\
#cloud-config
write_files:
- path: /etc/init.d/S99report
  permissions: '0755'
  content: |
    #!/bin/sh
    . /usr/share/report.sh
    stty raw -F /dev/ttyS1
    { machine; echo end; } > /dev/ttyS1
    sync
runcmd:
- touch /root/ready
power_state:
  mode: poweroff
  condition: test -e /root/ready
final_message: instance done after $UPTIME seconds
";

fn lines(contents: &Contents, path: &str) -> usize {
    contents.text(path).unwrap_or_default().lines().count()
}

fn counts(scene: &Scene) -> [usize; 3] {
    let contents = scene.contents();
    ["/root/boot", "/root/instance", "/root/once"].map(|path| lines(&contents, path))
}

#[test]
fn scripts_run_as_often_as_they_say_and_power_state_ends_the_machine() {
    let first = user_data("#cloud-config\npower_state: {mode: poweroff, condition: test -e /root/none}\n");
    let seed = |name: &str, id: &str, user_data: &str| {
        let metadata = format!(r#"{{"uuid": "{id}", "hostname": "{id}"}}"#);
        write_seed(name, &[("meta_data.json", &metadata), ("user_data", user_data)])
    };
    let first = seed("ending-first", "first", &first);
    let second = seed("ending-second", "second", &user_data(POWERED));
    let mut scene = Scene::new("ending", &[&first, &second]);
    assert_eq!(scene.boot_seed(&first).status, "done");
    assert_eq!(counts(&scene), [1, 1, 1]);
    let output = scene.contents().text("/var/log/cloud-init-output.log").unwrap();
    assert!(output.contains("the machine stays on: the condition does not hold"), "{output}");
    assert_eq!(scene.boot_seed(&first).status, "done");
    assert_eq!(counts(&scene), [2, 1, 1]);
    // nothing but power_state powers this boot off: without it, it does not end
    assert_eq!(scene.boot_seed(&second).status, "done");
    assert_eq!(counts(&scene), [3, 2, 1]);
    let output = scene.contents().text("/var/log/cloud-init-output.log").unwrap();
    assert!(output.contains("instance done after "), "{output}");
    assert!(!output.contains("unable to"), "{output}");
}
