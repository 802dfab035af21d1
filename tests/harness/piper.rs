//! Voices of Piper for tests, made by them, and the real ONNX Runtime.

#[allow(dead_code, reason = "core's own tests use the rest")]
#[path = "../../core/tests/small_voice/mod.rs"]
mod small_voice;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::Setup;
use small_voice::SmallVoice;

/// ONNX Runtime: what `ORT_DYLIB_PATH` names, or what `scripts/onnxruntime.sh` fetched.
pub fn runtime() -> PathBuf {
    let found = std::env::var_os("ORT_DYLIB_PATH").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../.onnxruntime/libonnxruntime.so"),
        PathBuf::from,
    );
    let found = found.canonicalize().unwrap_or_else(|error| {
        let found = found.display();
        panic!("{found}: {error}; get it with: scripts/onnxruntime.sh")
    });
    open_to_all(&found)
}

/// The same file where workers, which may be another user, can read it.
fn open_to_all(library: &Path) -> PathBuf {
    let size = fs::metadata(library).unwrap().len();
    let place = std::env::temp_dir().join(format!("avatar-onnxruntime-{size}.so"));
    if !place.exists() {
        // Tests run side by side, in one process and in several.
        let own = NamedTempFile::new_in(std::env::temp_dir()).unwrap();
        fs::copy(library, own.path()).unwrap();
        fs::set_permissions(own.path(), Permissions::from_mode(0o644)).unwrap();
        own.persist(&place).unwrap();
    }
    place
}

/// The two files of a voice that hums in what espeak-ng calls a language: `NAME.onnx` and what lies beside it.
pub fn hum(language: &'static str, speakers: usize) -> (Vec<u8>, String) {
    let voice = SmallVoice {
        language,
        speakers,
        ..SmallVoice::default()
    };
    (voice.network(), voice.profile())
}

impl Setup {
    /// A voice that hums, in `voices/NAME.onnx`.
    pub fn humming(self, name: &str, language: &'static str) -> Self {
        let (network, profile) = hum(language, 1);
        self.file(&format!("voices/{name}.onnx"), network)
            .file(&format!("voices/{name}.onnx.json"), profile)
    }

    /// All that hum, as an engine for each; more may be said of the engines.
    pub fn choir(self, engine: &str) -> Self {
        let library = runtime();
        let library = library.display();
        self.http(&format!(
            "avatar_speech_engine choir piper voices=voices library={library} {engine};"
        ))
    }
}
