//! Times contestants side by side: every round runs each of them, so that a
//! busy machine is busy for all, and the median round counts. The allocator
//! counts what one run asks for.
//!
//! A bench is `measure::compare("title", input.len(), &mut [Contestant::…])`
//! for each input.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Rounds that count; the first one does not.
const ROUNDS: usize = 15;

/// What one contestant should take in a round at least: far above the clock's
/// grain.
const SLICE: Duration = Duration::from_millis(10);

/// Somebody who does the work.
pub struct Contestant<'a> {
    /// What the table calls it.
    pub name: &'a str,
    /// Whether it is a peer: the fastest one that is right is ratio 1.
    pub is_peer: bool,
    /// What is wrong with its results: it is named, not timed.
    pub wrong: Option<String>,
    /// One run, with what it makes dropped inside.
    pub run: Box<dyn FnMut() + 'a>,
}

impl<'a> Contestant<'a> {
    /// This project's entry.
    pub fn own(name: &'a str, run: impl FnMut() + 'a) -> Self {
        Self { name, is_peer: false, wrong: None, run: Box::new(run) }
    }

    /// Somebody else's; `check` is what is wrong with its results, if anything.
    pub fn peer(name: &'a str, check: Result<(), String>, run: impl FnMut() + 'a) -> Self {
        Self { name, is_peer: true, wrong: check.err(), run: Box::new(run) }
    }
}

/// What was measured of one contestant.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// 10⁶ bytes of input a second, in the median round.
    pub speed: f64,
    /// What one run asks of the allocator.
    pub heap: Heap,
}

const HEAP: &str = "   heap/input   peak/input  allocations";

/// Times all contestants on an input of `bytes` and prints their table.
pub fn compare(title: &str, bytes: usize, contestants: &mut [Contestant<'_>]) -> Vec<Option<Figures>> {
    let figures = measure(bytes, contestants);
    let peers = contestants.iter().zip(&figures).filter(|(contestant, _)| contestant.is_peer);
    let fastest = peers.filter_map(|(_, figures)| figures.map(|figures| figures.speed)).fold(0.0, f64::max);
    println!("\n{title}: {bytes} bytes");
    println!("{:34} {:>9} {:>9}{HEAP}", "", "MB/s", "x peer");
    for (contestant, figures) in contestants.iter().zip(&figures) {
        let Some(Figures { speed, heap }) = figures else {
            println!("{:<34} wrong: {}", contestant.name, contestant.wrong.as_deref().unwrap_or_default());
            continue;
        };
        let ratio = if fastest > 0.0 { format!("{:.2}", speed / fastest) } else { "-".into() };
        let per_byte = |count: usize| count as f64 / bytes as f64;
        print!("{:<34} {speed:>9.1} {ratio:>9}", contestant.name);
        if contestant.is_peer && heap.calls == 0 {
            println!("{:>39}", "(a heap of its own)");
            continue;
        }
        println!(" {:>12.2} {:>12.2} {:>12}", per_byte(heap.bytes), per_byte(heap.peak), heap.calls);
    }
    figures
}

fn measure(bytes: usize, contestants: &mut [Contestant<'_>]) -> Vec<Option<Figures>> {
    let mut plans: Vec<Option<(u32, Heap)>> = Vec::new();
    for contestant in contestants.iter_mut() {
        plans.push(contestant.wrong.is_none().then(|| {
            (contestant.run)();
            let heap = Heap::of(&mut *contestant.run);
            let start = Instant::now();
            (contestant.run)();
            let once = start.elapsed().max(Duration::from_nanos(1));
            let runs = (SLICE.as_nanos() / once.as_nanos()).clamp(1, 1 << 20);
            (runs as u32, heap)
        }));
    }
    let mut times = vec![Vec::new(); contestants.len()];
    for round in 0..=ROUNDS {
        for ((contestant, plan), times) in contestants.iter_mut().zip(&plans).zip(&mut times) {
            let Some((runs, _)) = plan else { continue };
            let start = Instant::now();
            for _ in 0..*runs {
                (contestant.run)();
            }
            if round > 0 {
                times.push(start.elapsed().as_secs_f64() / f64::from(*runs));
            }
        }
    }
    let figures = |(plan, times): (&Option<(u32, Heap)>, &mut Vec<f64>)| {
        let (_, heap) = (*plan)?;
        times.sort_by(f64::total_cmp);
        Some(Figures { speed: bytes as f64 / times[ROUNDS / 2] / 1e6, heap })
    };
    plans.iter().zip(&mut times).map(figures).collect()
}

/// What one run asks of the allocator.
#[derive(Clone, Copy, Debug)]
pub struct Heap {
    /// Bytes of all calls together; a reallocation counts its whole new size.
    pub bytes: usize,
    /// The most bytes held at one time.
    pub peak: usize,
    /// Allocations and reallocations.
    pub calls: usize,
}

impl Heap {
    fn of(run: &mut dyn FnMut()) -> Self {
        let (bytes, calls, held) = (BYTES.load(Relaxed), CALLS.load(Relaxed), HELD.load(Relaxed));
        PEAK.store(held, Relaxed);
        run();
        Self {
            bytes: BYTES.load(Relaxed).wrapping_sub(bytes),
            peak: PEAK.load(Relaxed).saturating_sub(held),
            calls: CALLS.load(Relaxed).wrapping_sub(calls),
        }
    }
}

// Benches run on one thread: plain loads and stores count without locking.
static BYTES: AtomicUsize = AtomicUsize::new(0);
static CALLS: AtomicUsize = AtomicUsize::new(0);
static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(asked: usize, freed: usize) {
    BYTES.store(BYTES.load(Relaxed).wrapping_add(asked), Relaxed);
    CALLS.store(CALLS.load(Relaxed).wrapping_add(1), Relaxed);
    let held = HELD.load(Relaxed).wrapping_add(asked).wrapping_sub(freed);
    HELD.store(held, Relaxed);
    if held > PEAK.load(Relaxed) {
        PEAK.store(held, Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator as it is.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps this function's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        HELD.store(HELD.load(Relaxed).wrapping_sub(layout.size()), Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}
