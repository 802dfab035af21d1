//! What is told of an output.

use std::fmt;

use tch::{Kind, TchError, Tensor};

/// What is told of an output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// The mean of its elements.
    pub mean: f64,
    /// Their standard deviation, of the whole population.
    pub deviation: f64,
    /// The first, the middle (n/2) and the last of them, where these are told.
    pub elements: Option<[f64; 3]>,
}

impl Figures {
    /// All of them, in the order in which they are printed.
    pub const fn new(mean: f64, deviation: f64, elements: [f64; 3]) -> Self {
        Self {
            mean,
            deviation,
            elements: Some(elements),
        }
    }

    /// Mean and standard deviation alone.
    pub const fn spread(mean: f64, deviation: f64) -> Self {
        Self {
            mean,
            deviation,
            elements: None,
        }
    }

    /// Those of a tensor.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn of(tensor: &Tensor) -> Result<Self, TchError> {
        let flat = tensor.f_to_kind(Kind::Double)?.f_flatten(0, -1)?;
        let count = flat.size1()?;
        let mean = flat.f_mean(Kind::Double)?;
        let deviation = flat.f_sub(&mean)?.f_square()?.f_mean(Kind::Double)?;
        let element = |index: i64| flat.f_double_value(&[index]);
        Ok(Self {
            mean: mean.f_double_value(&[])?,
            deviation: deviation.f_double_value(&[])?.sqrt(),
            elements: Some([element(0)?, element(count / 2)?, element(count - 1)?]),
        })
    }

    /// The largest difference between these and `other` in what both tell.
    pub fn distance(&self, other: &Self) -> f64 {
        let elements = self.elements.unwrap_or_default();
        let others = other.elements.unwrap_or_default();
        let told = self.elements.is_some() && other.elements.is_some();
        elements
            .into_iter()
            .zip(others)
            .filter(|_| told)
            .chain([(self.mean, other.mean), (self.deviation, other.deviation)])
            .map(|(one, another)| (one - another).abs())
            .fold(0.0, |most, next| {
                if next > most || next.is_nan() {
                    next
                } else {
                    most
                }
            })
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>10.6} {:>10.6}", self.mean, self.deviation)?;
        for element in self.elements.iter().flatten() {
            write!(f, " {element:>10.6}")?;
        }
        Ok(())
    }
}
