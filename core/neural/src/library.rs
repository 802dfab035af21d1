//! The library itself.

use std::error::Error;
use std::ffi::CStr;
use std::path::Path;
use std::sync::Arc;

use avatar_models_abi::{VERSION, functions};
use libloading::os::unix::{Library as Object, RTLD_LOCAL, RTLD_NOW};

use crate::NeuralError;

/// Keeps the object in the process when it is closed (dlopen(3)). libtorch has threads of its own that would otherwise
/// find their code gone.
const RTLD_NODELETE: i32 = 0x1000;

/// The functions of a library.
pub(crate) struct Functions {
    pub(crate) title: functions::Title,
    pub(crate) open: functions::Open,
    pub(crate) close: functions::Close,
    pub(crate) describe: functions::Describe,
    pub(crate) listener_open: functions::ListenerOpen,
    pub(crate) listener_close: functions::ListenerClose,
    pub(crate) listener_hear: functions::ListenerHear,
    pub(crate) portrait_open: functions::PortraitOpen,
    pub(crate) portrait_close: functions::PortraitClose,
    pub(crate) faces: functions::Faces,
    pub(crate) preparer_open: functions::PreparerOpen,
    pub(crate) preparer_close: functions::PreparerClose,
    pub(crate) preparer_find: functions::PreparerFind,
    pub(crate) preparer_prepare: functions::PreparerPrepare,
    pub(crate) import: functions::Import,
    /// Those that the first libraries of this version do not have.
    pub(crate) talking: Option<Talking>,
    // Last: what the pointers above point into.
    _object: Object,
}

/// The functions that make photos talk.
#[derive(Clone, Copy)]
pub(crate) struct Talking {
    pub(crate) talker_open: functions::TalkerOpen,
    pub(crate) talker_close: functions::TalkerClose,
    pub(crate) talker_describe: functions::TalkerDescribe,
    pub(crate) photo_open: functions::PhotoOpen,
    pub(crate) photo_close: functions::PhotoClose,
    pub(crate) performance_open: functions::PerformanceOpen,
    pub(crate) performance_close: functions::PerformanceClose,
    pub(crate) performance_hear: functions::PerformanceHear,
    pub(crate) pictures: functions::Pictures,
}

/// A library of neural networks. Clones are the same one.
#[derive(Clone)]
pub struct Library(pub(crate) Arc<Functions>);

impl Library {
    /// Opens the library in the file `path` and makes sure that it is one.
    ///
    /// # Errors
    ///
    /// [`NeuralError::Library`] where there is none, [`NeuralError::Abi`] where it is of another version.
    pub fn open(path: &Path) -> Result<Self, NeuralError> {
        let refused = |reason: String| NeuralError::Library {
            library: path.to_owned(),
            reason,
        };
        // SAFETY: what runs here are the initialisers of a file that the administrator has named as code to run. Undefined
        // names are refused now and not in the middle of a frame.
        let object = unsafe { Object::open(Some(path), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) }
            .map_err(|error| refused(reason(&error)))?;
        // SAFETY: the name is reserved for a function of this type, in every version.
        let abi: functions::Abi =
            unsafe { find(&object, c"avatar_models_abi") }.map_err(&refused)?;
        // SAFETY: it takes nothing and may be called at any time.
        let found = unsafe { abi() };
        if found != VERSION {
            return Err(NeuralError::Abi {
                library: path.to_owned(),
                found,
            });
        }
        // SAFETY: in a library of this version each name is a function of the type that avatar_models_abi gives it, which
        // its header is made from.
        let functions = unsafe { Functions::find(object) }.map_err(&refused)?;
        Ok(Self(Arc::new(functions)))
    }

    /// What computes in it, for people.
    pub fn title(&self) -> String {
        // SAFETY: it takes nothing; it returns null or a text that lives as long as the library.
        unsafe {
            let title = (self.0.title)();
            if title.is_null() {
                return String::new();
            }
            CStr::from_ptr(title).to_string_lossy().into_owned()
        }
    }
}

impl std::fmt::Debug for Library {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("Library")
            .field(&self.title())
            .finish()
    }
}

impl Functions {
    /// # Safety
    ///
    /// In `object` the names are functions of the types here.
    unsafe fn find(object: Object) -> Result<Self, String> {
        // SAFETY: as the caller says.
        unsafe {
            Ok(Self {
                title: find(&object, c"avatar_models_title")?,
                open: find(&object, c"avatar_models_open")?,
                close: find(&object, c"avatar_models_close")?,
                describe: find(&object, c"avatar_models_describe")?,
                listener_open: find(&object, c"avatar_models_listener_open")?,
                listener_close: find(&object, c"avatar_models_listener_close")?,
                listener_hear: find(&object, c"avatar_models_listener_hear")?,
                portrait_open: find(&object, c"avatar_models_portrait_open")?,
                portrait_close: find(&object, c"avatar_models_portrait_close")?,
                faces: find(&object, c"avatar_models_faces")?,
                preparer_open: find(&object, c"avatar_models_preparer_open")?,
                preparer_close: find(&object, c"avatar_models_preparer_close")?,
                preparer_find: find(&object, c"avatar_models_preparer_find")?,
                preparer_prepare: find(&object, c"avatar_models_preparer_prepare")?,
                import: find(&object, c"avatar_models_import")?,
                talking: Talking::find(&object).ok(),
                _object: object,
            })
        }
    }
}

impl Talking {
    /// # Safety
    ///
    /// In `object` the names are functions of the types here. They are not called once it is closed.
    unsafe fn find(object: &Object) -> Result<Self, String> {
        // SAFETY: as the caller says.
        unsafe {
            Ok(Self {
                talker_open: find(object, c"avatar_models_talker_open")?,
                talker_close: find(object, c"avatar_models_talker_close")?,
                talker_describe: find(object, c"avatar_models_talker_describe")?,
                photo_open: find(object, c"avatar_models_photo_open")?,
                photo_close: find(object, c"avatar_models_photo_close")?,
                performance_open: find(object, c"avatar_models_performance_open")?,
                performance_close: find(object, c"avatar_models_performance_close")?,
                performance_hear: find(object, c"avatar_models_performance_hear")?,
                pictures: find(object, c"avatar_models_pictures")?,
            })
        }
    }
}

/// What the dynamic linker says.
fn reason(error: &(dyn Error + 'static)) -> String {
    error.source().unwrap_or(error).to_string()
}

/// The function called `name`.
///
/// # Safety
///
/// It is a `T`, which is a pointer to a function.
unsafe fn find<T: Copy>(object: &Object, name: &CStr) -> Result<T, String> {
    // SAFETY: as the caller says. The pointer does not outlive the object: it is kept beside it.
    unsafe { object.get::<T>(name.to_bytes_with_nul()) }
        .map(|function| *function)
        .map_err(|_| format!("it has no {}", name.to_string_lossy()))
}
