//! Networks that are loaded, and the faces they make.

use std::ffi::c_char;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::Arc;

use avatar_models_abi as abi;

use crate::call::{self, Turns, counted};
use crate::{Library, NeuralError, Portrait, Precision, message};

/// What to load, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The directory of imported weights.
    pub weights: PathBuf,
    /// "auto", "cpu", "cuda" or "cuda:N".
    pub device: String,
    /// How numbers are kept.
    pub precision: Precision,
    /// Threads that compute on the processor; 0 is one for each core.
    pub threads: u32,
    /// How many faces will be asked for at once; 0 is as many as the library likes.
    pub max_batch: u32,
}

impl Options {
    /// What is in the directory `weights`, with everything as the library likes.
    pub fn new(weights: &Path) -> Self {
        Self {
            weights: weights.to_owned(),
            device: "auto".to_owned(),
            precision: Precision::Auto,
            threads: 0,
            max_batch: 0,
        }
    }

    /// What `function` opens when it is given the options as C has them, which live until it returns.
    pub(crate) fn open<H>(
        &self,
        function: impl FnOnce(*const abi::Options, *mut *mut H, *mut c_char, usize) -> i32,
    ) -> Result<NonNull<H>, NeuralError> {
        let weights = message::path(&self.weights)?;
        let device = message::text(&self.device)?;
        let options = abi::Options {
            size: message::size::<abi::Options>(),
            weights: weights.as_ptr(),
            device: device.as_ptr(),
            precision: self.precision as u32,
            threads: self.threads,
            max_batch: self.max_batch,
        };
        call::opened(|handle, message, capacity| {
            function(&raw const options, handle, message, capacity)
        })
    }
}

/// What has been loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// The side of a face, in pixels.
    pub face_side: usize,
    /// How many floats the tokens of one frame are.
    pub tokens: usize,
    /// The rate of the speech, in samples a second.
    pub sample_rate: u32,
    /// How many faces can be asked for at once, at least 1.
    pub max_batch: usize,
    /// How much speech after a frame's beginning must be known before its tokens are, in milliseconds.
    pub lookahead_ms: u32,
}

impl Description {
    /// The bytes of one face: rows of red, green and blue.
    pub fn face_bytes(&self) -> usize {
        self.face_side * self.face_side * 3
    }
}

/// A handle, which closes with the last of those who use it.
pub(crate) struct Opened {
    pub(crate) library: Library,
    pub(crate) handle: NonNull<abi::Networks>,
    pub(crate) description: Description,
    turns: Turns,
}

// SAFETY: the interface lets networks be used by any thread.
unsafe impl Send for Opened {}
// SAFETY: the interface lets them be used by several threads at once, but for `faces`, which is called by `turns` only, and
// `close`, which is called when nobody else has them.
unsafe impl Sync for Opened {}

impl Drop for Opened {
    fn drop(&mut self) {
        // SAFETY: it is open, and this is its last use: listeners and portraits hold an `Arc` of it, and are gone.
        unsafe { (self.library.0.close)(self.handle.as_ptr()) }
    }
}

/// Networks that are loaded. Clones are the same ones; they are unloaded with the last clone, [`Listener`](crate::Listener) and
/// [`Portrait`].
#[derive(Clone)]
pub struct Networks(pub(crate) Arc<Opened>);

/// One face of a batch.
pub struct Request<'a> {
    /// Of whom.
    pub portrait: &'a Portrait,
    /// Which of its frames, from 0.
    pub index: usize,
    /// What is said.
    pub tokens: &'a [f32],
    /// Where the face goes: rows of red, green and blue, [`Description::face_bytes`] in all.
    pub face: &'a mut [u8],
}

impl Library {
    /// Loads networks and warms them, which may take minutes.
    ///
    /// # Errors
    ///
    /// [`NeuralError`], most likely about weights or memory.
    pub fn networks(&self, options: &Options) -> Result<Networks, NeuralError> {
        let handle = options.open(|options, handle, message, capacity| {
            // SAFETY: everything pointed to lives until the call is over.
            unsafe { (self.0.open)(options, handle, message, capacity) }
        })?;
        let mut opened = Opened {
            library: self.clone(),
            handle,
            description: Description {
                face_side: 0,
                tokens: 0,
                sample_rate: 0,
                max_batch: 0,
                lookahead_ms: 0,
            },
            turns: Turns::new("faces"),
        };
        opened.description = opened.describe()?;
        Ok(Networks(Arc::new(opened)))
    }
}

impl Opened {
    fn describe(&self) -> Result<Description, NeuralError> {
        let room = message::size::<abi::Description>();
        let described = abi::Description {
            size: room,
            face_side: 0,
            tokens: 0,
            sample_rate: 0,
            max_batch: 0,
            lookahead_ms: 0,
        };
        // SAFETY: the networks are open, and there is as much room as `size` says.
        let description =
            unsafe { call::described(self.library.0.describe, self.handle, described) }?;
        let abi::Description {
            size,
            face_side,
            tokens,
            sample_rate,
            max_batch,
            lookahead_ms,
        } = description;
        // All fields are of the first version: a library that leaves some out is not of this one.
        if size < room || face_side == 0 || tokens == 0 || sample_rate == 0 || max_batch == 0 {
            return Err(NeuralError::Internal(format!(
                "the library describes itself as {description:?}, in {size} bytes of {room}: something is left out"
            )));
        }
        Ok(Description {
            face_side: face_side as usize,
            tokens: tokens as usize,
            sample_rate,
            max_batch: max_batch as usize,
            lookahead_ms,
        })
    }
}

impl Networks {
    /// What has been loaded.
    pub fn description(&self) -> &Description {
        &self.0.description
    }

    /// Makes faces, of any sessions and avatars together. Callers on several threads take turns.
    ///
    /// # Errors
    ///
    /// [`NeuralError::Argument`] where a request does not fit the description, [`NeuralError::Memory`] where it takes fewer at once,
    /// [`NeuralError::Device`] where nothing will help but another process.
    pub fn faces(&self, requests: &mut [Request<'_>]) -> Result<(), NeuralError> {
        let batch = requests
            .iter_mut()
            .map(|request| self.request(request))
            .collect::<Result<Vec<_>, _>>()?;
        let Opened {
            library,
            handle,
            description,
            turns,
        } = &*self.0;
        // SAFETY: the networks are open and draw here only; the portraits are theirs and borrowed, tokens and faces are as long as the
        // description says, and faces are borrowed for one request each, so that they do not overlap.
        unsafe { turns.draw(library.0.faces, *handle, description.max_batch, &batch) }
    }

    fn request(&self, request: &mut Request<'_>) -> Result<abi::Request, NeuralError> {
        let Description { tokens, .. } = self.0.description;
        let wrong = |what: String| Err(NeuralError::Argument(what));
        if !Arc::ptr_eq(&self.0, &request.portrait.networks.0) {
            return wrong("a portrait is of other networks".to_owned());
        }
        if request.index >= request.portrait.frames() {
            return wrong(format!(
                "frame {} is asked for, of a portrait with {}",
                request.index,
                request.portrait.frames()
            ));
        }
        counted(
            "the tokens of a frame are",
            tokens,
            "floats",
            request.tokens.len(),
        )?;
        let bytes = self.0.description.face_bytes();
        counted("a face is", bytes, "bytes", request.face.len())?;
        let Ok(index) = u32::try_from(request.index) else {
            return wrong(format!("there is no frame {}", request.index));
        };
        Ok(abi::Request {
            portrait: request.portrait.handle.as_ptr(),
            index,
            tokens: request.tokens.as_ptr(),
            face: request.face.as_mut_ptr(),
        })
    }
}

impl std::fmt::Debug for Networks {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("Networks")
            .field(self.description())
            .finish()
    }
}
