//! `--measure`: the same Debian root and drive, provisioned by Debian's
//! cloud-init and by glowplug, in one run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use glowplug::error::{Error, Result};

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

/// The stages, as cloud-init's units are called.
const STAGES: [&str; 4] = ["cloud-init-local", "cloud-init", "cloud-config", "cloud-final"];

/// On both kernel lines. The root has no modules of its own: what reads the
/// drive is loaded before. How long an RSA key takes is a matter of luck, so that
/// none is made.
const WORDS: &str = "rd.driver.pre=virtio_scsi,sr_mod,isofs cc: ssh_genkeytypes: [ed25519] end_cc";

/// Boots each way and prints a table. Time is the guest's clock, which counts
/// instructions while it computes (QEMU's `-icount`, one a nanosecond): a busy
/// host changes little of it.
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
        machine.append = format!("{words} {WORDS}");
        say(&format!("booting with {name}"));
        let boot = machine.boot(Some(&drive), &mut |_| ())?;
        if boot.boot_s.get("final").is_none_or(|seconds| *seconds == 0.0) {
            return Err(Error::new("measure", name, "its final stage did not end"));
        }
        boots.push(boot);
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
    tell!("\n{:<34} {:>12} {:>12}", "", "cloud-init", "glowplug");
    let row = |title: &str, cell: &dyn Fn(&Boot) -> Option<String>| {
        let cells: Vec<String> = boots.iter().map(|boot| cell(boot).unwrap_or_else(|| "-".into())).collect();
        tell!("{title:<34} {:>12} {:>12}", cells[0], cells[1]);
    };
    for (step, title) in STEPS {
        row(title, &|boot| boot.boot_s.get(step).map(|seconds| format!("{seconds:.2} s")));
    }
    row("before the pivot", &|boot| {
        let steps = boot.timings_ms.iter().filter(|(step, _)| step.starts_with("agent/"));
        let sum: f64 = steps.map(|(_, milliseconds)| milliseconds).sum();
        (sum > 0.0).then(|| format!("{sum:.1} ms"))
    });
    for stage in STAGES {
        for (number, what) in [", from start to end", ", million instructions"].iter().enumerate() {
            let unit = [" ms", ""][number];
            row(&format!("{stage}{what}"), &|boot| {
                boot.stages_ms.get(stage)?.get(number).map(|value| format!("{value:.1}{unit}"))
            });
        }
    }
    let [theirs, ours] = sizes.map(|bytes| format!("{:.1} MB", bytes_as_megabytes(bytes)));
    tell!("{:<34} {theirs:>12} {ours:>12}", "installed");
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
