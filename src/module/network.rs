//! Which configuration needs the network: each module says so beside its keys,
//! and a stage waits for what its modules say.

use super::{MODULES, Module, Stage};
use crate::cloud_config::CloudConfig;
use crate::fetch::Fetch;
use crate::syntax::value::{Data, Value};

/// What makes the stage of a module wait for the network.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    /// Paths of keys, dots within them and blanks between; `*` is every item of a list or
    /// mapping. One of them that is set to something makes it wait.
    keys: &'static str,
    /// This does, of a configuration with a word of `keys` in it.
    when: Option<fn(&CloudConfig<'_>, &dyn Fetch) -> bool>,
}

impl Network {
    /// Nothing does.
    pub(crate) const NONE: Self = Self::keys("");

    /// The keys at these paths do.
    pub(super) const fn keys(keys: &'static str) -> Self {
        Self { keys, when: None }
    }

    /// `when` does, which needs a key or value `word`.
    pub(super) const fn when(word: &'static str, when: fn(&CloudConfig<'_>, &dyn Fetch) -> bool) -> Self {
        Self { keys: word, when: Some(when) }
    }
}

/// What a stage waits for the network for.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    /// The stage.
    pub stage: Stage,
    network: Network,
}

/// What all modules need. It names no plan: the agent has no code for those.
pub static NEEDS: [Need; count()] = needs();

const fn count() -> usize {
    let (mut count, mut at) = (0, 0);
    while at < MODULES.len() {
        if !MODULES[at].network.keys.is_empty() {
            count += 1;
        }
        at += 1;
    }
    count
}

const fn needs() -> [Need; count()] {
    let mut needs = [Need { stage: Stage::Init, network: Network::NONE }; count()];
    let (mut count, mut at) = (0, 0);
    while at < MODULES.len() {
        let Module { stage, network, .. } = MODULES[at];
        if !network.keys.is_empty() {
            needs[count] = Need { stage, network };
            count += 1;
        }
        at += 1;
    }
    needs
}

impl Need {
    /// Whether a configuration has it.
    #[inline(never)]
    pub fn is_in(&self, config: &CloudConfig<'_>, root: &dyn Fetch) -> bool {
        if let Some(when) = self.network.when {
            return when(config, root);
        }
        self.network.keys.split(' ').any(|path| {
            let (key, below) = path.split_once('.').unwrap_or((path, ""));
            config.find(key).is_some_and(|setting| is_set(setting.value, below))
        })
    }

    /// Whether a configuration that is not read yet, as it is a template, may have it.
    #[inline(never)]
    pub fn may_be_in(&self, text: &[u8]) -> bool {
        self.network.keys.split(' ').any(|path| contains(text, path.split('.').next().unwrap_or_default()))
    }
}

/// Whether `word` is in `text`.
#[inline(never)]
pub fn contains(text: &[u8], word: &str) -> bool {
    text.windows(word.len()).any(|bytes| bytes == word.as_bytes())
}

/// Whether something is set at a path below `value`; `false` and what is empty is nothing.
fn is_set(value: &Value<'_>, path: &str) -> bool {
    let (key, below) = path.split_once('.').unwrap_or((path, ""));
    let is_below = |value: &Value<'_>| is_set(value, below);
    match &value.data {
        Data::Null | Data::Bool(false) => false,
        Data::Seq(items) if key == "*" => items.iter().any(is_below),
        Data::Map(entries) if key == "*" => entries.iter().any(|(_, item)| is_below(item)),
        Data::Seq(items) => key.is_empty() && !items.is_empty(),
        _ => key.is_empty() || value.get(key).is_some_and(is_below),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud_config::layer;
    use crate::fetch::memory::Tree;

    /// The stages that wait for a configuration.
    fn waiting(text: &str, root: &Tree) -> Vec<Stage> {
        let config = layer(text);
        let mut stages: Vec<Stage> =
            NEEDS.iter().filter(|need| need.is_in(&config, root)).map(|need| need.stage).collect();
        stages.dedup();
        stages
    }

    #[test]
    fn a_stage_that_fetches_did_not_wait_for_the_network() {
        use Stage::{Config, Final, Init};
        let root = Tree::default();
        for (text, stages) in [
            ("users: [default, {name: kim, ssh_import_id: ['gh:kim']}]", &[Config][..]),
            ("users: {kim: {ssh_import_id: 'gh:kim'}}", &[Config]),
            ("ssh_import_id: [gh:kim]", &[Config]),
            ("apt_proxy: http://p", &[Config]),
            ("apt_sources: [{source: x}]", &[Config]),
            ("apt_update: true", &[Final]),
            ("apt_upgrade: true", &[Final]),
            ("ntp: {}", &[Config]),
            ("ntp: {enabled: false}", &[]),
            ("rsyslog: {install_rsyslog: true}", &[Init]),
            ("rsyslog: {configs: [x]}", &[]),
            ("mounts: [[nas:/x, /nas, nfs4]]", &[Init]),
            ("mounts: [['//nas/x', /nas, cifs]]", &[Init]),
            ("mounts: [[fs-1, /nas, efs]]", &[Init]),
            ("mounts: [[/dev/vdb, /data, ext4, _netdev]]", &[]),
            ("random_seed: {command: [sh, -c, x]}", &[Init]),
            ("random_seed: {data: x}", &[]),
            ("bootcmd: [x]", &[Init]),
            ("write_files: [{path: /x, source: {uri: 'https://x'}}]", &[Init, Final]),
            ("package_update: false", &[]),
            ("packages: []", &[]),
            ("packages: [x]", &[Final]),
            ("runcmd: [x]", &[Final]),
            ("phone_home: {url: x}", &[Final]),
            ("chef: {x: y}", &[]),
            ("landscape: {x: y}", &[]),
            ("lxd: {x: y}", &[]),
            ("hostname: x", &[]),
        ] {
            assert_eq!(waiting(text, &root), stages, "{text}");
        }
    }

    #[test]
    fn what_is_there_is_not_installed_over_the_network() {
        let root = Tree::default().with("/usr/sbin/chronyd", "", 0o100_755);
        assert_eq!(waiting("{ntp: {servers: [a]}}", &root), []);
        assert_eq!(waiting("ntp: {ntp_client: ntp}", &root), [Stage::Config], "it may be another one");
    }

    #[test]
    fn templates_are_searched_for_the_words() {
        let stages = |text: &str| {
            let found = NEEDS.iter().filter(|need| need.may_be_in(text.as_bytes())).map(|need| need.stage);
            let mut stages: Vec<Stage> = found.collect();
            stages.dedup();
            stages
        };
        assert_eq!(stages("#cloud-config\n{% if x %}bootcmd: []{% endif %}"), [Stage::Init]);
        assert_eq!(stages("hostname: {{ x }}"), []);
    }
}
