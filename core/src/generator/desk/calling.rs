//! Peers that call sessions, and those that hang up.

use std::sync::Arc;

use super::{Desk, Session, Supplies};
use crate::config::Limits;
use crate::generator::caller::Caller;
use crate::generator::relay::Relay;
use crate::generator::telephone::Line;
use crate::rtc::PeerId;
use crate::session::{Pace, SessionId};
use crate::store::{Answered, Call, Offer};

impl Desk {
    /// Answers those who call session `id`, and lets those go who want to.
    pub(super) fn take_calls(&mut self, id: SessionId) {
        let Supplies {
            publication,
            telephone,
            config,
            ..
        } = &mut self.supplies;
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        // Who has to wait is looked at again a moment later.
        if session.line.is_none() && telephone.waits() || !publication.board.take_called(id) {
            return;
        }
        let store = publication.store.calls(id);
        let calls = store.take().unwrap_or_else(|error| {
            tracing::error!(session = %id, %error, "calls were not read");
            Vec::new()
        });
        let mut answered = false;
        for call in calls {
            let (peer, offer) = match call {
                Call::Offer(peer, offer) => (peer, offer),
                Call::End(peer) => {
                    if let Some(line) = &session.line {
                        line.end(peer);
                    }
                    continue;
                }
            };
            let answer = match open(session, || telephone.line(config)) {
                Ok(()) => connect(session, peer, &offer, config.limits),
                Err(reason) => Answered::Busy(reason),
            };
            if let Err(error) = store.answer(peer, &answer) {
                tracing::error!(session = %id, %error, "an answer was not written");
            }
            answered = true;
        }
        if answered {
            // Whoever waits for an answer waits for a change.
            session.live.update(|_| {});
        }
    }
}

/// Makes sure that `session` has a line.
fn open(
    session: &mut Session,
    line: impl FnOnce() -> Result<(Line, Relay), String>,
) -> Result<(), String> {
    if session.line.is_none() {
        let (line, relay) = line()?;
        session.audience.admit(Box::new(relay));
        session.line = Some(line);
    }
    Ok(())
}

fn connect(session: &mut Session, peer: PeerId, offer: &Offer, limits: Limits) -> Answered {
    let job = &session.live.job;
    if !job.kind.is_seen() || job.pace == Pace::Fast {
        return Answered::Refused("the session is not made while it is watched".to_owned());
    }
    let Some(line) = &mut session.line else {
        return Answered::Busy("there is no line".to_owned());
    };
    let caller = Caller::new(
        Arc::clone(&session.live),
        session.conversation.clone(),
        Arc::clone(line.broadcast()),
        offer.microphone,
        limits,
    );
    line.connect(peer, &offer.sdp, caller)
}
