//! nginx's lists of headers.

use nginx_sys::{ngx_list_part_t, ngx_str_t, ngx_table_elt_t};

/// # Safety
///
/// The memory of `text` outlives `'r` and does not change.
pub(super) unsafe fn bytes<'r>(text: &ngx_str_t) -> &'r [u8] {
    if text.data.is_null() {
        return &[];
    }
    // SAFETY: the caller answers for the memory; nginx's strings are as long as they say.
    unsafe { std::slice::from_raw_parts(text.data, text.len) }
}

/// The entries of a list of headers.
pub(super) struct Entries {
    part: *mut ngx_list_part_t,
    index: usize,
}

/// # Safety
///
/// `part` is the first part of an initialised list of headers that outlives the iterator and does not grow
/// meanwhile.
pub(super) unsafe fn entries(part: *mut ngx_list_part_t) -> Entries {
    Entries { part, index: 0 }
}

impl Iterator for Entries {
    type Item = *mut ngx_table_elt_t;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // SAFETY: the maker answers for the list, whose parts each have `nelts` entries and a link to the
            // next part or null.
            let part = unsafe { self.part.as_ref()? };
            if self.index < part.nelts {
                // SAFETY: as above.
                let entry = unsafe { part.elts.cast::<ngx_table_elt_t>().add(self.index) };
                self.index += 1;
                return Some(entry);
            }
            self.part = part.next;
            self.index = 0;
        }
    }
}
