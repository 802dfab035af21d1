//! BiSeNet, which tells 19 parts of a face and its surroundings apart.

use tch::{TchError, Tensor};

use super::trunk::Trunk;
use crate::layers::{Activation, Filter, Output, Window};
use crate::weights::{Scope, WeightsError};

/// Pixels across and down of the pictures it is made for.
pub const SIDE: usize = 512;

/// What a pixel can be: those classes that matter here.
#[derive(Debug, Clone, Copy)]
pub struct Class;

impl Class {
    /// Skin of the face.
    pub const SKIN: u8 = 1;
    /// The nose.
    pub const NOSE: u8 = 10;
    /// The inside of the mouth.
    pub const MOUTH: u8 = 11;
    /// The upper lip.
    pub const UPPER_LIP: u8 = 12;
    /// The lower lip.
    pub const LOWER_LIP: u8 = 13;
    /// The neck.
    pub const NECK: u8 = 14;
    /// How many classes there are in all.
    pub const COUNT: i64 = 19;
}

fn filter(scope: &Scope<'_>, inputs: i64, outputs: i64, side: i64) -> Result<Filter, WeightsError> {
    let filter = Filter::plain(&scope.at("conv"), Window::new(inputs, outputs, side))?;
    Ok(filter.normalized(&scope.at("bn"))?.then(Activation::Relu))
}

fn mean(x: &Tensor) -> Output {
    x.f_adaptive_avg_pool2d([1i64, 1])
}

/// Features weighted by what the whole picture says of each channel.
struct Refinement {
    filter: Filter,
    attention: Filter,
}

impl Refinement {
    fn new(scope: &Scope<'_>, inputs: i64, outputs: i64) -> Result<Self, WeightsError> {
        let attention = Window::new(outputs, outputs, 1);
        Ok(Self {
            filter: filter(&scope.at("conv"), inputs, outputs, 3)?,
            attention: Filter::plain(&scope.at("conv_atten"), attention)?
                .normalized(&scope.at("bn_atten"))?,
        })
    }

    fn forward(&self, x: &Tensor) -> Output {
        let x = self.filter.forward(x)?;
        let attention = self.attention.forward(&mean(&x)?)?.f_sigmoid_()?;
        x.f_mul(&attention)
    }
}

/// Details and their context together.
struct Fusion {
    filter: Filter,
    narrow: Filter,
    wide: Filter,
}

impl Fusion {
    fn new(scope: &Scope<'_>) -> Result<Self, WeightsError> {
        Ok(Self {
            filter: filter(&scope.at("convblk"), 256, 256, 1)?,
            narrow: Filter::plain(&scope.at("conv1"), Window::new(256, 64, 1))?
                .then(Activation::Relu),
            wide: Filter::plain(&scope.at("conv2"), Window::new(64, 256, 1))?,
        })
    }

    fn forward(&self, details: &Tensor, context: &Tensor) -> Output {
        let x = self
            .filter
            .forward(&Tensor::f_cat(&[details, context], 1)?)?;
        let attention = self.wide.forward(&self.narrow.forward(&mean(&x)?)?)?;
        x.f_mul(&attention.f_sigmoid()?)?.f_add_(&x)
    }
}

/// The network.
pub struct Bisenet {
    trunk: Trunk,
    sixteenth: Refinement,
    thirty_second: Refinement,
    whole: Filter,
    after_sixteenth: Filter,
    after_thirty_second: Filter,
    fusion: Fusion,
    out: Filter,
    classes: Filter,
}

impl Bisenet {
    /// By the names of the original.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(scope: &Scope<'_>) -> Result<Self, WeightsError> {
        let context = scope.at("cp");
        let out = scope.at("conv_out");
        Ok(Self {
            trunk: Trunk::new(&context.at("resnet"))?,
            sixteenth: Refinement::new(&context.at("arm16"), 256, 128)?,
            thirty_second: Refinement::new(&context.at("arm32"), 512, 128)?,
            whole: filter(&context.at("conv_avg"), 512, 128, 1)?,
            after_sixteenth: filter(&context.at("conv_head16"), 128, 128, 3)?,
            after_thirty_second: filter(&context.at("conv_head32"), 128, 128, 3)?,
            fusion: Fusion::new(&scope.at("ffm"))?,
            out: filter(&out.at("conv"), 256, 256, 3)?,
            classes: Filter::plain(&out.at("conv_out"), Window::new(256, Class::COUNT, 1))?,
        })
    }

    /// `pictures` [n, 3, h, w] in red, green, blue from 0 to 1, as the network takes them.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn prepare(pictures: &Tensor) -> Output {
        let each = |values: [f32; 3]| -> Output {
            Tensor::f_from_slice(&values)?
                .f_view([3, 1, 1])?
                .f_to_device(pictures.device())
        };
        pictures
            .f_sub(&each([0.485, 0.456, 0.406])?)?
            .f_div_(&each([0.229, 0.224, 0.225])?)
    }

    /// How much each pixel of `pictures` [n, 3, h, w] is of each class: [n, 19, h, w], logits. Sides are multiples of 32.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, pictures: &Tensor) -> Result<Tensor, TchError> {
        let size = |x: &Tensor| -> Result<[i64; 2], TchError> {
            let (_, _, height, width) = x.size4()?;
            Ok([height, width])
        };
        let features = self.trunk.forward(pictures)?;
        // A picture of one pixel, and the same everywhere when enlarged.
        let whole = self.whole.forward(&mean(&features.thirty_second)?)?;
        let x = self.thirty_second.forward(&features.thirty_second)?;
        let x = x.f_add(&whole)?;
        let x = x.f_upsample_nearest2d(size(&features.sixteenth)?, None, None)?;
        let x = self.after_thirty_second.forward(&x)?;
        let x = self.sixteenth.forward(&features.sixteenth)?.f_add_(&x)?;
        let x = x.f_upsample_nearest2d(size(&features.eighth)?, None, None)?;
        let context = self.after_sixteenth.forward(&x)?;
        let x = self.fusion.forward(&features.eighth, &context)?;
        let x = self.classes.forward(&self.out.forward(&x)?)?;
        x.f_upsample_bilinear2d(size(pictures)?, true, None, None)
    }
}
