//! Networks that make photos talk.

use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, PoisonError};

use avatar_models_abi as abi;

use crate::library::Talking;
use crate::message::{self, Message};
use crate::networks::{Options, open};
use crate::{Library, NeuralError, Photo};

/// What has been loaded to make photos talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TalkerDescription {
    /// Which of the published versions draws: 1 or 2.
    pub version: u32,
    /// The side of a picture, in pixels.
    pub side: usize,
    /// How many floats the motion of one frame is.
    pub motion: usize,
    /// The rate of the speech, in samples a second.
    pub sample_rate: u32,
    /// The rate of the pictures, in frames a second.
    pub frame_rate: u32,
    /// How many pictures can be asked for at once, at least 1.
    pub max_batch: usize,
    /// How many frames motion is made for at once at most.
    pub window: usize,
    /// How much speech after a frame's end must be known before its motion is made, in milliseconds.
    pub lookahead_ms: u32,
    /// Whether faces are found in photos.
    pub finds_faces: bool,
}

impl TalkerDescription {
    /// The bytes of one picture: rows of red, green and blue.
    pub fn picture_bytes(&self) -> usize {
        self.side * self.side * 3
    }
}

/// A handle, which closes with the last of those who use it.
pub(crate) struct OpenedTalker {
    // Keeps the object that the functions are in.
    _library: Library,
    pub(crate) functions: Talking,
    pub(crate) handle: NonNull<abi::Talker>,
    pub(crate) description: TalkerDescription,
    /// One batch at a time.
    batch: Mutex<()>,
}

// SAFETY: the interface lets a talker be used by any thread.
unsafe impl Send for OpenedTalker {}
// SAFETY: the interface lets it be used by several threads at once, but for `pictures`, which is called under `batch` only, and
// `close`, which is called when nobody else has it.
unsafe impl Sync for OpenedTalker {}

impl Drop for OpenedTalker {
    fn drop(&mut self) {
        // SAFETY: it is open, and this is its last use: photos and performances hold an `Arc` of it, and are gone.
        unsafe { (self.functions.talker_close)(self.handle.as_ptr()) }
    }
}

/// Networks that make photos talk, loaded. Clones are the same ones; they are unloaded with the last clone, [`Photo`] and
/// [`Performance`](crate::Performance).
#[derive(Clone)]
pub struct Talker(pub(crate) Arc<OpenedTalker>);

/// One picture of a batch.
pub struct PictureRequest<'a> {
    /// Of whom.
    pub photo: &'a Photo,
    /// How the face is held.
    pub motion: &'a [f32],
    /// Where the picture goes: rows of red, green and blue, [`TalkerDescription::picture_bytes`] in all.
    pub picture: &'a mut [u8],
}

impl Library {
    /// Loads networks that make photos talk and runs them once, which may take minutes.
    ///
    /// # Errors
    ///
    /// [`NeuralError`], most likely about weights or memory; [`NeuralError::Argument`] where the library is from before there were such.
    pub fn talker(&self, options: &Options) -> Result<Talker, NeuralError> {
        let functions = self.0.talking.ok_or_else(|| {
            NeuralError::Argument(format!("{} cannot make photos talk", self.title()))
        })?;
        let mut handle = ptr::null_mut();
        options.with(|options| {
            Message::of(|message, capacity| {
                // SAFETY: everything pointed to lives until the call is over.
                unsafe { (functions.talker_open)(options, &raw mut handle, message, capacity) }
            })
        })?;
        let mut opened = OpenedTalker {
            _library: self.clone(),
            functions,
            handle: open(handle)?,
            description: TalkerDescription {
                version: 0,
                side: 0,
                motion: 0,
                sample_rate: 0,
                frame_rate: 0,
                max_batch: 0,
                window: 0,
                lookahead_ms: 0,
                finds_faces: false,
            },
            batch: Mutex::new(()),
        };
        opened.description = opened.describe()?;
        Ok(Talker(Arc::new(opened)))
    }
}

impl OpenedTalker {
    fn describe(&self) -> Result<TalkerDescription, NeuralError> {
        let room = message::size::<abi::TalkerDescription>();
        let mut described = abi::TalkerDescription {
            size: room,
            version: 0,
            side: 0,
            motion: 0,
            sample_rate: 0,
            frame_rate: 0,
            max_batch: 0,
            window: 0,
            lookahead_ms: 0,
            finds_faces: 0,
        };
        // SAFETY: the talker is open, and there is as much room as `size` says.
        let status =
            unsafe { (self.functions.talker_describe)(self.handle.as_ptr(), &raw mut described) };
        if status != abi::Status::Ok as i32 {
            return Err(NeuralError::new(status, String::new()));
        }
        let needed = [
            described.side,
            described.motion,
            described.sample_rate,
            described.frame_rate,
            described.max_batch,
        ];
        if described.size < room || needed.contains(&0) {
            return Err(NeuralError::Internal(format!(
                "the library describes itself as {described:?}, in {} bytes of {room}: something is left out",
                described.size
            )));
        }
        Ok(TalkerDescription {
            version: described.version,
            side: described.side as usize,
            motion: described.motion as usize,
            sample_rate: described.sample_rate,
            frame_rate: described.frame_rate,
            max_batch: described.max_batch as usize,
            window: described.window as usize,
            lookahead_ms: described.lookahead_ms,
            finds_faces: described.finds_faces != 0,
        })
    }
}

impl Talker {
    /// What has been loaded.
    pub fn description(&self) -> &TalkerDescription {
        &self.0.description
    }

    /// Draws pictures, of any sessions and photos together. Callers on several threads take turns.
    ///
    /// # Errors
    ///
    /// [`NeuralError`]: after [`NeuralError::Memory`] the same in smaller batches may succeed.
    pub fn pictures(&self, requests: &mut [PictureRequest<'_>]) -> Result<(), NeuralError> {
        let batch = requests
            .iter_mut()
            .map(|request| self.request(request))
            .collect::<Result<Vec<_>, _>>()?;
        if batch.is_empty() {
            return Ok(());
        }
        let most = self.0.description.max_batch;
        if batch.len() > most {
            return Err(NeuralError::Argument(format!(
                "{} pictures are asked for at once, and {most} can be",
                batch.len()
            )));
        }
        let _turn = self.0.batch.lock().unwrap_or_else(PoisonError::into_inner);
        Message::of(|message, capacity| {
            // SAFETY: the talker is open and this is the one call; the photos are its and borrowed, motions and pictures are as long
            // as the description says, and pictures are borrowed for one request each, so that they do not overlap.
            unsafe {
                (self.0.functions.pictures)(
                    self.0.handle.as_ptr(),
                    batch.as_ptr(),
                    batch.len(),
                    message,
                    capacity,
                )
            }
        })
    }

    fn request(
        &self,
        request: &mut PictureRequest<'_>,
    ) -> Result<abi::PictureRequest, NeuralError> {
        let TalkerDescription { motion, .. } = self.0.description;
        let wrong = |what: String| Err(NeuralError::Argument(what));
        if !Arc::ptr_eq(&self.0, &request.photo.talker.0) {
            return wrong("a photo is of another talker".to_owned());
        }
        if request.motion.len() != motion {
            return wrong(format!(
                "the motion of a frame is {motion} floats, not {}",
                request.motion.len()
            ));
        }
        let bytes = self.0.description.picture_bytes();
        if request.picture.len() != bytes {
            return wrong(format!(
                "a picture is {bytes} bytes, not {}",
                request.picture.len()
            ));
        }
        Ok(abi::PictureRequest {
            photo: request.photo.handle.as_ptr(),
            motion: request.motion.as_ptr(),
            picture: request.picture.as_mut_ptr(),
        })
    }
}

impl std::fmt::Debug for Talker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("Talker")
            .field(self.description())
            .finish()
    }
}
