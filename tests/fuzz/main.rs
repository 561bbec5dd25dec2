//! Mutations of all corpora through everything that reads what others wrote:
//! nothing may panic or hang, and each target says what must hold besides.
//!
//! ```text
//! cargo test --test fuzz                                   a fixed number of inputs each, some 30 s in all
//! cargo test --profile fuzz --test fuzz -- --seconds 3600  an hour, shared evenly, optimised
//! cargo test --profile fuzz --test fuzz -- --seconds 600 --seed 7 --target yaml
//! ```
//!
//! Overflow is checked in both profiles. With a seed and a number of rounds
//! (`--rounds N`) a run is the same each time. For each target a line says how
//! many inputs there were, in how many seconds, how many were read as what
//! they should be, and the slowest input for its size. An input that fails is
//! printed with its round; the run goes on and fails in the end. One that
//! takes more than a minute ends the run.
//!
//! A target is a file here: its corpus, what mutations put in, and a check.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a check fails by a panic

use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use options::Options;
use random::Random;
use rustix::time::{ClockId, clock_gettime};

#[path = "../support/corpus.rs"]
mod corpus;
// its unit tests come along, and nothing calls them here
#[path = "../../src/runner/jinja/mod.rs"]
#[allow(dead_code, unused_imports)]
mod jinja;
mod json;
mod kernel_line;
mod mime;
mod netlink;
mod network;
mod options;
#[path = "../support/random.rs"]
mod random;
mod seed;
mod state;
mod superblock;
mod user_data;
mod yaml;
#[path = "../support/yaml_pieces.rs"]
mod yaml_pieces;

/// Something that reads bytes.
struct Target {
    name: &'static str,
    /// Inputs to begin from.
    corpus: Vec<Vec<u8>>,
    /// What mutations put in.
    pieces: &'static [&'static [u8]],
    /// Panics if something does not hold; says whether the input was read as
    /// what it should be.
    check: fn(&[u8]) -> bool,
    /// Inputs of a run that is bounded neither by rounds nor by seconds.
    rounds: u64,
}

fn targets() -> Vec<Target> {
    vec![
        yaml::target(),
        json::target(),
        mime::target(),
        user_data::target(),
        network::target(),
        netlink::target(),
        state::cache(),
        state::cache_body(),
        state::journal(),
        kernel_line::target(),
        superblock::target(),
        seed::target(),
        seed::tables(),
    ]
}

/// Longest input, in bytes: quadratic work would show, and there is time for
/// many.
const LONGEST: usize = 1 << 16;

/// Bytes of the slowest input that are shown.
const SHOWN: usize = 120;

/// One input may take so long on a machine that does much else.
const HANG: Duration = Duration::from_mins(1);

/// The input being checked, for [`watch`].
type Current = Arc<Mutex<Option<(Instant, String, Vec<u8>)>>>;

/// Ends the process when an input takes too long.
fn watch(current: &Current) {
    let current = Arc::clone(current);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            if let Some((since, name, input)) = &*current.lock().unwrap()
                && since.elapsed() > HANG
            {
                eprintln!("{name} takes more than {HANG:?}: {}", input.escape_ascii());
                std::process::exit(1);
            }
        }
    });
}

/// What one target came to.
#[derive(Default)]
struct Tally {
    inputs: u64,
    bytes: u64,
    accepted: u64,
    failures: u64,
    /// Nanoseconds for a byte, and the input.
    slowest: (f64, Vec<u8>),
}

impl Tally {
    fn print(&self, name: &str, elapsed: Duration) {
        let Self { inputs, bytes, accepted, failures, slowest } = self;
        let kilobytes = bytes >> 10;
        let seconds = elapsed.as_secs_f64();
        let (pace, input) = slowest;
        println!(
            "{name:12} {inputs:>9} inputs {kilobytes:>9} KiB {seconds:>8.1} s {accepted:>9} read  \
             slowest {pace:.0} ns/byte  {failures} failed"
        );
        let beginning = input.get(..SHOWN).unwrap_or(input).escape_ascii();
        println!("  slowest, {} bytes: b\"{beginning}\"", input.len());
    }
}

/// An input of `target`.
fn input(target: &Target, random: &mut Random) -> Vec<u8> {
    let mut input = target.corpus[random.below(target.corpus.len())].clone();
    // Mostly few, or nothing would be read beyond its first lines.
    let most = [2, 2, 2, 2, 2, 6, 6, 6, 60][random.below(9)];
    for _ in 0..=random.below(most) {
        let other = random.below(target.corpus.len());
        random.mutate(&mut input, target.pieces, &target.corpus[other]);
    }
    input.truncate(LONGEST);
    input
}

/// Nanoseconds this thread has worked, whoever else does.
fn cpu_nanoseconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap()).as_secs_f64()
        * 1e9
}

fn run(target: &Target, options: &Options, current: &Current) -> Tally {
    let mut random = Random::new(options.seed);
    let (mut tally, begun) = (Tally::default(), Instant::now());
    let rounds = options.rounds.unwrap_or(if options.seconds.is_some() { u64::MAX } else { target.rounds });
    let corpus = target.corpus.iter().cloned();
    let mut unchanged = corpus.filter(|input| input.len() <= LONGEST).collect::<Vec<_>>().into_iter();
    while tally.inputs < rounds && options.seconds.is_none_or(|seconds| begun.elapsed() < seconds) {
        let input = unchanged.next().unwrap_or_else(|| input(target, &mut random));
        let start = cpu_nanoseconds();
        *current.lock().unwrap() = Some((Instant::now(), target.name.to_owned(), input.clone()));
        let result = panic::catch_unwind(AssertUnwindSafe(|| (target.check)(&input)));
        let nanoseconds = cpu_nanoseconds() - start;
        *current.lock().unwrap() = None;
        if let Ok(accepted) = &result {
            tally.accepted += u64::from(*accepted);
        } else {
            tally.failures += 1;
            eprintln!("{} round {}: b\"{}\"", target.name, tally.inputs, input.escape_ascii());
        }
        tally.inputs += 1;
        tally.bytes += input.len() as u64;
        // Below that, the cost of the call counts more than that of the input.
        if input.len() >= 512 {
            let pace = nanoseconds / f64::from(u32::try_from(input.len()).unwrap());
            if pace > tally.slowest.0 {
                tally.slowest = (pace, input.clone());
            }
        }
    }
    tally.print(target.name, begun.elapsed());
    tally
}

fn main() -> ExitCode {
    let mut options = match Options::from_arguments(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    };
    let targets: Vec<Target> = targets().into_iter().filter(|target| options.wants(target.name)).collect();
    options.share_among(targets.len());
    println!("seed {}", options.seed);
    let current = Current::default();
    watch(&current);
    let mut failures = 0;
    for target in &targets {
        let tally = run(target, &options, &current);
        failures += tally.failures;
        if tally.inputs >= 1000 && tally.accepted == 0 {
            eprintln!("{}: nothing was read: the check checks nothing", target.name);
            failures += 1;
        }
    }
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
