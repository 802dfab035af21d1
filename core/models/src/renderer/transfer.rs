//! From where in the photo each feature comes: attention between the maps of two motions.
//!
//! The four coarser levels have attention of their own. The two finer ones follow the last of these: what it looks at most, on the mean of its
//! heads, is where a whole cell of theirs comes from.

use tch::{Kind, TchError, Tensor};

use super::{Appearance, RendererConfig};
use crate::layers::{Linear, Output, attend};
use crate::weights::{Scope, WeightsError};

/// How many pixels look around at once where what they look at must be known: 64 MiB of looks in the published renderer.
const ROWS: i64 = 512;

/// Attention of one level.
struct Level {
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
}

impl Level {
    fn new(scope: &Scope<'_>, channels: i64) -> Result<Self, WeightsError> {
        let linear = |name: &str| Linear::new(&scope.at(name), channels, channels);
        Ok(Self {
            query: linear("q_proj")?,
            key: linear("k_proj")?,
            value: linear("v_proj")?,
            out: linear("proj")?,
        })
    }
}

/// What stays the same of a photo, whatever it is moved to.
#[derive(Debug)]
pub struct Source {
    /// Keys and values of the coarser levels, [pixels, channels].
    attended: Vec<(Tensor, Tensor)>,
    /// Features of the finer levels, as small as the last of the coarser ones, [channels, pixels].
    followed: Vec<Tensor>,
}

impl Source {
    /// The same tensors.
    pub(crate) fn again(&self) -> Self {
        let attended = self.attended.iter();
        Self {
            attended: attended
                .map(|(key, value)| (key.shallow_clone(), value.shallow_clone()))
                .collect(),
            followed: self.followed.iter().map(Tensor::shallow_clone).collect(),
        }
    }
}

/// Pictures [n, c, h, w] as rows of pixels, [n, h·w, c].
pub(super) fn pixels(x: &Tensor) -> Output {
    x.f_flatten(2, -1)?.f_transpose(1, 2)
}

/// Rows of pixels [n, h·w, c] as pictures.
pub(super) fn picture(x: &Tensor, height: i64, width: i64) -> Output {
    let (n, _, channels) = x.size3()?;
    x.f_transpose(1, 2)?.f_reshape([n, channels, height, width])
}

/// Features moved to where a motion wants them.
pub struct Transfer {
    levels: Vec<Level>,
    heads: i64,
}

impl Transfer {
    pub(super) fn new(scope: &Scope<'_>, config: &RendererConfig) -> Result<Self, WeightsError> {
        Ok(Self {
            levels: (0..)
                .zip(config.levels().into_iter().take(4))
                .map(|(index, (channels, _)): (u32, _)| {
                    let scope = scope.at(format_args!("{index}.block_efc"));
                    Level::new(&scope, channels)
                })
                .collect::<Result<_, _>>()?,
            heads: config.heads,
        })
    }

    /// What stays the same of one photo: `maps` are those of its own motion.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn source(&self, appearance: &Appearance, maps: &[Tensor]) -> Result<Source, TchError> {
        let features = &appearance.features;
        let mut attended = Vec::new();
        let mut side = 1;
        for ((level, map), features) in self.levels.iter().zip(maps).zip(features) {
            side = features.size4()?.2;
            let key = level.key.forward(&pixels(map)?.f_get(0)?)?;
            let value = level.value.forward(&pixels(features)?.f_get(0)?)?;
            attended.push((key, value));
        }
        let finer = features.iter().skip(self.levels.len());
        let followed = finer
            .map(|features| {
                let times = [features.size4()?.2 / side; 2];
                features
                    .f_avg_pool2d(times, times, [0i64, 0], false, true, None)?
                    .f_get(0)?
                    .f_flatten(1, 2)
            })
            .collect::<Result<_, _>>()?;
        Ok(Source { attended, followed })
    }

    /// The features of each of `sources` where the `maps` [n, c, s, s] of as many motions want them, the smallest picture first.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, maps: &[Tensor], sources: &[&Source]) -> Result<Vec<Tensor>, TchError> {
        let mut moved: Vec<Vec<Tensor>> = Vec::new();
        for (index, source) in (0..).zip(sources) {
            for (level, picture) in self.one(maps, index, source)?.into_iter().enumerate() {
                match moved.get_mut(level) {
                    Some(pictures) => pictures.push(picture),
                    None => moved.push(vec![picture]),
                }
            }
        }
        moved
            .iter()
            .map(|pictures| Tensor::f_cat(pictures, 0))
            .collect()
    }

    /// The levels of one picture.
    fn one(&self, maps: &[Tensor], index: i64, source: &Source) -> Result<Vec<Tensor>, TchError> {
        let mut moved = Vec::new();
        let mut side = 1;
        let mut looks = None;
        let last = self.levels.len().saturating_sub(1);
        for (at, ((level, map), (key, value))) in self
            .levels
            .iter()
            .zip(maps)
            .zip(&source.attended)
            .enumerate()
        {
            side = map.size4()?.2;
            let query = level.query.forward(&pixels(&map.f_narrow(0, index, 1)?)?)?;
            let found = if at == last {
                let (found, most) = self.look(&query.f_get(0)?, key, value)?;
                looks = Some(most);
                found.f_unsqueeze(0)?
            } else {
                attend(
                    &query,
                    &key.f_unsqueeze(0)?,
                    &value.f_unsqueeze(0)?,
                    self.heads,
                )?
            };
            moved.push(picture(&level.out.forward(&found)?, side, side)?);
        }
        let Some(looks) = looks else {
            return Ok(moved);
        };
        let mut times = 1;
        for features in &source.followed {
            times *= 2;
            let cells = features
                .f_index_select(1, &looks)?
                .f_view([1, -1, side, side])?
                .f_upsample_nearest2d([side * times, side * times], None, None)?;
            moved.push(cells);
        }
        Ok(moved)
    }

    /// Attention of `query` [pixels, channels], and what each pixel looks at most, on the mean of the heads.
    fn look(
        &self,
        query: &Tensor,
        key: &Tensor,
        value: &Tensor,
    ) -> Result<(Tensor, Tensor), TchError> {
        let apart = |x: &Tensor| -> Output {
            let (pixels, channels) = x.size2()?;
            x.f_view([pixels, self.heads, channels / self.heads])?
                .f_transpose(0, 1)
        };
        let (key, value) = (apart(key)?.f_transpose(1, 2)?, apart(value)?);
        let (count, channels) = query.size2()?;
        #[expect(clippy::cast_precision_loss, reason = "some dozens")]
        let scale = 1.0 / ((channels / self.heads) as f64).sqrt();
        let query = apart(query)?;
        let (mut found, mut most) = (Vec::new(), Vec::new());
        let mut first = 0;
        while first < count {
            let rows = ROWS.min(count - first);
            let looks = query
                .f_narrow(1, first, rows)?
                .f_matmul(&key)?
                .f_mul_scalar_(scale)?
                .f_softmax(-1, None::<Kind>)?;
            found.push(looks.f_matmul(&value)?.f_transpose(0, 1)?.f_flatten(1, 2)?);
            let mean = looks.f_mean_dim([0i64].as_slice(), false, None::<Kind>)?;
            most.push(mean.f_argmax(-1, false)?);
            first += rows;
        }
        Ok((Tensor::f_cat(&found, 0)?, Tensor::f_cat(&most, 0)?))
    }
}
