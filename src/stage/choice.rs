//! Which datasources are tried: the kernel line, `/etc/cloud/ds-identify.cfg`
//! and `datasource_list` say so, the first that says anything.

use super::log::Log;
use crate::cloud_config::{CloudConfig, Layer};
use crate::datasource::{self, Datasource};
use crate::error::Error;
use crate::fetch::{self, Fetch};
use crate::kernel_line::KernelLine;
use crate::syntax::value::Value;
use crate::text::fill;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// The datasources of a boot.
#[derive(Default)]
pub(super) struct Choice {
    /// Those that are tried, in order.
    pub(super) datasources: Vec<&'static Datasource>,
    /// What names one alone: its seed is expected.
    pub(super) pinned: Option<String>,
    /// Whether None is named too, and no other was passed over: without a seed
    /// the configuration counts all the same ([`super::fallback`]).
    pub(super) fallback: bool,
    /// Only names that are not built in were given: no seed can be found.
    pub(super) unknown: Option<Error>,
}

/// Words of the kernel line that name a datasource; what follows a `;` is for
/// the datasource itself.
static WORDS: [&str; 3] = ["ci.datasource", "ci.ds", "ds"];

/// What ds-identify is told by.
const IDENTIFY: &str = "/etc/cloud/ds-identify.cfg";

/// Reads the choice; names that are not built in are logged in one line if others are.
#[inline(never)]
pub(super) fn choose(
    line: &KernelLine,
    root: &dyn Fetch,
    config: &[(&str, Value<'_>)],
    log: &mut Log<'_>,
) -> Choice {
    let Some((names, place)) = named(line, root, config) else {
        return Choice { datasources: datasource::ALL.iter().collect(), ..Choice::default() };
    };
    let (mut choice, mut unknown, mut count) = (Choice::default(), Vec::new(), 0);
    for name in &names {
        match datasource::named(name) {
            Some(known) => choice.datasources.push(known),
            None if name.eq_ignore_ascii_case("none") => {
                choice.fallback = true;
                continue;
            }
            None => unknown.push(name.as_str()),
        }
        count += 1;
    }
    if !unknown.is_empty() {
        // Theirs may be a seed that nobody here looks for.
        choice.fallback = false;
        if choice.datasources.is_empty() {
            choice.unknown = Some(not_built_in(&unknown, &place));
            return choice;
        }
        log.info("passed over, not built in: {} of {}", &[&unknown.join(", "), &place]);
    }
    if choice.datasources.is_empty() {
        log.info("{} names no datasource that looks for a seed", &[&place]);
    } else if count == 1 {
        choice.pinned = Some(place);
    }
    choice
}

/// The error of a choice of which nothing is built in, with the name that was probably meant: one
/// that begins alike.
fn not_built_in(names: &[&str], place: &str) -> Error {
    let mut why = fill("{} asks for it, and built in are only", &[place]);
    let mut near = "";
    for (at, known) in datasource::ALL.iter().enumerate() {
        why.extend([if at == 0 { " " } else { ", " }, known.name]);
        let begins = |name: &&str| match (name.get(..3), known.name.get(..3)) {
            (Some(name), Some(known)) => name.eq_ignore_ascii_case(known),
            _ => false,
        };
        if names.iter().any(begins) {
            near = known.name;
        }
    }
    if !near.is_empty() {
        why.push_str(&fill(" (is {} meant?)", &[near]));
    }
    Error::new("use datasource", names.join(", "), why)
}

/// The names and where they stand.
#[inline(never)]
fn named(line: &KernelLine, root: &dyn Fetch, config: &[(&str, Value<'_>)]) -> Option<(Vec<String>, String)> {
    for word in WORDS {
        let name = line.get(word).and_then(|value| value.split(';').next()).unwrap_or_default();
        if !name.is_empty() {
            return Some((Vec::from([name.to_owned()]), [word, "= on the kernel line"].concat()));
        }
    }
    let text = fetch::text(root, IDENTIFY).unwrap_or_default();
    for line in text.lines() {
        let value = line.trim_ascii().strip_prefix("datasource:").unwrap_or_default();
        let name = value.split('#').next().unwrap_or_default().trim_ascii();
        let name = name.trim_matches(|quote| matches!(quote, '"' | '\''));
        if !name.is_empty() {
            return Some((Vec::from([name.to_owned()]), IDENTIFY.to_owned()));
        }
    }
    let layers = config.iter().map(|(name, value)| Layer { name, value }).collect();
    let setting = CloudConfig::new(layers).get("datasource_list")?;
    let items = setting.value.items().unwrap_or(core::slice::from_ref(setting.value));
    let names = items.iter().filter_map(|item| item.as_str().map(ToOwned::to_owned)).collect();
    Some((names, "datasource_list".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::syntax::yaml;

    /// Names of what is tried, whether it is pinned, and what is told.
    fn choice(line: &str, files: &[(&str, &str)], config: &str) -> (Vec<&'static str>, bool, String) {
        let root = Tree::of("", files);
        let config = [("cloud.cfg", yaml::load(config).unwrap())];
        let mut log = Log::new("x", &|_, _| ());
        let choice = choose(&KernelLine::parse(line), &root, &config, &mut log);
        let names = choice.datasources.iter().map(|datasource| datasource.name).collect();
        let told = log.lines.into_iter().map(|line| line.text + "\n");
        let told = told.chain(choice.unknown.map(|error| error.text().to_owned()));
        (names, choice.pinned.is_some(), told.collect())
    }

    #[test]
    fn nothing_said_means_all() {
        let all = vec!["NoCloud", "ConfigDrive", "OVF"];
        assert_eq!(choice("quiet", &[], "{}"), (all.clone(), false, String::new()));
        assert_eq!(choice("ds=", &[], "datasource_list: null"), (all, false, String::new()));
    }

    #[test]
    fn the_kernel_line_goes_first() {
        let file = [("/etc/cloud/ds-identify.cfg", "# x\npolicy: enabled\ndatasource: 'ovf' # y\n")];
        let list = "datasource_list: [ConfigDrive, None]";
        assert_eq!(choice("ds=nocloud-net;s=/x", &file, list).0, ["NoCloud"]);
        assert_eq!(choice("ds=nocloud ci.ds=CONFIGDRIVE", &file, list).0, ["ConfigDrive"]);
        assert_eq!(choice("", &file, list), (vec!["OVF"], true, String::new()));
        assert_eq!(choice("", &[], list), (vec!["ConfigDrive"], true, String::new()));
    }

    #[test]
    fn what_is_not_built_in_is_told_once_and_none_is_none() {
        let told = "passed over, not built in: Azure, Ec2 of datasource_list\n";
        assert_eq!(
            choice("", &[], "datasource_list: [ConfigDrive, Azure, NoCloud, Ec2, None]"),
            (vec!["ConfigDrive", "NoCloud"], false, told.into())
        );
        let told = "datasource_list names no datasource that looks for a seed\n";
        assert_eq!(choice("", &[], "datasource_list: [None]"), (vec![], false, told.into()));
    }

    #[test]
    fn a_choice_of_which_nothing_is_built_in_is_an_error_with_the_near_miss() {
        let told = |line: &str, config: &str| {
            let (names, pinned, told) = choice(line, &[], config);
            assert!(names.is_empty() && !pinned);
            told
        };
        assert_eq!(
            told("ds=gce", "{}"),
            "unable to use datasource gce: ds= on the kernel line asks for it, and built in are only \
             NoCloud, ConfigDrive, OVF"
        );
        assert_eq!(
            told("", "datasource_list: [config-drive, None]"),
            "unable to use datasource config-drive: datasource_list asks for it, and built in are only \
             NoCloud, ConfigDrive, OVF (is ConfigDrive meant?)"
        );
    }
}
