//! The early edge of packet arrivals. Radio and host can only delay a packet, so the line that lies
//! under all points (device time, arrival minus device time) and closest to them is the sensor's clock
//! plus the shortest delay. Moon, Skelly & Towsley, Estimation and removal of clock skew from network
//! delay measurements, INFOCOM 1999, find it by linear programming; the solution is the edge of the
//! points' lower convex hull under their mean time.

use std::collections::VecDeque;

/// Own choices, tried on simulated links (tests/clock_links.rs) and on virtual running's arrivals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Params {
    /// Only the earliest packet of so many seconds counts. Default 1.
    bin: f64,
    /// ... or of so many samples where the sensor is slow. Default 25.
    bin_samples: f64,
    /// Bins that the line is laid under. Default 300: five minutes, over which a crystal in a warming
    /// sensor keeps its rate to a few parts per million.
    bins: usize,
    /// The line is laid anew when one in so many bins is new. Default 20: at once in the first twenty
    /// seconds, each fifteen in the end.
    bins_per_fit: usize,
    /// Drift stays at zero below this span, s: the points' scatter would be taken for drift. Default 20.
    drift_span: f64,
    /// What no scatter shows: how much the shortest delays of two like sensors differ, s. Default
    /// 0.0012: one standard deviation over 60 simulated bodies whose packets do not keep step with slots.
    unseen: f64,
    /// Largest drift. Default 150 parts per million: two cheap crystals of 50 each, and the heat.
    drift: f64,
}

/// For sensors that stamp their samples.
pub(super) const STAMPED: Params = Params {
    bin: 1.0,
    bin_samples: 25.0,
    bins: 300,
    bins_per_fit: 20,
    drift_span: 20.0,
    unseen: 0.0012,
    drift: 150e-6,
};

/// For samples that are only numbered: the rate of a chip's own oscillator is off by up to 2 % (the Bosch
/// and TDK data sheets allow 1 to 3), wanders with its heat, and has to be known within seconds.
pub(super) const NUMBERED: Params = Params { bin: 0.5, bins: 40, drift_span: 2.0, drift: 0.03, ..STAMPED };

#[derive(Debug, Clone, Copy)]
struct Point {
    /// Device time since the first packet, s.
    x: f64,
    /// Arrival less device time, s.
    y: f64,
}

#[derive(Debug, Clone)]
pub(super) struct Edge {
    params: Params,
    bin: f64,
    /// The earliest packet of each bin, the bin that is still open included, oldest first.
    earliest: VecDeque<Point>,
    open: f64,
    line: Line,
    /// The slope that is believed until the points tell.
    believed: f64,
    /// Median height of the bins above the line, s: a burst after a stall must not count.
    height: f64,
    sigma: f64,
    /// Bins since the last fit.
    unfitted: usize,
    heights: Vec<f64>,
    /// Corners of the lower convex hull, for the fit.
    hull: Vec<Point>,
}

/// Arrival less device time of a packet without avoidable delay: `intercept + slope * x`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    intercept: f64,
    slope: f64,
}

impl Edge {
    /// `slope`: what is believed until the points span enough to tell.
    pub(super) fn new(interval: f64, params: Params, slope: f64) -> Self {
        Self {
            params,
            bin: params.bin.max(params.bin_samples * interval),
            earliest: VecDeque::with_capacity(params.bins + 1),
            open: f64::NEG_INFINITY,
            line: Line { intercept: 0.0, slope },
            believed: slope,
            height: 0.0,
            sigma: f64::INFINITY,
            unfitted: 0,
            heights: Vec::with_capacity(params.bins + 1),
            hull: Vec::with_capacity(params.bins + 1),
        }
    }

    /// `x`: device time since the first packet, `y`: arrival less device time.
    pub(super) fn push(&mut self, x: f64, y: f64) {
        let bin = (x / self.bin).floor();
        match self.earliest.back_mut() {
            // A packet from an older bin that comes now is late: it cannot be the earliest of its bin.
            Some(last) if bin <= self.open => {
                if self.line.above(last.x, last.y) > self.line.above(x, y) {
                    *last = Point { x, y };
                }
                if self.line.above(x, y) < 0.0 {
                    self.fit();
                }
            }
            _ => {
                self.open = bin;
                self.earliest.push_back(Point { x, y });
                if self.earliest.len() > self.params.bins {
                    self.earliest.pop_front();
                }
                self.unfitted += 1;
                // One bin more changes a line under many little.
                if self.unfitted * self.params.bins_per_fit >= self.earliest.len()
                    || self.line.above(x, y) < 0.0
                {
                    self.fit();
                }
            }
        }
    }

    pub(super) fn line(&self) -> &Line {
        &self.line
    }

    pub(super) fn bins(&self) -> usize {
        self.earliest.len()
    }

    /// How far the line may be from the true edge, one standard deviation, s.
    pub(super) fn sigma(&self) -> f64 {
        self.sigma
    }

    fn fit(&mut self) {
        let (Some(first), Some(last)) = (self.earliest.front(), self.earliest.back()) else { return };
        let spans = last.x - first.x >= self.params.drift_span;
        let slope = if spans { self.slope() } else { self.believed };
        self.line = Line { intercept: self.lowest(slope), slope };
        let line = self.line;
        self.heights.clear();
        self.heights.extend(self.earliest.iter().map(|p| line.above(p.x, p.y)));
        let middle = self.heights.len() / 2;
        self.height = *self.heights.select_nth_unstable_by(middle, f64::total_cmp).1;
        // For heights as a queue makes them (exponential), whose mean is the median over ln 2.
        let seen = self.height / std::f64::consts::LN_2 / (self.earliest.len() as f64).sqrt();
        self.sigma = seen.hypot(self.params.unseen);
        self.unfitted = 0;
    }

    /// The slope for which the points' mean height above the line under them is smallest: that of the
    /// lower hull at the mean time. Late points do not bend it: their height adds the same to every
    /// slope, only their time counts.
    fn slope(&mut self) -> f64 {
        let mean_x = self.earliest.iter().map(|p| p.x).sum::<f64>() / self.earliest.len() as f64;
        self.hull.clear();
        for &point in &self.earliest {
            while let [.., before, last] = self.hull.as_slice()
                && (last.y - before.y) * (point.x - before.x) >= (point.y - before.y) * (last.x - before.x)
            {
                self.hull.pop();
            }
            self.hull.push(point);
        }
        let right = self.hull.partition_point(|p| p.x < mean_x);
        let at = |i: usize| self.hull.get(i);
        let (Some(a), Some(b)) = (right.checked_sub(1).and_then(at), at(right)) else { return 0.0 };
        ((b.y - a.y) / (b.x - a.x)).clamp(-self.params.drift, self.params.drift)
    }

    /// Intercept of the highest line of this slope under all points.
    fn lowest(&self, slope: f64) -> f64 {
        self.earliest.iter().map(|p| p.y - slope * p.x).fold(f64::INFINITY, f64::min)
    }
}

impl Line {
    pub(super) fn at(&self, x: f64) -> f64 {
        self.intercept + self.slope * x
    }

    /// Height of a point above the line, s.
    pub(super) fn above(&self, x: f64, y: f64) -> f64 {
        y - self.at(x)
    }

    pub(super) fn slope(&self) -> f64 {
        self.slope
    }
}
