//! How many sensors one adapter carries, told before it is exceeded. An estimate from the radio's own arithmetic
//! and from what makers say; what a room full of other radios leaves of it is shown per sensor as loss.

use crate::sensor::{Capabilities, Family};

/// Links that an adapter holds at once: 7 on Windows, macOS and Android, 11 on Linux (Xsens DOT user manual 2.6.1).
/// The smaller one, since dongles differ and the manual guarantees neither.
pub const LINKS: usize = 7;
/// Share of air time that may be planned: the rest is for repeats, scanning, Wi-Fi on the same antenna (own choice).
const PLANNED: f64 = 0.5;
/// Bytes of one sample on the air, of the widest family: 6 values of 2 bytes and a time stamp.
const SAMPLE: f64 = 16.0;
/// Bytes of a packet around its samples: preamble, access address, headers of link layer, L2CAP and ATT, integrity
/// check (Bluetooth Core 5.4, vol. 6, part B, 2.1, and vol. 3, parts A and F).
const AROUND: f64 = 10.0 + 4.0 + 3.0;
/// The central's empty packet that asks for each, and the pauses before and after: 80 and twice 150 microseconds at
/// 1 Mbit/s (vol. 6, part B, 2.1 and 4.1.1).
const POLL: f64 = 80e-6 + 300e-6;
const SECONDS_PER_BYTE: f64 = 8e-6;
/// A notification of a link with the smallest MTU holds this many bytes.
const SMALLEST_MTU: f64 = 20.0;

/// Share of one adapter's air time that a sensor takes.
#[must_use]
pub fn air(capabilities: &Capabilities) -> f64 {
    let rate = capabilities.rate.0.max(0.0);
    let per_packet = (rate * capabilities.batch).max(1.0);
    let payload = (per_packet * SAMPLE).max(SMALLEST_MTU);
    rate / per_packet * (POLL + (AROUND + payload) * SECONDS_PER_BYTE)
}

/// What to say when these sensors are too much for one adapter; `None` when they fit.
#[must_use]
pub fn warning<'a>(families: impl IntoIterator<Item = &'a Family>) -> Option<String> {
    let mut count = 0;
    let mut sum = 0.0;
    for family in families {
        count += 1;
        sum += air(&family.capabilities);
    }
    if count > LINKS {
        return Some(format!(
            "{count} sensors are more than the {LINKS} that an adapter is good for (figure of the Xsens DOT manual): switch the others off"
        ));
    }
    (sum > PLANNED).then(|| {
        format!(
            "these {count} sensors would fill {:.0} % of the adapter's air time, and beyond {:.0} % samples get lost: use fewer sensors",
            sum * 100.0,
            PLANNED * 100.0
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensor::DRIVERS;

    #[test]
    fn five_sensors_that_send_a_hundred_messages_a_second_fit_and_eight_do_not() {
        for family in DRIVERS {
            let Capabilities { rate, batch, .. } = family.capabilities;
            if rate.0 / (rate.0 * batch).max(1.0) <= 100.0 {
                assert_eq!(warning([family; 5]), None, "{}: {}", family.key, air(&family.capabilities));
            }
            assert!(warning([family; 8]).is_some());
        }
    }

    #[test]
    fn a_thousand_samples_a_second_from_each_do_not_fit() {
        let Some(family) = DRIVERS.first() else { panic!("no family") };
        let mut fast = *family;
        fast.capabilities.rate.0 = 1000.0;
        fast.capabilities.batch = 0.0;
        assert!(warning([&fast, &fast]).is_some());
    }
}
