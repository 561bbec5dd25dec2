//! Templates that can't be read or rendered: the rest of user-data and vendor-data is done all the same.

use super::story::{Story, said};

const STAGES: &str = "\
mkdir -p $ROOT/proc $ROOT/sys $ROOT/dev $ROOT/run $ROOT/usr; ln -s usr/bin usr/lib usr/lib64 $ROOT; \
mount --bind /usr $ROOT/usr; mount --bind /proc $ROOT/proc; mount --bind /dev $ROOT/dev; \
mount --bind /run $ROOT/run; cp $RUNNER /run/runner; \
run() { chroot $ROOT /run/runner \"$@\"; echo \"$* -> $?\"; }; \
$AGENT --root $ROOT > /dev/null 2>&1; run init; run modules --mode config; run modules --mode final; \
run status --long; run query v1.local_hostname; \
run query --format '{% set n = namespace(a=1) %}{{ local_hostname|title }}{{ n.a }}'; ls $ROOT/etc/done; cat $ROOT/var/lib/cloud/instance/cloud-config.txt";

/// A part that writes a file of its own.
fn part(kind: &str, text: &str) -> Vec<u8> {
    [b"--B\nContent-Type: ", kind.as_bytes(), b"\n\n", text.as_bytes(), b"\n"].concat()
}

#[test]
fn a_template_that_cannot_be_rendered_takes_nothing_else_along() {
    let file = |name: &str| {
        format!(
            "write_files:\n- {{path: /etc/done/{name}, content: x}}\nmerge_how: list(append)+dict(recurse_list)\n"
        )
    };
    let twice = "{% set x = [x, x] %}".repeat(40);
    let mut user_data = b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n".to_vec();
    let template = |text: &str| part("text/jinja2", &format!("## template: jinja\n#cloud-config\n{text}"));
    for text in [
        part("text/cloud-config", &format!("#cloud-config\n{}", file("first"))),
        template(&(file("syntax") + "a: {{ v1.\n")),
        template(&(file("missing") + "a: {{ nope.x }}\n")),
        template(&(file("endless") + "{% set x = [1] %}" + &twice + "a: {{ x }}\n")),
        template(&(file("deep") + "{% set n = namespace() %}{% set n.x = n %}a: {{ n }}\n")),
        template(&file("{{ v1.instance_id }}")),
        [b"--B\nContent-Type: text/jinja2\n\n## template: jinja\n#cloud-config\na: \xff\n".to_vec()].concat(),
        part("text/x-shellscript", "#!/bin/sh\necho x > /etc/done/script"),
        b"--B--\n".to_vec(),
    ] {
        user_data.extend(text);
    }
    let story = Story::new("templates");
    story.root("etc/cloud/cloud.cfg", "users: []\nssh_genkeytypes: []\n");
    story.root("etc/done/.keep", "");
    let seed = "root/var/lib/cloud/seed/nocloud";
    std::fs::create_dir_all(story.folder.join(seed)).unwrap();
    for (name, content) in [
        ("meta-data", b"instance-id: rendered\n".to_vec()),
        ("user-data", user_data),
        ("vendor-data", b"#cloud-config\nruncmd: ['echo x > /etc/done/vendor']\n".to_vec()),
    ] {
        std::fs::write(story.folder.join(seed).join(name), content).unwrap();
    }
    let said = said(&story.run(STAGES));
    for text in [
        "init -> 2\n",
        "config -> 0\n",
        "final -> 0\n",
        "status --long -> 2\n",
        "extended_status: degraded done\n",
        // the seed names no host
        "\nvm\nquery v1.local_hostname -> 0\n",
        "\nVm1\nquery --format ",
        "unable to render user-data part-002:6:9: ",
        "unable to render user-data part-003:6:7: there is no nope\n",
        "unable to render user-data part-004:2:1: rendering it takes more than 4 s or 256 MiB: ",
        "unable to render user-data part-005:2:1: rendering it takes more than 4 s or 256 MiB: ",
        "unable to render user-data part-007:3:4: not UTF-8\n",
        "\nfirst\nrendered\nscript\nvendor\n",
    ] {
        assert!(said.contains(text), "{text} is not in\n{said}");
    }
}
