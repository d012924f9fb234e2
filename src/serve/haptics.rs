//! Gait cues on the sensors themselves: a vibration on that leg, or a light where there is no motor.

use crate::body::{Placement, Side};
use crate::event::{Cue, CueKind};
use crate::sensor::Pulse;
use crate::source::ble::board::Card;
use crate::source::ble::{Command, Refusal, Remote};

/// A vibration lasts from this ...
const SHORTEST: f64 = 0.15;
/// ... to this, s, with the error. Own choice: felt while running, and over before the next step of that leg.
const LONGEST: f64 = 0.5;

pub(super) fn play(remote: &Remote, cue: &Cue) {
    let CueKind::Gait { side, .. } = cue.kind else { return };
    if !cue.channels.sensor {
        return;
    }
    let seconds = SHORTEST + (LONGEST - SHORTEST) * cue.strength.clamp(0.0, 1.0);
    let sensors = remote.overview().sensors;
    let Some((card, command)) = best(&sensors, Some(side), firm(seconds)) else { return };
    if let Err(refusal) = remote.command(&card.id, command) {
        tracing::info!("no cue on a sensor: {refusal}");
    }
}

/// Lets every sensor that can show itself; how many.
pub(super) fn test(remote: &Remote) -> Result<usize, Refusal> {
    let sensors = remote.overview().sensors;
    let able = sensors.iter().filter_map(|card| best(std::slice::from_ref(card), None, firm(LONGEST)));
    able.map(|(card, command)| remote.command(&card.id, command)).try_fold(0, |n, done| done.map(|()| n + 1))
}

/// At full strength: a weak one is not felt while running.
fn firm(seconds: f64) -> Pulse {
    Pulse { seconds, strength: 1.0 }
}

/// A motor before a light.
fn best(sensors: &[Card], side: Option<Side>, pulse: Pulse) -> Option<(&Card, Command)> {
    let there = |card: &&Card| {
        card.is_linked()
            && card.worn_by.is_none()
            && side.is_none_or(|side| card.placement.and_then(Placement::side) == Some(side))
    };
    let motor = sensors.iter().filter(there).find(|card| card.can_vibrate);
    let light = || sensors.iter().filter(there).find(|card| card.can_identify);
    motor
        .map(|card| (card, Command::Vibrate(pulse)))
        .or_else(|| light().map(|card| (card, Command::Identify)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::ble::board::LinkState;

    fn card(placement: Placement, link: LinkState, can_vibrate: bool) -> Card {
        Card { placement: Some(placement), link, can_vibrate, can_identify: true, ..Card::default() }
    }

    #[test]
    fn the_leg_that_is_meant_vibrates_and_lights_up_only_without_a_motor() {
        let sensors = [
            card(Placement::RightThigh, LinkState::Streaming, true),
            card(Placement::LeftThigh, LinkState::Streaming, false),
            card(Placement::LeftShank, LinkState::Streaming, true),
        ];
        let left = best(&sensors, Some(Side::Left), firm(0.3));
        assert_eq!(
            left.map(|(card, c)| (card.placement, c)),
            Some((Some(Placement::LeftShank), Command::Vibrate(firm(0.3))))
        );
        let light = best(&sensors[..2], Some(Side::Left), firm(0.3));
        assert_eq!(light.map(|(_, command)| command), Some(Command::Identify));
        assert!(best(&sensors[..1], Some(Side::Left), firm(0.3)).is_none());
        let lost = [card(Placement::LeftThigh, LinkState::Lost, true)];
        assert!(best(&lost, Some(Side::Left), firm(0.3)).is_none());
    }
}
