//! A prepared avatar in memory, shared by the sessions that show it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::Video;
use crate::face::neural::{Exhibit, Film, Gallery, LATENTS, Manifest};

/// The ending of files of frames.
const FILM: &str = "film";

/// A prepared avatar in memory.
#[derive(Debug)]
pub(super) struct Sitter {
    /// Tells it from others, and from itself before it was prepared anew.
    pub(super) fingerprint: [u8; 32],
    pub(super) id: String,
    pub(super) manifest: Arc<Manifest>,
    pub(super) film: Arc<Film>,
    pub(super) latents: PathBuf,
}

/// The prepared avatars of a gallery, each loaded once. Frames are kept in a directory of the server's own: those who run it
/// need not be allowed to write where avatars are kept.
#[derive(Debug)]
pub(super) struct Sitters {
    gallery: Gallery,
    films: PathBuf,
    video: Video,
    loaded: HashMap<String, Arc<Sitter>>,
}

impl Sitters {
    /// Those of `gallery`, as they are shown in `video`; their frames are kept in the directory `films`.
    pub(super) fn new(gallery: Gallery, films: &Path, video: Video) -> Self {
        Self {
            gallery,
            films: films.to_owned(),
            video,
            loaded: HashMap::new(),
        }
    }

    /// Every one there is. Frames of those that are gone, or of another size, are deleted.
    pub(super) fn all(&mut self) -> Vec<Arc<Sitter>> {
        let exhibits = self.gallery.all();
        let wanted: Vec<PathBuf> = exhibits.iter().map(|exhibit| self.film(exhibit)).collect();
        for entry in fs::read_dir(&self.films).into_iter().flatten().flatten() {
            let file = entry.path();
            let ours = file.extension().is_some_and(|ending| ending == FILM);
            if ours && !wanted.contains(&file) {
                let _ = fs::remove_file(file);
            }
        }
        let found = exhibits.into_iter().map(|exhibit| self.load(exhibit));
        found.collect()
    }

    /// The one called `id`.
    pub(super) fn find(&mut self, id: &str) -> Option<Arc<Sitter>> {
        let exhibit = self.gallery.find(id)?;
        Some(self.load(exhibit))
    }

    fn film(&self, exhibit: &Exhibit) -> PathBuf {
        let Video { width, height, .. } = self.video;
        self.films
            .join(format!("{}-{width}x{height}.{FILM}", exhibit.id))
    }

    fn load(&mut self, exhibit: Exhibit) -> Arc<Sitter> {
        if let Some(sitter) = self.loaded.get(&exhibit.id)
            && sitter.fingerprint == exhibit.fingerprint
        {
            return Arc::clone(sitter);
        }
        let size = (self.video.width, self.video.height);
        let film = Arc::new(Film::open(&exhibit, &self.film(&exhibit), size));
        let sitter = Arc::new(Sitter {
            fingerprint: exhibit.fingerprint,
            id: exhibit.id,
            manifest: exhibit.manifest,
            film,
            latents: exhibit.directory.join(LATENTS),
        });
        self.loaded.insert(sitter.id.clone(), Arc::clone(&sitter));
        sitter
    }
}
