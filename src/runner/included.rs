//! What user-data includes: fetched by the init stage, kept for those after it
//! and for boots without a network.

use crate::download::{self, Source};
use crate::provision::Machine;
use glowplug::action::Action;
use glowplug::error::Error;
use glowplug::fetch::Fetch;
use glowplug::limits;
use glowplug::stage::log::Log;
use glowplug::state::paths::{HANDOFF, InstancePaths};
use glowplug::sys::apply::Applier;
use md5::{Digest, Md5};

/// How often a server is asked, and how many seconds it may be silent, as
/// cloud-init has them.
const TRIES: u32 = 11;
const TIMEOUT: u32 = 5;

/// Where what is included comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// Its server; what it gave once, where that will do or the server fails.
    Server,
    /// What the init stage has kept.
    Kept,
    /// Its server, asked once, without anything being kept.
    Once,
}

/// What is included.
pub(crate) struct Included<'i> {
    from: From,
    machine: &'i Machine,
    paths: &'i InstancePaths,
    /// Paths below the instance's directory, and what is to be kept there.
    new: Vec<(String, Vec<u8>)>,
    /// Whether user-data includes anything.
    pub(crate) is_asked: bool,
}

impl<'i> Included<'i> {
    pub(crate) fn new(from: From, machine: &'i Machine, paths: &'i InstancePaths) -> Self {
        Self { from, machine, paths, new: Vec::new(), is_asked: false }
    }

    /// What stands at `url`; `once`: what it once gave will do.
    pub(crate) fn fetch(&mut self, url: &str, once: bool, log: &mut Log<'_>) -> Result<Vec<u8>, String> {
        self.is_asked = true;
        let place = place(url, once);
        if self.from == From::Kept || (once && self.from == From::Server) {
            match self.kept(&place) {
                None if self.from == From::Kept => return Err("the init stage could not fetch it".into()),
                None => {}
                Some(content) => return Ok(content),
            }
        }
        let tries = if self.from == From::Once { 1 } else { TRIES };
        let source = Source { url, tries, timeout: TIMEOUT, ..Source::default() };
        match download::fetch(&source, limits::SEED_FILE) {
            Ok(content) => {
                log.info("fetched {}: {} bytes", &[&download::shown(url), &content.len().to_string()]);
                self.new.push((place, content.clone()));
                Ok(content)
            }
            Err(why) => {
                let kept = self.kept(&place).ok_or_else(|| why.clone())?;
                let why = [&why, "; what it gave in an earlier boot is used"].concat();
                log.warn(&Error::new("fetch", download::shown(url), why));
                Ok(kept)
            }
        }
    }

    fn kept(&self, place: &str) -> Option<Vec<u8>> {
        let read = |tree: &dyn Fetch, path: &str| tree.read(path, limits::SEED_FILE).ok().flatten();
        let in_run = ["glowplug/", place].concat();
        read(&self.machine.root, &self.paths.file(place)).or_else(|| read(&self.machine.run, &in_run))
    }

    /// Keeps what was fetched: with the instance, or for this boot where the
    /// root takes no file.
    pub(crate) fn keep(&self, applier: &mut Applier<'_>, log: &mut Log<'_>) {
        for (place, content) in &self.new {
            let mut write = |path: &str| applier.apply(&Action::write(path, content.clone(), 0o600), None);
            let written = write(&self.paths.file(place)).or_else(|_| write(&[HANDOFF, "/", place].concat()));
            if let Err(error) = written {
                log.warn(&error);
            }
        }
    }
}

/// Where below the instance's directory what a URL gave is kept; what is
/// fetched once where cloud-init keeps it.
fn place(url: &str, once: bool) -> String {
    let folder = if once { "data/urlcache" } else { "glowplug.included" };
    format!("{folder}/{:032x}", u128::from_be_bytes(Md5::digest(url).into()))
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn what_is_fetched_once_lies_where_cloud_init_keeps_it() {
        assert_eq!(place("http://x/", true), "data/urlcache/6e8eb82d9bda8f8b2b6ff3483f655b58");
        assert!(place("http://x/", false).starts_with("glowplug.included/"));
    }
}
