//! Which numbers of a log have been heard, in whatever order they came.

use serde::{Deserialize, Serialize};

/// Numbers from 1, as stretches without gaps between them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Numbers {
    /// First and last of each, ascending; no two touch.
    stretches: Vec<(u64, u64)>,
}

impl Numbers {
    /// Takes one in; `false` when it was there.
    pub(super) fn insert(&mut self, number: u64) -> bool {
        let place = self.stretches.partition_point(|&(first, _)| first <= number);
        let before = place.checked_sub(1).and_then(|i| self.stretches.get(i)).copied();
        if before.is_some_and(|(_, last)| number <= last) {
            return false;
        }
        self.add(number, number);
        true
    }

    /// Takes in all from `first` to `last`.
    pub(super) fn add(&mut self, first: u64, last: u64) {
        if first > last {
            return;
        }
        let from = self.stretches.partition_point(|&(_, end)| end.saturating_add(1) < first);
        let to = self.stretches.partition_point(|&(begin, _)| begin <= last.saturating_add(1));
        let touched = self.stretches.get(from..to).unwrap_or_default();
        let joined = touched.iter().fold((first, last), |(a, b), &(begin, end)| (a.min(begin), b.max(end)));
        self.stretches.splice(from..to.max(from), [joined]);
    }

    /// The last number before the first gap: where to go on. 0 when there is none yet.
    #[must_use]
    pub(super) fn without_gap(&self) -> u64 {
        self.stretches.first().map_or(0, |&(_, last)| last)
    }

    /// Gaps after the first number that was heard, up to `newest`: first and last of each.
    pub(super) fn missing(&self, newest: u64) -> impl Iterator<Item = (u64, u64)> {
        let ends = self.stretches.iter().map(|&(_, last)| last + 1);
        let begins = self.stretches.iter().skip(1).map(|&(first, _)| first - 1).chain([newest]);
        ends.zip(begins).filter(|(first, last)| first <= last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_set(numbers in prop::collection::vec(1u64..40, 0..60), (first, more) in (1u64..40, 0u64..9)) {
            let (mut heard, mut set) = (Numbers::default(), BTreeSet::new());
            for (place, &number) in numbers.iter().enumerate() {
                if place == 20 {
                    heard.add(first, first + more);
                    set.extend(first..=first + more);
                }
                prop_assert_eq!(heard.insert(number), set.insert(number));
            }
            let missing: Vec<u64> = heard.missing(50).flat_map(|(a, b)| a..=b).collect();
            let lowest = set.first().copied().unwrap_or(51);
            prop_assert_eq!(missing, (lowest..=50).filter(|n| !set.contains(n)).collect::<Vec<_>>());
            let end = (lowest..=u64::MAX).find(|n| !set.contains(&(n + 1))).unwrap();
            prop_assert_eq!(heard.without_gap(), if set.is_empty() { 0 } else { end });
        }
    }
}
