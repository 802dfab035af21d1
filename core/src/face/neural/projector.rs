//! An avatar's frames, with faces over them that come and go.

use std::sync::Arc;

use avatar_codec::Picture;

use super::blend::{Blender, Drawn};
use super::cutout::Cutout;
use super::film::Film;
use super::raster::RasterError;

/// By how much a face shows more, or less, from one frame to the next where it comes or goes. All of it is 255.
const FADE: u8 = 64;

/// Shows one session's frames.
#[derive(Debug)]
pub struct Projector {
    film: Arc<Film>,
    blender: Blender,
    cutout: Cutout,
    /// The face shown last, and how much of it.
    face: Vec<u8>,
    weight: u8,
    begun: bool,
}

impl Projector {
    /// A projector for `film`.
    pub fn new(film: Arc<Film>) -> Self {
        Self {
            film,
            blender: Blender::default(),
            cutout: Cutout::default(),
            face: Vec::new(),
            weight: 0,
            begun: false,
        }
    }

    /// Shows frame `index` of the clip, with `face` over it: rows of red, green and blue, as many rows as pixels in each. Where
    /// there is none, the last one goes, little by little; where there is one again, it comes as it went.
    ///
    /// # Errors
    ///
    /// [`RasterError`] where the avatar's own files are of no use.
    pub fn show(
        &mut self,
        index: usize,
        face: Option<Vec<u8>>,
        picture: &mut Picture,
    ) -> Result<(), RasterError> {
        self.film.show(index, picture, &mut self.cutout)?;
        match face {
            // In the first frame there is nothing yet that it would jump from.
            Some(face) if !self.begun => (self.face, self.weight) = (face, u8::MAX),
            Some(face) => {
                self.face = face;
                self.weight = self.weight.saturating_add(FADE);
            }
            None => self.weight = self.weight.saturating_sub(FADE),
        }
        self.begun = true;
        if self.weight > 0 {
            let face = Drawn {
                pixels: &self.face,
                side: (self.face.len() / 3).isqrt(),
                weight: self.weight,
                softened: self.film.is_scaled(),
            };
            self.blender.blend(face, &self.cutout, picture);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::gallery::Gallery;
    use super::super::specimen;
    use super::*;

    #[test]
    fn faces_come_and_go_without_a_jump() {
        let place = tempfile::tempdir().unwrap();
        specimen::write(&place.path().join("anna"), &specimen::manifest(64, 48, 3));
        let anna = Gallery::new(place.path()).find("anna").unwrap();
        let film = Film::open(&anna, &place.path().join("anna.film"), (64, 48));
        let mut projector = Projector::new(Arc::new(film));
        let mut picture = Picture::new(64, 48);
        let mut light = |face: Option<u8>| {
            let face = face.map(|light| vec![light; 16 * 16 * 3]);
            projector.show(0, face, &mut picture).unwrap();
            // In the middle of what the mask lets show, and above it.
            assert_eq!(picture.y[5 * 64 + 32], 102);
            picture.y[36 * 64 + 32]
        };
        let faces = [255, 255].map(Some).into_iter().chain([None; 5]);
        let lights: Vec<u8> = faces.chain([Some(255); 5]).map(&mut light).collect();
        assert_eq!(lights[..2], [235, 235]);
        assert_eq!(lights[5..7], [102, 102]);
        assert_eq!(lights[11], 235);
        let steps = lights.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
        assert!(steps.max().unwrap() < 36, "{lights:?}");
    }
}
