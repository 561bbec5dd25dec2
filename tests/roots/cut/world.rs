//! The machines that are cut off, put together: their roots, their seeds, and
//! the programs in them, which write down each of their calls.

use super::kinds::{FILES, SCRIPTS, SHELL};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A kind of machine.
pub(crate) struct World {
    pub(crate) name: &'static str,
    /// It has useradd(8) and its kin.
    pub(super) has_tools: bool,
    /// Programs that only write down that they were called.
    pub(super) stand_ins: &'static [&'static str],
    /// os-release's ID.
    pub(super) id: &'static str,
    pub(super) files: &'static [(&'static str, &'static str)],
    pub(super) user_data: &'static [&'static str],
}

/// What a machine has beside the modules' own programs.
const COREUTILS: [&str; 18] = [
    "cat", "chgrp", "chmod", "chown", "cp", "cut", "dd", "grep", "head", "id", "ln", "mkdir", "mv",
    "readlink", "rm", "sleep", "touch", "true",
];

/// Programs that are really run, after they have written down their call.
const TOOLS: [&str; 9] =
    ["useradd", "groupadd", "usermod", "chpasswd", "passwd", "chage", "gpasswd", "pwconv", "grpconv"];

/// Where a machine is put together.
pub(crate) struct Place {
    pub(crate) root: PathBuf,
    pub(crate) seed: PathBuf,
}

impl World {
    /// Puts the machine together below `folder`, which is this process' alone.
    pub(crate) fn build(&self, folder: &Path) -> Place {
        let root = folder.join("root");
        for (path, content) in FILES.iter().chain(self.files) {
            put(&root.join(path), &content.replace('%', self.id), 0o644);
        }
        for path in ["etc/shadow", "etc/gshadow"] {
            fs::set_permissions(root.join(path), Permissions::from_mode(0o640)).unwrap();
        }
        for (name, content) in SCRIPTS {
            put(&root.join(format!("var/lib/cloud/scripts/{name}/script")), content, 0o755);
        }
        fs::set_permissions(root.join("home/old/.ssh"), Permissions::from_mode(0o700)).unwrap();
        for path in ["home/old", "home/old/.ssh", "home/old/.ssh/authorized_keys"] {
            std::os::unix::fs::chown(root.join(path), Some(1000), Some(1000)).unwrap();
        }
        for name in ["root", "tmp", "var/log", "var/lib", "proc", "sys", "dev", "run"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        for name in ["bin", "sbin", "lib", "lib64"] {
            fs::create_dir_all(root.join("usr").join(name)).unwrap();
            symlink(format!("usr/{name}"), root.join(name)).unwrap();
        }
        self.programs(folder, &root);
        let seed = folder.join("seed");
        self.seed(&seed.join("openstack/latest"));
        Place { root, seed }
    }

    fn programs(&self, folder: &Path, root: &Path) {
        let (bin, sbin) = (folder.join("bin"), folder.join("sbin"));
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(sbin.join("real")).unwrap();
        for name in COREUTILS {
            fs::copy(Path::new("/usr/bin").join(name), bin.join(name)).unwrap();
        }
        fs::copy("/bin/sh", bin.join("sh")).unwrap();
        put(&bin.join("glowplug"), "", 0o755);
        let mut names: Vec<&str> = self.stand_ins.into();
        if self.has_tools {
            for name in TOOLS {
                let found = ["/usr/sbin", "/usr/bin"].map(|folder| Path::new(folder).join(name));
                let found = found.iter().find(|path| path.exists());
                fs::copy(found.unwrap_or_else(|| panic!("no {name}")), sbin.join("real").join(name)).unwrap();
            }
            names.extend(TOOLS);
            for path in ["login.defs", "nsswitch.conf", "pam.d"] {
                run(&["cp", "-rL", &format!("/etc/{path}"), root.join("etc").to_str().unwrap()]);
            }
        }
        for name in names {
            let text = format!(
                "#!/bin/sh\necho \"{name} $*\" >> /dev/calls\n\
                 if [ -x /usr/sbin/real/{name} ]; then exec /usr/sbin/real/{name} \"$@\"; fi\n"
            );
            put(&sbin.join(name), &text, 0o755);
        }
        let at = |path: &str| root.join(path).to_str().unwrap().to_owned();
        run(&["mount", "--bind", bin.to_str().unwrap(), &at("usr/bin")]);
        run(&["mount", "--bind", sbin.to_str().unwrap(), &at("usr/sbin")]);
        // as they are now, whatever is built meanwhile
        run(&["mount", "--bind", env!("CARGO_BIN_EXE_glowplug"), &at("usr/bin/glowplug")]);
        let agent = folder.join("agent");
        put(&agent, "", 0o755);
        run(&["mount", "--bind", env!("CARGO_BIN_EXE_glowplug-agent"), agent.to_str().unwrap()]);
        for name in ["lib", "lib64"] {
            run(&["mount", "--bind", &format!("/usr/{name}"), &at(&format!("usr/{name}"))]);
            run(&["mount", "-o", "remount,bind,ro", &at(&format!("usr/{name}"))]);
        }
        run(&["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"]);
        run(&["mount", "--bind", "/run", &at("run")]);
        run(&["mount", "-t", "proc", "proc", &at("proc")]);
        run(&["mount", "-t", "sysfs", "-o", "ro", "sysfs", &at("sys")]);
        run(&["mount", "-t", "tmpfs", "tmpfs", &at("dev")]);
        for (name, minor) in [("null", "3"), ("zero", "5"), ("urandom", "9")] {
            run(&["mknod", "-m", "666", &at(&format!("dev/{name}")), "c", "1", minor]);
        }
    }

    fn seed(&self, folder: &Path) {
        put(&folder.join("meta_data.json"), r#"{"uuid": "cut-1", "hostname": "vm.example.org"}"#, 0o644);
        put(&folder.join("network_data.json"), super::super::story::NETWORK, 0o644);
        let mut archive = String::from("#cloud-config-archive\n- type: text/cloud-config\n  content: |\n");
        let mut indent = |lines: &str| lines.lines().for_each(|line| archive.extend(["    ", line, "\n"]));
        self.user_data.iter().for_each(|part| indent(part));
        archive += "- type: text/x-shellscript\n  content: |\n";
        SHELL.lines().for_each(|line| archive.extend(["    ", line, "\n"]));
        put(&folder.join("user_data"), &archive, 0o644);
        let vendor = "#!/bin/sh\\necho 'once vendor' >> /dev/calls; echo made > /var/made-vendor\\n";
        put(&folder.join("vendor_data.json"), &format!("{{\"cloud-init\": \"{vendor}\"}}"), 0o644);
    }
}

pub(crate) fn run(words: &[&str]) {
    let output = Command::new(words[0]).args(&words[1..]).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn put(path: &Path, content: &str, mode: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
