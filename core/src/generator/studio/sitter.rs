//! Who sits: a prepared avatar in memory, shared by the sessions that show it, or somebody on a session's own photo.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Video;
use crate::face::neural::{
    Cycle, Exhibit, Film, Gallery, LATENTS, Manifest, NetworkError, Networks, Portrait, Subject,
};
use crate::face::photo::{SIDE, Still};
use crate::session::SessionId;
use crate::time::FrameRate;

/// The ending of files of frames.
const FILM: &str = "film";

/// Who sits.
#[derive(Debug)]
pub(super) struct Sitter {
    /// Tells it from others, and from itself before it was prepared anew.
    pub(super) fingerprint: [u8; 32],
    pub(super) id: String,
    pub(super) looks: Looks,
}

/// What somebody is drawn from.
#[derive(Debug)]
pub(super) enum Looks {
    /// A prepared avatar.
    Film {
        manifest: Arc<Manifest>,
        film: Arc<Film>,
        latents: PathBuf,
    },
    /// A photo, until the networks have looked at it.
    Photo(Mutex<Option<Snapshot>>),
}

/// A photo of somebody.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) still: Still,
    /// Whether the networks find the face in it.
    pub(crate) find: bool,
}

impl Sitter {
    /// Somebody on the photo of session `id`.
    pub(super) fn on_photo(id: SessionId, snapshot: Snapshot) -> Self {
        let id = id.to_string();
        let mut fingerprint = [0; 32];
        let digits = id.bytes().filter(u8::is_ascii_hexdigit);
        fingerprint
            .iter_mut()
            .zip(digits)
            .for_each(|(to, digit)| *to = digit);
        Self {
            fingerprint,
            id,
            looks: Looks::Photo(Mutex::new(Some(snapshot))),
        }
    }

    /// Nobody, whom a studio without avatars tries itself with.
    pub(super) fn nobody() -> Self {
        Self {
            fingerprint: [0; 32],
            id: "nobody".to_owned(),
            looks: Looks::Photo(Mutex::new(Some(Snapshot {
                still: Still::black(SIDE as u32),
                find: false,
            }))),
        }
    }

    /// Whether nobody else sits so.
    pub(super) fn is_alone(&self) -> bool {
        matches!(self.looks, Looks::Photo(_))
    }

    /// What the networks draw it from. They look at a photo once: it is not kept.
    pub(super) fn portrait(
        &self,
        networks: &dyn Networks,
    ) -> Result<Box<dyn Portrait>, NetworkError> {
        let (manifest, latents) = match &self.looks {
            Looks::Film {
                manifest, latents, ..
            } => (manifest, latents),
            Looks::Photo(snapshot) => {
                let snapshot = snapshot
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take();
                let Snapshot { still, find } = snapshot.ok_or_else(|| {
                    NetworkError::Failed("a photo was looked at before".to_owned())
                })?;
                return networks.portrait(Subject::Photo {
                    still: &still,
                    find,
                });
            }
        };
        let portrait = networks.portrait(Subject::Filmed(latents))?;
        let (found, wanted) = (portrait.frames(), manifest.frames.len());
        if found != wanted {
            return Err(NetworkError::Failed(format!(
                "{} has latents of {found} frames, and the avatar has {wanted}",
                latents.display()
            )));
        }
        Ok(portrait)
    }

    /// Which of its frames is shown when, in a video of `rate`.
    pub(super) fn cycle(&self, rate: FrameRate) -> Cycle {
        match &self.looks {
            Looks::Film { manifest, .. } => {
                Cycle::new(manifest.frames.len(), manifest.frame_rate, rate)
            }
            Looks::Photo(_) => Cycle::new(1, rate.per_second(), rate),
        }
    }
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
        let Some(exhibit) = self.gallery.find(id) else {
            self.loaded.remove(id);
            return None;
        };
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
            looks: Looks::Film {
                manifest: exhibit.manifest,
                film,
                latents: exhibit.directory.join(LATENTS),
            },
        });
        self.loaded.insert(sitter.id.clone(), Arc::clone(&sitter));
        sitter
    }
}
