//! A link can be up and dead: what is looked at from time to time.

use super::news::GARBAGE_WINDOW;
use super::talk::Talk;
use super::{End, Link};
use crate::host_clock;
use crate::input::Trouble;
use crate::sensor::Request;
use crate::source::ble::board::LinkState;
use crate::source::ble::known::Known;
use crate::source::ble::radio::Radio;
use std::time::{Duration, Instant};

/// Batteries are asked for this often.
const BATTERY_EVERY: Duration = Duration::from_secs(60);

impl<R: Radio> Link<R> {
    /// Looks after the link from time to time.
    pub(super) fn look(&self, talk: &mut Talk<R>, known: &mut Known) {
        let now = host_clock::instant();
        if talk.bad.back().is_some_and(|last| now.saturating_duration_since(*last) > GARBAGE_WINDOW) {
            talk.bad.clear();
            let message = format!("{} makes sense again", known.called());
            known.voice.trouble(now, Trouble::Garbage, false, &message);
            self.card(|card| card.reason = None);
        }
        let samples = std::mem::take(&mut talk.samples);
        let (turn, tapped) = (known.motion.turn(), known.motion.tapped_twice());
        self.card(|card| {
            card.samples += samples;
            card.movement_dps = (turn.to_degrees() * 10.0).round() / 10.0;
            card.tapped_twice = tapped;
        });
        if self.family.capabilities.battery
            && talk.sampled.is_some()
            && known.battery_asked.is_none_or(|asked| now.saturating_duration_since(asked) > BATTERY_EVERY)
        {
            known.battery_asked = Some(now);
            known.driver.ask(Request::Battery, &mut talk.reply);
            self.absorb(talk, now, known);
        }
        self.watch(talk, now, known);
    }

    /// A link can be up and dead: data is what counts.
    fn watch(&self, talk: &mut Talk<R>, now: Instant, known: &mut Known) {
        let batch = Duration::from_secs_f64(2.0 * self.family.capabilities.batch);
        let limit = if talk.sampled.is_some() { self.timing.silence + batch } else { self.timing.setup };
        let last = talk.sampled.map_or(talk.since, |sampled| sampled.max(talk.since));
        if now.saturating_duration_since(last) <= limit {
            return;
        }
        talk.strikes += 1;
        talk.since = now;
        let message = format!(
            "{} is connected and sends nothing; it is being started again: if this stays, switch it off and on, and close other programs that may hold it",
            known.called()
        );
        known.voice.trouble(now, Trouble::Lost, true, &message);
        self.card(|card| {
            card.link = LinkState::Silent;
            card.reason = Some(message);
        });
        if talk.strikes > 1 {
            talk.end = Some(End::Silent);
            return;
        }
        talk.sampled = None;
        known.heard_again = Some(now);
        known.driver.connected(&mut talk.reply);
        self.absorb(talk, now, known);
    }
}
