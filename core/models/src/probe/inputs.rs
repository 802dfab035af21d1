//! What networks are probed with.

use tch::{Device, Kind, TchError, Tensor};

use crate::renderer;
use crate::weights::{Filler, Weights, ramp};

/// Makes inputs and parameters from names.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// What the names of inputs begin with.
    pub prefix: String,
}

impl Default for Inputs {
    fn default() -> Self {
        Self {
            prefix: "in:".to_owned(),
        }
    }
}

impl Inputs {
    /// The input called `name`, from −`scale` to `scale`.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn tensor(&self, name: &str, shape: &[i64], scale: f64) -> Result<Tensor, TchError> {
        ramp(&format!("{}{name}", self.prefix), shape, 0.0, scale)
    }

    /// Those of the renderer of IMTalker, some of whose layers are equalised.
    pub fn renderer_weights(&self) -> Weights {
        let filler = Filler {
            equalised: Some(renderer::is_equalised),
        };
        Weights::named(filler, Device::Cpu, Kind::Float)
    }

    /// The parameters of a network. They do not depend on the prefix.
    pub fn weights(&self) -> Weights {
        Weights::named(Filler::default(), Device::Cpu, Kind::Float)
    }
}
