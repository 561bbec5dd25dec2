//! `--measure`: the same Debian root and drive, provisioned by Debian's
//! cloud-init and by glowplug, in one run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use glowplug::error::Result;

use crate::vm::debian::{self, Backend, Maker};
use crate::vm::disc::Drive;
use crate::vm::kernel::Kernel;
use crate::vm::qemu::Machine;
use crate::vm::report::Boot;
use crate::vm::seed::Nics;
use crate::vm::{Image, Parts, RootKind, contents, empty_folder, host, programs};

/// Bound of one boot: the guest's clock does not go by the host's.
const TIMEOUT: Duration = Duration::from_mins(30);

/// What is compared, of a boot's `boot_s`, and how it is called.
const STEPS: [(&str, &str); 3] =
    [("network", "network configured"), ("multi_user", "multi-user.target"), ("final", "final stage done")];

/// Boots each way and prints a table. Time is the guest's clock, which counts
/// instructions (QEMU's `-icount`): a busy host changes nothing of it.
pub(crate) fn run(seed: &Path, folder: &Path, kernel: &Kernel, say: &mut dyn FnMut(&str)) -> Result<()> {
    let root = RootKind::Debian(Backend::NetworkManager, &["cloud-init"]);
    let drive = Drive::from_seed(seed, &folder.join("seed.iso"))?;
    let mut boots = Vec::new();
    let mut sizes = [0, 0];
    for (name, provisioned, words) in
        [("cloud-init", false, "ds=ConfigDrive"), ("glowplug", true, "glowplug=replace")]
    {
        let place = folder.join(name);
        empty_folder(&place)?;
        let image = Image::build(&place, kernel, Parts { root, maker: Maker::Dracut, provisioned }, say)?;
        let mut machine = Machine::new(&image, &place, Nics::of(&[seed]))?;
        machine.timeout = TIMEOUT;
        "icount".clone_into(&mut machine.accelerator);
        words.clone_into(&mut machine.append);
        say(&format!("booting with {name}"));
        boots.push(machine.boot(Some(&drive), &mut |_| ())?);
        if provisioned {
            let runner = programs::build()?.runner;
            sizes[1] = image.agent_bytes + fs::metadata(&runner).map_err(host::io("read", &runner))?.len();
        } else {
            let with = installed(&image.root)?;
            let without = installed(&debian::root(Backend::NetworkManager, &[], say)?)?;
            sizes[0] =
                with.iter().filter(|(name, _)| !without.contains_key(*name)).map(|(_, size)| size).sum();
        }
    }
    table(&boots, sizes);
    Ok(())
}

fn table(boots: &[Boot], sizes: [u64; 2]) {
    tell!("\n{:<22} {:>12} {:>12}", "", "cloud-init", "glowplug");
    for (step, title) in STEPS {
        let at = |boot: &Boot| boot.boot_s.get(step).map_or("-".into(), |seconds| format!("{seconds:.2} s"));
        let times: Vec<String> = boots.iter().map(at).collect();
        tell!("{title:<22} {:>12} {:>12}", times[0], times[1]);
    }
    let [theirs, ours] = sizes.map(|bytes| format!("{:.1} MB", bytes_as_megabytes(bytes)));
    tell!("{:<22} {theirs:>12} {ours:>12}", "installed");
}

#[allow(clippy::cast_precision_loss)] // a size to one decimal
fn bytes_as_megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Bytes each package of a root takes, as dpkg's status has it.
fn installed(image: &Path) -> Result<BTreeMap<String, u64>> {
    let status = contents::read(image, "/var/lib/dpkg/status")?.unwrap_or_default();
    let status = String::from_utf8_lossy(&status);
    let field = |paragraph: &str, name: &str| {
        paragraph.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
    };
    let package = |paragraph: &str| {
        let kibibytes: u64 = field(paragraph, "Installed-Size:")?.parse().ok()?;
        Some((field(paragraph, "Package:")?, kibibytes * 1024))
    };
    Ok(status.split("\n\n").filter_map(package).collect())
}
