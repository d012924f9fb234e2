//! What a sensor says besides samples: who it is, how it is, what is wrong with it.

use super::talk::Talk;
use super::{End, Link};
use crate::input::{Report, Trouble};
use crate::sensor::{Facts, News};
use crate::source::ble::known::{BATTERY_LOW, Known};
use crate::source::ble::radio::Radio;
use std::time::{Duration, Instant};

/// Useless messages that make a garbler of a sensor, within [`GARBAGE_WINDOW`]: a bad radio frame never gets here (the
/// link layer repeats it), so single ones are firmware.
pub(super) const GARBAGE: usize = 5;
pub(super) const GARBAGE_WINDOW: Duration = Duration::from_secs(5);
/// Percent above which a battery is no longer low.
const BATTERY_FINE: f64 = 20.0;

impl<R: Radio> Link<R> {
    pub(super) fn news(&self, talk: &mut Talk<R>, news: News, at: Instant, known: &mut Known) {
        match news {
            News::Facts(facts) => self.facts(talk, facts, at, known),
            News::Streaming(stream) => {
                known.stream = Some(stream);
                self.card(|card| card.rate_hz = Some(stream.rate.0));
            }
            News::Battery(level) => {
                let percent = (level.clamp(0.0, 1.0) * 100.0).round();
                // A value that was read comes as a notification, too, on some systems.
                if known.battery.replace(percent) == Some(percent) {
                    return;
                }
                self.card(|card| card.battery_percent = Some(percent));
                known.voice.report(at, Report::Battery { percent });
                let low = percent <= BATTERY_LOW;
                if low || percent >= BATTERY_FINE {
                    let message =
                        format!("the battery of {} has {percent:.0} % left; charge it", known.called());
                    known.voice.trouble(at, Trouble::BatteryLow, low, &message);
                }
            }
            // The pipeline sees it in the samples, where a replay sees it, too.
            News::Saturated => {}
            News::Lost(samples) => self.card(|card| card.lost += u64::from(samples)),
            News::Bad(fault) => {
                self.card(|card| card.bad += 1);
                if talk.bad.len() == GARBAGE {
                    talk.bad.pop_front();
                }
                talk.bad.push_back(at);
                let first = talk.bad.front().copied().unwrap_or(at);
                if talk.bad.len() == GARBAGE && at - first <= GARBAGE_WINDOW {
                    let message = format!(
                        "{} sends messages that make no sense ({fault}), and they are left out; switch it off and on",
                        known.called()
                    );
                    known.voice.trouble(at, Trouble::Garbage, true, &message);
                    self.card(|card| card.reason = Some(message));
                }
            }
            News::Unusable(obstacle) => {
                let message = format!("{} cannot be used: {obstacle}", known.called());
                known.voice.trouble(at, Trouble::Unusable, true, &message);
                self.card(|card| card.reason = Some(message));
                talk.end = Some(End::Unusable);
            }
        }
    }

    fn facts(&self, talk: &mut Talk<R>, facts: Facts, at: Instant, known: &mut Known) {
        let Facts { serial, firmware, .. } = facts;
        let id = serial.clone().unwrap_or_else(|| known.name.clone());
        // Sensors of one kind often share a name.
        if !known.name.contains(&id) {
            known.name = format!("{} {id}", known.name);
        }
        let claim = self.registry.claim(&id, &self.peer);
        known.id.clone_from(&id);
        let last_used = self.registry.lock().roster.last_used(&id).map(str::to_owned);
        self.card(|card| {
            // Once it has sent, that is now.
            if !known.used {
                card.last_used = last_used;
            }
            card.id.clone_from(&id);
            card.name.clone_from(&known.name);
            card.serial = serial.or(card.serial.take());
            card.firmware = firmware.or(card.firmware.take());
        });
        if claim.is_err() {
            let message = format!(
                "two sensors say that they are {id}: the second one is left out; give them different serials or use another"
            );
            known.voice.trouble(at, Trouble::Claim, true, &message);
            self.card(|card| card.reason = Some(message));
            talk.end = Some(End::Unusable);
            return;
        }
        self.placed(known);
        if !self.belongs(known) && !self.registry.is_wanted(&self.peer) {
            talk.end = Some(End::Released);
        }
    }
}
