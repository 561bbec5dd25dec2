//! The demo: a virtual machine that is provisioned before its root pivot, told
//! as it happens. `initramfs/demo` installs what it needs and runs it.

/// Prints a line. Who stops reading early (`initramfs/demo | head`) must not end
/// the program half-way: QEMU would stay behind.
macro_rules! tell {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($words)*);
    }};
}

mod document;
mod measure;
mod options;
mod story;
mod vm;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, process};

use glowplug::error::{Error, Result};

use options::{Options, Request, Source};
use vm::contents::Contents;
use vm::disc::Drive;
use vm::kernel::Kernel;
use vm::monitor::Plug;
use vm::qemu::Machine;
use vm::report::Boot;
use vm::seed::Nics;
use vm::{Image, host};

fn main() -> ExitCode {
    let options = match options::parse(lexopt::Parser::from_env()) {
        Ok(Request::Run(options)) => options,
        Ok(Request::Help) => {
            tell!("{}", options::HELP.trim_end());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("demo: {error}\nTry: initramfs/demo --help");
            return ExitCode::from(2);
        }
    };
    let folder = vm::folder().join(format!("run-{}", process::id()));
    let result = run(&options, &folder);
    if options.keep || (result.is_err() && folder.exists()) {
        tell!("\nThe working folder is {}", folder.display());
    } else if folder.exists() {
        // what is left there is only disk space
        let _ = fs::remove_dir_all(&folder);
    }
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\ndemo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options, folder: &Path) -> Result<()> {
    if let Some(out) = &options.out {
        clear_out(out)?;
    }
    vm::empty_folder(folder)?;
    let say = &mut |text: &str| tell!("demo: {text}");
    let kernel = match &options.kernel {
        Some((file, modules)) => Kernel::given(file, modules)?,
        None => Kernel::find_or_fetch(&vm::folder().join("kernel"), say)?,
    };
    if options.measure {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("initramfs/image/sample");
        let seed = match &options.first {
            Some(Source::Seed(seed)) => seed,
            _ => &sample,
        };
        return measure::run(seed, folder, &kernel, say);
    }
    let image = Image::build(folder, &kernel, options.parts, say)?;
    say(&format!("Linux {}, an agent of {} bytes", kernel.version, image.agent_bytes));

    let sample = Source::Seed(Path::new(env!("CARGO_MANIFEST_DIR")).join("initramfs/image/sample"));
    let first = options.first.as_ref().unwrap_or(&sample);
    let later = options.later.as_ref().unwrap_or(first);
    let mut machine = Machine::new(&image, folder, nics(&[first, later]))?;
    options.accelerator.clone_into(&mut machine.accelerator);
    options.append.clone_into(&mut machine.append);
    options.smbios.clone_into(&mut machine.smbios);
    machine.timeout = options.timeout.unwrap_or(machine.timeout);
    let boots = boot(&mut machine, options, [first, later], folder)?;

    let files = options.out.clone().unwrap_or_else(|| folder.join("contents"));
    fs::create_dir_all(&files).map_err(host::io("make", &files))?;
    let contents = Contents::copy(&machine.file_system(), &files)?;
    if let (Some(out), Some(document)) = (&options.out, document::text(&boots, image.agent_bytes)) {
        let file = out.join("report.json");
        fs::write(&file, document).map_err(host::io("write", &file))?;
    }
    let untouched = folder.join("untouched");
    vm::empty_folder(&untouched)?;
    judge(&boots, &contents, &Contents::copy(&image.root, &untouched)?)
}

/// The NICs that the seeds want.
fn nics(sources: &[&Source]) -> Nics {
    let seeds: Vec<&Path> = sources
        .iter()
        .filter_map(|source| match source {
            Source::Seed(folder) => Some(folder.as_path()),
            _ => None,
        })
        .collect();
    let nics = Nics::of(&seeds);
    nics.remarks.iter().for_each(|remark| tell!("demo: {remark}"));
    nics
}

/// Boots the machine and tells each boot as it happens.
fn boot(machine: &mut Machine, options: &Options, sources: [&Source; 2], folder: &Path) -> Result<Vec<Boot>> {
    let mut boots = Vec::new();
    for number in 0..options.boots {
        let source = sources[number.min(1)];
        let mut drive = match source {
            Source::None => None,
            Source::Seed(seed) => Some(Drive::from_seed(seed, &folder.join(format!("seed-{number}.iso")))?),
            Source::Image(file) => Some(Drive::from_image(file)?),
        };
        if let (Some(drive), Some(bus)) = (&mut drive, options.bus) {
            drive.bus = bus;
        }
        let without = if drive.is_none() { ", without a drive" } else { "" };
        tell!("\nBoot {} of {}{without}", number + 1, options.boots);
        machine.plugs.clear();
        if let Some(late) = options.late {
            machine.plugs.extend(drive.take().map(|drive| Plug::drive(&drive, late)));
        }
        let result = machine.boot(drive.as_ref(), &mut |line| story::tell(&line));
        if result.is_err() {
            story::last_lines(&machine.console());
        }
        boots.push(result?);
    }
    Ok(boots)
}

/// Tells what the machine became; an error unless every boot's status is done.
fn judge(boots: &[Boot], contents: &Contents, untouched: &Contents) -> Result<()> {
    if let Some(last) = boots.last() {
        story::outcome(last, contents, untouched);
    }
    match boots.iter().position(|boot| boot.status != "done") {
        None => Ok(()),
        Some(number) => {
            let output = boots[number].status_output.trim();
            let cause =
                format!("glowplug status says: {}", if output.is_empty() { "nothing" } else { output });
            Err(Error::new("finish", format!("boot {}", number + 1), cause))
        }
    }
}

/// Makes the folder for the machine's files ready: absent, empty, or an
/// earlier run's, which is replaced.
fn clear_out(out: &PathBuf) -> Result<()> {
    let entries = fs::read_dir(out).map(Iterator::count).unwrap_or_default();
    if entries == 0 {
        return Ok(());
    }
    if !out.join("report.json").exists() || !out.join("lost+found").exists() {
        let cause = "it holds files that are not an earlier run's; name an empty folder";
        return Err(Error::new("write to", out.display().to_string(), cause));
    }
    vm::empty_folder(out)
}
