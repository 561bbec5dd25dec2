//! Sorting short lists. Each type the standard library's sorts are used with
//! costs the agent 3 KB; this costs a hundred bytes. Lists here have at most
//! [`crate::limits::NETWORK_ENTRIES`] items and mostly come sorted.

/// Stable insertion sort; `before` tells whether the first goes before the
/// second.
pub(crate) fn sort_by<T>(items: &mut [T], before: impl Fn(&T, &T) -> bool) {
    for end in 1..items.len() {
        let mut at = end;
        while at > 0 && before(&items[at], &items[at - 1]) {
            items.swap(at, at - 1);
            at -= 1;
        }
    }
}
