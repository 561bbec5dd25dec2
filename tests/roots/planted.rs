//! Secrets of a seed, looked for after a whole boot wherever somebody but root
//! can read: files of the root and of /run, logs, the console, the archive of
//! logs, what `query` says, and the arguments and environment of each program
//! that was started (by strace, so that none is missed).

use super::story::{Story, said};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Each secret has this in it; of the seed for random numbers the base64 too.
const MARKS: [&str; 2] = ["planted", "cGxhbnRlZ"];

const META_DATA: &str = r#"{"uuid": "vault-1", "hostname": "vault",
 "admin_pass": "planted-admin-pass", "random_seed": "cGxhbnRlZC1yYW5kb20tc2VlZA==",
 "public_keys": {"mine": "-----BEGIN OPENSSH PRIVATE KEY-----\nplantedMetadataPem\n-----END OPENSSH PRIVATE KEY-----"},
 "meta": {"adminPass": "planted-admin-pass-2", "join_token": "planted-join-token"}}"#;

const USER_DATA: &str = "#cloud-config
users:
- name: ada
  plain_text_passwd: planted-plain
  lock_passwd: false
  ssh_authorized_keys:
  - |
    -----BEGIN OPENSSH PRIVATE KEY-----
    b3BlbnNzaC1rZXktdjEplantedPem
    plantedPemSecondLine
    -----END OPENSSH PRIVATE KEY-----
  - b3BlbnNzaC1rZXktdjEplantedBlob
  - planted-word-that-is-no-key
- {name: bob, hashed_passwd: $6$planted$plantedhashofaword}
chpasswd: {expire: false, users: [{name: ada, password: planted-chpasswd, type: text}]}
ssh_keys:
  ed25519_private: |
    -----BEGIN OPENSSH PRIVATE KEY-----
    plantedHostKey
    -----END OPENSSH PRIVATE KEY-----
write_files:
- {path: /etc/app.secret, content: planted-file, permissions: '0600'}
- {path: /etc/fetched, source: {uri: 'http://me:planted-user@127.0.0.1:9/x?token=planted-token'}}
phone_home: {url: 'http://me:planted-home@127.0.0.1:9/?planted-query', tries: 1}
runcmd: ['test planted-runcmd', 'false planted-failing']
";

const VENDOR_DATA: &str = r##"{"cloud-init": "#cloud-config\npassword: planted-vendor\n"}"##;

/// Files that have secrets and only root reads: accounts, what the seed asks
/// for, and what is kept of the seed for later boots and for `query` by root.
const PRIVATE: [&str; 17] = [
    "root/etc/app.secret",
    "root/etc/shadow",
    "root/etc/shadow-",
    "root/etc/ssh/ssh_host_ed25519_key",
    "root/var/lib/cloud/instances/vault-1/cloud-config.txt",
    "root/var/lib/cloud/instances/vault-1/instance.cache",
    "root/var/lib/cloud/instances/vault-1/obj.pkl",
    "root/var/lib/cloud/instances/vault-1/scripts/runcmd",
    "root/var/lib/cloud/instances/vault-1/user-data.txt",
    "root/var/lib/cloud/instances/vault-1/user-data.txt.i",
    "root/var/lib/cloud/instances/vault-1/vendor-data.txt",
    "root/var/lib/cloud/instances/vault-1/vendor-data.txt.i",
    "root/var/lib/cloud/instances/vault-1/vendor-cloud-config.txt",
    "run/cloud-init/combined-cloud-config.json",
    "run/cloud-init/instance-data-sensitive.json",
    "run/glowplug/instance",
    "run/glowplug/seed",
];

/// The agent, the stages with each program they start listed, then what an
/// ordinary user and the archive have to say.
const SCRIPT: &str = "\
mkdir -p $ROOT/run $ROOT/proc $ROOT/dev $ROOT/usr $ROOT/etc/ssh $ROOT/tmp; \
for folder in bin sbin lib lib64; do ln -s usr/$folder $ROOT/$folder; done; \
mount --bind /usr $ROOT/usr; cp -a /etc/pam.d /etc/login.defs /etc/security /etc/ld.so.cache $ROOT/etc/; \
echo 'root:*:19000:0:99999:7:::' > $ROOT/etc/shadow; chmod 600 $ROOT/etc/shadow; \
LIST='strace -f -qq -v -s 1000000 -e trace=execve,execveat'; \
$LIST -o $ROOT/../agent.exec $AGENT --root $ROOT --seed $SEED || exit 1; \
mount --bind /run $ROOT/run; mount -t proc proc $ROOT/proc; mount --bind /dev $ROOT/dev; cp $RUNNER /run/runner; \
for stage in init 'modules --mode=config' 'modules --mode=final'; do \
$LIST -o \"$ROOT/../${stage#*=}.exec\" chroot $ROOT /run/runner $stage; done; \
chroot $ROOT /run/runner status --long; \
chroot --userspec=1000:1000 $ROOT /run/runner query --all; \
chroot --userspec=1000:1000 $ROOT /run/runner collect-logs -t /tmp/logs.tar.gz; echo \"user $?\"; \
chroot $ROOT /run/runner collect-logs -t /run/logs.tar.gz; stat -c 'archive %a' /run/logs.tar.gz; \
mkdir /run/unpacked; tar -xzf /run/logs.tar.gz -C /run/unpacked; chmod -R a+rX /run/unpacked; rm /run/runner";

fn has_secret(bytes: &[u8]) -> bool {
    MARKS.iter().any(|mark| bytes.windows(mark.len()).any(|window| window == mark.as_bytes()))
}

/// The files with secrets below a folder: those that others than root can read,
/// and those they can't.
fn search(folder: &Path, is_open: bool, open: &mut BTreeSet<String>, private: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        let mode = metadata.permissions().mode();
        if metadata.is_dir() {
            search(&path, is_open && mode & 0o011 != 0, open, private);
        } else if metadata.is_file() && has_secret(&fs::read(&path).unwrap()) {
            let found = if is_open && mode & 0o044 != 0 { &mut *open } else { &mut *private };
            found.insert(path.display().to_string());
        }
    }
}

#[test]
fn no_secret_of_a_seed_is_anywhere_that_others_can_read() {
    let story = Story::new("secrets");
    story.seed("meta_data.json", META_DATA);
    story.seed("user_data", USER_DATA);
    story.seed("vendor_data.json", VENDOR_DATA);
    story.root("etc/ssh/sshd_config", "# usual\n");
    let told = said(&story.run(SCRIPT));
    assert!(told.contains("archive 600") && told.contains("user 1"), "{told}");
    let line = told.lines().find(|line| MARKS.iter().any(|mark| line.contains(mark)));
    assert_eq!(line, None, "on the console");

    let (mut open, mut private) = (BTreeSet::new(), BTreeSet::new());
    for part in ["root", "run"] {
        search(&story.folder.join(part), true, &mut open, &mut private);
    }
    assert_eq!(open, BTreeSet::new(), "readable by others");
    let below = format!("{}/", story.folder.display());
    let others: Vec<&str> = private
        .iter()
        .map(|path| path.strip_prefix(&below).unwrap_or(path))
        .filter(|path| !PRIVATE.iter().any(|known| path == known || path.starts_with(&format!("{known}/"))))
        .collect();
    assert_eq!(others, [""; 0], "files that nobody expects a secret in");
    // What was asked for is there.
    for path in ["root/etc/shadow", "root/etc/app.secret", "root/etc/ssh/ssh_host_ed25519_key"] {
        assert!(private.contains(&format!("{below}{path}")), "{path}: {private:?} {told}");
    }

    let mut started = 0;
    for stage in ["agent", "init", "config", "final"] {
        let list = story.text(&format!("{stage}.exec")).unwrap();
        for call in list.lines() {
            started += usize::from(call.contains("execve(") && call.ends_with("= 0"));
            assert!(!has_secret(call.as_bytes()), "{stage}: {call}");
        }
    }
    assert!(started > 10, "{started} programs");
}
