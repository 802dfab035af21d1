//! The thread that has faces drawn, batch after batch, of all sessions together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::schedule::{FIRST, Order};
use super::seat::Likeness;
use super::sitter::Sitter;
use super::{Loaded, Opener, Shared};
use crate::face::neural::{Description, NetworkError, Portrait, Request};
use crate::session::{Failure, FailureCode};

/// What may take longer than this is not tried before somebody needs it.
const MOMENT: Duration = Duration::from_millis(50);

type Batch = Vec<Order<Likeness>>;

/// Loads the networks, and then draws until the studio closes.
pub(super) fn work(shared: &Shared, opener: &Opener) {
    let opened = guarded("loading the networks broke down", opener);
    let loaded = match opened.and_then(|networks| shared.load(networks)) {
        Ok(loaded) => loaded,
        Err(error) => return shared.give_up(&error),
    };
    let easel = Easel { shared, loaded };
    easel.warm_up();
    shared.open_doors();
    while let Some((batch, full)) = shared.next_batch() {
        easel.draw(batch, full);
    }
    if shared.is_broken() {
        shared.portraits.abandon();
        std::mem::forget(Arc::clone(&loaded.networks));
    }
}

fn guarded<T>(
    text: &str,
    body: impl FnOnce() -> Result<T, NetworkError>,
) -> Result<T, NetworkError> {
    catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|_| Err(NetworkError::Failed(text.to_owned())))
}

struct Easel<'a> {
    shared: &'a Shared,
    loaded: &'a Loaded,
}

impl Easel<'_> {
    /// Loads the latents of all avatars and draws a face or two, to know how long that takes before anybody is promised
    /// anything. What goes wrong here is complained of when somebody asks for it.
    fn warm_up(&self) {
        let mut sitters = self.shared.sitters();
        sitters.retain(|sitter| {
            self.portrait(sitter)
                .inspect_err(|error| tracing::warn!(avatar = %sitter.id, "no portrait: {error}"))
                .is_ok()
        });
        let Description { tokens, .. } = self.loaded.description;
        let Some(sitter) = sitters.first() else {
            return;
        };
        let face = || Likeness {
            sitter: Arc::clone(sitter),
            index: 0,
            tokens: vec![0.0; tokens],
        };
        let most = self.loaded.description.max_batch;
        // The second tells more than the first, for which memory may have to be found; and the last is tried only where it
        // takes no time.
        for count in [1, 2.min(most), (FIRST as usize).min(most), most] {
            let begun = Instant::now();
            let likenesses: Vec<Likeness> = (0..count).map(|_| face()).collect();
            if self.faces(&likenesses.iter().collect::<Vec<_>>()).is_err() {
                return;
            }
            let time = begun.elapsed();
            if count > 1 || time > MOMENT {
                self.shared.measured(count, time, true);
            }
            if time > MOMENT {
                return;
            }
        }
    }

    fn portrait(&self, sitter: &Arc<Sitter>) -> Result<Arc<dyn Portrait>, NetworkError> {
        guarded("loading a portrait broke down", || {
            self.shared.portraits.of(&*self.loaded.networks, sitter)
        })
    }

    fn faces(&self, of: &[&Likeness]) -> Result<Vec<Vec<u8>>, NetworkError> {
        let side = self.loaded.description.face_side;
        let mut faces: Vec<Vec<u8>> = of.iter().map(|_| vec![0; side * side * 3]).collect();
        let portraits = of.iter().map(|likeness| self.portrait(&likeness.sitter));
        let portraits = portraits.collect::<Result<Vec<_>, _>>()?;
        let requests = of.iter().zip(&portraits).zip(&mut faces);
        let mut requests: Vec<Request<'_>> = requests
            .map(|((likeness, portrait), face)| Request {
                portrait: &**portrait,
                index: likeness.index,
                tokens: &likeness.tokens,
                face,
            })
            .collect();
        guarded("drawing faces broke down", || {
            self.loaded.networks.faces(&mut requests)
        })?;
        drop(requests);
        Ok(faces)
    }

    /// Draws `batch`, which is `full` if it is as large as it could be.
    fn draw(&self, mut batch: Batch, full: bool) {
        batch.retain(|order| match self.portrait(&order.of.sitter) {
            Ok(_) => true,
            Err(error) => {
                self.shared.refuse_at(order.seat, error);
                false
            }
        });
        if batch.is_empty() {
            return;
        }
        let begun = Instant::now();
        let likenesses: Vec<&Likeness> = batch.iter().map(|order| &order.of).collect();
        match self.faces(&likenesses) {
            Ok(faces) => {
                self.shared.measured(faces.len(), begun.elapsed(), full);
                let places = batch.iter().map(|order| (order.seat, order.frame));
                self.shared.deliver(places.zip(faces));
            }
            Err(NetworkError::Memory(text)) => self.halve(batch, &text),
            Err(error @ NetworkError::Device(_)) => self.shared.break_down(&error),
            Err(error) => self.divide(batch, error),
        }
    }

    fn halve(&self, batch: Batch, text: &str) {
        let count = batch.len();
        match self.shared.halve(batch) {
            None => tracing::warn!(
                faces = count,
                "memory was short for a batch, halved: {text}"
            ),
            Some(seat) => self.shared.fail_at(
                seat,
                Failure {
                    code: FailureCode::OutOfMemory,
                    text: format!("there is not enough memory for a single face: {text}"),
                },
            ),
        }
    }

    /// One session's fault must not be another's: each is tried on its own.
    fn divide(&self, batch: Batch, error: NetworkError) {
        let Some(first) = batch.first().map(|order| order.seat) else {
            return;
        };
        if batch.iter().all(|order| order.seat == first) {
            self.shared.refuse_at(first, error);
            return;
        }
        let mut seats: Vec<_> = batch.iter().map(|order| order.seat).collect();
        seats.sort_unstable();
        seats.dedup();
        let mut rest = batch;
        for seat in seats {
            let (its, others) = rest.into_iter().partition(|order| order.seat == seat);
            rest = others;
            self.draw(its, false);
        }
    }
}
