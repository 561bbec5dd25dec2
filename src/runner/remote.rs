//! A seed that the network alone has: fetched when that is up, and handed over
//! as one that the agent has found.

use crate::download::{self, Source, shown};
use crate::provision::{Machine, kernel_line};
use crate::stage::seed_state;
use glowplug::error::{Error, Result};
use glowplug::fetch::Fetch;
use glowplug::instance::Instance;
use glowplug::stage::local::{Outcome, carry_out};
use glowplug::stage::log::Log;
use glowplug::stage::{find, handoff};
use glowplug::state::cache;
use glowplug::sys::apply::Applier;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// How often a file is tried, a second apart, and how many seconds a server may
/// be silent; cloud-init's.
const TRIES: u32 = 10;
const TIMEOUT: u32 = 5;

/// How often where the last instance holds without.
pub(crate) const TRIES_CACHED: u32 = 2;

/// The servers of the network.
struct Server {
    tries: u32,
    /// What was fetched, by its URL; nothing is asked for twice.
    fetched: RefCell<BTreeMap<String, Result<Option<Vec<u8>>>>>,
}

impl Fetch for Server {
    fn read(&self, url: &str, limit: usize) -> Result<Option<Vec<u8>>> {
        let mut known = self.fetched.borrow_mut();
        let fetched = known.entry(url.to_owned()).or_insert_with(|| {
            let source = Source { url, tries: self.tries, timeout: TIMEOUT, ..Source::default() };
            download::find(&source, limit).map_err(|why| Error::new("fetch", shown(url), why))
        });
        fetched.clone()
    }

    fn list(&self, _: &str) -> Result<Option<Vec<String>>> {
        Ok(None)
    }

    /// What can't be fetched is there, so that reading it tells why not.
    fn mode(&self, url: &str) -> Result<Option<u32>> {
        let there = !matches!(self.read(url, glowplug::limits::SEED_FILE), Ok(None));
        Ok(there.then_some(0o100_644))
    }

    fn name(&self, url: &str) -> String {
        shown(url)
    }
}

/// Fetches the seed where the agent has left that to the runner.
pub(crate) fn fetch(machine: &Machine, log: &mut Log<'_>) {
    if seed_state().as_deref() != Some(Outcome::Remote.word()) {
        return;
    }
    let holds = handoff::handed_over(&machine.run).is_ok_and(|instance| instance.is_some());
    let tries = if holds { TRIES_CACHED } else { TRIES };
    let Some(instance) = read(machine, tries, log) else { return };
    log.info("found {}", &[&instance.datasource_name()]);
    let mut applier = Applier::new(&machine.root, &machine.run);
    let mut take = |action| _ = carry_out(&mut applier, &action, log);
    handoff::instance(&instance, &cache::encode(&instance), &mut take);
    handoff::outcome(Outcome::Found, &mut take);
}

/// Reads the seed now that the machine runs, a server's file with so many
/// tries; `None` where there is none.
pub(crate) fn read(machine: &Machine, tries: u32, log: &mut Log<'_>) -> Option<Box<Instance>> {
    let server = Server { tries, fetched: RefCell::default() };
    find::fetch(&machine.local(&kernel_line()), &server, log)
}
