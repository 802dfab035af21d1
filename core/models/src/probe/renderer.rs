//! The renderer of IMTalker.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use tch::{TchError, Tensor};

use super::{Figures, Inputs, ProbeError, Row};
use crate::renderer::{Renderer, RendererConfig, Version};
use crate::weights::ramp;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "v2 f_r[0]",
        expected: Figures::new(0.103_338, 0.132_143, [0.003_990, -0.000_510, -0.000_192]),
        output: |inputs| second(inputs, |scene| scene.features.first()),
    },
    Row {
        name: "v2 f_r[5]",
        expected: Figures::new(0.166_840, 0.241_358, [0.316_169, -0.000_316, 0.075_797]),
        output: |inputs| second(inputs, |scene| scene.features.last()),
    },
    Row {
        name: "v2 i_r",
        expected: Figures::new(0.006_250, 0.089_677, [-0.119_058, 0.053_199, 0.106_031]),
        output: |inputs| second(inputs, |scene| Some(&scene.identity)),
    },
    Row {
        name: "v2 t_r",
        expected: Figures::new(-0.097_246, 0.820_595, [0.077_604, 0.930_116, 0.841_294]),
        output: |inputs| second(inputs, |scene| Some(&scene.reference)),
    },
    Row {
        name: "v2 adapt",
        expected: Figures::new(-0.006_365, 0.102_216, [0.015_095, -0.163_297, -0.090_903]),
        output: |inputs| second(inputs, |scene| Some(&scene.adapted)),
    },
    Row {
        name: "v2 m_c[3]",
        expected: Figures::new(0.186_520, 0.336_088, [0.057_012, 0.328_899, 0.149_456]),
        output: |inputs| second(inputs, |scene| scene.maps.last()),
    },
    Row {
        name: "v2 transfer level 3",
        expected: Figures::new(0.012_940, 0.201_617, [0.290_318, 0.227_221, -0.009_938]),
        output: |inputs| second(inputs, |scene| scene.moved.get(3)),
    },
    Row {
        name: "v2 transfer level 5",
        expected: Figures::new(0.145_172, 0.183_794, [0.803_317, 0.055_592, 0.304_368]),
        output: |inputs| second(inputs, |scene| scene.moved.get(5)),
    },
    Row {
        name: "v2 synthesis after 2",
        expected: Figures::spread(0.530_320, 1.275_010),
        output: |inputs| second(inputs, |scene| Some(&scene.half)),
    },
    Row {
        name: "v2 synthesis after 4",
        expected: Figures::spread(0.058_466, 1.861_284),
        output: |inputs| second(inputs, |scene| Some(&scene.whole)),
    },
    Row {
        name: "v2 frame",
        expected: Figures::new(0.499_369, 0.176_821, [0.106_151, 0.467_687, 0.213_746]),
        output: |inputs| second(inputs, |scene| Some(&scene.frame)),
    },
    Row {
        name: "v1 frame",
        expected: Figures::new(0.497_851, 0.184_545, [0.111_674, 0.500_080, 0.255_765]),
        output: |inputs| told(inputs, Version::First, |scene| Some(&scene.frame)),
    },
];

/// Everything on the way from a photo and a motion to a picture.
struct Scene {
    features: Vec<Tensor>,
    identity: Tensor,
    reference: Tensor,
    adapted: Tensor,
    maps: Vec<Tensor>,
    moved: Vec<Tensor>,
    half: Tensor,
    whole: Tensor,
    frame: Tensor,
}

thread_local! {
    /// Those computed: all rows of a version are of one, and it takes seconds.
    static SCENES: RefCell<HashMap<(String, u8), Rc<Scene>>> = RefCell::default();
}

impl Scene {
    fn new(inputs: &Inputs, version: Version) -> Result<Self, ProbeError> {
        let config = RendererConfig::published(version);
        let weights = inputs.renderer_weights();
        let renderer = Renderer::new(&weights.root(), &config)?;
        let side = config.input();
        let name = format!("{}img", inputs.prefix);
        let photo = ramp(&name, &[1, 3, side, side], 0.5, 0.5)?;

        let appearance = renderer.identity.forward(&photo)?;
        let reference = renderer.motion.forward(&photo)?;
        let own = renderer.adapted(&reference, &appearance.identity)?;
        let source = renderer.transfer.source(&appearance, &own)?;

        let motion = inputs.tensor("t_c", &[1, 32], 1.0)?;
        let adapted = renderer.adaptation.forward(&motion, &appearance.identity)?;
        let maps = renderer.maps.forward(&adapted)?;
        let moved = renderer.transfer.forward(&maps, &[&source])?;
        Ok(Self {
            half: renderer.synthesis.forward_to(&moved, 3)?,
            whole: renderer.synthesis.forward_to(&moved, 5)?,
            frame: renderer.synthesis.forward(&moved)?,
            features: appearance.features,
            identity: appearance.identity,
            reference,
            adapted,
            maps,
            moved,
        })
    }

    fn of(inputs: &Inputs, version: Version) -> Result<Rc<Self>, ProbeError> {
        let key = (inputs.prefix.clone(), version.into());
        if let Some(scene) = SCENES.with_borrow(|scenes| scenes.get(&key).cloned()) {
            return Ok(scene);
        }
        let scene = Rc::new(Self::new(inputs, version)?);
        SCENES.with_borrow_mut(|scenes| scenes.insert(key, Rc::clone(&scene)));
        Ok(scene)
    }
}

fn told(
    inputs: &Inputs,
    version: Version,
    output: impl FnOnce(&Scene) -> Option<&Tensor>,
) -> Result<Tensor, ProbeError> {
    let scene = Scene::of(inputs, version)?;
    let output = output(&scene).ok_or_else(|| TchError::Shape("a level is missing".to_owned()))?;
    Ok(output.shallow_clone())
}

fn second(
    inputs: &Inputs,
    output: impl FnOnce(&Scene) -> Option<&Tensor>,
) -> Result<Tensor, ProbeError> {
    told(inputs, Version::Second, output)
}
