//! One sensor's way from packets to oriented samples: clock, fusion, track.

use crate::body::{Packet, Sample, SensorInfo};
use crate::clock::SensorClock;
use crate::event::{Fused, SensorStatus};
use crate::fusion::Fusion;
use crate::segment::track::Track;
use crate::units::SessionTime;

/// A sensor is offline when it has sent nothing for this long, s: longer than any batch of the
/// families that we know of, short enough for a person to notice within a second.
pub(crate) const SILENCE: f64 = 1.0;
/// Farther from zero than this, s, is no session time: 300 years, so that a recording may count from 1970.
const LATEST: f64 = 1e10;
/// No sensor for people measures more, m/s² and rad/s: the ranges of high-impact parts end at 400 g and at
/// 4000 deg/s. What is beyond is no measurement, and would stay in the filters for ever.
const MOST_ACC: f64 = 4000.0;
const MOST_GYR: f64 = 100.0;
/// This share of samples that cannot be is worth a word: fewer are dropped as if they were lost (a loss of
/// 5 % doubles inclination errors, own measurement on BROAD).
const BAD: f64 = 0.05;
/// A sensor's time is moved no faster than this, s per s: what is turned meanwhile is off by as little.
const SLEW: f64 = 0.002;
/// Window for the measured rate, s.
const RATE_WINDOW: f64 = 2.0;

#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) info: SensorInfo,
    pub(crate) clock: SensorClock,
    pub(crate) fusion: Fusion,
    pub(crate) track: Track,
    pub(crate) counts: Counts,
    /// Percent.
    pub(crate) battery: Option<f64>,
    has_arrivals: bool,
    nudge: Nudge,
}

/// What is added to the clock's session time, s, because a neighbour knows better.
#[derive(Debug, Clone, Copy, Default)]
struct Nudge {
    wanted: f64,
    applied: f64,
}

/// What a sensor has sent and not sent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) samples: u64,
    pub(crate) lost: u64,
    /// Not finite, beyond what a sensor can measure, or not later than the one before.
    pub(crate) bad: u64,
    pub(crate) last: Option<SessionTime>,
    window_start: Option<SessionTime>,
    window_samples: u32,
    rate_hz: f64,
}

impl Line {
    pub(crate) fn new(info: SensorInfo) -> Self {
        Self {
            clock: SensorClock::new(info.clock, info.rate),
            fusion: Fusion::new(info.rate),
            track: Track::new(info.rate),
            counts: Counts { rate_hz: info.rate.0, ..Counts::default() },
            battery: None,
            has_arrivals: false,
            nudge: Nudge::default(),
            info,
        }
    }

    /// Ties the sensor's clock to the arrival of a packet.
    pub(crate) fn arrived(&mut self, packet: &Packet) {
        if let (Some(arrival), Some(newest)) = (packet.arrival, packet.samples.last()) {
            self.has_arrivals = true;
            self.clock.arrived(newest.t, arrival);
        }
    }

    /// The sample's session time; `None` for a sample that cannot be used.
    pub(crate) fn accept(&mut self, sample: &Sample) -> Option<SessionTime> {
        // False for what is not a number, too.
        let possible = sample.t.0.is_finite()
            && sample.acc.iter().all(|value| value.abs() <= MOST_ACC)
            && sample.gyr.iter().all(|value| value.abs() <= MOST_GYR);
        let t = if possible { Some(self.clock.align(sample.t)) } else { None };
        let t = t.map(|t| self.nudged(t));
        let t = t.filter(|t| t.0.abs() < LATEST && self.counts.last.is_none_or(|last| *t > last));
        match t {
            Some(t) => self.counts.take(t, self.info.rate.interval()),
            None => self.counts.bad += 1,
        }
        t
    }

    /// What makes session time of the sensor's own at its newest sample, s.
    pub(crate) fn session_less_device(&self) -> f64 {
        self.clock.state().offset + self.nudge.applied
    }

    /// Moves its time by this from now on, s; little by little.
    pub(crate) fn set_nudge(&mut self, seconds: f64) {
        self.nudge.wanted = seconds;
    }

    fn nudged(&mut self, t: SessionTime) -> SessionTime {
        let nudge = &mut self.nudge;
        let still = nudge.wanted - nudge.applied;
        if still != 0.0 {
            let most = SLEW * self.info.rate.interval();
            nudge.applied += still.clamp(-most, most);
        }
        t + nudge.applied
    }

    /// Fuses one accepted sample into `out`; the track takes what fusion releases.
    pub(crate) fn fuse(&mut self, t: SessionTime, sample: &Sample, out: &mut Vec<Fused>) {
        self.fusion.push(t, sample.acc, sample.gyr, out);
        for fused in out.iter() {
            self.track.push(fused);
        }
    }

    /// Nothing follows.
    pub(crate) fn finish(&mut self, out: &mut Vec<Fused>) {
        self.fusion.finish(out);
        for fused in out.iter() {
            self.track.push(fused);
        }
    }

    pub(crate) fn online(&self, now: SessionTime) -> bool {
        self.counts.last.is_some_and(|last| now - last <= SILENCE)
    }

    pub(crate) fn status(&self, now: SessionTime) -> SensorStatus {
        let clock_sigma = self.has_arrivals.then(|| self.clock.state().sigma);
        SensorStatus { name: self.info.name.clone(), clock_sigma, ..self.nameless_status(now) }
    }

    /// As [`status`](Self::status), without what would have to be allocated, and of the clock what stays: the radio's
    /// moments would make warnings come and go.
    pub(crate) fn nameless_status(&self, now: SessionTime) -> SensorStatus {
        let clock = self.has_arrivals.then(|| self.clock.state());
        SensorStatus {
            name: String::new(),
            placement: self.info.placement,
            online: self.online(now),
            last_sample: self.counts.last,
            rate_hz: if self.online(now) { self.counts.rate_hz } else { 0.0 },
            nominal_rate_hz: self.info.rate.0,
            loss: self.counts.loss(),
            jitter: clock.map(|c| c.jitter),
            clock_sigma: clock.map(|c| c.fit_sigma),
            battery: self.battery,
        }
    }
}

impl Counts {
    fn take(&mut self, t: SessionTime, interval: f64) {
        if let Some(last) = self.last {
            let step = t - last;
            // Rounding costs as much as all else here, and is for gaps only.
            if step >= 1.5 * interval {
                self.lost += (step / interval).round() as u64 - 1;
            }
        }
        self.samples += 1;
        self.last = Some(t);
        self.window_samples += 1;
        let start = *self.window_start.get_or_insert(t);
        if t - start >= RATE_WINDOW {
            self.rate_hz = f64::from(self.window_samples - 1) / (t - start);
            self.window_start = Some(t);
            self.window_samples = 1;
        }
    }

    /// Many samples could not be used.
    pub(crate) fn many_bad(&self) -> bool {
        self.bad as f64 > BAD * (self.samples + self.bad) as f64
    }

    /// Share of samples lost since the start, 0 to 1.
    pub(crate) fn loss(&self) -> f64 {
        let all = self.samples + self.lost;
        if all == 0 { 0.0 } else { self.lost as f64 / all as f64 }
    }
}
