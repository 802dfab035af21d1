//! S3FD, the single shot scale-invariant face detector: VGG-16 with two outputs at each of six scales.

use tch::{Kind, Tensor};

use crate::layers::{Activation, Filter, Output, Window};
use crate::weights::{Scope, WeightsError};

/// The order in which a picture's channels are given to the network, which was trained on blue, green, red.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelOrder {
    /// Blue, green, red: as the network was trained.
    Bgr,
    /// Red, green, blue, with the means of the other order: as MuseTalk gives them.
    Rgb,
}

impl ChannelOrder {
    /// The pictures, [n, 3, h, w] in red, green, blue from 0 to 255, as the network takes them.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn prepare(self, pictures: &Tensor) -> Output {
        let ordered = match self {
            Self::Bgr => pictures.f_flip([1])?,
            Self::Rgb => pictures.shallow_clone(),
        };
        let means = Tensor::f_from_slice(&[104f32, 117.0, 123.0])?
            .f_view([3, 1, 1])?
            .f_to_device(pictures.device())?;
        ordered.f_sub(&means)
    }
}

/// What is said of the places of one scale.
pub struct Level {
    /// Background and face, [n, 2, h, w]: logits.
    pub confidence: Tensor,
    /// How far the face's centre is from the place, and its size, [n, 4, h, w].
    pub location: Tensor,
}

/// Division by the length of each pixel's vector of channels.
struct Unit(Tensor);

impl Unit {
    fn new(scope: &Scope<'_>, channels: i64) -> Result<Self, WeightsError> {
        Ok(Self(
            scope
                .tensor("weight", &[channels])?
                .view([1, channels, 1, 1]),
        ))
    }

    fn forward(&self, x: &Tensor) -> Output {
        let length = x
            .f_square()?
            .f_sum_dim_intlist([1i64].as_slice(), true, Kind::Float)?
            .f_sqrt()?
            .f_add_scalar(1e-10)?;
        x.f_div(&length)?.f_mul(&self.0)
    }
}

/// Convolutions one after the other, the features that a scale's outputs are made of, and these outputs.
struct Stage {
    filters: Vec<Filter>,
    unit: Option<Unit>,
    confidence: Filter,
    location: Filter,
    /// Whether half of the pixels go before the filters.
    pool: bool,
}

impl Stage {
    fn new(
        scope: &Scope<'_>,
        filters: &[(&str, Window)],
        head: (&str, i64),
        confidences: i64,
    ) -> Result<Self, WeightsError> {
        let (name, channels) = head;
        let output = |kind: &str, outputs| {
            let scope = scope.at(format_args!("{name}_mbox_{kind}"));
            Filter::biased(&scope, Window::new(channels, outputs, 3))
        };
        Ok(Self {
            filters: filters
                .iter()
                .map(|(name, window)| relu(scope, name, *window))
                .collect::<Result<_, _>>()?,
            unit: name
                .ends_with("_norm")
                .then(|| Unit::new(&scope.at(name), channels))
                .transpose()?,
            confidence: output("conf", confidences)?,
            location: output("loc", 4)?,
            pool: false,
        })
    }

    fn pooled(self) -> Self {
        Self { pool: true, ..self }
    }

    /// The features for the next stage, and what is said here.
    fn forward(&self, x: &Tensor) -> Result<(Tensor, Level), tch::TchError> {
        let mut x = if self.pool {
            halved(x)?
        } else {
            x.shallow_clone()
        };
        for filter in &self.filters {
            x = filter.forward(&x)?;
        }
        let features = match &self.unit {
            Some(unit) => unit.forward(&x)?,
            None => x.shallow_clone(),
        };
        let level = Level {
            confidence: self.confidence.forward(&features)?,
            location: self.location.forward(&features)?,
        };
        Ok((x, level))
    }
}

fn relu(scope: &Scope<'_>, name: &str, window: Window) -> Result<Filter, WeightsError> {
    Ok(Filter::biased(&scope.at(name), window)?.then(Activation::Relu))
}

fn halved(x: &Tensor) -> Output {
    x.f_max_pool2d([2i64, 2], [2i64, 2], [0i64, 0], [1i64, 1], false)
}

/// The detector.
pub struct S3fd {
    first: [Vec<Filter>; 2],
    stages: [Stage; 6],
}

impl S3fd {
    /// By the names of the original.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(scope: &Scope<'_>) -> Result<Self, WeightsError> {
        let same = |inputs, outputs| Window::new(inputs, outputs, 3);
        let pair = |names: [&str; 2], inputs, outputs| -> Result<Vec<Filter>, WeightsError> {
            let [first, second] = names;
            Ok(vec![
                relu(scope, first, same(inputs, outputs))?,
                relu(scope, second, same(outputs, outputs))?,
            ])
        };
        let stage = |filters: &[(&str, Window)], head| Stage::new(scope, filters, head, 2);
        Ok(Self {
            first: [
                pair(["conv1_1", "conv1_2"], 3, 64)?,
                pair(["conv2_1", "conv2_2"], 64, 128)?,
            ],
            stages: [
                // Three of its confidences are of background; the highest counts.
                Stage::new(
                    scope,
                    &[
                        ("conv3_1", same(128, 256)),
                        ("conv3_2", same(256, 256)),
                        ("conv3_3", same(256, 256)),
                    ],
                    ("conv3_3_norm", 256),
                    4,
                )?
                .pooled(),
                stage(
                    &[
                        ("conv4_1", same(256, 512)),
                        ("conv4_2", same(512, 512)),
                        ("conv4_3", same(512, 512)),
                    ],
                    ("conv4_3_norm", 512),
                )?
                .pooled(),
                stage(
                    &[
                        ("conv5_1", same(512, 512)),
                        ("conv5_2", same(512, 512)),
                        ("conv5_3", same(512, 512)),
                    ],
                    ("conv5_3_norm", 512),
                )?
                .pooled(),
                stage(
                    &[
                        ("fc6", same(512, 1024).padding(3)),
                        ("fc7", Window::new(1024, 1024, 1)),
                    ],
                    ("fc7", 1024),
                )?
                .pooled(),
                stage(
                    &[
                        ("conv6_1", Window::new(1024, 256, 1)),
                        ("conv6_2", same(256, 512).stride(2)),
                    ],
                    ("conv6_2", 512),
                )?,
                stage(
                    &[
                        ("conv7_1", Window::new(512, 128, 1)),
                        ("conv7_2", same(128, 256).stride(2)),
                    ],
                    ("conv7_2", 256),
                )?,
            ],
        })
    }

    /// What is said of the pictures [n, 3, h, w] (see [`ChannelOrder::prepare`]) at each scale, in steps of 4, 8, …,
    /// 128 pixels.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, pictures: &Tensor) -> Result<Vec<Level>, tch::TchError> {
        let mut x = pictures.shallow_clone();
        for (index, filters) in self.first.iter().enumerate() {
            if index > 0 {
                x = halved(&x)?;
            }
            for filter in filters {
                x = filter.forward(&x)?;
            }
        }
        let mut levels = Vec::with_capacity(self.stages.len());
        for stage in &self.stages {
            let (features, mut level) = stage.forward(&x)?;
            x = features;
            if levels.is_empty() {
                let backgrounds = level.confidence.f_narrow(1, 0, 3)?;
                let face = level.confidence.f_narrow(1, 3, 1)?;
                let background = backgrounds.f_amax([1i64], true)?;
                level.confidence = Tensor::f_cat(&[background, face], 1)?;
            }
            levels.push(level);
        }
        Ok(levels)
    }
}
