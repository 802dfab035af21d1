//! The shared zone: one table of sessions for all processes.

use std::alloc::Layout;
use std::ffi::c_void;
use std::ptr::NonNull;

use avatar_core::session::{Board, Header, Slot, SlotStatus};
use nginx_sys::{
    NGX_ERROR, NGX_OK, ngx_int_t, ngx_shm_zone_t, ngx_shmtx_lock, ngx_shmtx_unlock,
    ngx_slab_calloc_locked, ngx_slab_pool_t,
};

use crate::boundary::contain;
use crate::journal;

/// The least size of a zone: a few dozen sessions.
pub(crate) const MIN_SIZE: usize = 128 * 1024;

/// What lies at the beginning of our memory in the zone; the header and the slots follow.
#[repr(C)]
struct Root {
    /// How the memory is laid out. nginx only ever hands a zone to the very library that made it, so a
    /// difference means that something else is wrong.
    layout: u64,
    slots: usize,
}

fn layout() -> u64 {
    const VERSION: u64 = 2;
    VERSION << 48 | (size_of::<Header>() as u64) << 24 | size_of::<Slot>() as u64
}

/// Where things lie, counted from the root.
struct Offsets {
    header: usize,
    /// One for each slot, side by side.
    statuses: usize,
    slots: usize,
    /// Where all of it ends.
    end: usize,
}

fn offsets(slots: usize) -> Option<Offsets> {
    let (layout, header) = Layout::new::<Root>().extend(Layout::new::<Header>()).ok()?;
    let (layout, statuses) = layout
        .extend(Layout::array::<SlotStatus>(slots).ok()?)
        .ok()?;
    let (layout, first) = layout.extend(Layout::array::<Slot>(slots).ok()?).ok()?;
    Some(Offsets {
        header,
        statuses,
        slots: first,
        end: layout.size(),
    })
}

/// Called by nginx once for each configuration, in the master. `old` is what an earlier configuration kept
/// in the same zone: then the sessions stay.
pub(crate) unsafe extern "C" fn init(zone: *mut ngx_shm_zone_t, old: *mut c_void) -> ngx_int_t {
    contain(NGX_ERROR as ngx_int_t, || {
        // SAFETY: nginx calls this with a mapped zone whose slab pool is ready, and with the `data` of a
        // zone that this function filled, or null. `furnish` wrote the root, now or for an earlier
        // configuration.
        let found = unsafe {
            match NonNull::new(old.cast::<Root>()) {
                Some(root) => Ok(root),
                None => furnish((*zone).shm.addr.cast()),
            }
            .map(|root| (root, root.as_ref().layout))
        };
        match found {
            Ok((root, found)) if found == layout() => {
                // SAFETY: as above.
                unsafe { (*zone).data = root.as_ptr().cast() };
                NGX_OK as ngx_int_t
            }
            Ok(_) => {
                complain(
                    zone,
                    "it belongs to another version of the module; restart nginx",
                );
                NGX_ERROR as ngx_int_t
            }
            Err(reason) => {
                complain(zone, reason);
                NGX_ERROR as ngx_int_t
            }
        }
    })
}

fn complain(zone: *mut ngx_shm_zone_t, reason: &str) {
    let text = format!("\"avatar_zone\" cannot be used: {reason}");
    // SAFETY: nginx gave the zone with the log of the configuration it is reading.
    unsafe { journal::log_to((*zone).shm.log, nginx_sys::NGX_LOG_EMERG, &text) };
}

/// Takes all free memory of a fresh zone: a root, a header, and as many slots as there is room for.
///
/// # Safety
///
/// `pool` is the initialised slab pool of a mapped zone.
unsafe fn furnish(pool: *mut ngx_slab_pool_t) -> Result<NonNull<Root>, &'static str> {
    const SMALL: &str = "the zone is too small";
    let empty = offsets(0).ok_or(SMALL)?;
    // SAFETY: the caller answers for the pool; its mutex guards its free pages. Nothing between lock and
    // unlock panics.
    let memory = unsafe {
        let mutex = &raw mut (*pool).mutex;
        ngx_shmtx_lock(mutex);
        let size = (*pool).pfree * nginx_sys::ngx_pagesize;
        let memory = ngx_slab_calloc_locked(pool, size);
        ngx_shmtx_unlock(mutex);
        NonNull::new(memory.cast::<Root>()).map(|memory| (memory, size))
    };
    let (root, size) = memory.ok_or(SMALL)?;
    let slots = size.saturating_sub(empty.end) / (size_of::<SlotStatus>() + size_of::<Slot>());
    if slots == 0 || offsets(slots).is_none_or(|offsets| offsets.end > size) {
        return Err(SMALL);
    }
    // SAFETY: whole pages are aligned for anything, and `size` bytes hold a root.
    unsafe {
        root.write(Root {
            layout: layout(),
            slots,
        });
    }
    Ok(root)
}

/// The table in a zone that [`init`] has seen.
///
/// # Safety
///
/// `zone` belongs to the running configuration of this process, a worker: its memory stays mapped as long
/// as the process lives.
pub(crate) unsafe fn board(zone: NonNull<ngx_shm_zone_t>) -> Option<Board> {
    // SAFETY: the caller answers for the zone. `furnish` made the memory behind the root zero, which is a
    // valid header, valid statuses and valid slots, and found it large enough for all of them; all are made of atomics only,
    // so that sharing them with other processes is sound.
    unsafe {
        let root = NonNull::new(zone.as_ref().data.cast::<Root>())?;
        let count = root.as_ref().slots;
        let offsets = offsets(count)?;
        let statuses = root.byte_add(offsets.statuses).cast::<SlotStatus>();
        let slots = root.byte_add(offsets.slots).cast::<Slot>();
        Some(Board::over(
            root.byte_add(offsets.header).cast::<Header>().as_ref(),
            std::slice::from_raw_parts(statuses.as_ptr(), count),
            std::slice::from_raw_parts(slots.as_ptr(), count),
        ))
    }
}
