//! The C interface between the neural networks and whoever uses them, as types.
//!
//! The library that has the networks (`libavatar_models.so`) and the program that opens it (`avatar-neural`) are built apart, and
//! both are built on this file. `ffi/include/avatar_models.h` is made from it; what each function does stands there.

#![forbid(unsafe_code)]

use std::ffi::{c_char, c_void};

/// The version of this interface. A library with another one must not be used.
pub const VERSION: u32 = 1;

/// How a call ended. Functions return it as an `int32_t`, since a later library may know more of them.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It did what it was asked.
    Ok = 0,
    /// The caller passed something that cannot be.
    Argument = 1,
    /// Weights are missing or do not fit: the text names the tensor, the shape it must have and the one it has.
    Weights = 2,
    /// Memory ran out, the host's or the device's. The same with fewer requests may succeed.
    Memory = 3,
    /// The device is broken for this process, which must be replaced.
    Device = 4,
    /// A file could not be read or written.
    Io = 5,
    /// The caller wished to stop.
    Cancelled = 6,
    /// A fault of the library.
    Internal = 7,
}

/// How numbers are kept in the device's memory.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// As is best for the device.
    Auto = 0,
    /// 32 bits.
    Single = 1,
    /// 16 bits, IEEE 754.
    Half = 2,
    /// 16 bits, with the exponent of 32.
    Brain = 3,
}

/// Which part of a face is replaced.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The lower face down to the jaw, widened; not the nose.
    Jaw = 0,
    /// Skin and lips as they were found.
    Raw = 1,
    /// As raw, and the neck.
    Neck = 2,
}

/// Networks that are loaded. May be used by several threads at once, except that one call of `avatar_models_faces` runs at a time
/// and nothing may run during `avatar_models_close`.
pub struct Networks {
    _opaque: (),
}

/// One session's ear. May move between threads; one call at a time.
pub struct Listener {
    _opaque: (),
}

/// One avatar's prepared latents. May be used by several threads at once.
pub struct Portrait {
    _opaque: (),
}

/// The networks that prepare avatars. May move between threads; one call at a time.
pub struct Preparer {
    _opaque: (),
}

/// Which part of a photo is drawn.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// The square around the surest face, 1.6 times as wide; where there is none, the largest in the middle.
    Face = 0,
    /// All of it, stretched to a square.
    Whole = 1,
}

/// The networks that make photos talk, loaded. May be used by several threads at once, except that one call of
/// `avatar_models_pictures` runs at a time and nothing may run during `avatar_models_talker_close`.
pub struct Talker {
    _opaque: (),
}

/// One photo, looked at. May be used by several threads at once.
pub struct Photo {
    _opaque: (),
}

/// One session's speech, turned into motion. May move between threads; one call at a time.
pub struct Performance {
    _opaque: (),
}

/// What is loaded, and how.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The size of this structure, in bytes. Fields beyond it are taken to be zero.
    pub size: u32,
    /// The directory of imported weights.
    pub weights: *const c_char,
    /// "auto", "cpu", "cuda" or "cuda:N"; null is "auto".
    pub device: *const c_char,
    /// An `avatar_models_precision`.
    pub precision: u32,
    /// Threads that compute on the processor; 0 is one for each core.
    pub threads: u32,
    /// How many faces are asked for at once at most; 0 is as many as the library likes.
    pub max_batch: u32,
}

/// What has been loaded.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Description {
    /// The size of this structure, in bytes: set by the caller to what there is room for, and by the library to what it has filled.
    pub size: u32,
    /// The side of a face, in pixels.
    pub face_side: u32,
    /// How many floats the tokens of one frame are.
    pub tokens: u32,
    /// The rate of the speech, in samples a second.
    pub sample_rate: u32,
    /// How many faces can be asked for at once.
    pub max_batch: u32,
    /// How much speech after a frame's beginning must be known before its tokens are, in milliseconds.
    pub lookahead_ms: u32,
}

/// One face of a batch.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// Of whom.
    pub portrait: *const Portrait,
    /// Which of its frames, from 0.
    pub index: u32,
    /// What is said: `tokens` floats.
    pub tokens: *const f32,
    /// Where the face goes: `face_side` rows of `face_side` pixels of red, green and blue.
    pub face: *mut u8,
}

/// How avatars are prepared.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Preparation {
    /// The size of this structure, in bytes. Fields beyond it are taken to be zero.
    pub size: u32,
    /// The directory of imported weights.
    pub weights: *const c_char,
    /// "auto", "cpu", "cuda" or "cuda:N"; null is "auto".
    pub device: *const c_char,
    /// Threads that compute on the processor; 0 is one for each core.
    pub threads: u32,
    /// An `avatar_models_mode`.
    pub mode: u32,
    /// How far from the middle the left cheek begins, in pixels of 512 across the crop; 90 is usual. Mode jaw only.
    pub left_cheek: u32,
    /// The right cheek likewise.
    pub right_cheek: u32,
    /// How many pixels are added below the face; 10 is usual.
    pub extra_margin: u32,
    /// How many pixels the upper edge of the face moves with; 0 is usual.
    pub bbox_shift: i32,
}

/// A rectangle of pixels; x1 and y1 lie outside.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rectangle {
    /// Left.
    pub x0: i32,
    /// Top.
    pub y0: i32,
    /// Right.
    pub x1: i32,
    /// Bottom.
    pub y1: i32,
}

/// What has been loaded to make photos talk.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct TalkerDescription {
    /// The size of this structure, in bytes: set by the caller to what there is room for, and by the library to what it has filled.
    pub size: u32,
    /// Which of the published versions of IMTalker draws: 1 or 2.
    pub version: u32,
    /// The side of a picture, in pixels.
    pub side: u32,
    /// How many floats the motion of one frame is.
    pub motion: u32,
    /// The rate of the speech, in samples a second.
    pub sample_rate: u32,
    /// The rate of the pictures, in frames a second.
    pub frame_rate: u32,
    /// How many pictures can be asked for at once.
    pub max_batch: u32,
    /// How many frames motion is made for at once at most.
    pub window: u32,
    /// How much speech after a frame's end must be known before its motion is made, in milliseconds.
    pub lookahead_ms: u32,
    /// Whether faces are found in photos, 1 or 0. Where they are not, `AVATAR_MODELS_FRAMING_FACE` fails.
    pub finds_faces: u32,
}

/// How somebody speaks.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// The size of this structure, in bytes. Fields beyond it are taken to be zero.
    pub size: u32,
    /// Moments from noise to motion, both ends counted, so that there is one step less (nfe); 0 is 10.
    pub moments: u32,
    /// What decides the noise that motion begins as. The same on every device.
    pub seed: u64,
    /// How many times as far as speech draws it motion goes (cfg_scale); 0 is 2.
    pub guidance: f32,
    /// How much of the photo's own motion is mixed in: 0 for none, 1 for no movement at all.
    pub calm: f32,
    /// Frames that motion is made for at least, while speech arrives: fewer come sooner and cost more. 0 is 10.
    pub step: u32,
    /// Whether `pose` is told to the network, 1 or 0.
    pub has_pose: u32,
    /// Pitch, yaw and roll of the head in every frame, about radians.
    pub pose: [f32; 3],
    /// Whether `gaze` is told to the network, 1 or 0.
    pub has_gaze: u32,
    /// Where the eyes look in every frame.
    pub gaze: [f32; 2],
}

/// One picture of a batch.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct PictureRequest {
    /// Of whom.
    pub photo: *const Photo,
    /// How the face is held: `motion` floats.
    pub motion: *const f32,
    /// Where the picture goes: `side` rows of `side` pixels of red, green and blue.
    pub picture: *mut u8,
}

/// Told how an import goes: what is being read, and how many bytes of the whole are done. Returns 0 to go on, anything else to stop.
pub type Progress = Option<
    unsafe extern "C" fn(context: *mut c_void, step: *const c_char, done: u64, total: u64) -> i32,
>;

/// The functions, as types: what a library must have under the name `avatar_models_` and the type's name in small letters.
pub mod functions {
    use super::{
        Description, Listener, Manner, Networks, Options, Performance, Photo, PictureRequest,
        Portrait, Preparation, Preparer, Progress, Rectangle, Request, Talker, TalkerDescription,
        c_char, c_void,
    };

    /// `avatar_models_abi`
    pub type Abi = unsafe extern "C" fn() -> u32;
    /// `avatar_models_title`
    pub type Title = unsafe extern "C" fn() -> *const c_char;
    /// `avatar_models_open`
    pub type Open =
        unsafe extern "C" fn(*const Options, *mut *mut Networks, *mut c_char, usize) -> i32;
    /// `avatar_models_close`
    pub type Close = unsafe extern "C" fn(*mut Networks);
    /// `avatar_models_describe`
    pub type Describe = unsafe extern "C" fn(*const Networks, *mut Description) -> i32;
    /// `avatar_models_listener_open`
    pub type ListenerOpen =
        unsafe extern "C" fn(*mut Networks, u32, *mut *mut Listener, *mut c_char, usize) -> i32;
    /// `avatar_models_listener_close`
    pub type ListenerClose = unsafe extern "C" fn(*mut Listener);
    /// `avatar_models_listener_hear`
    pub type ListenerHear = unsafe extern "C" fn(
        *mut Listener,
        *const f32,
        usize,
        u32,
        *mut f32,
        usize,
        *mut usize,
        *mut c_char,
        usize,
    ) -> i32;
    /// `avatar_models_portrait_open`
    pub type PortraitOpen = unsafe extern "C" fn(
        *mut Networks,
        *const c_char,
        *mut *mut Portrait,
        *mut usize,
        *mut c_char,
        usize,
    ) -> i32;
    /// `avatar_models_portrait_close`
    pub type PortraitClose = unsafe extern "C" fn(*mut Portrait);
    /// `avatar_models_faces`
    pub type Faces =
        unsafe extern "C" fn(*mut Networks, *const Request, usize, *mut c_char, usize) -> i32;
    /// `avatar_models_preparer_open`
    pub type PreparerOpen =
        unsafe extern "C" fn(*const Preparation, *mut *mut Preparer, *mut c_char, usize) -> i32;
    /// `avatar_models_preparer_close`
    pub type PreparerClose = unsafe extern "C" fn(*mut Preparer);
    /// `avatar_models_preparer_find`
    pub type PreparerFind = unsafe extern "C" fn(
        *mut Preparer,
        *const u8,
        u32,
        u32,
        *mut u32,
        *mut Rectangle,
        *mut c_char,
        usize,
    ) -> i32;
    /// `avatar_models_preparer_prepare`
    pub type PreparerPrepare = unsafe extern "C" fn(
        *mut Preparer,
        *const u8,
        u32,
        u32,
        *const Rectangle,
        *mut Rectangle,
        *mut u8,
        usize,
        *mut f32,
        usize,
        *mut c_char,
        usize,
    ) -> i32;
    /// `avatar_models_talker_open`
    pub type TalkerOpen =
        unsafe extern "C" fn(*const Options, *mut *mut Talker, *mut c_char, usize) -> i32;
    /// `avatar_models_talker_close`
    pub type TalkerClose = unsafe extern "C" fn(*mut Talker);
    /// `avatar_models_talker_describe`
    pub type TalkerDescribe = unsafe extern "C" fn(*const Talker, *mut TalkerDescription) -> i32;
    /// `avatar_models_photo_open`
    pub type PhotoOpen = unsafe extern "C" fn(
        *mut Talker,
        *const u8,
        u32,
        u32,
        u32,
        *mut *mut Photo,
        *mut u32,
        *mut Rectangle,
        *mut Rectangle,
        *mut c_char,
        usize,
    ) -> i32;
    /// `avatar_models_photo_close`
    pub type PhotoClose = unsafe extern "C" fn(*mut Photo);
    /// `avatar_models_performance_open`
    pub type PerformanceOpen = unsafe extern "C" fn(
        *mut Talker,
        *const Photo,
        *const Manner,
        *mut *mut Performance,
        *mut c_char,
        usize,
    ) -> i32;
    /// `avatar_models_performance_close`
    pub type PerformanceClose = unsafe extern "C" fn(*mut Performance);
    /// `avatar_models_performance_hear`
    pub type PerformanceHear = unsafe extern "C" fn(
        *mut Performance,
        *const f32,
        usize,
        u32,
        *mut f32,
        usize,
        *mut usize,
        *mut c_char,
        usize,
    ) -> i32;
    /// `avatar_models_pictures`
    pub type Pictures =
        unsafe extern "C" fn(*mut Talker, *const PictureRequest, usize, *mut c_char, usize) -> i32;
    /// `avatar_models_import`
    pub type Import = unsafe extern "C" fn(
        *const c_char,
        *const c_char,
        Progress,
        *mut c_void,
        *mut c_char,
        usize,
    ) -> i32;
}
