//! `locale`: the language of the system.

use super::distribution::{Distribution, Family, has_systemd};
use super::system::{has_program, runs_systemd};
use super::{CREATED, Context, Early, Module, Network, Plan, Stage, shell_variables};
use crate::action::{Action, Program};
use crate::cloud_config::Setting;
use crate::error::Error;
use crate::fetch::{self, may_exist};
use crate::state::paths::Frequency;
use crate::text::{push_line, to_bytes};
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "locale",
    keys: &["locale"],
    stage: Stage::Config,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::NONE,
    plan,
};

const DOING: &str = "set the locale at";
const LOCALE_GEN: &str = "/etc/locale.gen";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let Some(setting) = context.config.get("locale") else { return };
    if is_off(&setting) {
        return;
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_.@-".contains(c);
    let locale = match setting.value.as_str() {
        Some(locale)
            if !locale.is_empty() && !locale.starts_with(['-', '.']) && locale.chars().all(is_part) =>
        {
            &*spelled(locale)
        }
        Some(_) => return plan.problems.push(setting.error(DOING, setting.value, "it names no locale")),
        None => return plan.problems.push(setting.mismatch(DOING, setting.value, "locale", "a string")),
    };
    let distribution = Distribution::of(context);
    let file = context.config.text("locale_configfile").filter(|path| path.starts_with('/'));
    let systemd = has_systemd(context.root);
    let mut set = |path: &str, name: &str| {
        let Ok(old) = plan.old(context, path) else { return };
        let text = shell_variables::with(old.as_deref().unwrap_or(CREATED), name, locale);
        plan.actions.push(Action::write(path, to_bytes(&text), 0o644));
    };
    match distribution.family {
        Family::Debian => debian(context, &setting, locale, file, plan),
        Family::RedHat if systemd => set("/etc/locale.conf", "LANG"),
        Family::RedHat => set(file.unwrap_or("/etc/sysconfig/i18n"), "LANG"),
        Family::Suse if !systemd => set(file.unwrap_or("/etc/sysconfig/language"), "RC_LANG"),
        Family::Suse | Family::Other => set(file.unwrap_or("/etc/locale.conf"), "LANG"),
        Family::Photon => {
            set(file.unwrap_or("/etc/locale.conf"), "LANG");
            if runs_systemd(context.root) {
                plan.actions.push(Program::repeatable(&["systemctl", "restart", "systemd-localed"]).into());
            }
        }
        Family::Alpine => {
            let text = format!("{CREATED}export CHARSET=UTF-8\nexport LANG={locale}\nexport LC_COLLATE=C\n");
            let path = file.unwrap_or("/etc/profile.d/locale.sh");
            plan.actions.push(Action::write(path, text.into_bytes(), 0o644));
        }
        Family::Arch => {
            generate(context, locale, plan);
            plan.actions.push(Program::repeatable(&["localectl", "set-locale", locale]).into());
        }
        Family::Gentoo => {
            generate(context, locale, plan);
            plan.actions.push(Program::repeatable(&["eselect", "locale", "set", locale]).into());
        }
    }
}

/// A locale as the system lists it: `UTF-8` has many spellings.
fn spelled(locale: &str) -> Cow<'_, str> {
    let Some((language, rest)) = locale.split_once('.') else { return locale.into() };
    let (charset, modifier) = rest.find('@').map_or((rest, ""), |at| rest.split_at(at));
    if charset.eq_ignore_ascii_case("utf8") || charset.eq_ignore_ascii_case("utf-8") {
        return format!("{language}.UTF-8{modifier}").into();
    }
    locale.into()
}

fn is_off(setting: &Setting<'_>) -> bool {
    let off = |text: &str| ["false", "0", "off", "no"].iter().any(|word| text.eq_ignore_ascii_case(word));
    setting.value.as_bool() == Some(false) || setting.value.as_str().is_some_and(off)
}

/// Nothing where the system has this locale already. A tiny image has neither
/// locale-gen nor update-locale: then only the file is written.
fn debian(context: &Context<'_>, setting: &Setting<'_>, locale: &str, file: Option<&str>, plan: &mut Plan) {
    let path = file.unwrap_or("/etc/default/locale");
    let Ok(present) = plan.old(context, "/etc/default/locale") else { return };
    let present = present.unwrap_or_default();
    let same = |present: &str| present.eq_ignore_ascii_case(locale);
    if shell_variables::value(&present, "LANG").is_some_and(same) && may_exist(context.root, path) {
        return;
    }
    let built_in = ["c", "c.utf-8", "posix"].iter().any(|name| locale.eq_ignore_ascii_case(name));
    if !built_in && has_program(context.root, "locale-gen") {
        generate(context, locale, plan);
    } else if !built_in {
        let why = "locale-gen is not there (package locales)";
        plan.problems.push(setting.error("generate the locale at", setting.value, why));
    }
    if has_program(context.root, "update-locale") {
        let arguments = [["--locale-file=", path].concat(), ["LANG=", locale].concat()];
        plan.actions.push(Program::repeatable(&["update-locale", &arguments[0], &arguments[1]]).into());
    } else {
        let Ok(old) = plan.old(context, path) else { return };
        let text = shell_variables::with(&old.unwrap_or_default(), "LANG", locale);
        plan.actions.push(Action::write(path, to_bytes(&text), 0o644));
    }
}

/// Generates a locale. Debian's locale-gen knows only what /etc/locale.gen
/// lists, Ubuntu's takes it as an argument; neither minds the other.
fn generate(context: &Context<'_>, locale: &str, plan: &mut Plan) {
    let Ok(listed) = plan.old(context, LOCALE_GEN) else { return };
    let listed = listed.unwrap_or_default();
    let supported = fetch::text(context.root, "/usr/share/i18n/SUPPORTED").unwrap_or_default();
    if !supported.is_empty() && !is_known(context, &supported, locale) {
        let why = "the system has no such locale (/usr/share/i18n/SUPPORTED)";
        plan.problems.push(Error::new("generate", locale, why));
    }
    if let Some(text) = with_locale(&listed, &supported, locale) {
        plan.actions.push(Action::write(LOCALE_GEN, to_bytes(&text), 0o644));
    }
    plan.actions.push(Program::repeatable(&["locale-gen", locale]).into());
}

/// Whether a locale is listed, or has a source of its own.
fn is_known(context: &Context<'_>, supported: &str, locale: &str) -> bool {
    let is_like = |name: &str| {
        let ((language, _, modifier), (own, _, modified)) = (parts(name), parts(locale));
        language == own && modifier == modified
    };
    let (language, _, modifier) = parts(locale);
    let at = if modifier.is_empty() { "" } else { "@" };
    supported.lines().filter_map(|line| line.split_ascii_whitespace().next()).any(is_like)
        || ["/usr/local", "/usr"].iter().any(|folder| {
            let path = [folder, "/share/i18n/locales/", language, at, modifier].concat();
            may_exist(context.root, &path)
        })
}

/// `listed` with a line for the locale; `None` when it has one.
fn with_locale(listed: &str, supported: &str, locale: &str) -> Option<String> {
    let names = |line: &str| line.split_ascii_whitespace().next() == Some(locale);
    if listed.lines().any(names) {
        return None;
    }
    let mut lines: Vec<&str> = listed.split_inclusive('\n').collect();
    let commented = |line: &&str| line.strip_prefix('#').is_some_and(names);
    let new = [locale, " ", charset(supported, locale)].concat();
    let Some(at) = lines.iter().position(commented) else {
        let mut text = String::from(listed);
        push_line(&mut text, &new);
        return Some(text);
    };
    lines[at] = lines[at].trim_start_matches(['#', ' ']);
    Some(lines.concat())
}

/// The parts of a locale: language, character set, modifier.
fn parts(locale: &str) -> (&str, Option<&str>, &str) {
    let (rest, modifier) = locale.split_once('@').unwrap_or((locale, ""));
    match rest.split_once('.') {
        Some((language, charset)) => (language, Some(charset), modifier),
        None => (rest, None, modifier),
    }
}

/// Whether two names are those of one character set, as the C library compares them.
fn is_one_charset(one: &str, other: &str) -> bool {
    let letters = |name: &str| -> String {
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    letters(one) == letters(other)
}

/// The character set of a locale as localedef(1) knows it: a line of the supported ones has it
/// (`de_DE@euro ISO-8859-15`), however the locale spells it.
fn charset<'t>(supported: &'t str, locale: &'t str) -> &'t str {
    let (language, given, modifier) = parts(locale);
    let lines = || supported.lines().filter_map(|line| line.trim_ascii().split_once(' '));
    let is_like = |name: &str, charset: &str| {
        let (other, own, modified) = parts(name);
        let is_meant = match given {
            Some(given) => is_one_charset(given, charset),
            None => own.is_none(),
        };
        other == language && modified == modifier && is_meant
    };
    let found = lines().find(|(name, _)| *name == locale);
    let found = found.or_else(|| lines().find(|(name, charset)| is_like(name, charset)));
    let found = found
        .or_else(|| lines().find(|(_, charset)| given.is_some_and(|given| is_one_charset(given, charset))));
    found.map_or(given.unwrap_or("UTF-8"), |(_, charset)| charset.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned, texts};

    fn root(id: &str) -> Tree {
        Tree::default().with("/etc/os-release", &format!("ID={id}\n"), FILE)
    }

    fn run(argv: &[&str]) -> Action {
        Program::repeatable(argv).into()
    }

    #[test]
    fn other_spellings_of_utf_8_were_generated_as_locales_that_nobody_has() {
        for (given, listed) in [
            ("en_US.utf8", "en_US.UTF-8"),
            ("en_US.UTF8", "en_US.UTF-8"),
            ("sr_RS.utf-8@latin", "sr_RS.UTF-8@latin"),
            ("de_DE.ISO-8859-1", "de_DE.ISO-8859-1"),
            ("de_DE", "de_DE"),
        ] {
            assert_eq!(spelled(given), listed);
        }
        let root = root("debian").with("/etc/locale.gen", "# en_US.UTF-8 UTF-8\n", FILE).with(
            "/usr/sbin/locale-gen",
            "",
            0o100_755,
        );
        let plan = planned("locale", "locale: en_US.UTF8", &root);
        assert_eq!(plan.actions[0], Action::write("/etc/locale.gen", b"en_US.UTF-8 UTF-8\n".into(), 0o644));
        assert_eq!(plan.actions[1], run(&["locale-gen", "en_US.UTF-8"]));
    }

    #[test]
    fn debian_generates_what_is_not_built_in() {
        let list = "# list\n# de_DE ISO-8859-1\n# de_DE.UTF-8 UTF-8\nen_US.UTF-8 UTF-8\n";
        let tools = |root: Tree| {
            root.with("/usr/sbin/locale-gen", "", 0o100_755).with("/usr/sbin/update-locale", "", 0o100_755)
        };
        let debian = tools(root("debian")).with(LOCALE_GEN, list, FILE);
        let update = |locale: &str| {
            run(&["update-locale", "--locale-file=/etc/default/locale", &format!("LANG={locale}")])
        };
        let german = list.replace("# de_DE.UTF-8", "de_DE.UTF-8");
        assert_eq!(
            planned("locale", "locale: de_DE.UTF-8", &debian).actions,
            [
                Action::write(LOCALE_GEN, german.into_bytes(), 0o644),
                run(&["locale-gen", "de_DE.UTF-8"]),
                update("de_DE.UTF-8"),
            ]
        );
        assert_eq!(planned("locale", "locale: C.UTF-8", &debian).actions, [update("C.UTF-8")]);
        let set = debian.with("/etc/default/locale", "LANG=\"en_US.UTF-8\"\n", FILE);
        assert_eq!(planned("locale", "locale: en_us.utf-8", &set).actions, []);
        assert_eq!(planned("locale", "locale: false", &set).actions, []);
    }

    #[test]
    fn a_debian_without_the_tools_gets_the_file() {
        let plan = planned("locale", "locale: de_DE.UTF-8", &root("debian"));
        assert_eq!(plan.actions, [Action::write("/etc/default/locale", b"LANG=de_DE.UTF-8\n".into(), 0o644)]);
        assert_eq!(
            texts(&plan.problems),
            ["unable to generate the locale at user-data:1:9: locale-gen is not there (package locales)"]
        );
    }

    #[test]
    fn a_new_line_has_the_character_set_that_is_supported() {
        let with = |locale| with_locale("a B\n", "fr_FR ISO-8859-1\n", locale);
        assert_eq!(with("fr_FR").as_deref(), Some("a B\nfr_FR ISO-8859-1\n"));
        assert_eq!(with("xx.KOI8-R").as_deref(), Some("a B\nxx.KOI8-R KOI8-R\n"));
        assert_eq!(with("xx@euro").as_deref(), Some("a B\nxx@euro UTF-8\n"));
        assert_eq!(with("a"), None);
    }

    /// localedef(1) knows no such character set, locale-gen(8) ends with 0, and LANG named nothing.
    #[test]
    fn a_character_set_was_written_as_the_locale_spells_it() {
        let supported = "de_DE.UTF-8 UTF-8\nde_DE ISO-8859-1\nde_DE@euro ISO-8859-15\nru_RU.KOI8-R KOI8-R\n\
                         ru_RU.UTF-8 UTF-8\nru_RU ISO-8859-5\nsr_RS@latin UTF-8\n";
        for (locale, charset) in [
            ("de_DE", "ISO-8859-1"),
            ("de_DE.ISO-8859-15@euro", "ISO-8859-15"),
            ("de_DE.iso88591", "ISO-8859-1"),
            ("de_DE.ISO8859-15", "ISO-8859-15"),
            ("ru_RU.KOI8-R", "KOI8-R"),
            ("ru_RU.koi8r", "KOI8-R"),
            ("ru_RU", "ISO-8859-5"),
            ("sr_RS.UTF-8@latin", "UTF-8"),
            ("xx_YY.CP1251", "CP1251"),
            ("xx_YY", "UTF-8"),
        ] {
            assert_eq!(self::charset(supported, locale), charset, "{locale}");
        }
    }

    /// locale-gen(8) ends with 0, and every program complains of LANG.
    #[test]
    fn a_locale_that_the_system_does_not_have_was_set_in_silence() {
        let root = root("debian").with("/usr/sbin/locale-gen", "", 0o100_755);
        let root =
            root.with("/usr/share/i18n/SUPPORTED", "de_DE.UTF-8 UTF-8\nde_DE@euro ISO-8859-15\n", FILE);
        let root = root.with("/usr/local/share/i18n/locales/my_OWN", "", FILE);
        let told =
            |locale: &str| texts(&planned("locale", &format!("locale: {locale}"), &root).problems).join("; ");
        assert_eq!(told("de_DE.UTF-8"), "");
        assert_eq!(told("de_DE.iso885915@euro"), "");
        assert_eq!(told("my_OWN.UTF-8"), "");
        let why = "unable to generate xx_YY.UTF-8: the system has no such locale (/usr/share/i18n/SUPPORTED)";
        assert_eq!(told("xx_YY.UTF-8"), why);
    }

    #[test]
    fn others_have_files_of_their_own() {
        let systemd = |id| root(id).with("/usr/lib/systemd/systemd", "", 0o100_755);
        let old = systemd("fedora").with("/etc/locale.conf", "# x\nLANG=C\nLC_TIME=C\n", FILE);
        let plan = |root: &Tree| planned("locale", "locale: fr_CA.UTF-8", root).actions;
        let file = |path, text: &str| Action::write(path, text.into(), 0o644);
        let fedora = file("/etc/locale.conf", "# x\nLANG=fr_CA.UTF-8\nLC_TIME=C\n");
        assert_eq!(plan(&old), [fedora]);
        let suse = file("/etc/sysconfig/language", "# Created by glowplug\nRC_LANG=fr_CA.UTF-8\n");
        assert_eq!(plan(&root("sles")), [suse]);
        let alpine =
            "# Created by glowplug\nexport CHARSET=UTF-8\nexport LANG=fr_CA.UTF-8\nexport LC_COLLATE=C\n";
        assert_eq!(plan(&root("alpine")), [file("/etc/profile.d/locale.sh", alpine)]);
        assert_eq!(plan(&root("arch")).last(), Some(&run(&["localectl", "set-locale", "fr_CA.UTF-8"])));
    }

    #[test]
    fn what_names_no_locale_is_told() {
        for (text, why) in [("\"a b\"", "it names no locale"), ("[a]", "locale is a list, not a string")] {
            let plan = planned("locale", &format!("locale: {text}"), &root("debian"));
            assert_eq!(plan.actions, []);
            assert_eq!(texts(&plan.problems), [format!("unable to set the locale at user-data:1:9: {why}")]);
        }
    }
}
