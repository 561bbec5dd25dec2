//! `glowplug net plan` and `net apply`: a description set on the running
//! machine.

use crate::cli::{Arguments, Ended, Fault, print, say};
use crate::devel::net_convert::read_description;
use glowplug::action::{Action, LinkAction};
use glowplug::error::{Error, Result};
use glowplug::network::parse::{Description, Parsed, description};
use glowplug::network::render::live;
use glowplug::network::resolve::Resolved;
use glowplug::stage::log::{Level, Log};
use glowplug::stage::network::system_links;
use glowplug::stage::search::{self, Answer};
use glowplug::sys::apply::Applier;
use glowplug::sys::netlink::Netlink;
use glowplug::sys::root::Root;

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
    let root = Root::open(arguments.value("root").unwrap_or("/"))?;
    set(arguments, &mut |resolved| carry_out(&root, resolved))
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

/// Carries the actions out and prints each that was; whether all were.
fn carry_out(root: &Root, resolved: &Resolved<'_>) -> Result<bool> {
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
        tell(action.text(), applier.apply(&action, None));
    }
    Ok(all)
}
