//! `glowplug devel hotplug-hook`: a NIC that came while the machine runs, as
//! cloud-init's command of that name handles udev's events.

use crate::cli::{Arguments, Ended, Fault, print};
use crate::network_config::back_end;
use crate::provision::{Machine, kernel_line};
use crate::settings::Settings;
use crate::stage::{console, need_root};
use crate::{late, log_file, program, remote};
use glowplug::action::{Action, Program};
use glowplug::cloud_config::{CloudConfig, Layer};
use glowplug::error::{Error, Result};
use glowplug::instance::Instance;
use glowplug::limits;
use glowplug::network::model::SystemLink;
use glowplug::network::resolve::ResolvedLink;
use glowplug::stage::handoff;
use glowplug::stage::local::{self, carry_out};
use glowplug::stage::log::{Level, Log};
use glowplug::stage::network::system_links;
use glowplug::state::cache;
use glowplug::state::paths::CACHE;
use glowplug::syntax::json;
use glowplug::sys::apply::Applier;
use glowplug::sys::tree;

/// The configuration of this boot, which only root may read.
const CONFIGURATION: &str = "/run/cloud-init/combined-cloud-config.json";

/// What allows it.
const WHEN: &str = "updates.network.when";

/// Says whether events are handled; cloud-init's words.
pub(crate) fn query(_: &Arguments) -> Ended {
    let Some(text) = tree::read(CONFIGURATION, limits::SEED_TOTAL)? else {
        print("Unable to determine hotplug state. No datasource detected\n")?;
        return Ok(1);
    };
    print(if is_enabled(&text)? { "enabled\n" } else { "disabled\n" })?;
    Ok(0)
}

/// Configures the NIC of an event.
pub(crate) fn handle(arguments: &Arguments) -> Ended {
    need_root("devel hotplug-hook")?;
    let name = arguments.value("devpath").unwrap_or_default().rsplit('/').next().unwrap_or_default();
    if name.is_empty() {
        return Err(Fault::Usage("unable to handle an event: --devpath names no NIC".into()));
    }
    let text = tree::read(CONFIGURATION, limits::SEED_TOTAL)?
        .ok_or_else(|| Error::new("handle the event of", name, "no stage has run in this boot"))?;
    let mut log = Log::new("glowplug", &console);
    if !is_enabled(&text)? {
        log.info("{} is left alone: {} does not have hotplug", &[name, WHEN]);
        return Ok(0);
    }
    if arguments.value("udevaction") == Some("remove") {
        log.info("{} is gone: its description is kept for when it comes again", &[name]);
        return Ok(0);
    }
    let done = configure(name, &text, &mut log);
    if let Err(error) = &done {
        log.error(error);
    }
    log_file::append("glowplug", &log.lines);
    Ok(u8::from(log.has(Level::Error, 0)))
}

fn is_enabled(configuration: &[u8]) -> Result<bool> {
    with_configuration(configuration, |config| {
        let events = config.get(WHEN).and_then(|setting| setting.value.items()).unwrap_or_default();
        events.iter().any(|event| event.as_str() == Some("hotplug"))
    })
}

fn with_configuration<T>(text: &[u8], ask: impl FnOnce(&CloudConfig<'_>) -> T) -> Result<T> {
    let value = json::parse(text).map_err(|error| error.in_file(CONFIGURATION))?;
    Ok(ask(&CloudConfig::new(vec![Layer { name: CONFIGURATION, value: &value }])))
}

fn configure(name: &str, configuration: &[u8], log: &mut Log<'_>) -> Result<()> {
    let machine = Machine::running(Settings::default())?;
    let Some(kept) = machine.instance(log) else {
        return Err(Error::new("configure", name, "there is no instance"));
    };
    let present = system_links()?;
    if !present.iter().any(|nic| nic.name == name) {
        return Err(Error::new("configure", name, "there is no such NIC"));
    }
    // The seed may describe more by now; without one it is what it was.
    let read = remote::read(&machine, remote::TRIES_CACHED, log).filter(|read| read.id == kept.id);
    let mut instance = read.unwrap_or_else(|| kept.clone());
    instance.keep_unread(&kept);
    let wanted = described(&machine, &instance, name, &present)?;
    late::configure(&machine, &instance, log);
    if instance != kept {
        let frame = cache::encode(&instance);
        let mut applier = Applier::new(&machine.root, &machine.run);
        handoff::instance(&instance, &frame, &mut |action| _ = carry_out(&mut applier, &action, log));
        carry_out(&mut applier, &Action::write(CACHE, frame, 0o400), log);
    }
    let renderer = with_configuration(configuration, |config| back_end(config, &machine.root))?;
    for words in renderer.map(|renderer| bring_up(renderer, &wanted)).unwrap_or_default() {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        program::run(&Program::new(&words))?;
        log.info("ran {}", &[&words.join(" ")]);
    }
    Ok(())
}

/// The name that the description of the network has for the NIC.
fn described(machine: &Machine, instance: &Instance, name: &str, present: &[SystemLink]) -> Result<String> {
    let why = "the network is left alone, or its description has no such NIC";
    let unknown = || Error::new("configure", name, why);
    let network = local::network_of(&machine.local(&kernel_line()), instance, present).ok_or_else(unknown)?;
    let resolved = network.resolve(present);
    let is_it = |link: &&ResolvedLink<'_>| link.present.is_some_and(|nic| nic.name == name);
    resolved.links.iter().find(is_it).map(|link| link.name.to_string()).ok_or_else(unknown)
}

/// What makes a back end read its new files and bring a NIC up, as cloud-init's
/// activators do.
fn bring_up(renderer: &str, nic: &str) -> Vec<Vec<String>> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match renderer {
        "netplan" => vec![words(&["netplan", "apply"])],
        "network-manager" => {
            vec![words(&["nmcli", "connection", "reload"]), words(&["nmcli", "device", "connect", nic])]
        }
        "networkd" => {
            vec![words(&["networkctl", "reload"]), words(&["networkctl", "reconfigure", nic])]
        }
        _ => vec![words(&["ifup", nic])],
    }
}
