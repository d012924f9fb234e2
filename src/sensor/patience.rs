//! What every driver needs: samples that cannot be are dropped, and a device that only talks nonsense is
//! given up on.

use super::{Driver, Fault, News, Obstacle, Operation, Reply, Request, Uuid};
use crate::body::Sample;
use nalgebra::Vector3;

/// Own choices.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Params {
    /// Bad messages in a row, without one sample between them, after which the device is given up. Default
    /// 100: a second or two of a stream, and far more than a start can bring.
    bad: u32,
    /// No sensor measures this much, m/s². Default 4000: four hundred g, twice the widest range on sale.
    acc: f64,
    /// ... and this much, rad/s. Default 100: 5700 deg/s, beyond the widest there is.
    gyr: f64,
}

const PARAMS: Params = Params { bad: 100, acc: 4000.0, gyr: 100.0 };

/// A driver under watch.
#[derive(Debug, Default)]
pub(super) struct Patience<D> {
    driver: D,
    bad: u32,
}

impl<D: Driver> Patience<D> {
    /// Looks at what the driver has added to the reply.
    fn judge(&mut self, samples: usize, news: usize, out: &mut Reply) {
        let good = out.samples.len();
        let mut place = 0;
        out.samples.retain(|sample| {
            place += 1;
            place <= samples || plausible(sample)
        });
        if out.samples.len() < good {
            out.bad(Fault::Implausible { what: "a sample", value: (good - out.samples.len()) as f64 });
        }
        if out.samples.len() > samples {
            self.bad = 0;
            return;
        }
        let before = self.bad;
        let mut last = None;
        for news in out.news.iter().skip(news) {
            match news {
                News::Bad(fault) => {
                    self.bad = self.bad.saturating_add(1);
                    last = Some(fault.clone());
                }
                // It made sense.
                News::Facts(_) | News::Streaming(_) | News::Battery(_) => self.bad = 0,
                News::Saturated | News::Lost(_) | News::Unusable(_) => {}
            }
        }
        if let Some(last) = last
            && before < PARAMS.bad
            && self.bad >= PARAMS.bad
        {
            out.news.push(News::Unusable(Obstacle::Nonsense { count: self.bad, last }));
        }
    }
}

fn plausible(sample: &Sample) -> bool {
    // Written so that what is no number is refused.
    let within = |v: &Vector3<f64>, most: f64| v.iter().all(|x| x.abs() <= most);
    within(&sample.acc, PARAMS.acc) && within(&sample.gyr, PARAMS.gyr) && sample.t.0.is_finite()
}

impl<D: Driver> Driver for Patience<D> {
    fn connected(&mut self, out: &mut Reply) {
        self.bad = 0;
        self.driver.connected(out);
    }

    fn received(&mut self, from: Uuid, bytes: &[u8], out: &mut Reply) {
        let (samples, news) = (out.samples.len(), out.news.len());
        self.driver.received(from, bytes, out);
        self.judge(samples, news, out);
    }

    fn refused(&mut self, operation: &Operation, out: &mut Reply) {
        self.driver.refused(operation, out);
    }

    fn ask(&mut self, request: Request, out: &mut Reply) {
        self.driver.ask(request, out);
    }
}
