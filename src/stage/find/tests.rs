use super::*;
use crate::datasource;
use crate::fetch::memory::Tree;
use crate::instance::InstanceId;
use crate::syntax::yaml;

fn machine(uuid: &str, mac: &str) -> Machine {
    Machine { product_uuid: uuid.into(), macs: Vec::from([mac.into()]) }
}

fn instance(id: &str, source: &str, machine: Machine) -> Box<Instance> {
    let mut instance = Box::new(Instance::new(InstanceId::parse(id).unwrap(), "ConfigDrive"));
    instance.source = source.into();
    instance.machine = machine;
    instance
}

fn past(cached: Option<Box<Instance>>, here: &Machine) -> Past {
    let owned = cached.as_ref().is_some_and(|cached| is_of(cached, here));
    Past { cached, owned, lost: false, fallback: false }
}

#[test]
fn how_long_a_machine_waits() {
    let here = machine("u-1", "a");
    let quiet = |cached, expected| past(cached, &here).quiet(expected, &here);
    assert_eq!((quiet(None, false), quiet(None, true)), (Some(SETTLED), None));
    let own = || Some(instance("i", "/dev/sr0", here.clone()));
    assert_eq!((quiet(own(), false), quiet(own(), true)), (Some(SETTLED_CACHED), Some(SETTLED_CACHED)));
    let named = || Some(instance("U-1", "/dev/sr0", machine("u-1", "b")));
    assert_eq!((quiet(named(), false), quiet(named(), true)), (Some(SETTLED), Some(SETTLED_CACHED)));
    assert_eq!(quiet(Some(instance("i", "dmi,/seed/", here.clone())), false), Some(SETTLED));
    let other = Some(instance("i", "/dev/sr0", machine("u-2", "a")));
    assert_eq!(quiet(other, false), None, "a copy of a machine has a drive of its own");
    let lost = Past { cached: None, owned: false, lost: true, fallback: false };
    assert_eq!(lost.quiet(false, &here), None);
}

#[test]
fn an_instance_may_be_kept_until_the_cache_is_cleaned() {
    let config = |text: &'static str| [("cloud.cfg", yaml::load(text).unwrap())];
    let nothing = Tree::default();
    assert!(is_trusted(&nothing, &config("manual_cache_clean: yes")));
    assert!(!is_trusted(&nothing, &config("manual_cache_clean: false")));
    let marked = nothing.with("/var/lib/cloud/instance/manual-clean", "", 0o100_644);
    assert!(is_trusted(&marked, &config("{}")));
}

/// The outcome, the instance-id and whether it changed, and what is told.
fn decided(
    answer: Answer,
    last: Option<Box<Instance>>,
    cached: Option<Box<Instance>>,
) -> (Outcome, Option<(String, bool)>, Vec<String>) {
    let here = machine("u-1", "a");
    let mut log = Log::new("x", &|_, _| ());
    let all: Vec<_> = datasource::ALL.iter().collect();
    let past = past(cached, &here);
    let (outcome, decided) = decide(answer, last, &absent(&all), past, here.clone(), &mut log);
    let decided = match decided {
        Decided::Instance { instance, changed } => {
            assert_eq!(instance.machine, here);
            Some((instance.id.as_str().into(), changed))
        }
        Decided::NetworkAlone => Some(("none, a network".into(), true)),
        Decided::Nothing => None,
    };
    (outcome, decided, log.lines.into_iter().map(|line| line.text).collect())
}

#[test]
fn the_configuration_counts_without_a_seed_where_it_names_none() {
    let here = machine("u-1", "a");
    let decided = |answer, cached| {
        let past = Past { fallback: true, ..past(cached, &here) };
        let (outcome, decided) = decide(answer, None, "", past, here.clone(), &mut Log::new("x", &|_, _| ()));
        (outcome, matches!(decided, Decided::NetworkAlone))
    };
    assert_eq!(decided(Answer::Absent, None), (Outcome::Fallback, true));
    assert_eq!(decided(Answer::TimedOut, None), (Outcome::Fallback, true));
    assert_eq!(decided(Answer::Broken(Error::new("read", "x", "why")), None), (Outcome::Broken, true));
    let other = || Some(instance("i", "/dev/sr0", machine("u-2", "b")));
    assert_eq!(decided(Answer::Absent, other()), (Outcome::Fallback, true));
    let own = || Some(instance("i", "/dev/sr0", here.clone()));
    assert_eq!(decided(Answer::Absent, own()), (Outcome::Cached, false), "last-good holds");
}

#[test]
fn absent_timed_out_and_broken_are_three_sentences() {
    const WHAT: &str =
        "no drive labelled cidata, no drive labelled config-2, no disc with an OVF environment";
    let (outcome, none, told) = decided(Answer::Absent, None, None);
    assert_eq!((outcome, none, told), (Outcome::Absent, None, Vec::from(["no seed: ".to_owned() + WHAT])));
    let (outcome, none, told) = decided(Answer::TimedOut, None, None);
    assert_eq!((outcome, none), (Outcome::TimedOut, None));
    assert_eq!(told, [["no seed: ", WHAT].concat()]);
    let (outcome, network, told) = decided(Answer::Remote("http://h/".into()), None, None);
    assert_eq!((outcome, network), (Outcome::Remote, Some(("none, a network".into(), true))));
    assert_eq!(told, ["the seed is at http://h/: it is fetched when the network is up"]);
    let error = || Answer::Broken(Error::new("read", "x", "why"));
    let (outcome, none, told) = decided(error(), None, None);
    assert_eq!((outcome, none), (Outcome::Broken, None));
    assert_eq!(told, ["unable to read x: why"]);
    let cached = Some(instance("i", "/dev/sr0", machine("u-1", "a")));
    let (outcome, held, _) = decided(error(), None, cached);
    assert_eq!((outcome, held), (Outcome::Broken, Some(("i".into(), false))));
}

#[test]
fn dmi_names_a_cloud() {
    assert_eq!(cloud_of("OpenStack Foundation, OpenStack Nova"), Some(("OpenStack", true)));
    let azure = cloud_of("Microsoft Corporation, Virtual Machine, 7783-7084-3265-9085-8269-3286-77");
    assert!(azure.is_some_and(|(_, has_drives)| !has_drives));
    assert_eq!(cloud_of("Amazon EC2, t3.micro"), Some(("Amazon EC2", false)));
    assert_eq!(cloud_of("QEMU, Standard PC (i440FX + PIIX, 1996)"), None);
    assert_eq!(cloud_of(""), None);
}

#[test]
fn the_last_instance_holds_where_it_was_made() {
    let cached = |machine| Some(instance("U-1", "/dev/sr0", machine));
    let (outcome, held, told) = decided(Answer::Absent, None, cached(machine("u-1", "a")));
    assert_eq!((outcome, held), (Outcome::Cached, Some(("U-1".into(), false))));
    assert_eq!(told[1], "instance U-1 of the last boot holds");
    // The firmware names it: another NIC is no other machine.
    let (outcome, held, _) = decided(Answer::Absent, None, cached(machine("u-1", "b")));
    assert_eq!((outcome, held), (Outcome::Cached, Some(("U-1".into(), true))));
    let foreign = Some(instance("i", "/dev/sr0", machine("u-2", "b")));
    let (outcome, copy, told) = decided(Answer::Absent, None, foreign);
    assert_eq!((outcome, copy), (Outcome::Absent, Some(("none, a network".into(), true))));
    assert!(told[1].ends_with("it was made on another machine"), "{told:?}");
}

#[test]
fn a_nic_more_or_less_makes_no_other_machine() {
    let of = |uuid: &str, macs: &[&str]| Machine {
        product_uuid: uuid.into(),
        macs: macs.iter().map(|mac| (*mac).into()).collect(),
    };
    let same = |then: (&str, &[&str]), now: (&str, &[&str])| {
        is_of(&instance("i", "/dev/sr0", of(then.0, then.1)), &of(now.0, now.1))
    };
    assert!(same(("", &["a"]), ("", &["a", "b"])) && same(("u", &["a", "b"]), ("u", &["b", "c"])));
    assert!(same(("u", &[]), ("u", &["a"])) && same(("u", &["a"]), ("u", &[])));
    assert!(same(("", &[]), ("", &[])), "nothing tells them apart");
    for (then, now) in [("", ""), ("u", "u")] {
        assert!(!same((then, &["a"]), (now, &["b"])), "a copy has NICs of its own");
    }
    assert!(!same(("u", &["a"]), ("v", &["a"])) && !same(("", &["a"]), ("", &[])));
}

#[test]
fn what_says_little_takes_no_identity_away() {
    let last = || Some(instance("nocloud", "cmdline", Machine::default()));
    let (outcome, taken, _) = decided(Answer::TimedOut, last(), None);
    assert_eq!((outcome, taken), (Outcome::Found, Some(("nocloud".into(), true))));
    let cached = |id| Some(instance(id, "/dev/sr0", machine("u-1", "a")));
    let (outcome, held, _) = decided(Answer::TimedOut, last(), cached("i"));
    assert_eq!((outcome, held), (Outcome::Cached, Some(("i".into(), false))));
    let (outcome, known, told) = decided(Answer::TimedOut, last(), cached("nocloud"));
    assert_eq!((outcome, known), (Outcome::Found, Some(("nocloud".into(), false))));
    assert!(told.contains(&"instance nocloud is the one this root knows".into()), "{told:?}");
}
