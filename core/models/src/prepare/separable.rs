//! Filters that work on rows, then on columns, in whole numbers.

use super::Raster;

/// How one number of a row (or column) is made of those of another: `weights` from `first` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taps {
    first: usize,
    weights: Vec<i32>,
}

impl Taps {
    /// From positions, each inside the row, and their weights. Those of the same position are added up.
    pub(super) fn gather(parts: impl Iterator<Item = (usize, i32)> + Clone) -> Self {
        let first = parts.clone().map(|(at, _)| at).min().unwrap_or(0);
        let last = parts.clone().map(|(at, _)| at).max().unwrap_or(0);
        let mut weights = vec![0; last - first + 1];
        for (at, weight) in parts {
            if let Some(sum) = weights.get_mut(at - first) {
                *sum += weight;
            }
        }
        Self { first, weights }
    }
}

/// A position inside a row of `length`: one beyond its ends is that of the end.
pub(super) fn nearest(at: i64, length: usize) -> usize {
    usize::try_from(at)
        .unwrap_or(0)
        .min(length.saturating_sub(1))
}

/// A position inside a row of `length`: one beyond its ends is mirrored there, without repeating the end (OpenCV's
/// `BORDER_REFLECT_101`).
pub(super) fn mirrored(at: i64, length: usize) -> usize {
    let last = i64::try_from(length.saturating_sub(1)).unwrap_or(i64::MAX);
    if last == 0 {
        return 0;
    }
    let at = at.rem_euclid(last.saturating_mul(2));
    nearest(at.min(last.saturating_mul(2) - at), length)
}

/// Sums are divided by 2 to this power, and rounded; those of zero are kept whole.
fn scaled(sum: i64, shift: u32) -> i64 {
    match shift {
        0 => sum,
        shift => ((sum + (1 << (shift - 1))) >> shift).clamp(0, 255),
    }
}

/// A picture of `columns` by `rows`. Sums of rows are divided by 2 to the power `shifts.0`, rounded and kept as 8
/// bits, or kept whole where that is zero; those of columns by `shifts.1`.
pub(super) fn apply(
    picture: &Raster,
    columns: &[Taps],
    rows: &[Taps],
    shifts: (u32, u32),
) -> Raster {
    let channels = picture.channels();
    let mut across = Vec::with_capacity(picture.height() * columns.len() * channels);
    for row in picture.rows() {
        for taps in columns {
            for channel in 0..channels {
                let values = row.iter().skip(taps.first * channels + channel);
                let sum: i64 = values
                    .step_by(channels)
                    .zip(&taps.weights)
                    .map(|(value, weight)| i64::from(*value) * i64::from(*weight))
                    .sum();
                across.push(scaled(sum, shifts.0));
            }
        }
    }
    let stride = (columns.len() * channels).max(1);
    let mut result = Raster::black(columns.len(), rows.len(), channels);
    let mut sums = vec![0i64; stride];
    for (to, taps) in result.rows_mut().zip(rows) {
        sums.fill(0);
        let from = across.chunks_exact(stride).skip(taps.first);
        for (row, weight) in from.zip(&taps.weights) {
            let weight = i64::from(*weight);
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value * weight;
            }
        }
        for (to, sum) in to.iter_mut().zip(&sums) {
            *to = u8::try_from(scaled(*sum, shifts.1)).unwrap_or(u8::MAX);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_beyond_the_ends_are_inside() {
        let row = |place: fn(i64, usize) -> usize, length| -> Vec<usize> {
            (-4..6).map(|at| place(at, length)).collect()
        };
        assert_eq!(row(nearest, 3), [0, 0, 0, 0, 0, 1, 2, 2, 2, 2]);
        assert_eq!(row(mirrored, 3), [0, 1, 2, 1, 0, 1, 2, 1, 0, 1]);
        assert_eq!(row(mirrored, 1), [0; 10]);
    }
}
