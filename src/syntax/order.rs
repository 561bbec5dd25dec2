//! Sorting, in a few hundred bytes for all types together: each type that the
//! standard library's sorts are used with costs the agent 3 KB.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// The positions 0 to `count` in the order of the items there; equal items
/// stay in theirs. Takes n log n comparisons whatever the items are.
pub(crate) fn order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut heap: Vec<usize> = (0..count).collect();
    for root in (0..count / 2).rev() {
        sift(&mut heap, root, compare);
    }
    for end in (1..count).rev() {
        heap.swap(0, end);
        sift(heap.get_mut(..end).unwrap_or_default(), 0, compare);
    }
    heap
}

/// Moves the item at `root` down until none below it comes later.
fn sift(heap: &mut [usize], mut root: usize, compare: &dyn Fn(usize, usize) -> Ordering) {
    let before = |one, other| compare(one, other).then(one.cmp(&other)).is_lt();
    loop {
        let mut child = 2 * root + 1;
        if let Some(&[left, right]) = heap.get(child..).and_then(<[usize]>::first_chunk)
            && before(left, right)
        {
            child += 1;
        }
        match (heap.get(root), heap.get(child)) {
            (Some(&above), Some(&below)) if before(above, below) => heap.swap(root, child),
            _ => return,
        }
        root = child;
    }
}

/// For each of `count` texts the position of the first that equals it.
#[inline(never)]
pub(crate) fn firsts<'t>(count: usize, text: &dyn Fn(usize) -> &'t str) -> Vec<usize> {
    let mut firsts: Vec<usize> = (0..count).collect();
    let mut last: Option<usize> = None;
    for at in order(count, &|one, other| text(one).cmp(text(other))) {
        match last.filter(|last| text(*last) == text(at)) {
            Some(first) => firsts[at] = first,
            None => last = Some(at),
        }
    }
    firsts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_the_first_of_them() {
        let texts = ["b", "a", "b", "", "a", "b", "c"];
        assert_eq!(firsts(texts.len(), &|at| texts[at]), [0, 1, 0, 3, 1, 0, 6]);
        assert_eq!(firsts(0, &|_| ""), []);
    }

    #[test]
    fn as_the_stable_sort() {
        for count in 0..200_usize {
            let items: Vec<usize> = (0..count).map(|n| n * 31 % 17).collect();
            let mut expected: Vec<usize> = (0..count).collect();
            expected.sort_by_key(|&at| items[at]);
            assert_eq!(order(count, &|a, b| items[a].cmp(&items[b])), expected);
        }
    }
}
