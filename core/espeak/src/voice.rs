//! What espeak-ng is to sound like.

use std::ffi::c_int;

use espeakng_sys as sys;

/// A voice and how it speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// Such as `ru` or `en-us`; a variant may follow after a plus sign, such as `ru+f3`, and is left out
    /// where there is no such variant.
    pub name: String,
    /// Words a minute, kept within 80…400: beyond, the library speeds finished sound up, and the events
    /// no longer lie where things are heard.
    pub rate: u16,
    /// Base pitch, up to 99; 50 is the voice's own.
    pub pitch: u8,
    /// Range of the pitch, 0 (monotone) to 99; 50 is the voice's own.
    pub range: u8,
    /// Loudness, up to 200; 100 is normal.
    pub volume: u8,
}

impl Voice {
    /// A voice as its makers meant it.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            rate: 175,
            pitch: 50,
            range: 50,
            volume: 100,
        }
    }

    /// What there is to set after the name.
    pub(crate) fn parameters(&self) -> [(sys::espeak_PARAMETER, c_int); 4] {
        [
            (
                sys::espeak_PARAMETER_espeakRATE,
                c_int::from(self.rate.clamp(80, 400)),
            ),
            (
                sys::espeak_PARAMETER_espeakPITCH,
                c_int::from(self.pitch.min(99)),
            ),
            (
                sys::espeak_PARAMETER_espeakRANGE,
                c_int::from(self.range.min(99)),
            ),
            (
                sys::espeak_PARAMETER_espeakVOLUME,
                c_int::from(self.volume.min(200)),
            ),
        ]
    }
}
