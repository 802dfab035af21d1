//! Networks that make photos talk.

use std::ptr::NonNull;
use std::sync::Arc;

use avatar_models_abi as abi;

use crate::call::{self, Turns, counted};
use crate::library::Talking;
use crate::networks::Options;
use crate::{Library, NeuralError, Photo, message};

/// What has been loaded to make photos talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
    turns: Turns,
}

// SAFETY: the interface lets a talker be used by any thread.
unsafe impl Send for OpenedTalker {}
// SAFETY: the interface lets it be used by several threads at once, but for `pictures`, which is called by `turns` only, and
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
        let handle = options.open(|options, handle, message, capacity| {
            // SAFETY: everything pointed to lives until the call is over.
            unsafe { (functions.talker_open)(options, handle, message, capacity) }
        })?;
        let mut opened = OpenedTalker {
            _library: self.clone(),
            functions,
            handle,
            description: TalkerDescription::default(),
            turns: Turns::new("pictures"),
        };
        opened.description = opened.describe()?;
        Ok(Talker(Arc::new(opened)))
    }
}

impl OpenedTalker {
    fn describe(&self) -> Result<TalkerDescription, NeuralError> {
        let room = message::size::<abi::TalkerDescription>();
        let described = abi::TalkerDescription {
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
        let described =
            unsafe { call::described(self.functions.talker_describe, self.handle, described) }?;
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
        let OpenedTalker {
            functions,
            handle,
            description,
            turns,
            ..
        } = &*self.0;
        // SAFETY: the talker is open and draws here only; the photos are its and borrowed, motions and pictures are as long as the
        // description says, and pictures are borrowed for one request each, so that they do not overlap.
        unsafe { turns.draw(functions.pictures, *handle, description.max_batch, &batch) }
    }

    fn request(
        &self,
        request: &mut PictureRequest<'_>,
    ) -> Result<abi::PictureRequest, NeuralError> {
        let TalkerDescription { motion, .. } = self.0.description;
        request.photo.expect_of(self)?;
        counted(
            "the motion of a frame is",
            motion,
            "floats",
            request.motion.len(),
        )?;
        let bytes = self.0.description.picture_bytes();
        counted("a picture is", bytes, "bytes", request.picture.len())?;
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
