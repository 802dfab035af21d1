//! Rust values in nginx's memory pools.

use std::ffi::c_void;
use std::ptr::NonNull;

use nginx_sys::{NGX_ALIGNMENT, ngx_pnalloc, ngx_pool_cleanup_add, ngx_pool_t, ngx_str_t};

use crate::boundary::contain;

/// Moves `value` into `pool`, which drops it when it goes; `None` when memory is short.
///
/// # Safety
///
/// `pool` is a live pool, and this is its thread.
pub(crate) unsafe fn keep<T>(pool: *mut ngx_pool_t, value: T) -> Option<NonNull<T>> {
    const { assert!(align_of::<T>() <= NGX_ALIGNMENT) };
    // SAFETY: the caller answers for the pool, which gives memory of nginx's alignment, enough for `T`, and
    // calls `drop_value` once, before it frees that memory.
    unsafe {
        let cleanup = ngx_pool_cleanup_add(pool, size_of::<T>().max(1)).as_mut()?;
        let place = NonNull::new(cleanup.data.cast::<T>())?;
        place.write(value);
        cleanup.handler = Some(drop_value::<T>);
        Some(place)
    }
}

unsafe extern "C" fn drop_value<T>(data: *mut c_void) {
    contain((), || {
        // SAFETY: `keep` registered this for a `T` it wrote to `data`, and the pool calls it once.
        unsafe { data.cast::<T>().drop_in_place() }
    });
}

/// A copy of `bytes`, and a zero after them, that lives as long as `pool`; `None` when memory is short.
///
/// # Safety
///
/// `pool` is a live pool, and this is its thread.
pub(crate) unsafe fn copy(pool: *mut ngx_pool_t, bytes: &[u8]) -> Option<ngx_str_t> {
    // SAFETY: the caller answers for the pool, which gives as many bytes as it is asked for, and new ones.
    unsafe {
        let data = NonNull::new(ngx_pnalloc(pool, bytes.len() + 1).cast::<u8>())?.as_ptr();
        data.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        data.add(bytes.len()).write(0);
        Some(ngx_str_t {
            len: bytes.len(),
            data,
        })
    }
}
