//! The way through two readings on which they are most alike: dynamic time warping.

use super::features::Moment;

/// How far the way may stray from going evenly through both, as a share of the longer one, and at least so many moments.
const STRAY: (usize, usize) = (3, 60);
/// Readings of more moments, four minutes, are taken to run evenly. It bounds memory and time.
const MOST: usize = 24_000;
/// What it costs to stand still in one reading, against going on in both, in decibels of a band.
const STILL: f32 = 8.0;

/// Pairs of moments that are alike, in order, the last of each among them.
pub(super) fn path(one: &[Moment], other: &[Moment]) -> Vec<(usize, usize)> {
    let (rows, columns) = (one.len(), other.len());
    if rows == 0 || columns == 0 || rows.max(columns) > MOST {
        return Vec::new();
    }
    let half = (rows.max(columns) / STRAY.0).max(STRAY.1).min(columns);
    let width = 2 * half + 1;
    // The first column of a row; the band follows the diagonal.
    let first = |row: usize| (row * columns / rows).saturating_sub(half);
    let mut steps = vec![Step::None; rows * width];
    let mut above: Vec<f32> = Vec::new();
    for (row, moment) in one.iter().enumerate() {
        let begin = first(row);
        let shift = begin - first(row.saturating_sub(1));
        let mut costs = vec![f32::INFINITY; width];
        for place in 0..width {
            let column = begin + place;
            let Some(heard) = other.get(column) else {
                break;
            };
            let up = above.get(place + shift).copied();
            let diagonal = (place + shift)
                .checked_sub(1)
                .and_then(|place| above.get(place))
                .copied();
            let left = place
                .checked_sub(1)
                .and_then(|place| costs.get(place))
                .copied();
            let start = (row == 0 && column == 0).then_some(0.0);
            let ways = [
                (diagonal, Step::Both, 0.0),
                (up, Step::One, STILL),
                (left, Step::Other, STILL),
                (start, Step::None, 0.0),
            ];
            let best = ways
                .into_iter()
                .filter_map(|(cost, step, toll)| Some((cost? + toll, step)))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            let Some((cost, step)) = best else { continue };
            if let (Some(to), Some(taken)) =
                (costs.get_mut(place), steps.get_mut(row * width + place))
            {
                *to = cost + distance(moment, heard);
                *taken = step;
            }
        }
        above = costs;
    }
    let mut pairs = Vec::with_capacity(rows + columns);
    let (mut row, mut column) = (rows - 1, columns - 1);
    loop {
        pairs.push((row, column));
        let step = column
            .checked_sub(first(row))
            .and_then(|place| steps.get(row * width + place));
        match step {
            Some(Step::Both) if row > 0 && column > 0 => (row, column) = (row - 1, column - 1),
            Some(Step::One) if row > 0 => row -= 1,
            Some(Step::Other) if column > 0 => column -= 1,
            _ => break,
        }
    }
    pairs.reverse();
    pairs
}

/// How a moment was reached.
#[derive(Debug, Clone, Copy)]
enum Step {
    None,
    /// Both readings went on.
    Both,
    /// The one went on, the other stood still.
    One,
    /// The other way round.
    Other,
}

fn distance(one: &Moment, other: &Moment) -> f32 {
    one.iter()
        .zip(other)
        .map(|(a, b)| (a - b) * (a - b))
        .sum::<f32>()
        .sqrt()
}
