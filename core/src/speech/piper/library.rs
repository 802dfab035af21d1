//! ONNX Runtime, loaded when the first voice needs it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;
use ort::logging::LogLevel;

/// Whether it is loaded.
static LOADED: Mutex<bool> = Mutex::new(false);

/// Loads the library at `path`, or the one that the system finds under that name, unless one is loaded: there is one for the
/// whole process. Its threads belong to sessions, so there are none yet.
///
/// # Errors
///
/// Why it was not loaded, for people.
pub(super) fn load(path: &Path) -> Result<(), String> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if *loaded {
        return Ok(());
    }
    ort::init_from(path)
        .map_err(|error| error.to_string())?
        .with_name("avatar")
        .with_telemetry(false)
        .with_logger(Arc::new(|level, _, _, _, text| tell(level, text)))
        .commit();
    let environment = Environment::current().map_err(|error| error.to_string())?;
    environment.set_log_level(LogLevel::Warning);
    *loaded = true;
    Ok(())
}

fn tell(level: LogLevel, text: &str) {
    match level {
        LogLevel::Error | LogLevel::Fatal => tracing::warn!("ONNX Runtime: {text}"),
        LogLevel::Warning => tracing::debug!("ONNX Runtime: {text}"),
        LogLevel::Info | LogLevel::Verbose => {}
    }
}
