//! Device clock to session clock: a robust online fit on the early edge of packet arrivals.
//!
//! What arrivals cannot tell: the shortest delay itself. It is alike for sensors of one kind, so they
//! agree with each other; and where a sensor's packets keep step with the radio's slots, its shortest
//! delay can stay up to one slot longer than another's until their phases have drifted apart.

mod edge;
mod numbered;

use crate::body::ClockKind;
use crate::units::{DeviceTime, Hz, SessionTime};
use edge::Edge;
use numbered::Numbered;

/// How well a sensor's clock is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockState {
    /// The fit may be used for joint angles.
    pub settled: bool,
    /// Session minus device time at the newest sample, s.
    pub offset: f64,
    /// Rate of the device clock against the session clock, parts per million.
    pub drift_ppm: f64,
    /// Spread of arrivals above the early edge, s.
    pub jitter: f64,
    /// One standard deviation of session times, s; 0 where they are the device's own. Where samples are only numbered, a
    /// loss that is not certain yet counts: it comes and goes with the radio.
    pub sigma: f64,
    /// The same of the fit alone.
    pub fit_sigma: f64,
    /// Times that the device clock jumped.
    pub jumps: u32,
    /// Samples that never came, as far as arrivals can tell; only where samples have no time of their own.
    pub lost: u32,
}

/// Own choices, tried like those of the edge.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Params {
    /// Bins before the fit may be trusted. Default 10.
    settle_bins: usize,
    /// Settled below this standard deviation, s. Default 0.003: two such sensors agree to 5 ms.
    settled: f64,
    /// No longer settled above this one, s. Default 0.008.
    unsettled: f64,
    /// Time constant of session time following the fit, s. Default 2.
    follow: f64,
    /// Fastest that session time is moved, s per s. Default 0.02: far from what looks like a gap, and
    /// a late first packet is made up for within seconds.
    slew: f64,
    /// The same where samples are numbered: the edge's slope is their rate and may be far off at first,
    /// while its newest point is right. Default 0.25 and 0.05.
    follow_numbered: f64,
    slew_numbered: f64,
    /// Session time steps to the fit where the device was silent for so long, s. Default 5.
    step_after: f64,
    /// A packet so far before the edge is a clock that jumped, not radio, s. Default 0.1.
    early: f64,
    /// ... but not in the first bins, when a backlog may still be on its way. Default 5.
    backlog_bins: usize,
    /// Device time that goes back this far has jumped, s; less is packets out of order. Default 1.
    back: f64,
    /// Every packet so far behind the edge, s, default 0.25, ...
    late: f64,
    /// ... for so long, s, default 10, is a clock that was set back.
    late_for: f64,
    /// Bins from which on the edge tells late samples from lost ones. Default 6.
    numbered_bins: usize,
    /// Farther from the first packet than this, s, is no time but a broken packet. Default 30 years.
    longest: f64,
    /// A sample this far after the arrival of its packet, s, has a wrong time. Default 1: far more than any fit
    /// is off.
    future: f64,
    /// Packets over which the spread is averaged. Default 200.
    jitter_packets: f64,
}

const PARAMS: Params = Params {
    settle_bins: 10,
    settled: 0.003,
    unsettled: 0.008,
    follow: 2.0,
    slew: 0.02,
    follow_numbered: 0.25,
    slew_numbered: 0.05,
    step_after: 5.0,
    early: 0.1,
    backlog_bins: 5,
    back: 1.0,
    late: 0.25,
    late_for: 10.0,
    numbered_bins: 6,
    longest: 1e9,
    future: 1.0,
    jitter_packets: 200.0,
};

/// One sensor's clock, from its packets.
#[derive(Debug, Clone)]
pub struct SensorClock {
    kind: ClockKind,
    interval: f64,
    /// What is known since the first packet or the last jump.
    run: Option<Run>,
    /// The newest session time given out.
    given: Option<SessionTime>,
    /// When the newest packet came.
    arrival: Option<SessionTime>,
    jumps: u32,
    /// Lost before the run.
    lost: u32,
}

/// A stretch in which the device clock ran without a jump.
#[derive(Debug, Clone)]
struct Run {
    /// Device time of the first packet: what is fitted stays small, whatever the device counts from.
    origin: f64,
    /// Where samples have numbers instead of times: which are missing.
    numbered: Option<Numbered>,
    edge: Edge,
    /// Newest device time that arrived, s since the origin.
    newest: f64,
    /// When the newest packet came.
    arrival: f64,
    /// Since when every packet has been late, s since the origin.
    late_since: Option<f64>,
    /// Running mean height of packets above the edge and of its square.
    height: f64,
    height_squared: f64,
    packets: f64,
    /// What `align` applies: session less device time, at `at` (s since the origin).
    applied: Option<Applied>,
    settled: bool,
}

#[derive(Debug, Clone, Copy)]
struct Applied {
    at: f64,
    offset: f64,
}

impl SensorClock {
    #[must_use]
    pub fn new(kind: ClockKind, rate: Hz) -> Self {
        // A rate that is none falls back on the bins' own length.
        let interval = if rate.0 > 0.0 && rate.0.is_finite() { rate.interval() } else { 0.0 };
        Self { kind, interval, run: None, given: None, arrival: None, jumps: 0, lost: 0 }
    }

    /// A packet came in: its newest sample's device time and the host's arrival time. Call before
    /// [`align`](Self::align) on its samples.
    pub fn arrived(&mut self, newest: DeviceTime, arrival: SessionTime) {
        if self.kind == ClockKind::Session || !(newest.0.is_finite() && arrival.0.is_finite()) {
            return;
        }
        let (kind, interval) = (self.kind, self.interval);
        if let Some(run) = self.run.take_if(|run| run.jumped(newest, arrival)) {
            self.lost = self.lost.saturating_add(run.lost());
            // Numbers begin anew with every link, and the sensor's rate stays what it was.
            self.jumps += u32::from(kind != ClockKind::Arrival);
            let slope = if kind == ClockKind::Arrival { run.edge.line().slope() } else { 0.0 };
            self.run = Some(Run::new(kind, newest, interval, slope));
        }
        self.arrival = Some(arrival);
        self.run.get_or_insert_with(|| Run::new(kind, newest, interval, 0.0)).packet(newest, arrival);
    }

    /// Session time of a sample; never goes back. Not a number for a sample that would be from the future.
    pub fn align(&mut self, t: DeviceTime) -> SessionTime {
        let aligned = match (&mut self.run, self.kind) {
            (Some(run), ClockKind::Device | ClockKind::Arrival)
                if self.arrival.is_some_and(|now| run.is_beyond(t, now)) =>
            {
                SessionTime(f64::NAN)
            }
            (Some(run), ClockKind::Device | ClockKind::Arrival) => run.align(t),
            _ => SessionTime(t.0),
        };
        // A time that is none is passed on as it is, for the next stage to refuse.
        let given = match self.given {
            Some(given) if aligned.0 < given.0 => given,
            _ => aligned,
        };
        if given.0.is_finite() {
            self.given = Some(given);
        }
        given
    }

    #[must_use]
    pub fn state(&self) -> ClockState {
        let unknown_sigma = if self.kind == ClockKind::Session { 0.0 } else { f64::INFINITY };
        let unknown = ClockState {
            settled: self.kind == ClockKind::Session,
            offset: 0.0,
            drift_ppm: 0.0,
            jitter: 0.0,
            sigma: unknown_sigma,
            fit_sigma: unknown_sigma,
            jumps: self.jumps,
            lost: self.lost,
        };
        let Some(run) = &self.run else { return unknown };
        ClockState {
            settled: run.settled,
            offset: run.shift() + run.offset_at(run.newest),
            // Session time per device time is what the edge's slope adds to 1.
            drift_ppm: -run.edge.line().slope() * 1e6,
            jitter: run.jitter(),
            sigma: run.fit_sigma().hypot(run.suspected()),
            fit_sigma: run.fit_sigma(),
            jumps: self.jumps,
            lost: self.lost.saturating_add(run.lost()),
        }
    }
}

impl Run {
    /// `slope`: of the edge, as far as it is known.
    fn new(kind: ClockKind, first: DeviceTime, interval: f64, slope: f64) -> Self {
        let numbered = (kind == ClockKind::Arrival).then(|| Numbered::new(interval));
        let params = if numbered.is_some() { edge::NUMBERED } else { edge::STAMPED };
        Self {
            origin: first.0,
            numbered,
            edge: Edge::new(interval, params, slope),
            newest: 0.0,
            arrival: 0.0,
            late_since: None,
            height: 0.0,
            height_squared: 0.0,
            packets: 0.0,
            applied: None,
            settled: false,
        }
    }

    /// How far lost samples have moved time, s.
    fn shift(&self) -> f64 {
        self.numbered.as_ref().map_or(0.0, Numbered::shift)
    }

    fn lost(&self) -> u32 {
        self.numbered.as_ref().map_or(0, |numbered| numbered.lost)
    }

    /// Since the origin, s, samples that were lost included.
    fn since_origin(&self, t: DeviceTime) -> f64 {
        t.0 + self.shift() - self.origin
    }

    /// The packet does not belong to this run.
    fn jumped(&self, newest: DeviceTime, arrival: SessionTime) -> bool {
        let x = self.since_origin(newest);
        if x < self.newest - PARAMS.back || x.abs() > PARAMS.longest {
            return true;
        }
        // Numbers do not jump within a link.
        if self.numbered.is_some() {
            return false;
        }
        let height = self.edge.line().above(x, arrival.0 - newest.0);
        let early = height < -PARAMS.early && self.edge.bins() > PARAMS.backlog_bins;
        let late = self.late_since.is_some_and(|since| x - since > PARAMS.late_for) && height > PARAMS.late;
        early || late
    }

    fn packet(&mut self, newest: DeviceTime, arrival: SessionTime) {
        self.find_lost(newest, arrival);
        let x = self.since_origin(newest);
        let y = arrival.0 - newest.0 - self.shift();
        let height = self.edge.line().above(x, y);
        let doubtful = self.numbered.as_ref().is_some_and(|numbered| numbered.doubts(arrival.0));
        if !(doubtful && height < 0.0) {
            self.edge.push(x, y);
        }
        self.newest = self.newest.max(x);
        self.arrival = arrival.0;

        let height = self.edge.line().above(x, y);
        self.late_since = (height > PARAMS.late).then(|| self.late_since.unwrap_or(x));
        self.packets = (self.packets + 1.0).min(PARAMS.jitter_packets);
        self.height += (height - self.height) / self.packets;
        self.height_squared += (height.powi(2) - self.height_squared) / self.packets;

        let limit = if self.settled { PARAMS.unsettled } else { PARAMS.settled };
        self.settled = self.edge.bins() >= PARAMS.settle_bins && self.fit_sigma() < limit;
    }

    /// Where samples are numbered: what this packet says of those that are missing.
    fn find_lost(&mut self, newest: DeviceTime, arrival: SessionTime) {
        let x = self.since_origin(newest);
        let height = self.edge.line().above(x, arrival.0 - newest.0 - self.shift());
        let Some(numbered) = &mut self.numbered else { return };
        if self.edge.bins() <= PARAMS.numbered_bins {
            return;
        }
        let moved = numbered.packet(height, arrival.0);
        // What was taken for lost had already been taken for the newest.
        self.newest += moved.min(0.0);
    }

    /// The sample would have been measured after it came: its time is wrong, and would drag the session along.
    fn is_beyond(&self, t: DeviceTime, arrival: SessionTime) -> bool {
        t.0 + self.shift() + self.edge.line().at(self.since_origin(t)) > arrival.0 + PARAMS.future
    }

    fn align(&mut self, t: DeviceTime) -> SessionTime {
        let x = self.since_origin(t);
        let stamped = t.0 + self.shift();
        let target = self.edge.line().at(x);
        let (follow, slew) = if self.numbered.is_some() {
            (PARAMS.follow_numbered, PARAMS.slew_numbered)
        } else {
            (PARAMS.follow, PARAMS.slew)
        };
        let offset = match self.applied {
            // Out of order, or as new as the last: nothing to follow in the meantime.
            Some(applied) if x <= applied.at => return SessionTime(stamped + applied.offset),
            Some(applied) if x - applied.at < PARAMS.step_after => {
                let step = x - applied.at;
                let drifted = applied.offset + self.edge.line().slope() * step;
                let most = slew * step;
                drifted + ((target - drifted) * (step / follow).min(1.0)).clamp(-most, most)
            }
            _ => target,
        };
        self.applied = x.is_finite().then_some(Applied { at: x, offset }).or(self.applied);
        SessionTime(stamped + offset)
    }

    fn offset_at(&self, x: f64) -> f64 {
        self.applied.map_or_else(
            || self.edge.line().at(x),
            |applied| applied.offset + self.edge.line().slope() * (x - applied.at),
        )
    }

    /// Of the fit, and what is applied has still to follow of it.
    fn fit_sigma(&self) -> f64 {
        let behind = self.edge.line().at(self.newest) - self.offset_at(self.newest);
        self.edge.sigma().hypot(behind)
    }

    /// What samples that may have been lost put time off by.
    fn suspected(&self) -> f64 {
        self.numbered.as_ref().map_or(0.0, |numbered| numbered.suspected(self.arrival, self.jitter()))
    }

    /// Spread of packets above the edge.
    fn jitter(&self) -> f64 {
        (self.height_squared - self.height.powi(2)).max(0.0).sqrt()
    }
}
