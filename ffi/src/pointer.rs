//! What callers pass, looked at as far as it can be.

use std::ffi::{CStr, OsStr, c_char};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::slice;

use crate::call::Failure;

fn check<T>(pointer: *const T, what: &str) -> Result<(), Failure> {
    if pointer.is_null() {
        return Err(Failure::argument(format!("{what} is null")));
    }
    if !pointer.is_aligned() {
        return Err(Failure::argument(format!("{what} is not aligned")));
    }
    Ok(())
}

/// What `pointer` points to.
///
/// # Safety
///
/// It is null or valid for a `T` that nobody writes to meanwhile.
pub(crate) unsafe fn shared<'a, T>(pointer: *const T, what: &str) -> Result<&'a T, Failure> {
    check(pointer, what)?;
    // SAFETY: as the caller says.
    Ok(unsafe { &*pointer })
}

/// What `pointer` points to, to be written.
///
/// # Safety
///
/// It is null or valid for a `T` that nobody else has meanwhile.
pub(crate) unsafe fn exclusive<'a, T>(pointer: *mut T, what: &str) -> Result<&'a mut T, Failure> {
    check(pointer, what)?;
    // SAFETY: as the caller says.
    Ok(unsafe { &mut *pointer })
}

/// `count` elements.
///
/// # Safety
///
/// `pointer` is null or valid for them, and nobody writes to them meanwhile.
pub(crate) unsafe fn elements<'a, T>(
    pointer: *const T,
    count: usize,
    what: &str,
) -> Result<&'a [T], Failure> {
    if count == 0 {
        return Ok(&[]);
    }
    check(pointer, what)?;
    fits::<T>(count, what)?;
    // SAFETY: as the caller says.
    Ok(unsafe { slice::from_raw_parts(pointer, count) })
}

/// `count` elements, to be written.
///
/// # Safety
///
/// `pointer` is null or valid for them, and nobody else has them meanwhile.
pub(crate) unsafe fn room<'a, T>(
    pointer: *mut T,
    count: usize,
    what: &str,
) -> Result<&'a mut [T], Failure> {
    if count == 0 {
        return Ok(&mut []);
    }
    check(pointer, what)?;
    fits::<T>(count, what)?;
    // SAFETY: as the caller says.
    Ok(unsafe { slice::from_raw_parts_mut(pointer, count) })
}

fn fits<T>(count: usize, what: &str) -> Result<(), Failure> {
    let most = isize::MAX as usize / size_of::<T>();
    if count > most {
        return Err(Failure::argument(format!("{what} cannot be {count}")));
    }
    Ok(())
}

/// A text.
///
/// # Safety
///
/// `pointer` is null or ends with a NUL, and nobody writes to it meanwhile.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, what: &str) -> Result<&'a str, Failure> {
    check(pointer, what)?;
    // SAFETY: as the caller says.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str()
        .map_err(|_| Failure::argument(format!("{what} is not UTF-8")))
}

/// A path.
///
/// # Safety
///
/// `pointer` is null or ends with a NUL, and nobody writes to it meanwhile.
pub(crate) unsafe fn path<'a>(pointer: *const c_char, what: &str) -> Result<&'a Path, Failure> {
    check(pointer, what)?;
    // SAFETY: as the caller says.
    let path = unsafe { CStr::from_ptr(pointer) };
    Ok(Path::new(OsStr::from_bytes(path.to_bytes())))
}

/// How many bytes there are of a structure that begins with its size, of those that are known here.
///
/// # Safety
///
/// `pointer` is null or valid for as many bytes as it says there.
pub(crate) unsafe fn size<T>(pointer: *const T, what: &str) -> Result<usize, Failure> {
    check(pointer, what)?;
    // SAFETY: as the caller says.
    let size = unsafe { pointer.cast::<u32>().read() } as usize;
    if size < size_of::<u32>() {
        return Err(Failure::argument(format!(
            "{what} says that it is {size} bytes"
        )));
    }
    Ok(size.min(size_of::<T>()))
}

/// A structure that begins with its size, which may be an older and shorter or a newer and longer one: what it lacks is zero, and what
/// is not known is left out.
///
/// # Safety
///
/// `pointer` is null or valid for as many bytes as it says there. A `T` of zeros is one.
pub(crate) unsafe fn sized<T: Copy>(pointer: *const T, what: &str) -> Result<T, Failure> {
    // SAFETY: as the caller says.
    let bytes = unsafe { size(pointer, what) }?;
    let mut structure = MaybeUninit::<T>::zeroed();
    // SAFETY: there are as many bytes as it says, and there is room for them; all others are zero.
    unsafe {
        structure
            .as_mut_ptr()
            .cast::<u8>()
            .copy_from_nonoverlapping(pointer.cast(), bytes);
        Ok(structure.assume_init())
    }
}
