//! `glowplug net plan` and `net apply`: a description set on the running
//! machine.

use crate::cli::{Arguments, Ended, Fault, print, say};
use crate::devel::net_convert::read_description;
use glowplug::action::{Action, LinkAction};
use glowplug::error::{Error, Result};
use glowplug::fetch::Fetch;
use glowplug::limits;
use glowplug::network::parse::{Description, Parsed, description};
use glowplug::network::render::live;
use glowplug::network::resolve::Resolved;
use glowplug::stage::log::{Level, Log};
use glowplug::stage::network::{copy_of, system_links};
use glowplug::stage::search::{self, Answer};
use glowplug::sys::apply::Applier;
use glowplug::sys::netlink::Netlink;
use glowplug::sys::root::Root;
use std::fs;
use std::os::unix::process::parent_id;

/// `net plan`: prints what would be done.
pub(crate) fn plan(arguments: &Arguments) -> Ended {
    set(arguments, &mut |resolved| {
        let renames = resolved.renames().into_iter().map(Action::Link);
        let lines = renames.chain(live::render(resolved)).map(|action| action.text() + "\n");
        print(&lines.collect::<String>())?;
        Ok(true)
    })
}

/// `net apply`: does it, and prints each change that was made.
pub(crate) fn run(arguments: &Arguments) -> Ended {
    let given = arguments.value("root");
    let root = Root::open(given.unwrap_or("/"))?;
    let files = given.is_some() || is_machines_own();
    set(arguments, &mut |resolved| carry_out(&root, files, resolved))
}

/// Reads the description, tells what of it can't be used and lets `act` do the
/// rest, which says whether all went well.
fn set(arguments: &Arguments, act: &mut dyn FnMut(&Resolved<'_>) -> Result<bool>) -> Ended {
    let given = |name| arguments.value(name);
    let parsed = match (given("seed"), given("network-data"), given("kind")) {
        (Some(seed), None, None) => of_seed(seed)?,
        (None, Some(file), Some(kind)) => read_description(file, kind)?,
        (None, Some(_), None) => return usage("--kind is missing"),
        (None, None, _) => return usage("--seed or --network-data is missing"),
        _ => return usage("--seed stands alone"),
    };
    if parsed.network.links.is_empty()
        && let Some(problem) = parsed.problems.first()
    {
        return Err(problem.clone().into());
    }
    let present = system_links()?;
    let resolved = parsed.network.resolve(&present);
    let leases = live::problems(&resolved);
    let problems: Vec<&Error> = parsed.problems.iter().chain(&resolved.problems).chain(&leases).collect();
    for problem in &problems {
        say(problem.text());
    }
    for note in &resolved.notes {
        say(note);
    }
    Ok(u8::from(!act(&resolved)? || !problems.is_empty()))
}

fn usage(why: &str) -> Ended {
    Err(Fault::Usage(format!("unable to read a description: {why}, see --help")))
}

/// The network of a seed's folder.
fn of_seed(folder: &str) -> Result<Parsed> {
    let tell = |_: Level, line: &str| say(line.split_once(": ").map_or(line, |(_, text)| text));
    let instance = match search::folder(folder, &mut Log::new("net", &tell)) {
        Answer::Found(instance) => instance,
        Answer::Broken(error) => return Err(error),
        Answer::Absent | Answer::TimedOut | Answer::Remote(_) => {
            return Err(Error::new("read", folder, "it holds no seed"));
        }
    };
    let none = |why: &str| Err(Error::new("set the network of", folder, why));
    match instance.network() {
        None => none("the seed describes none"),
        Some((_, [])) => none("the seed's description can't be read"),
        Some((name, bytes)) => match description(name, bytes, name)? {
            Description::Network(parsed) => Ok(parsed),
            Description::Nothing => none("the seed describes none"),
            Description::Disabled => none("the seed says `config: disabled`"),
        },
    }
}

/// Carries the actions out, with `files` those too, and prints each that was;
/// whether all were.
fn carry_out(root: &Root, files: bool, resolved: &Resolved<'_>) -> Result<bool> {
    let mut netlink = Netlink::open()?;
    let mut all = true;
    let mut rename = |step: LinkAction| {
        netlink.apply(&step)?;
        print(&(step.text() + "\n"))
    };
    for failure in resolved.rename(&mut system_links, &mut rename) {
        say(failure.text());
        all = false;
    }
    let (mut links, mut others) = (Vec::new(), Vec::new());
    for action in live::render(resolved) {
        match action {
            Action::Link(link) => links.push(link),
            other => others.push(other),
        }
    }
    let mut tell = |line: String, outcome: Result<()>| match outcome.and_then(|()| print(&(line + "\n"))) {
        Ok(()) => {}
        Err(failure) => {
            say(failure.text());
            all = false;
        }
    };
    netlink.apply_all(&links, &mut |action, outcome| tell(action.text(), outcome))?;
    let mut applier = Applier::new(root, root);
    for action in others {
        let path = match &action {
            Action::WriteFile(file) => &*file.path,
            _ => "",
        };
        if !files {
            tell(action.text(), Err(elsewhere(path)));
            continue;
        }
        if let Some(copy) = kept(root, path)? {
            tell(copy.text(), applier.apply(&copy, None));
        }
        tell(action.text(), applier.apply(&action, None));
    }
    Ok(all)
}

/// Why a file is not written.
fn elsewhere(path: &str) -> Error {
    let why = "this network namespace is not the machine's own; --root names the root that it is for";
    Error::new("write", path, why)
}

/// How many processes are asked at most.
const ANCESTORS: usize = 256;

/// Whether this is the network namespace of the machine: that of every process
/// above this one, the first included, as far as they can be asked.
fn is_machines_own() -> bool {
    let of = |process: &str| fs::read_link(format!("/proc/{process}/ns/net")).ok();
    let own = of("self");
    let mut process = parent_id().to_string();
    for _ in 0..ANCESTORS {
        if of(&process).is_some_and(|other| Some(other) != own) {
            return false;
        }
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        match parent.map(str::trim) {
            Some(parent) if parent != "0" => process = parent.to_string(),
            _ => break,
        }
    }
    true
}

/// The copy that is kept of a foreign file before one of ours takes its place.
fn kept(root: &Root, path: &str) -> Result<Option<Action>> {
    let content = root.read(path, limits::ROOT_FILE)?;
    let foreign = content.filter(|content| !content.starts_with(live::HEADER.as_bytes()));
    Ok(foreign.map(|content| copy_of(root, path, content).into()))
}
