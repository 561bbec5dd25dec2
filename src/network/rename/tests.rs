use super::*;

fn link(index: u32, name: &str, up: bool) -> SystemLink {
    SystemLink { index, name: name.into(), own_mac: true, up, ..SystemLink::default() }
}

fn name(text: &str) -> LinkName {
    LinkName::new(text).unwrap()
}

/// The kernel of 6.1: a link that is up or a name that is taken is refused.
fn execute(present: &mut [SystemLink], action: &LinkAction) {
    let names: Vec<String> = present.iter().map(|link| link.name.clone()).collect();
    let find =
        |name: &str| names.iter().position(|other| other == name).unwrap_or_else(|| panic!("no link {name}"));
    let link = &mut present[find(&action.link)];
    match &action.change {
        LinkChange::Down => link.up = false,
        LinkChange::Up => link.up = true,
        LinkChange::Rename { to } => {
            assert!(to.len() <= 15, "{to} is too long");
            assert!(!link.up, "{} is up", link.name);
            assert!(!names.contains(to), "{to} is taken");
            link.name.clone_from(to);
        }
        other => panic!("{other:?} is no part of a rename"),
    }
}

fn run(wanted: &[(u32, LinkName)], mut present: Vec<SystemLink>) -> Vec<SystemLink> {
    for action in plan(wanted, &present) {
        execute(&mut present, &action);
    }
    assert_eq!(plan(wanted, &present), [], "a second run changes nothing");
    present
}

fn permutations(items: &[&'static str]) -> Vec<Vec<&'static str>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (at, first) in items.iter().enumerate() {
        let rest: Vec<_> = items.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, s)| *s).collect();
        all.extend(permutations(&rest).into_iter().map(|mut tail| {
            tail.insert(0, first);
            tail
        }));
    }
    all
}

/// Every order of four NICs, every subset of them wanted, some up; cut short
/// after every step and begun anew.
#[test]
fn ends_the_same_wherever_it_is_interrupted() {
    let names = ["eth0", "eth1", "eth2", "ens3"];
    for order in permutations(&names) {
        for subset in 0..16_u32 {
            let present: Vec<_> =
                (0..4).map(|i| link(i + 2, names[i as usize], (subset ^ i) & 1 == 1)).collect();
            let wanted: Vec<_> =
                (0..4).filter(|i| subset >> i & 1 == 1).map(|i| (i + 2, name(order[i as usize]))).collect();
            let whole = run(&wanted, present.clone());
            for (index, name) in &wanted {
                assert!(whole.iter().any(|link| link.index == *index && link.name == **name));
            }
            let up = |links: &[SystemLink]| links.iter().map(|link| link.up).collect::<Vec<_>>();
            assert_eq!(up(&whole), up(&present), "up is as before");
            let ends: Vec<_> = whole.iter().map(|link| (link.index, link.name.clone())).collect();
            assert_eq!(super::names(&wanted, &present), ends);

            for steps in 0..plan(&wanted, &present).len() {
                let mut part = present.clone();
                for action in &plan(&wanted, &present)[..steps] {
                    execute(&mut part, action);
                }
                let again: Vec<_> =
                    run(&wanted, part).into_iter().map(|link| (link.index, link.name)).collect();
                assert_eq!(again, ends, "{wanted:?} interrupted after {steps} steps");
            }
        }
    }
}

#[test]
fn names_that_are_right_are_left_alone() {
    let present = [link(2, "eth0", true), link(3, "eth1", true)];
    assert_eq!(plan(&[(2, name("eth0")), (3, name("eth1"))], &present), []);
    assert_eq!(plan(&[], &present), []);
    assert_eq!(plan(&[(9, name("eth0"))], &present), [], "a link that is not there displaces nobody");
}

#[test]
fn a_swap_takes_one_temporary_name_and_touches_only_what_is_up() {
    let present = [link(2, "eth0", true), link(3, "eth1", false)];
    let rename = |from: &str, to: &str| LinkAction::new(from, LinkChange::Rename { to: to.into() });
    assert_eq!(
        plan(&[(2, name("eth1")), (3, name("eth0"))], &present),
        [
            LinkAction::new("eth0", LinkChange::Down),
            rename("eth0", "glow0"),
            rename("eth1", "eth0"),
            rename("glow0", "eth1"),
            LinkAction::new("eth1", LinkChange::Up),
        ]
    );
}

#[test]
fn a_foreign_link_moves_to_the_next_free_name_of_its_stem() {
    let ends = |wanted: &[(u32, LinkName)], present: &[SystemLink]| -> Vec<String> {
        run(wanted, present.to_vec()).into_iter().map(|link| link.name).collect()
    };
    let present = [link(2, "eth0", true), link(3, "eth1", false), link(4, "eth3", false)];
    assert_eq!(ends(&[(3, name("eth0"))], &present), ["eth2", "eth0", "eth3"]);
    assert_eq!(ends(&[(4, name("wan")), (3, name("eth0"))], &present), ["eth2", "eth0", "wan"]);
    assert_eq!(ends(&[(3, name("lan"))], &[link(2, "lan", false), link(3, "eth0", false)]), ["lan0", "lan"]);
    let long = [link(2, "longest-name-99", false), link(3, "eth0", false)];
    assert_eq!(ends(&[(3, name("longest-name-99"))], &long), ["longest-name100", "longest-name-99"]);
}

#[test]
fn a_temporary_name_nobody_claims_is_given_up() {
    let ended = run(&[(3, name("eth0"))], vec![link(2, "glow0", false), link(3, "glow1", true)]);
    assert_eq!(ended[0].name, "eth1");
    assert_eq!((ended[1].name.as_str(), ended[1].up), ("eth0", true));
}

#[test]
fn a_name_wanted_twice_goes_to_the_first() {
    let ended = run(&[(2, name("lan")), (3, name("lan"))], vec![link(2, "a", false), link(3, "b", false)]);
    assert_eq!([&*ended[0].name, &*ended[1].name], ["lan", "b"]);
}

/// Somebody else gives a link a name of theirs before any one of our steps:
/// a link that is wanted, one in the way, one that has been renamed already.
#[test]
fn somebody_elses_renames_do_not_matter() {
    let start = [link(2, "eth0", true), link(3, "eth1", true), link(4, "ens3", false)];
    let wanted = [(2, name("eth1")), (3, name("eth0")), (4, name("lan"))];
    for at in 0..12 {
        for (index, foreign) in [(2, "ens8"), (3, "ens9"), (4, "eth0"), (4, "glow0")] {
            let machine = core::cell::RefCell::new(start.to_vec());
            let mut steps = 0;
            let problems = settle(&wanted, &start, &mut || Ok(machine.borrow().clone()), &mut |action| {
                let mut links = machine.borrow_mut();
                if steps == at && !links.iter().any(|link| link.name == foreign) {
                    let link = links.iter_mut().find(|link| link.index == index).unwrap();
                    link.name = foreign.into();
                }
                steps += 1;
                try_to(&mut links, &action)
            });
            assert_eq!(problems, [], "{foreign} before step {at}");
            let ends: Vec<_> = machine.borrow().iter().map(|link| (link.name.clone(), link.up)).collect();
            assert_eq!(
                ends[..2],
                [("eth1".into(), true), ("eth0".into(), true)],
                "{foreign} before step {at}"
            );
            assert_eq!(ends[2].0, "lan", "{foreign} before step {at}");
        }
    }
}

#[test]
fn a_name_that_can_not_be_had_is_one_problem() {
    let start = [link(2, "eth0", false), link(3, "eth1", false)];
    let mut tries = 0;
    let problems = settle(&[(2, name("lan"))], &start, &mut || Ok(start.to_vec()), &mut |action| {
        tries += 1;
        Err(Error::os_saying(&action.text(), 16, ""))
    });
    assert_eq!(problems, [Error::os_saying("rename link eth0 to lan", 16, "")]);
    assert_eq!(tries, ROUNDS);
}

/// As [`execute`], where the kernel's refusal is an error.
fn try_to(present: &mut [SystemLink], action: &LinkAction) -> Result<()> {
    let names: Vec<String> = present.iter().map(|link| link.name.clone()).collect();
    let refused = |errno| Err(Error::os_saying(&action.text(), errno, ""));
    let Some(at) = names.iter().position(|other| *other == action.link) else { return refused(19) };
    match &action.change {
        LinkChange::Rename { .. } if present[at].up => refused(16),
        LinkChange::Rename { to } if names.contains(to) => refused(17),
        _ => {
            execute(present, action);
            Ok(())
        }
    }
}

#[test]
fn a_link_in_the_way_takes_no_alternative_name_of_another() {
    let mut present = [link(2, "eth0", false), link(3, "eth1", false), link(4, "ens5", false)];
    present[2].alternative_names = vec!["eth2".into()];
    let ended = run(&[(3, name("eth0"))], present.to_vec());
    assert_eq!([&*ended[0].name, &*ended[1].name], ["eth3", "eth0"]);
}
