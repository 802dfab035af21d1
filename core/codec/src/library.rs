//! The libavcodec library as a whole.

use std::sync::Once;

use ffmpeg_next::codec::Context;
use ffmpeg_next::log;

/// Readies the library; to be called before anything else of it.
///
/// It would write to standard error, which in a server is nobody's: what goes wrong reaches us as error
/// codes anyway.
pub(crate) fn prepare() {
    static PREPARED: Once = Once::new();
    PREPARED.call_once(|| {
        log::set_level(log::Level::Quiet);
        ffmpeg_next::util::error::register_all();
    });
}

/// What an open encoder tells decoders beforehand; empty when it tells nothing.
pub(crate) fn extradata(context: &Context) -> Vec<u8> {
    // SAFETY: `context` owns a live AVCodecContext, which nothing else touches while we hold the reference.
    // `extradata` is null or points to `extradata_size` initialised bytes owned by the context
    // (avcodec.h, AVCodecContext.extradata); they are copied before the borrow ends.
    unsafe {
        let context = context.as_ptr();
        let (data, size) = ((*context).extradata, (*context).extradata_size);
        match usize::try_from(size) {
            Ok(size) if !data.is_null() => std::slice::from_raw_parts(data, size).to_vec(),
            _ => Vec::new(),
        }
    }
}

/// Has an open encoder keep to `rate` bits a second from its next picture on, of which it may borrow `buffer` bits.
pub(crate) fn limit_rate(context: &mut Context, rate: u32, buffer: u32) {
    // SAFETY: `context` owns a live AVCodecContext, which we hold exclusively. Both fields may be changed between pictures:
    // libx264 and nvenc compare them before each (libavcodec/libx264.c and nvenc.c, reconfig_encoder), others never look again.
    unsafe {
        let context = context.as_mut_ptr();
        (*context).rc_max_rate = i64::from(rate);
        (*context).rc_buffer_size = i32::try_from(buffer).unwrap_or(i32::MAX);
    }
}

/// Makes sure that `frame` has buffers and that nobody else holds them, so that it may be written to.
pub(crate) fn make_writable(frame: &mut ffmpeg_next::Frame) -> Result<(), crate::CodecError> {
    // SAFETY: the pointer comes from a live frame we hold exclusively; `av_frame_make_writable` accepts any
    // allocated frame, reports an unallocated one as an error, and replaces shared buffers by copies.
    let code = unsafe {
        let frame = frame.as_mut_ptr();
        if frame.is_null() {
            return Err(crate::CodecError::Memory);
        }
        ffmpeg_next::ffi::av_frame_make_writable(frame)
    };
    if code < 0 {
        return Err(crate::CodecError::Memory);
    }
    Ok(())
}
