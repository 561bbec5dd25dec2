//! The files of a seed, boot by boot.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What is not compared here, or by a seed that brings its own file of this
/// name.
const SETTINGS: &str = "datasource_list: [ConfigDrive, None]\nnetwork: {config: disabled}\n";

/// The modules of a seed that does not say which: without those that make keys
/// and users in every boot, and take seconds for it.
const LISTS: &str = "\
cloud_init_modules: [bootcmd, write-files, set_hostname]
cloud_config_modules: [runcmd]
cloud_final_modules: [write-files-deferred, scripts-vendor, scripts-per-once, scripts-per-boot, scripts-per-instance, scripts-user]
";

pub(crate) struct Seed {
    pub(crate) name: String,
    boots: Vec<Boot>,
}

#[derive(Default)]
struct Boot {
    no_drive: bool,
    files: Vec<File>,
}

struct File {
    path: String,
    mode: u32,
    content: String,
}

impl File {
    fn is_of_the_drive(&self) -> bool {
        !self.path.starts_with("root/") && !self.path.starts_with("www/")
    }
}

impl Seed {
    /// Every seed of a folder, or those that `wanted` names, with commas between them.
    pub(crate) fn all(folder: &Path, wanted: Option<&str>) -> Vec<Self> {
        let mut seeds: Vec<Self> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "seed"))
            .map(|path| {
                Self::parse(path.file_stem().unwrap().to_str().unwrap(), &fs::read_to_string(&path).unwrap())
            })
            .filter(|seed| wanted.is_none_or(|wanted| wanted.split(',').any(|name| name == seed.name)))
            .collect();
        seeds.sort_by(|a, b| a.name.cmp(&b.name));
        seeds
    }

    fn parse(name: &str, text: &str) -> Self {
        let mut boots = vec![Boot::default()];
        for line in text.split_inclusive('\n') {
            let boot = boots.last_mut().unwrap();
            if let Some(title) = line.strip_prefix("== boot ") {
                let no_drive = title.trim_end().ends_with(", no drive");
                if title.starts_with("1,") {
                    boot.no_drive = no_drive;
                } else {
                    boots.push(Boot { no_drive, files: Vec::new() });
                }
            } else if let Some(header) = line.strip_prefix("-- ") {
                let mut words = header.split_whitespace();
                let path = words.next().unwrap().to_owned();
                let mode = words.next().map_or(0o644, |mode| u32::from_str_radix(mode, 8).unwrap());
                boot.files.push(File { path, mode, content: String::new() });
            } else {
                let file = boot.files.last_mut();
                file.unwrap_or_else(|| panic!("{name}: {line:?} is in no file")).content += line;
            }
        }
        Self { name: name.into(), boots }
    }

    /// Writes what `boots.sh` reads.
    pub(crate) fn write(&self, work: &Path) {
        for (number, boot) in self.boots.iter().enumerate() {
            let folder = work.join(format!("boot{}", number + 1));
            fs::create_dir_all(&folder).unwrap();
            let root = folder.join("root");
            if number == 0 {
                put(&root.join("etc/cloud/cloud.cfg.d/97-lists.cfg"), LISTS, 0o644);
                put(&root.join("etc/cloud/cloud.cfg.d/98-stages.cfg"), SETTINGS, 0o644);
            }
            for file in &boot.files {
                if let Some(path) = file.path.strip_prefix("root/") {
                    put(&root.join(path), &file.content, file.mode);
                } else if file.path.starts_with("www/") {
                    put(&folder.join(&file.path), &file.content, file.mode);
                }
            }
            self.write_drive(number, &folder.join("seed/openstack/latest"));
        }
    }

    /// The drive of a boot: its own, or that of the last one before that has
    /// one.
    fn write_drive(&self, number: usize, folder: &Path) {
        if self.boots[number].no_drive {
            return;
        }
        let own = |boot: &&Boot| boot.files.iter().any(File::is_of_the_drive);
        let boot = self.boots[..=number].iter().rev().find(own);
        let meta = format!("{{\"uuid\": \"i-{}\", \"hostname\": \"vm.example.org\"}}\n", self.name);
        put(&folder.join("meta_data.json"), &meta, 0o644);
        for file in boot.iter().flat_map(|boot| &boot.files).filter(|file| file.is_of_the_drive()) {
            put(&folder.join(&file.path), &file.content, file.mode);
        }
    }
}

fn put(path: &Path, content: &str, mode: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
