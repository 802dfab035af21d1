//! Attention within windows, on the finer levels of the synthesis (Swin).

use tch::{Device, Kind, TchError, Tensor};

use super::RendererConfig;
use super::global::Inner;
use super::transfer::{picture, pixels};
use crate::layers::{LayerNorm, Linear, Output};
use crate::weights::{Scope, WeightsError};

/// What keeps pixels apart that only lie in one window because the picture was rolled.
const APART: f64 = -100.0;

/// Attention within windows of `window` pixels a side, which begin `shift` pixels from the corner.
pub(super) struct Windows {
    query_norm: LayerNorm,
    other_norm: LayerNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    /// What is added to how much pixels of a window look at each other, [heads, pixels, pixels].
    bias: Tensor,
    /// What keeps pixels of rolled windows apart, [windows, 1, pixels, pixels].
    apart: Option<Tensor>,
    heads: i64,
    window: i64,
    shift: i64,
    inner: Inner,
}

impl Windows {
    pub(super) fn new(
        scope: &Scope<'_>,
        (channels, side): (i64, i64),
        config: &RendererConfig,
        shifted: bool,
    ) -> Result<Self, WeightsError> {
        let (heads, window) = (config.heads, config.window);
        let attention = scope.at("attn");
        let linear = |name: &str| Linear::new(&attention.at(name), channels, channels);
        let places = 2 * window - 1;
        let table = [places * places, heads];
        let bias = attention.tensor_as("relative_position_bias_table", &table, |table| {
            let index = relative(window)?.f_to_device(table.device())?;
            let pixels = window * window;
            table
                .f_index_select(0, &index)?
                .f_view([pixels, pixels, heads])?
                .f_permute([2, 0, 1])?
                .f_contiguous()
        })?;
        let shift = if shifted { window / 2 } else { 0 };
        let apart = shifted
            .then(|| {
                rolled(side, window, shift)?
                    .f_to_device(bias.device())?
                    .f_to_kind(bias.f_kind()?)
            })
            .transpose()?;
        Ok(Self {
            query_norm: LayerNorm::new(&scope.at("norm_q"), channels)?,
            other_norm: LayerNorm::new(&scope.at("norm_kv"), channels)?,
            query: linear("q")?,
            key: linear("k")?,
            value: linear("v")?,
            out: linear("proj")?,
            bias,
            apart,
            heads,
            window,
            shift,
            inner: Inner::new(scope, channels, "mlp.2")?,
        })
    }

    /// `x` is [n, channels, h, w], its sides multiples of the window's.
    pub(super) fn forward(&self, x: &Tensor) -> Output {
        let (n, _, height, width) = x.size4()?;
        let x = pixels(x)?;
        let look = |norm: &LayerNorm| -> Output {
            let x = norm.forward(&x)?.f_view([n, height, width, -1])?;
            self.cut(&self.roll(&x, -self.shift)?)
        };
        let others = look(&self.other_norm)?;
        let found = self.attend(
            &self.query.forward(&look(&self.query_norm)?)?,
            &self.key.forward(&others)?,
            &self.value.forward(&others)?,
        )?;
        let whole = self.join(&self.out.forward(&found)?, [n, height, width])?;
        let found = self.roll(&whole, self.shift)?.f_flatten(1, 2)?;
        picture(&self.inner.forward(&found.f_add(&x)?)?, height, width)
    }

    fn roll(&self, x: &Tensor, shift: i64) -> Output {
        if self.shift == 0 {
            return Ok(x.shallow_clone());
        }
        x.f_roll([shift, shift], [1i64, 2])
    }

    /// Pictures [n, h, w, c] as windows, [n · windows, pixels, c].
    fn cut(&self, x: &Tensor) -> Output {
        let (n, height, width, channels) = x.size4()?;
        let window = self.window;
        x.f_view([n, height / window, window, width / window, window, channels])?
            .f_transpose(2, 3)?
            .f_reshape([-1, window * window, channels])
    }

    /// The reverse.
    fn join(&self, x: &Tensor, [n, height, width]: [i64; 3]) -> Output {
        let window = self.window;
        x.f_view([n, height / window, width / window, window, window, -1])?
            .f_transpose(2, 3)?
            .f_reshape([n, height, width, -1])
    }

    /// Attention of windows [windows, pixels, channels].
    fn attend(&self, query: &Tensor, key: &Tensor, value: &Tensor) -> Output {
        let (windows, pixels, channels) = query.size3()?;
        let features = channels / self.heads;
        let apart = |x: &Tensor| -> Output {
            x.f_view([windows, pixels, self.heads, features])?
                .f_transpose(1, 2)
        };
        #[expect(clippy::cast_precision_loss, reason = "some dozens")]
        let scale = 1.0 / (features as f64).sqrt();
        let mut looks = apart(query)?
            .f_mul_scalar(scale)?
            .f_matmul(&apart(key)?.f_transpose(2, 3)?)?
            .f_add_(&self.bias)?;
        if let Some(mask) = &self.apart {
            let shape = looks.size();
            let each = mask.size4()?.0;
            looks = looks
                .f_view([-1, each, self.heads, pixels, pixels])?
                .f_add_(mask)?
                .f_view(shape.as_slice())?;
        }
        looks
            .f_softmax(-1, None::<Kind>)?
            .f_matmul(&apart(value)?)?
            .f_transpose(1, 2)?
            .f_flatten(2, 3)
    }
}

/// For each two pixels of a window the place in the table of biases that tells of how they lie to each other.
fn relative(window: i64) -> Output {
    let sides = (0..window).flat_map(|row| (0..window).map(move |column| (row, column)));
    let pixels: Vec<(i64, i64)> = sides.collect();
    let places = 2 * window - 1;
    let index: Vec<i64> = pixels
        .iter()
        .flat_map(|one| pixels.iter().map(move |other| (one, other)))
        .map(|(one, other)| (one.0 - other.0 + window - 1) * places + one.1 - other.1 + window - 1)
        .collect();
    Tensor::f_from_slice(&index)
}

/// What keeps pixels of windows apart that rolling has brought together, [windows, 1, pixels, pixels].
fn rolled(side: i64, window: i64, shift: i64) -> Result<Tensor, TchError> {
    let part = |at: i64| i64::from(at >= side - window) + i64::from(at >= side - shift);
    let parts: Vec<i64> = (0..side)
        .flat_map(|row| (0..side).map(move |column| 3 * part(row) + part(column)))
        .collect();
    let count = side / window;
    let parts = Tensor::f_from_slice(&parts)?
        .f_view([count, window, count, window])?
        .f_transpose(1, 2)?
        .f_reshape([count * count, window * window])?;
    let differ = parts.f_unsqueeze(1)?.f_ne_tensor(&parts.f_unsqueeze(2)?)?;
    Tensor::f_zeros(differ.size(), (Kind::Float, Device::Cpu))?
        .f_masked_fill(&differ, APART)?
        .f_unsqueeze(1)
}
