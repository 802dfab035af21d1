//! What the networks draw sitters from, and who needs it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::sitter::Sitter;
use crate::face::neural::{NetworkError, Networks, Portrait};

/// What the networks draw sitters from.
#[derive(Default)]
pub(super) struct Portraits(Mutex<HashMap<[u8; 32], Kept>>);

struct Kept {
    sitter: Weak<Sitter>,
    portrait: Arc<dyn Portrait>,
}

impl Portraits {
    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The portrait of `sitter`, which is made if there is none.
    pub(super) fn of(
        &self,
        networks: &dyn Networks,
        sitter: &Arc<Sitter>,
    ) -> Result<Arc<dyn Portrait>, NetworkError> {
        if let Some(kept) = self.lock().get(&sitter.fingerprint) {
            return Ok(Arc::clone(&kept.portrait));
        }
        // What nobody needs goes first: there may not be room for both.
        let gone: Vec<Kept> = {
            let mut kept = self.lock();
            let gone = kept.extract_if(|_, kept| kept.sitter.strong_count() == 0);
            gone.map(|(_, kept)| kept).collect()
        };
        drop(gone);
        let portrait: Arc<dyn Portrait> = sitter.portrait(networks)?.into();
        let kept = Kept {
            sitter: Arc::downgrade(sitter),
            portrait: Arc::clone(&portrait),
        };
        self.lock().insert(sitter.fingerprint, kept);
        Ok(portrait)
    }

    /// The session of `sitter` is gone. What others may sit for stays until there is need for room.
    pub(super) fn release(&self, sitter: &Sitter) {
        let kept = match sitter.is_alone() {
            true => self.lock().remove(&sitter.fingerprint),
            false => None,
        };
        drop(kept);
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Leaves everything where it is: on a broken device nothing can be given back.
    pub(super) fn abandon(&self) {
        std::mem::forget(std::mem::take(&mut *self.lock()));
    }
}
