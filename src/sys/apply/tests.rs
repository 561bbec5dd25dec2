use super::*;
use crate::action::{Existing, WriteFile};
use crate::fetch::Fetch;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// A folder of its own for each test, taken away afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("glowplug-apply-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("root")).unwrap();
        fs::create_dir_all(path.join("run")).unwrap();
        Self(path)
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.join("root").join(path)
    }

    fn open(&self) -> (Root, Root) {
        let root = |name: &str| Root::open(self.0.join(name).to_str().unwrap()).unwrap();
        (root("root"), root("run"))
    }

    fn apply(&self, action: &Action) -> Result<()> {
        self.resume(action, None)
    }

    fn resume(&self, action: &Action, begun: Option<u64>) -> Result<()> {
        let (root, run) = self.open();
        Applier::new(&root, &run).apply(action, begun)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn mine() -> Owner {
    Owner::Ids { uid: rustix::process::getuid().as_raw(), gid: rustix::process::getgid().as_raw() }
}

fn file(path: &str, content: &str, existing: Existing) -> Action {
    Action::from(WriteFile {
        path: path.into(),
        content: content.into(),
        mode: 0o640,
        owner: mine(),
        existing,
    })
}

#[test]
fn a_file_is_written_with_its_mode_and_directories() {
    let folder = Folder::new("write");
    folder.apply(&file("/etc/a/b.conf", "x", Existing::Replace)).unwrap();
    assert_eq!(fs::read_to_string(folder.at("etc/a/b.conf")).unwrap(), "x");
    assert_eq!(fs::metadata(folder.at("etc/a/b.conf")).unwrap().permissions().mode() & 0o7777, 0o640);
    assert_eq!(fs::metadata(folder.at("etc/a")).unwrap().permissions().mode() & 0o7777, 0o755);
    assert_eq!(fs::read_dir(folder.at("etc/a")).unwrap().count(), 1, "no temporary file stays");
}

#[test]
fn what_is_replaced_keeps_its_mode_where_asked() {
    let folder = Folder::new("keep");
    fs::write(folder.at("shadow"), "old").unwrap();
    fs::set_permissions(folder.at("shadow"), fs::Permissions::from_mode(0o604)).unwrap();
    folder.apply(&file("/shadow", "new", Existing::KeepMetadata)).unwrap();
    assert_eq!(fs::read_to_string(folder.at("shadow")).unwrap(), "new");
    assert_eq!(fs::metadata(folder.at("shadow")).unwrap().permissions().mode() & 0o7777, 0o604);
}

#[test]
fn links_in_the_image_never_lead_out_of_the_root() {
    let folder = Folder::new("links");
    fs::create_dir(folder.0.join("outside")).unwrap();
    symlink(folder.0.join("outside"), folder.at("absolute")).unwrap();
    symlink("../../../../..", folder.at("up")).unwrap();
    symlink("/etc/target", folder.at("dangling")).unwrap();
    folder.apply(&file("/absolute/x", "1", Existing::Replace)).unwrap();
    folder.apply(&file("/up/y", "2", Existing::Replace)).unwrap();
    folder.apply(&file("/dangling", "3", Existing::Replace)).unwrap();
    assert_eq!(fs::read_dir(folder.0.join("outside")).unwrap().count(), 0);
    assert_eq!(fs::read_to_string(folder.at("y")).unwrap(), "2");
    assert_eq!(fs::read_to_string(folder.at("etc/target")).unwrap(), "3");
    assert!(folder.at("dangling").symlink_metadata().unwrap().is_symlink(), "the link itself stays");
}

#[test]
fn a_ring_of_links_is_an_error() {
    let folder = Folder::new("ring");
    symlink("b", folder.at("a")).unwrap();
    symlink("a", folder.at("b")).unwrap();
    let error = folder.apply(&file("/a", "x", Existing::Replace)).unwrap_err();
    assert_eq!(error.to_string(), "unable to open /b: Too many levels of symbolic links".replace("/b", "/a"));
}

#[test]
fn append_resumes_where_it_was_torn() {
    let folder = Folder::new("append");
    let action = file("/log", "world\n", Existing::Append);
    for torn in ["", "wor", "world\n"] {
        fs::write(folder.at("log"), format!("hello {torn}")).unwrap();
        folder.resume(&action, Some(6)).unwrap();
        assert_eq!(fs::read_to_string(folder.at("log")).unwrap(), "hello world\n");
    }
    fs::write(folder.at("log"), "hello other").unwrap();
    folder.resume(&action, Some(6)).unwrap();
    assert_eq!(fs::read_to_string(folder.at("log")).unwrap(), "hello otherworld\n");
}

#[test]
fn run_is_the_running_one() {
    let folder = Folder::new("run");
    folder.apply(&file("/run/net/x", "1", Existing::Replace)).unwrap();
    assert!(folder.0.join("run/net/x").exists() && !folder.at("run").exists());
}

#[test]
fn a_device_or_directory_is_not_written_over() {
    let folder = Folder::new("device");
    fs::create_dir(folder.at("d")).unwrap();
    let error = folder.apply(&file("/d", "x", Existing::Replace)).unwrap_err();
    assert_eq!(error.to_string(), "unable to write /d: what is there is not a regular file");
}

#[test]
fn names_are_those_of_the_root() {
    let folder = Folder::new("names");
    let named = |user: &str| {
        Action::from(WriteFile {
            path: "/f".into(),
            content: Vec::new(),
            mode: 0o600,
            owner: Owner::Named { user: user.into(), group: None },
            existing: Existing::Replace,
        })
    };
    let error = folder.apply(&named("nobody-here")).unwrap_err();
    assert_eq!(error.to_string(), "unable to give /f: the root has no user nobody-here");
    if rustix::process::getuid().is_root() {
        fs::create_dir(folder.at("etc")).unwrap();
        fs::write(folder.at("etc/passwd"), "app:x:4321:1::/:\n").unwrap();
        folder.apply(&named("app")).unwrap();
        assert_eq!(fs::metadata(folder.at("f")).unwrap().uid(), 4321);
    }
}

#[test]
fn links_and_removals_twice_equal_once() {
    let folder = Folder::new("twice");
    let link = Action::MakeLink {
        path: "/var/lib/cloud/instance".into(),
        target: "/var/lib/cloud/instances/a".into(),
    };
    let gone = Action::RemoveFile { path: "/etc/none/x".into() };
    for _ in 0..2 {
        folder.apply(&link).unwrap();
        folder.apply(&gone).unwrap();
    }
    assert_eq!(
        fs::read_link(folder.at("var/lib/cloud/instance")).unwrap().to_str(),
        Some("/var/lib/cloud/instances/a")
    );
    assert!(!folder.at("etc").exists(), "nothing is made to remove a file");
}

#[test]
fn a_folder_that_a_link_moved_away_from_gets_no_more_files() {
    let folder = Folder::new("moved");
    let (root, run) = folder.open();
    let mut applier = Applier::new(&root, &run);
    let mut apply = |action: &Action| applier.apply(action, None).unwrap();
    let link = |target: &str| Action::MakeLink { path: "/instance".into(), target: target.into() };
    apply(&Action::make_directory("/old", 0o755));
    apply(&link("/old"));
    apply(&file("/instance/a", "1", Existing::Replace));
    apply(&Action::make_directory("/new", 0o755));
    apply(&link("/new"));
    apply(&file("/instance/b", "2", Existing::Replace));
    apply(&Action::RemoveFile { path: "/new/b".into() });
    apply(&Action::RemoveDirectory { path: "/new".into() });
    apply(&file("/new/c", "3", Existing::Replace));
    assert_eq!(fs::read_to_string(folder.at("old/a")).unwrap(), "1");
    assert!(!folder.at("old/b").exists());
    assert_eq!(fs::read_to_string(folder.at("new/c")).unwrap(), "3");
}

#[test]
fn a_program_that_unmounts_finds_nothing_open_there() {
    let folder = format!("/dev/shm/glowplug-apply-open-{}", std::process::id());
    let (root, run) = (Root::open("/").unwrap(), Root::open("/run").unwrap());
    let open = || {
        let links =
            fs::read_dir("/proc/self/fd").unwrap().filter_map(|fd| fs::read_link(fd.unwrap().path()).ok());
        links.filter(|path| path.starts_with(&folder)).count()
    };
    let mut counted = usize::MAX;
    let mut program = |_: &Program| {
        counted = open();
        Ok(())
    };
    let mut applier = Applier::new(&root, &run);
    applier.program = Some(&mut program);
    applier.apply(&file(&format!("{folder}/below/file"), "x", Existing::Replace), None).unwrap();
    assert_ne!(open(), 0, "nothing is kept open");
    applier.apply(&Program::new(&["umount", &folder]).into(), None).unwrap();
    drop(applier);
    assert_eq!(counted, 0);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_the_umask_takes_off_and_set_id_bits_are_there() {
    let folder = Folder::new("modes");
    let (root, run) = folder.open();
    let mut applier = Applier::new(&root, &run);
    let mode = |path: &str| fs::metadata(folder.at(path)).unwrap().mode() & 0o7777;
    for (number, bits) in [0o777, 0o666, 0o4755, 0o2770, 0o1777, 0].into_iter().enumerate() {
        let path = format!("/f{number}");
        applier.apply(&Action::write(&path, "x".into(), bits), None).unwrap();
        assert_eq!(mode(&path[1..]), bits, "{path}");
        let path = format!("/d{number}/below");
        applier.apply(&Action::make_directory(&path, bits), None).unwrap();
        assert_eq!((mode(&path[1..]), mode(&format!("d{number}"))), (bits, bits), "{path}");
    }
    let group = |path: &str| fs::metadata(folder.at(path)).unwrap().gid();
    applier.apply(&Action::make_directory("/g", 0o2775), None).unwrap();
    std::os::unix::fs::chown(folder.at("g"), None, Some(7)).unwrap();
    applier.apply(&Action::write("/g/file", "x".into(), 0o644), None).unwrap();
    applier.apply(&Action::make_directory("/g/below", 0o755), None).unwrap();
    assert_eq!((group("g/file"), group("g/below"), mode("g/below")), (0, 0, 0o755));
}

#[test]
fn real_paths_resolve_as_far_as_they_exist() {
    let folder = Folder::new("real");
    fs::create_dir_all(folder.at("data/x")).unwrap();
    symlink("/data", folder.at("home")).unwrap();
    let (root, _) = folder.open();
    assert_eq!(root.real_path("/home/x/y/z").as_deref(), Some("/data/x/y/z"));
    assert_eq!(root.real_path("/none").as_deref(), Some("/none"));
    assert_eq!(root.read("/none", 1).unwrap(), None);
    symlink("/mnt/disk/var", folder.at("var")).unwrap();
    symlink("../other/./y/", folder.at("data/link")).unwrap();
    symlink("ring", folder.at("ring")).unwrap();
    assert_eq!(root.real_path("/var/lib").as_deref(), Some("/mnt/disk/var/lib"), "also where a link dangles");
    assert_eq!(root.real_path("/home/link/z").as_deref(), Some("/other/y/z"));
    assert_eq!(root.real_path("/../..//none/../x").as_deref(), Some("/x"));
    assert_eq!(root.real_path("/ring/x"), None);
}

/// The attribute `name` of a file; `None` where it has none.
fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = vec![0; 4096];
    let length = rustix::fs::lgetxattr(path.to_str()?, name, &mut *value).ok()?;
    value.truncate(length);
    Some(value)
}

/// posix_acl_xattr.h: version 2, then tag, permissions and id of each entry.
fn access_list(entries: &[(u16, u16, u32)]) -> Vec<u8> {
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        list.extend([tag.to_le_bytes(), permissions.to_le_bytes()].concat());
        list.extend(id.to_le_bytes());
    }
    list
}

#[test]
fn a_file_that_is_replaced_keeps_its_attributes_and_inherits_none() {
    const ACCESS: &str = "system.posix_acl_access";
    let folder = Folder::new("attributes");
    let set = |path: &str, name: &str, value: &[u8]| {
        rustix::fs::setxattr(folder.at(path).to_str().unwrap(), name, value, rustix::fs::XattrFlags::empty())
    };
    // owner, a user, the group, the mask, everybody else
    let none = u32::MAX;
    let list =
        |user| access_list(&[(1, 6, none), (2, 4, user), (4, 4, none), (0x10, 4, none), (0x20, 0, none)]);
    fs::write(folder.at("with"), "old").unwrap();
    set("with", "user.note", b"kept").unwrap();
    set("with", ACCESS, &list(1234)).unwrap();
    fs::create_dir(folder.at("d")).unwrap();
    fs::write(folder.at("d/without"), "old").unwrap();
    set("d", "system.posix_acl_default", &list(4321)).unwrap();
    for path in ["/with", "/d/without", "/d/new"] {
        folder.apply(&file(path, "new", Existing::Replace)).unwrap();
        assert_eq!(fs::read_to_string(folder.at(&path[1..])).unwrap(), "new");
    }
    assert_eq!(attribute(&folder.at("with"), "user.note").as_deref(), Some(&b"kept"[..]));
    assert_eq!(attribute(&folder.at("with"), ACCESS), Some(list(1234)));
    assert_eq!(attribute(&folder.at("d/without"), ACCESS), None, "it had none before");
    assert_eq!(
        attribute(&folder.at("d/new"), ACCESS),
        Some(list(4321)),
        "a new one has what the directory says"
    );
}

#[test]
fn new_files_get_the_label_of_the_policy_and_old_ones_keep_theirs() {
    const LABEL: &str = "security.selinux";
    let folder = Folder::new("labels");
    let contexts = "/.* u:r:default_t:s0\n/etc(/.*)? u:r:etc_t:s0\n/etc/nm/.* -- u:r:nm_t:s0\n\
                    /usr/l u:r:target_t:s0\n/etc/l -l u:r:link_t:s0\n/etc/none <<none>>\n";
    fs::create_dir_all(folder.at("etc/selinux/p/contexts/files")).unwrap();
    fs::write(folder.at("etc/selinux/config"), "SELINUX=enforcing\nSELINUXTYPE=p\n").unwrap();
    fs::write(folder.at("etc/selinux/p/contexts/files/file_contexts"), contexts).unwrap();
    fs::write(folder.at("etc/old"), "").unwrap();
    fs::write(folder.at("etc/bare"), "").unwrap();
    symlink("/usr/l", folder.at("etc/l")).unwrap();
    symlink("/etc", folder.at("conf")).unwrap();
    let set = rustix::fs::setxattr(
        folder.at("etc/old").to_str().unwrap(),
        LABEL,
        b"u:r:mine_t\0",
        rustix::fs::XattrFlags::empty(),
    );
    let may_label = set.is_ok();
    let (root, run) = folder.open();
    let root = root.labelled();
    assert!(root.has_labels());
    let mut applier = Applier::new(&root, &run);
    let link = Action::MakeLink { path: "/conf/l2".into(), target: "/x".into() };
    for action in ["/conf/nm/a", "/etc/old", "/etc/bare", "/etc/l", "/etc/none", "/run/x"]
        .map(|path| file(path, "x", Existing::Replace))
        .iter()
        .chain([&link])
    {
        applier.apply(action, None).unwrap();
    }
    if !may_label {
        assert!(!rustix::process::getuid().is_root(), "root may label: {set:?}");
        return;
    }
    for (path, label) in [
        ("etc/nm", "u:r:etc_t:s0\0"),
        ("etc/nm/a", "u:r:nm_t:s0\0"),
        ("etc/old", "u:r:mine_t\0"),
        ("etc/bare", "u:r:etc_t:s0\0"),
        ("usr", "u:r:default_t:s0\0"),
        ("usr/l", "u:r:target_t:s0\0"),
        ("etc/l2", "u:r:etc_t:s0\0"),
        ("etc/l", ""),
        ("etc/none", ""),
        ("../run/x", ""),
    ] {
        let found = attribute(&folder.at(path), LABEL).unwrap_or_default();
        assert_eq!(String::from_utf8(found).unwrap(), label, "{path}");
    }
}

/// A directory that everybody can write, as /tmp.
fn shared(folder: &Folder, path: &str) {
    fs::create_dir_all(folder.at(path)).unwrap();
    fs::set_permissions(folder.at(path), fs::Permissions::from_mode(0o1777)).unwrap();
}

#[test]
fn a_link_where_others_can_write_is_followed_by_nothing() {
    let folder = Folder::new("shared-links");
    shared(&folder, "tmp/deep");
    shared(&folder, "tmp");
    fs::create_dir(folder.at("etc")).unwrap();
    fs::write(folder.at("etc/secret"), "secret").unwrap();
    symlink("/etc", folder.at("tmp/dir")).unwrap();
    symlink("../etc/secret", folder.at("tmp/file")).unwrap();
    symlink("/etc/new", folder.at("tmp/deep/none")).unwrap();
    symlink("/tmp/file", folder.at("outer")).unwrap();
    let (root, _) = folder.open();
    for path in
        ["/tmp/dir/secret", "/tmp/file", "/tmp/deep/none", "/tmp/dir/x", "/outer", "/tmp/deep/../dir/x"]
    {
        for existing in [Existing::Replace, Existing::KeepMetadata, Existing::Append] {
            let error = folder.apply(&file(path, "x", existing)).unwrap_err().to_string();
            assert!(error.contains(" is a symbolic link of user "), "{path}: {error}");
        }
        let error = root.read(path, 100).unwrap_err().to_string();
        assert!(error.contains(" is a symbolic link of user "), "{path}: {error}");
        assert_eq!((root.real_path(path), root.stat(path).is_ok()), (None, false), "{path}");
        let error = folder.apply(&Action::make_directory(&format!("{path}/d"), 0o755)).unwrap_err();
        assert!(error.to_string().contains(" is a symbolic link of user "), "{path}: {error}");
    }
    for action in [
        Action::RemoveFile { path: "/tmp/dir/secret".into() },
        Action::MakeLink { path: "/tmp/dir/link".into(), target: "/x".into() },
    ] {
        let error = folder.apply(&action).unwrap_err().to_string();
        assert!(error.contains("/tmp/dir is a symbolic link of user "), "{error}");
    }
    assert_eq!(fs::read_dir(folder.at("etc")).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(folder.at("etc/secret")).unwrap(), "secret");
    folder.apply(&Action::RemoveFile { path: "/tmp/file".into() }).unwrap();
    folder.apply(&file("/tmp/file", "x", Existing::Replace)).unwrap();
    assert_eq!(root.read("/outer", 100).unwrap().as_deref(), Some(&b"x"[..]), "root's own link leads on");
}

#[test]
fn a_hard_link_where_others_can_write_is_neither_read_nor_added_to() {
    let folder = Folder::new("shared-names");
    shared(&folder, "tmp");
    fs::write(folder.at("secret"), "secret").unwrap();
    fs::hard_link(folder.at("secret"), folder.at("tmp/file")).unwrap();
    let (root, _) = folder.open();
    let refused = "/tmp/file is a hard link to a file of user";
    for existing in [Existing::KeepMetadata, Existing::Append] {
        let error = folder.apply(&file("/tmp/file", "x", existing)).unwrap_err().to_string();
        assert!(error.contains(refused), "{error}");
    }
    assert!(root.read("/tmp/file", 100).unwrap_err().to_string().contains(refused));
    assert_eq!(root.read("/secret", 100).unwrap().as_deref(), Some(&b"secret"[..]), "here it is root's");
    folder.apply(&file("/tmp/file", "x", Existing::Replace)).unwrap();
    assert_eq!(fs::read_to_string(folder.at("secret")).unwrap(), "secret");
    assert_eq!(fs::read_to_string(folder.at("tmp/file")).unwrap(), "x");
}

#[test]
fn what_is_added_where_others_can_write_goes_to_a_new_file() {
    let folder = Folder::new("shared-append");
    shared(&folder, "tmp");
    fs::write(folder.at("tmp/log"), "hello wor").unwrap();
    let before = fs::File::open(folder.at("tmp/log")).unwrap();
    for _ in 0..2 {
        folder.resume(&file("/tmp/log", "world\n", Existing::Append), Some(6)).unwrap();
        assert_eq!(fs::read_to_string(folder.at("tmp/log")).unwrap(), "hello world\n");
    }
    let after = fs::metadata(folder.at("tmp/log")).unwrap();
    assert_eq!(std::io::read_to_string(before).unwrap(), "hello wor", "who has it open sees no more");
    assert_eq!(after.mode() & 0o7777, 0o640);
    fs::File::options().write(true).open(folder.at("tmp/log")).unwrap().set_len(1 << 40).unwrap();
    let error = folder.apply(&file("/tmp/log", "x", Existing::Append)).unwrap_err();
    assert_eq!(error.to_string(), "unable to write /tmp/log: File too large");
}

#[test]
fn a_lookup_that_fails_is_not_absent() {
    let folder = Folder::new("lookup");
    symlink("b", folder.at("a")).unwrap();
    symlink("a", folder.at("b")).unwrap();
    fs::write(folder.at("file"), "").unwrap();
    let (root, _) = folder.open();
    assert_eq!(
        (root.exists("/no"), root.exists("/no/x"), root.exists("/file/x")),
        (Ok(false), Ok(false), Ok(false))
    );
    assert_eq!(root.exists("/file"), Ok(true));
    assert!(root.exists("/a").is_err(), "links without an end");
    assert!(root.exists(&["/", &"n".repeat(300)].concat()).is_err());
    assert!(root.mode("/a").is_err() && root.stands("/a"));
}

#[test]
fn a_directory_whose_making_was_cut_off_is_made_whole() {
    let folder = Folder::new("cut-directory");
    fs::create_dir(folder.at(".one.glowplug")).unwrap();
    let path = "/one/two".into();
    folder.apply(&Action::MakeDirectory { path, mode: 0o750, owner: mine() }).unwrap();
    let mode = |path: &str| fs::metadata(folder.at(path)).unwrap().mode() & 0o7777;
    assert_eq!((mode("one"), mode("one/two")), (0o750, 0o750));
    assert!(!folder.at(".one.glowplug").exists());
}
