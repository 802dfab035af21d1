//! ONNX Runtime, loaded when the first voice needs it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;
use ort::logging::LogLevel;

/// What keeps it, set in the environment before it is loaded, from telling its makers of this process and this machine. Official
/// builds do that over the network (for Linux from 1.29 on), for the first time before their interface can be told not to.
pub const NO_TELEMETRY: (&str, &str) = ("ORT_DISABLE_TELEMETRY", "1");

/// What became of loading it, once somebody tried.
static LOADED: Mutex<Option<Result<(), String>>> = Mutex::new(None);

/// Loads the library at `path`, or the one that the system finds under that name. There is one for the whole process, so only
/// the first call does something: what it found holds for all. After a failure it must not be tried again either, since `ort`
/// takes a second attempt for a success. Its threads belong to sessions, so there are none yet.
///
/// # Errors
///
/// Why it was not loaded, for people.
pub(super) fn load(path: &Path) -> Result<(), String> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    loaded.get_or_insert_with(|| open(path)).clone()
}

fn open(path: &Path) -> Result<(), String> {
    ort::init_from(path)
        .map_err(|error| error.to_string())?
        .with_name("avatar")
        .with_telemetry(false)
        .with_logger(Arc::new(|level, _, _, _, text| tell(level, text)))
        .commit();
    let environment = Environment::current().map_err(|error| error.to_string())?;
    environment.set_log_level(LogLevel::Warning);
    Ok(())
}

fn tell(level: LogLevel, text: &str) {
    match level {
        LogLevel::Error | LogLevel::Fatal => tracing::warn!("ONNX Runtime: {text}"),
        LogLevel::Warning => tracing::debug!("ONNX Runtime: {text}"),
        LogLevel::Info | LogLevel::Verbose => {}
    }
}
