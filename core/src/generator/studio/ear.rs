//! The thread that turns speech into tokens, for one session after the other.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::schedule::SeatId;
use super::seat::{Portion, Seat};
use super::shared::Call;
use super::{Loaded, Shared};
use crate::audio::{ResampleError, Resampler};
use crate::face::neural::{Listener, NetworkError};
use crate::time::AUDIO_RATE;

/// What is heard of one session.
struct Hearing {
    resampler: Resampler,
    listener: Box<dyn Listener>,
    /// At the listener's rate.
    sound: Vec<f32>,
    tokens: Vec<f32>,
}

impl Hearing {
    fn new(shared: &Shared, loaded: &Loaded, seat: &Seat) -> Result<Self, NetworkError> {
        let nobody = || NetworkError::Failed("nobody sits there".to_owned());
        let networks = &*loaded.networks;
        let sitter = seat.sitter().ok_or_else(nobody)?;
        let portrait = shared.portraits.of(networks, sitter)?;
        Ok(Self {
            resampler: resampler(loaded.description.sample_rate).map_err(failed)?,
            listener: networks.listener(&*portrait, seat.manner.as_ref(), seat.rate)?,
            sound: Vec::new(),
            tokens: Vec::new(),
        })
    }

    /// Hears more, and finds the tokens of some frames.
    fn hear(&mut self, portion: &Portion) -> Result<&[f32], NetworkError> {
        self.sound.clear();
        self.tokens.clear();
        self.resampler
            .push(&portion.sound, &mut self.sound)
            .map_err(failed)?;
        if portion.last {
            self.resampler.finish(&mut self.sound).map_err(failed)?;
        }
        self.listener
            .hear(&self.sound, portion.last, &mut self.tokens)?;
        Ok(&self.tokens)
    }
}

/// From the rate of all sound to that of a listener.
pub(super) fn resampler(rate: u32) -> Result<Resampler, ResampleError> {
    Resampler::between(AUDIO_RATE, rate)
}

fn failed(error: ResampleError) -> NetworkError {
    NetworkError::Failed(error.to_string())
}

/// Listens until the studio closes.
pub(super) fn listen(shared: &Shared) {
    let Some(loaded) = shared.wait_until_loaded() else {
        return;
    };
    let mut hearings: HashMap<SeatId, Hearing> = HashMap::new();
    while let Some(Call { next, gone }) = shared.next_speaker() {
        for seat in gone {
            hearings.remove(&seat.id);
            if let Some(sitter) = seat.sitter() {
                shared.portraits.release(sitter);
            }
        }
        let Some((seat, portion)) = next.and_then(|seat| {
            let portion = seat.portion(loaded.lead_of(&seat))?;
            Some((seat, portion))
        }) else {
            continue;
        };
        let heard = catch_unwind(AssertUnwindSafe(|| {
            let hearing = match hearings.remove(&seat.id) {
                Some(hearing) => hearing,
                None => Hearing::new(shared, loaded, &seat)?,
            };
            let hearing = hearings.entry(seat.id).or_insert(hearing);
            seat.learn(hearing.hear(&portion)?, loaded.description.tokens);
            Ok(())
        }));
        let heard =
            heard.unwrap_or_else(|_| Err(NetworkError::Failed("hearing broke down".to_owned())));
        match heard {
            Ok(()) => shared.heard(&seat),
            Err(error) => {
                hearings.remove(&seat.id);
                shared.refuse(&seat, error);
            }
        }
    }
    if shared.is_broken() {
        std::mem::forget(hearings);
    }
}
