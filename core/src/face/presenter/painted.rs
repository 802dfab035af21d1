//! Portraits painted ready for use, shared by all sessions that show the same one at the same size.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::canvas::{Area, Canvas, View};
use super::eyes::Eye;
use super::lips::Lips;
use super::planes::{CELL, Layer, Planes};
use super::portrait::Portrait;
use super::stance::Rig;
use super::{body, hair, head, room};

/// Layers lie on a grid of this many luma samples, one square of the colour differences.
const GRID: i32 = 2 * CELL as i32;

/// How many painted portraits are kept when nobody shows them any more.
const KEPT: usize = 4;

/// A portrait painted at one size.
#[derive(Debug)]
pub(super) struct Painted {
    pub(super) view: View,
    /// What never moves: the room, and hair behind the neck.
    pub(super) room: Planes,
    pub(super) body: Layer,
    pub(super) body_rig: Rig,
    pub(super) head: Layer,
    pub(super) head_rig: Rig,
    pub(super) eyes: [Eye; 2],
    pub(super) lips: Lips,
}

impl Painted {
    fn new(portrait: &'static Portrait, width: usize, height: usize) -> Self {
        let view = View::seated(width, height);
        let whole = Area::around((0.0, 0.0), (width as f32, height as f32), GRID);
        let mut canvas = Canvas::new(whole, view);
        room::paint(&mut canvas, portrait);
        hair::paint_behind(&mut canvas, portrait);
        let room = Planes::opaque(&canvas);

        let part = |from, to| Area::around(view.pixel(from), view.pixel(to), GRID);
        let mut canvas = Canvas::new(part((30.0, 240.0), (482.0, 544.0)), view);
        body::paint(&mut canvas, portrait);
        let body_rig = Rig::body(canvas.area, view);
        let body = Layer::new(&canvas);

        let mut canvas = Canvas::new(part((112.0, 46.0), (402.0, 420.0)), view);
        hair::paint_under(&mut canvas, portrait);
        let face = head::paint(&mut canvas, portrait);
        hair::paint_before(&mut canvas, portrait, face.as_ref());
        let eyes = [-1.0, 1.0].map(|side| Eye::new(&canvas, portrait, side));
        let lips = Lips::new(&canvas, portrait);
        Self {
            view,
            room,
            body,
            body_rig,
            head_rig: Rig::head(canvas.area, view, portrait),
            head: Layer::new(&canvas),
            eyes,
            lips,
        }
    }

    /// The portrait painted at a size: painted now, or shared with whoever had it painted before.
    pub(super) fn shared(portrait: &'static Portrait, width: usize, height: usize) -> Arc<Self> {
        let place = Gallery::place(portrait.id, width, height);
        let painted = place.get_or_init(|| Arc::new(Self::new(portrait, width, height)));
        Arc::clone(painted)
    }
}

/// One portrait at one size, painted or being painted.
type Place = Arc<OnceLock<Arc<Painted>>>;

/// Painted portraits, the one asked for last at the end.
struct Gallery(Vec<((&'static str, usize, usize), Place)>);

static GALLERY: Mutex<Gallery> = Mutex::new(Gallery(Vec::new()));

impl Gallery {
    /// Painting takes a while, and must not hold up those who want another portrait: only its place is found under the lock.
    fn place(id: &'static str, width: usize, height: usize) -> Place {
        let mut gallery = GALLERY.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (id, width, height);
        let known = gallery.0.iter().position(|(other, _)| *other == key);
        let entry = match known {
            Some(index) => gallery.0.remove(index),
            None => {
                if gallery.0.len() >= KEPT {
                    gallery.0.remove(0);
                }
                (key, Place::default())
            }
        };
        let place = Arc::clone(&entry.1);
        gallery.0.push(entry);
        place
    }
}
