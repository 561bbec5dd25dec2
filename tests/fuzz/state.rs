//! What this program left itself: a cache is what was put in or no cache at
//! all, and a journal that ends within a line is one without that line.

use glowplug::instance::{File, Instance, InstanceId, NETWORK_DATA, USER_DATA};
use glowplug::state::cache;
use glowplug::state::journal::{Journal, Progress};

use crate::Target;

pub(crate) fn cache() -> Target {
    let mut full = Instance::new(InstanceId::parse("i-0123").unwrap(), "ConfigDrive");
    let empty = cache::encode(&full);
    full.detail = "[net,ver=2][source=/dev/sr0]".into();
    full.metadata.local_hostname = Some("host".into());
    full.metadata.public_keys = vec!["ssh-ed25519 AAAA x".into(); 3];
    full.raw = vec![
        File { path: USER_DATA.into(), content: b"#cloud-config\na: 1\n".repeat(20) },
        File { path: NETWORK_DATA.into(), content: b"{}".to_vec() },
    ];
    full.files = vec![File { path: "/etc/x".into(), content: vec![0, 255] }];
    full.machine.macs = vec!["fa:16:3e:00:00:01".into()];
    let corpus = vec![empty, cache::encode(&full)];
    Target {
        name: "cache",
        corpus,
        pieces: &[b"\0", b"\x01", b"\xff\xff\xff\xff", b"GLOWPLUG"],
        check: check_cache,
        rounds: 80_000,
    }
}

fn check_cache(frame: &[u8]) -> bool {
    match cache::decode(frame, "cache") {
        Ok(instance) => {
            assert_eq!(cache::encode(&instance), frame, "damage was not seen");
            true
        }
        Err(error) => {
            assert!(error.to_string().starts_with("unable to use the instance cache"), "{error}");
            false
        }
    }
}

/// Bodies under a right header, as somebody who may write the file makes them.
pub(crate) fn cache_body() -> Target {
    let corpus = cache().corpus.iter().map(|frame| frame[HEADER..].to_vec()).collect();
    let pieces = &[
        b"\0" as &[u8],
        b"\x01",
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\0\0\0\0\0\0\0\x80",
        b"\x04\0\0\0\0\0\0\0",
    ];
    Target { name: "cache_body", corpus, pieces, check: check_cache_body, rounds: 80_000 }
}

/// Bytes before the body of a cache.
const HEADER: usize = 28;

fn check_cache_body(body: &[u8]) -> bool {
    let mut frame = cache::encode(&Instance::new(InstanceId::parse("i").unwrap(), "X"));
    frame.truncate(12);
    frame.extend((body.len() as u64).to_le_bytes());
    frame.extend(cache::digest(body).to_le_bytes());
    frame.extend(body);
    match cache::decode(&frame, "cache") {
        Ok(instance) => {
            assert_eq!(cache::encode(&instance), frame, "it was read as something else");
            true
        }
        Err(error) => {
            assert_eq!(error.to_string(), "unable to use the instance cache cache: it is damaged");
            false
        }
    }
}

pub(crate) fn journal() -> Target {
    let text = "begun write_files 12 7\ndone write_files 12\nleft runcmd 18446744073709551615 it waits\nfinished ssh -\nbegun x 1 0\n";
    let pieces = &[
        b"begun " as &[u8],
        b"done ",
        b"left ",
        b"finished ",
        b"\n",
        b" ",
        b"-",
        b"a 1 2\n",
        b"\r",
        b"\0",
        b"x 1",
        b"\xc3\xa9",
    ];
    Target {
        name: "journal",
        corpus: vec![text.into(), Vec::new()],
        pieces,
        check: check_journal,
        rounds: 50_000,
    }
}

fn check_journal(input: &[u8]) -> bool {
    let whole = input.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let Some(mut journal) = Journal::read(&[input]) else { return false };
    let of_whole = Journal::read(&[&input[..whole]]).unwrap();
    for module in ["write_files", "ssh", "a"] {
        for action in 0..4 {
            let progress = journal.progress(module, action);
            assert_eq!(progress, of_whole.progress(module, action), "a torn line counted");
        }
    }
    // What is added to it is read, and takes nothing of the rest away.
    let more = [journal.end_torn_line(), &Journal::begun("m", 5, 9), &Journal::done("m", 6)].concat();
    let joined = [input, more.as_bytes()].concat();
    let again = Journal::read(&[&joined]).unwrap_or_else(|| panic!("{more:?} spoils it"));
    assert_eq!(again.progress("m", 6), Progress::Done);
    assert_eq!(again.progress("ssh", 1), journal.progress("ssh", 1));
    whole > 0
}
