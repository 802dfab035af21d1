//! One session's picture of a presenter, kept up to date at the least cost.

use std::sync::Arc;

use avatar_codec::Picture;

use super::super::motion::{Look, Pose};
use super::super::mouth::Mouth;
use super::painted::Painted;
use super::planes::Planes;
use super::portrait::Portrait;
use super::shape::Point;
use super::warp::{Field, compose};

/// Everything that can be seen to change.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Scene {
    pub(super) mouth: Mouth,
    pub(super) look: Look,
    pub(super) pose: Pose,
}

/// A presenter in front of the camera.
#[derive(Debug)]
pub(super) struct Stage {
    painted: Arc<Painted>,
    /// Head colours with the mouth and eyes of the moment.
    head: Planes,
    /// The room with the body as it stands.
    behind: Planes,
    frame: Planes,
    field: Field,
    colours: Vec<[f32; 4]>,
    scene: Option<Scene>,
}

impl Stage {
    /// Seats a portrait; painting it takes a while when nobody did before.
    pub(super) fn new(portrait: &'static Portrait, width: usize, height: usize) -> Self {
        let painted = Painted::shared(portrait, width, height);
        Self {
            head: painted.head.colour.clone(),
            behind: painted.room.clone(),
            frame: painted.room.clone(),
            field: Field::default(),
            colours: Vec::new(),
            scene: None,
            painted,
        }
    }

    /// What this stage shares with others.
    #[cfg(test)]
    pub(super) fn painted(&self) -> &Arc<Painted> {
        &self.painted
    }

    /// Where a place given in units lies in the picture, or the nearest in it.
    pub(super) fn pixel(&self, place: Point) -> Point {
        let (x, y) = self.painted.view.pixel(place);
        (x.max(0.0), y.max(0.0))
    }

    /// Shows `scene` on `picture`, which has the size of this stage.
    pub(super) fn show(&mut self, scene: Scene, picture: &mut Picture) {
        let painted = Arc::clone(&self.painted);
        let scale = painted.view.scale;
        let scene = Scene {
            mouth: in_steps(scene.mouth),
            look: scene.look.in_steps(scale),
            pose: scene.pose.in_steps(scale),
        };
        let before = self.scene.replace(scene);
        let changed = |same: &dyn Fn(&Scene) -> bool| !before.as_ref().is_some_and(same);
        let mouth = changed(&|before| before.mouth == scene.mouth);
        let look = changed(&|before| before.look == scene.look);
        let breath = changed(&|before| before.pose.breath == scene.pose.breath);
        let pose = changed(&|before| before.pose == scene.pose);
        if mouth {
            painted
                .lips
                .paint(scene.mouth, &mut self.head, &mut self.colours);
        }
        if look {
            for eye in &painted.eyes {
                eye.paint(scene.look, &mut self.head, &mut self.colours);
            }
        }
        if breath {
            painted.body_rig.field(&scene.pose, &mut self.field);
            let body = &painted.body;
            compose(
                &mut self.behind,
                &painted.room,
                body,
                &body.colour,
                &self.field,
            );
            self.frame.clone_from(&self.behind);
        }
        if mouth || look || pose {
            painted.head_rig.field(&scene.pose, &mut self.field);
            compose(
                &mut self.frame,
                &self.behind,
                &painted.head,
                &self.head,
                &self.field,
            );
        }
        self.frame.show(picture);
    }
}

/// A mouth in steps too small to see.
fn in_steps(mouth: Mouth) -> Mouth {
    const STEPS: f32 = 128.0;
    Mouth::from_measures(
        mouth
            .measures()
            .map(|value| (value * STEPS).round() / STEPS),
    )
}
