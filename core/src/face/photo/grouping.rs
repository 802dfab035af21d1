//! Many windows about one thing become one.

use super::search::Found;

/// How much windows about one thing differ, in parts of their size.
const LIKE: f64 = 0.2;

/// Windows that lie alike, averaged; those on which not more than `votes` agree are left out, and so are small ones within
/// others that more agree on. As OpenCV's `groupRectangles` does it.
pub(super) fn grouped(windows: &[Found], votes: usize) -> Vec<Found> {
    let means = means(windows);
    let strong = |found: &Found| found.votes > votes;
    let within = |inner: &Found, outer: &Found| {
        let dx = (f64::from(outer.width) * LIKE).round_ties_even() as i32;
        let dy = (f64::from(outer.height) * LIKE).round_ties_even() as i32;
        inner.x >= outer.x - dx
            && inner.y >= outer.y - dy
            && inner.x + inner.width <= outer.x + outer.width + dx
            && inner.y + inner.height <= outer.y + outer.height + dy
            && (outer.votes > inner.votes.max(3) || inner.votes < 3)
    };
    let hidden = |n: usize, inner: &Found| {
        let others = means.iter().enumerate().filter(|(other, _)| *other != n);
        others
            .map(|(_, outer)| outer)
            .any(|outer| strong(outer) && within(inner, outer))
    };
    let kept = means
        .iter()
        .enumerate()
        .filter(|(n, found)| strong(found) && !hidden(*n, found));
    kept.map(|(_, found)| *found).collect()
}

fn alike(a: &Found, b: &Found) -> bool {
    let delta = LIKE * f64::from(a.width.min(b.width) + a.height.min(b.height)) * 0.5;
    let near = |a: i32, b: i32| f64::from((a - b).abs()) <= delta;
    near(a.x, b.x)
        && near(a.y, b.y)
        && near(a.x + a.width, b.x + b.width)
        && near(a.y + a.height, b.y + b.height)
}

/// The means of all sets of windows in which each is like another.
fn means(windows: &[Found]) -> Vec<Found> {
    let mut left: Vec<Found> = windows.to_vec();
    let mut means = Vec::new();
    while let Some(seed) = left.pop() {
        let mut set = vec![seed];
        let mut looked = 0;
        while let Some(one) = set.get(looked).copied() {
            looked += 1;
            let (same, other): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|other| alike(&one, other));
            set.extend(same);
            left = other;
        }
        let mean = |of: fn(&Found) -> i32| {
            let sum: i64 = set.iter().map(|found| i64::from(of(found))).sum();
            (sum as f32 * (1.0 / set.len() as f32)).round_ties_even() as i32
        };
        means.push(Found {
            x: mean(|found| found.x),
            y: mean(|found| found.y),
            width: mean(|found| found.width),
            height: mean(|found| found.height),
            votes: set.len(),
        });
    }
    means
}
