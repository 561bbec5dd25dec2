//! `glowplug install` and `uninstall`: everything a root needs to be
//! provisioned when it boots, put in place and taken away again.

mod detect;
mod files;
mod manifest;

use crate::cli::{Arguments, Ended, print, say, say_lines};
use detect::Init;
use files::{AGENT, Maker, Piece, RUNNER, Terms};
use glowplug::action::Action;
use glowplug::error::{Error, Result};
use glowplug::fetch::{Fetch, may_exist};
use glowplug::limits;
use glowplug::state::paths::DISABLED;
use glowplug::sys::apply::Applier;
use glowplug::sys::root::Root;
use glowplug::sys::tree;
use manifest::{Entry, MANIFEST};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Puts everything in place.
pub(crate) fn install(arguments: &Arguments) -> Ended {
    let name = arguments.value("root").unwrap_or("/");
    let root = Root::open(name)?.labelled();
    let terms = match (arguments.has("replace"), arguments.has("beside")) {
        (true, true) => {
            return Err(Error::new("install", name, "--replace and --beside exclude each other").into());
        }
        (true, false) => Terms::Replace,
        (false, true) => Terms::Beside,
        (false, false) => Terms::Alone,
    };
    let found = Found::of(&root, name)?;
    say_lines(&found.text(&root));
    found.allows(terms, name)?;
    let programs = Programs::find(arguments.value("agent"), found.makers.is_empty())?;
    let pieces = found.pieces(&root, terms, programs);
    let plan = plan(&root, pieces, arguments.has("force"))?;
    carry_out(&root, &plan, arguments.has("print"))?;
    if root.exists(DISABLED)? {
        say(&format!(
            "{DISABLED} is there: neither cloud-init nor glowplug does anything until it is removed"
        ));
    }
    let content = manifest::content(&root, MANIFEST)?.unwrap_or_default();
    let (lines, packed) = manifest::lines_and_packed(&content);
    if packed && plan.is_empty() {
        return Ok(0);
    }
    let rebuild = arguments.has("rebuild") && !arguments.has("print");
    found.pack(&root, name, rebuild)?;
    if rebuild && !found.makers.is_empty() {
        let write = Action::write(MANIFEST, manifest::packed(lines), 0o644);
        Applier::new(&root, &Root::open("/run")?).apply(&write, None)?;
    }
    Ok(0)
}

/// Takes away what `install` put in place.
pub(crate) fn uninstall(arguments: &Arguments) -> Ended {
    let name = arguments.value("root").unwrap_or("/");
    let root = Root::open(name)?;
    let entries = manifest::read(&root)?;
    if entries.is_empty() {
        return Err(Error::new("uninstall from", name, format!("there is no {MANIFEST}")).into());
    }
    let makers = files::makers(&root);
    let mut problems = Vec::new();
    let mut actions = undo(&root, &entries, &mut problems);
    let changed: Vec<&str> = problems.iter().map(|(path, _)| *path).collect();
    let kept = manifest::kept(&entries, &changed);
    if kept.is_empty() {
        let at = actions.iter().position(|action| matches!(action, Action::RemoveDirectory { .. }));
        actions.insert(at.unwrap_or(actions.len()), Action::RemoveFile { path: MANIFEST.into() });
    } else {
        // What was changed is known to have been ours when it is asked again.
        actions.push(Action::write(MANIFEST, manifest::text(&kept), 0o644));
    }
    carry_out(&root, &actions, arguments.has("print"))?;
    for (_, problem) in &problems {
        say(&problem.to_string());
    }
    let found = Found { init: None, makers, cloud_init: false };
    found.pack(&root, name, arguments.has("rebuild") && !arguments.has("print"))?;
    Ok(u8::from(!problems.is_empty()))
}

/// What a root was found to use.
struct Found {
    init: Option<Init>,
    makers: Vec<&'static Maker>,
    cloud_init: bool,
}

impl Found {
    fn of(root: &Root, name: &str) -> Result<Self> {
        let Some(init) = Init::of(root) else {
            let why = "it has neither systemd nor OpenRC, System V or BusyBox init";
            return Err(Error::new("install into", name, why));
        };
        let cloud_init = detect::cloud_init_starts(root, init);
        Ok(Self { init: Some(init), makers: files::makers(root), cloud_init })
    }

    /// One line for a person.
    fn text(&self, root: &Root) -> String {
        let makers: Vec<&str> = self.makers.iter().map(|maker| maker.name).collect();
        let makers = match &*makers.join(" and ") {
            "" => "nothing known that makes an initramfs".to_owned(),
            makers => makers.to_owned(),
        };
        let cloud_init = if self.cloud_init { "; cloud-init is enabled" } else { "" };
        let init = self.init.map_or("", Init::name);
        format!("{}: {init}, {makers}{cloud_init}", detect::distribution(root))
    }

    /// Two that provision one machine undo each other's work.
    fn allows(&self, terms: Terms, name: &str) -> Result<()> {
        let why = match terms {
            Terms::Alone if self.cloud_init => {
                "its cloud-init is enabled; --replace puts glowplug in its place, \
                 --beside hands it a checked seed and leaves it the rest"
            }
            Terms::Beside if !self.cloud_init => "no cloud-init is enabled in it for --beside to work with",
            _ => return Ok(()),
        };
        Err(Error::new("install into", name, why))
    }

    fn pieces(&self, root: &Root, terms: Terms, programs: Programs) -> Vec<Piece> {
        let program = |path: &str, content| Piece::File { path: path.into(), content, mode: 0o755 };
        let mut pieces = vec![program(RUNNER, programs.runner)];
        pieces.extend(programs.agent.map(|agent| program(AGENT, agent)));
        pieces.extend(files::hooks(&self.makers));
        let Some(init) = self.init else { return pieces };
        match terms {
            Terms::Beside => pieces.extend(files::beside(root, init)),
            Terms::Alone | Terms::Replace => pieces.extend(files::stages(root, init)),
        }
        if terms == Terms::Alone {
            pieces.extend(files::names(root));
        }
        if terms == Terms::Replace {
            pieces.extend(files::in_its_place(root, init));
        }
        pieces
    }

    /// Packs every initramfs anew (`rebuild`), or says how: with the maker of those that boot.
    fn pack(&self, root: &Root, name: &str, rebuild: bool) -> Result<()> {
        for maker in files::in_use(root, &self.makers) {
            let mut argv: Vec<&str> = if name == "/" { Vec::new() } else { vec!["chroot", name] };
            argv.extend(maker.rebuild);
            let [program, words @ ..] = &*argv else { continue };
            let command = argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
            if !rebuild {
                say(&format!("then pack every initramfs anew: {command}"));
                continue;
            }
            say(&format!("running {command}"));
            let why = match Command::new(program).args(words).status() {
                Ok(status) if status.success() => continue,
                Ok(status) => status.to_string(),
                Err(error) => error.to_string(),
            };
            return Err(Error::new("run", command, why));
        }
        Ok(())
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./=:+,".contains(&byte);
    if word.bytes().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', "'\\''")).into() }
}

/// The two programs that are installed.
struct Programs {
    runner: Vec<u8>,
    /// Nobody needs it where nothing packs it.
    agent: Option<Vec<u8>>,
}

impl Programs {
    /// This program, and the agent that `named` names or that lies beside it.
    fn find(named: Option<&str>, without_agent: bool) -> Result<Self> {
        let this =
            std::env::current_exe().map_err(|error| Error::new("find", "this program", error.to_string()))?;
        let runner = read_program(&this)?;
        let agent = match named {
            None if without_agent => None,
            None => Some(beside_of(&this)),
            Some(named) => Some(PathBuf::from(named)),
        };
        Ok(Self { runner, agent: agent.map(|path| read_program(&path)).transpose()? })
    }
}

fn beside_of(this: &Path) -> PathBuf {
    this.with_file_name("glowplug-agent")
}

/// The bytes of an executable.
fn read_program(path: &Path) -> Result<Vec<u8>> {
    let name = path.display().to_string();
    let why = match tree::read(&name, limits::INSTALLED)? {
        Some(content) if content.starts_with(b"\x7fELF") => return Ok(content),
        Some(_) => "it is not a program for Linux",
        None => "there is no such file; --agent names the agent",
    };
    Err(Error::new("read", name, why))
}

/// The actions that make a root what `pieces` say, and nothing more than that
/// of ours; none where it is so already.
fn plan(root: &Root, pieces: Vec<Piece>, force: bool) -> Result<Vec<Action>> {
    let before = manifest::read(root)?;
    let ours = |path: &str| before.iter().find(|entry| entry.path() == path);
    let (mut actions, mut entries, mut directories) = (Vec::new(), Vec::new(), Vec::new());
    // Links of cloud-init that are gone already are still ours to put back.
    entries.extend(before.iter().filter(|entry| matches!(entry, Entry::Away { .. })).cloned());
    for piece in pieces {
        let known = ours(piece.path());
        let action = match &piece {
            Piece::Away { path, .. } => Some(Action::RemoveFile { path: path.clone() }),
            Piece::File { path, content, mode } => file(root, path, content, *mode, known, force)?,
            Piece::Link { path, target } => link(root, path, target, known, force)?,
            Piece::Line { path, line } => added(root, path, line)?,
        };
        // What was there before us as we want it is not ours to take away.
        if action.is_some() || known.is_some() {
            directories.extend(missing_directories(root, piece.path()));
            entries.retain(|entry: &Entry| entry.path() != piece.path());
            entries.push(Entry::of(&piece));
        }
        actions.extend(action);
    }
    directories.extend(missing_directories(root, MANIFEST));
    let mut stale = Vec::new();
    for entry in &before {
        let wanted = entries.iter().any(|now| now.path() == entry.path());
        match entry {
            Entry::Directory { path } => directories.push(path.clone()),
            _ if !wanted => stale.push(entry.clone()),
            _ => {}
        }
    }
    entries.sort_by(|a, b| a.path().cmp(b.path()));
    directories.sort();
    directories.dedup();
    entries.extend(directories.into_iter().map(|path| Entry::Directory { path }));
    let mut problems = Vec::new();
    actions.extend(undo(root, &stale, &mut problems));
    if let Some((_, problem)) = problems.into_iter().next() {
        return Err(problem);
    }
    let text = manifest::text(&entries);
    let there = manifest::content(root, MANIFEST)?.unwrap_or_default();
    if manifest::lines_and_packed(&there).0 != text {
        // First: what is interrupted is known to be ours.
        actions.insert(0, Action::write(MANIFEST, text, 0o644));
    }
    Ok(actions)
}

fn file(
    root: &Root,
    path: &str,
    content: &[u8],
    mode: u32,
    known: Option<&Entry>,
    force: bool,
) -> Result<Option<Action>> {
    let there = manifest::content(root, path)?;
    if let Some(there) = there {
        if there == content {
            return Ok(None);
        }
        let unchanged =
            matches!(known, Some(Entry::File { digest, .. }) if *digest == manifest::digest(&there));
        if !unchanged && !force {
            let why = if known.is_some() {
                "it was changed since it was installed; --force writes over it"
            } else {
                "another file is there; --force writes over it"
            };
            return Err(Error::new("install", path, why));
        }
    }
    Ok(Some(Action::write(path, content.to_vec(), mode)))
}

fn link(root: &Root, path: &str, target: &str, known: Option<&Entry>, force: bool) -> Result<Option<Action>> {
    let there = root.read_link(path);
    if manifest::leads_to(root, path, target) {
        return Ok(None);
    }
    let unchanged = matches!(known, Some(Entry::Link { target, .. }) if Some(target) == there.as_ref());
    if root.stands(path) && !unchanged && !force {
        return Err(Error::new("install", path, "something else is there; --force replaces it"));
    }
    Ok(Some(Action::MakeLink { path: path.into(), target: target.into() }))
}

fn added(root: &Root, path: &str, line: &str) -> Result<Option<Action>> {
    let there = manifest::content(root, path)?.unwrap_or_default();
    let mode = root.mode(path)?.unwrap_or(0o644) & 0o7777;
    Ok(manifest::with_line(&there, line).map(|content| Action::write(path, content, mode)))
}

/// The directories that are made on the way to `path`.
fn missing_directories(root: &Root, path: &str) -> Vec<String> {
    let parents = Path::new(path).ancestors().skip(1);
    let missing = parents.take_while(|parent| parent.to_str().is_some_and(|parent| !may_exist(root, parent)));
    missing.filter_map(|parent| parent.to_str().map(str::to_owned)).collect()
}

/// What takes these entries away, directories last and the deepest first. What stays is a problem
/// with its path.
fn undo<'e>(root: &Root, entries: &'e [Entry], problems: &mut Vec<(&'e str, Error)>) -> Vec<Action> {
    let (mut directories, others): (Vec<_>, Vec<_>) =
        entries.iter().partition(|entry| matches!(entry, Entry::Directory { .. }));
    directories.sort_by(|a, b| b.path().cmp(a.path()));
    let mut actions = Vec::new();
    for entry in others.into_iter().chain(directories) {
        match entry.undo(root) {
            Ok(action) => actions.extend(action),
            Err(problem) => problems.push((entry.path(), problem)),
        }
    }
    actions
}

/// Carries the actions out, each told; only told where that is asked for.
fn carry_out(root: &Root, actions: &[Action], only_print: bool) -> Result<()> {
    let run = Root::open("/run")?;
    let mut applier = Applier::new(root, &run);
    if actions.is_empty() {
        say("nothing to do: everything is in place");
    }
    for action in actions {
        if !only_print {
            applier.apply(action, None)?;
        }
        print(&format!("{action}\n"))?;
    }
    Ok(())
}
