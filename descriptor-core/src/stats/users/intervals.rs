//! Which of several intervals count (spec §5.4): those that overlap no earlier one.

use crate::stats::Day;

/// Something with a beginning and an end. Unit: seconds since 1970.
pub(super) trait Interval {
    /// The beginning and the end.
    fn span(&self) -> (i64, i64);
}

/// Goes through intervals in their order, by start first, and gives those that do not overlap an accepted one. Those that
/// only touch do not overlap.
pub(super) fn accepted<T: Interval>(sorted: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
    // As all starts come in order, an interval overlaps an accepted one exactly if it begins before the last end; one
    // without length that lies on a border does not.
    let mut end = i64::MIN;
    sorted.into_iter().filter(move |interval| {
        let (from, to) = interval.span();
        let accept = from >= end && from <= to;
        if accept {
            end = to.max(end);
        }
        accept
    })
}

/// An interval cut at the midnight of its last day: both parts, each on a day of its own. The second one is there if the
/// end lies on another day, if only on its first second, and then has no length.
pub(super) fn at_midnight(from: i64, to: i64) -> impl Iterator<Item = (Day, i64, i64)> {
    let midnight = Day::of_seconds(to).start();
    let parts = if from < midnight {
        [Some((from, midnight)), Some((midnight, to))]
    } else {
        [Some((from, to)), None]
    };
    parts.into_iter().flatten().map(|(from, to)| (Day::of_seconds(from), from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Interval for (i64, i64) {
        fn span(&self) -> (i64, i64) {
            *self
        }
    }

    /// The cases of the originals without old intervals, in quarters of an hour; with old ones, what one import of both
    /// gives.
    #[test]
    fn what_overlaps_is_dropped() {
        for (new, expected) in [
            (vec![(14, 15)], vec![(14, 15)]),
            (vec![(16, 17), (13, 14)], vec![(13, 14), (16, 17)]),
            (vec![(13, 15), (15, 17)], vec![(13, 15), (15, 17)]),
            (vec![(13, 16), (14, 17)], vec![(13, 16)]),
            (vec![(13, 16), (13, 15)], vec![(13, 15)]),
            (vec![(13, 16), (14, 15)], vec![(13, 16)]),
            (vec![(13, 16), (14, 16)], vec![(13, 16)]),
            (vec![(0, 0), (0, 4), (4, 4)], vec![(0, 0), (0, 4), (4, 4)]),
            (vec![(11, 13), (13, 15), (14, 16)], vec![(11, 13), (13, 15)]),
            (vec![(5, 4)], vec![]),
        ] {
            let mut sorted = new.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(accepted(sorted).collect::<Vec<_>>(), expected, "{new:?}");
        }
    }

    type Spans = &'static [(i64, i64)];

    /// The cases of the originals with intervals that an earlier import had accepted: old ones, new ones, and what the
    /// originals made of them, in half hours. Where it depends on who came first, ours takes the earlier start.
    const OLD_AND_NEW: [(Spans, Spans, Spans); 14] = [
        (&[(32, 34)], &[(28, 30)], &[(28, 30), (32, 34)]),
        (&[(30, 32)], &[(28, 30)], &[(28, 30), (30, 32)]),
        (&[(28, 30)], &[(26, 29)], &[(28, 30)]),
        (&[(22, 26), (28, 32)], &[(26, 30)], &[(22, 26), (28, 32)]),
        (&[(28, 34)], &[(28, 30)], &[(28, 34)]),
        (&[(28, 34)], &[(30, 32)], &[(28, 34)]),
        (&[(28, 34)], &[(28, 34)], &[(28, 34)]),
        (&[(28, 34)], &[(32, 36)], &[(28, 34)]),
        (&[(28, 34), (36, 38)], &[(32, 36)], &[(28, 34), (36, 38)]),
        (&[(22, 26), (30, 34)], &[(24, 32)], &[(22, 26), (30, 34)]),
        (&[(28, 30)], &[(30, 32)], &[(28, 30), (30, 32)]),
        (&[(28, 30)], &[(32, 34)], &[(28, 30), (32, 34)]),
        (&[(30, 32)], &[(28, 34)], &[(30, 32)]),
        (&[(26, 28), (30, 32)], &[(24, 34)], &[(26, 28), (30, 32)]),
    ];

    /// What the originals do: who came first stays.
    fn imported(old: Spans, new: Spans) -> Vec<(i64, i64)> {
        let mut kept = old.to_vec();
        for &(from, to) in new {
            if kept.iter().all(|&(a, b)| to <= a || b <= from) {
                kept.push((from, to));
            }
        }
        kept.sort_unstable();
        kept
    }

    #[test]
    fn where_the_order_of_import_decided_the_start_decides() {
        let mut differing = Vec::new();
        for (old, new, originals) in OLD_AND_NEW {
            assert_eq!(imported(old, new), originals);
            let mut all = [old, new].concat();
            all.sort_unstable();
            all.dedup();
            let ours: Vec<_> = accepted(all.iter().copied()).collect();
            if ours != originals {
                differing.push((all, ours));
            }
        }
        let expected = [
            (vec![(26, 29), (28, 30)], vec![(26, 29)]),
            (vec![(22, 26), (26, 30), (28, 32)], vec![(22, 26), (26, 30)]),
            (vec![(28, 30), (28, 34)], vec![(28, 30)]),
            (vec![(28, 34), (30, 32)], vec![(28, 34)]),
            (vec![(24, 34), (26, 28), (30, 32)], vec![(24, 34)]),
        ];
        assert_eq!(differing, expected);
    }

    #[test]
    fn intervals_are_cut_at_midnight_once() {
        let cut = |from, to| at_midnight(from, to).collect::<Vec<_>>();
        assert_eq!(cut(10, 20), [(Day(0), 10, 20)]);
        assert_eq!(cut(86000, 87000), [(Day(0), 86000, 86400), (Day(1), 86400, 87000)]);
        assert_eq!(cut(80000, 86400), [(Day(0), 80000, 86400), (Day(1), 86400, 86400)]);
    }
}
