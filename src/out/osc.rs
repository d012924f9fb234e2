//! Open Sound Control over UDP: one address per number, so that a patch takes what it wants.

use super::Outlet;
use crate::body::Side;
use crate::event::{Alert, Angles, Event, Frame, Stance};
use crate::host_clock;
use crate::units::SessionTime;
use rosc::{OscBundle, OscMessage, OscPacket, OscTime, OscType, encoder};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use thiserror::Error;

/// The pipeline has no more.
const FASTEST_HZ: f64 = 100.0;

#[derive(Debug, Error)]
pub enum OscError {
    #[error("`{0}` is no place to send OSC to: {1}; give a computer and a port, such as 127.0.0.1:9000")]
    Place(String, io::Error),
    #[error("{0} angles per second are none or too many; give --osc-rate 1 to {FASTEST_HZ}")]
    Rate(f64),
}

/// Sends to one place.
#[derive(Debug)]
pub struct Osc {
    socket: UdpSocket,
    /// `/stancewatch`, or that with the runner's place in the order.
    prefix: String,
    period_s: f64,
    /// Session time of the next angles.
    next_s: Mutex<f64>,
    edge: Mutex<Option<Edge>>,
}

/// Session time against this computer's clock: of all packets the one that was late the least.
#[derive(Debug, Clone, Copy)]
struct Edge {
    at: Instant,
    t: f64,
    newest_t: f64,
}

impl Edge {
    fn with(before: Option<Self>, t: f64, at: Instant) -> Self {
        // Session time that goes back is a new session.
        match before.filter(|edge| t > edge.newest_t - 1.0) {
            Some(edge) if (at - edge.at).as_secs_f64() > t - edge.t => Self { newest_t: t, ..edge },
            _ => Self { at, t, newest_t: t },
        }
    }

    fn age_s(self, t: f64) -> f64 {
        ((host_clock::instant() - self.at).as_secs_f64() - (t - self.t)).max(0.0)
    }
}

impl Osc {
    /// To `place`, a host and a port, so many angles per second of session time at most.
    pub fn to(place: &str, rate_hz: f64, prefix: &str) -> Result<Self, OscError> {
        if !(1.0..=FASTEST_HZ).contains(&rate_hz) {
            return Err(OscError::Rate(rate_hz));
        }
        let socket = connect(place).map_err(|error| OscError::Place(place.to_owned(), error))?;
        Ok(Self {
            socket,
            prefix: prefix.to_owned(),
            period_s: 1.0 / rate_hz,
            next_s: Mutex::new(f64::NEG_INFINITY),
            edge: Mutex::default(),
        })
    }

    /// Angles are due: the first frame of each period.
    fn due(&self, t: SessionTime) -> bool {
        let mut next = self.next_s.lock().unwrap_or_else(PoisonError::into_inner);
        // A session that begins anew is before everything.
        if t.0 < *next && t.0 > *next - 2.0 * self.period_s {
            return false;
        }
        // The grid's times are not exact: 0.15 s is not quite three periods of 0.05.
        *next = ((t.0 / self.period_s + 1e-3).floor() + 1.0) * self.period_s - 1e-5;
        true
    }

    fn edge(&self) -> MutexGuard<'_, Option<Edge>> {
        self.edge.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, packet: &OscPacket) {
        // Nobody listens, the network is away or its queue is full: the next ones are newer.
        if let Ok(bytes) = encoder::encode(packet) {
            self.socket.send(&bytes).ok();
        }
    }

    fn message(&self, path: &str, args: Vec<OscType>) -> OscPacket {
        OscPacket::Message(OscMessage { addr: format!("{}/{path}", self.prefix), args })
    }

    fn frame(&self, frame: &Frame) -> OscPacket {
        let mut content = vec![self.message("time_s", vec![OscType::Double(frame.t.0)])];
        if let Some(edge) = *self.edge() {
            content.push(self.message("age_s", vec![OscType::Float(edge.age_s(frame.t.0) as f32)]));
        }
        let mut joint = |name: String, angles: Option<Angles>| {
            let Some(angles) = angles else { return };
            let parts =
                [("flexion", angles.flexion), ("adduction", angles.adduction), ("rotation", angles.rotation)];
            for (part, radians) in parts {
                content.push(self.message(&format!("{name}/{part}"), vec![degrees(radians)]));
            }
        };
        for side in Side::BOTH {
            let leg = &frame.legs[side];
            joint(format!("{side}/femur"), leg.femur);
            joint(format!("{side}/knee"), leg.knee);
            joint(format!("{side}/hip"), leg.hip);
        }
        for side in Side::BOTH {
            let valid = frame.legs[side].femur.is_some();
            content.push(self.message(&format!("{side}/valid"), vec![OscType::Int(valid.into())]));
        }
        if let Some(pelvis) = frame.pelvis {
            let parts =
                [("obliquity", pelvis.obliquity), ("tilt", pelvis.tilt), ("rotation", pelvis.rotation)];
            for (part, radians) in parts {
                content.push(self.message(&format!("pelvis/{part}"), vec![degrees(radians)]));
            }
        }
        // Time tag 1: at once.
        OscPacket::Bundle(OscBundle { timetag: OscTime { seconds: 0, fractional: 1 }, content })
    }

    fn stance(&self, stance: &Stance) -> OscPacket {
        let args = vec![
            OscType::Int(i32::try_from(stance.number).unwrap_or(i32::MAX)),
            OscType::Double(stance.ic.0),
            OscType::Double(stance.tc.0),
            OscType::Int(stance.valid.into()),
            known(stance.peaks.femur_adduction),
            known(stance.peaks.femur_rotation_excursion),
            known(stance.peaks.hip_adduction),
        ];
        self.message(&format!("{}/stance", stance.side), args)
    }

    fn alert(&self, alert: &Alert) -> OscPacket {
        let args = vec![
            OscType::Int(i32::try_from(alert.number).unwrap_or(i32::MAX)),
            OscType::String(alert.rule.name().to_owned()),
            OscType::String(
                if alert.cleared.is_some() { "cleared" } else { alert.severity.name() }.to_owned(),
            ),
            OscType::Double(alert.decided.0),
            degrees(alert.value),
            degrees(alert.threshold),
        ];
        self.message(&format!("{}/alert", alert.side), args)
    }
}

impl Outlet for Osc {
    fn event(&self, event: &Event) {
        match event {
            Event::Frame(frame) if self.due(frame.t) => self.send(&self.frame(frame)),
            Event::Stance(stance) => self.send(&self.stance(stance)),
            Event::Alert(alert) => self.send(&self.alert(alert)),
            _ => {}
        }
    }

    fn clock(&self, t: SessionTime, at: Instant) {
        let mut edge = self.edge();
        *edge = Some(Edge::with(*edge, t.0, at));
    }
}

fn degrees(radians: f64) -> OscType {
    OscType::Float(radians.to_degrees() as f32)
}

fn known(radians: Option<f64>) -> OscType {
    radians.map_or(OscType::Nil, degrees)
}

fn connect(place: &str) -> io::Result<UdpSocket> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "nothing has this name");
    for address in place.to_socket_addrs()? {
        let own: SocketAddr = match address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let connected = UdpSocket::bind(own).and_then(|socket| {
            socket.set_nonblocking(true)?;
            socket.connect(address)?;
            Ok(socket)
        });
        match connected {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::PerSide;
    use crate::event::LegAngles;
    use rosc::decoder::decode_udp;
    use std::time::Duration;

    fn pair(rate_hz: f64) -> (Osc, UdpSocket) {
        let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
        listener.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let osc = Osc::to(&listener.local_addr().unwrap().to_string(), rate_hz, "/stancewatch").unwrap();
        (osc, listener)
    }

    fn heard(listener: &UdpSocket) -> Option<OscPacket> {
        let mut bytes = [0; 4096];
        let length = listener.recv(&mut bytes).ok()?;
        Some(decode_udp(&bytes[..length]).unwrap().1)
    }

    fn frame(t: f64) -> Event {
        let femur = Angles { flexion: 0.5, adduction: 10f64.to_radians(), rotation: 0.0 };
        let left = LegAngles { femur: Some(femur), ..LegAngles::default() };
        let legs = PerSide { left, right: LegAngles::default() };
        Event::Frame(Frame { t: SessionTime(t), legs, pelvis: None })
    }

    #[test]
    fn angles_go_out_at_the_chosen_rate_and_again_after_a_new_start() {
        let (osc, listener) = pair(20.0);
        for k in 0..100 {
            osc.event(&frame(f64::from(k) * 0.01));
        }
        osc.event(&frame(0.0));
        let times: Vec<f64> = std::iter::from_fn(|| heard(&listener))
            .map(|packet| {
                let OscPacket::Bundle(bundle) = packet else { panic!("{packet:?}") };
                let OscPacket::Message(message) = &bundle.content[0] else { panic!() };
                message.args[0].clone().double().unwrap()
            })
            .collect();
        assert_eq!(times.len(), 21, "{times:?}");
        assert!(times.windows(2).take(19).all(|w| (w[1] - w[0] - 0.05).abs() < 1e-9), "{times:?}");
    }

    #[test]
    fn what_is_not_valid_is_not_sent_but_said() {
        let (osc, listener) = pair(100.0);
        osc.event(&frame(1.0));
        let Some(OscPacket::Bundle(bundle)) = heard(&listener) else { panic!() };
        let sent: Vec<_> = bundle
            .content
            .into_iter()
            .map(|packet| {
                let OscPacket::Message(message) = packet else { panic!() };
                (message.addr, message.args[0].clone())
            })
            .collect();
        assert!(sent.contains(&("/stancewatch/left/femur/adduction".to_owned(), OscType::Float(10.0))));
        assert!(sent.contains(&("/stancewatch/right/valid".to_owned(), OscType::Int(0))));
        assert!(!sent.iter().any(|(path, _)| path.starts_with("/stancewatch/right/femur")));
    }

    #[test]
    fn a_late_packet_does_not_make_angles_younger() {
        let at = host_clock::instant();
        let edge = Edge::with(None, 10.0, at);
        let late = Edge::with(Some(edge), 10.1, at + Duration::from_millis(150));
        assert_eq!((late.at, late.t), (at, 10.0));
        let early = Edge::with(Some(late), 10.2, at + Duration::from_millis(190));
        assert!((early.t - 10.2).abs() < 1e-9);
        let anew = Edge::with(Some(early), 0.0, at + Duration::from_secs(9));
        assert!(anew.t.abs() < 1e-9);
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_words() {
        assert!(Osc::to("nowhere", 50.0, "/s").unwrap_err().to_string().contains("127.0.0.1:9000"));
        assert!(Osc::to("127.0.0.1:9000", 0.0, "/s").unwrap_err().to_string().contains("--osc-rate"));
        assert!(Osc::to("127.0.0.1:9000", f64::NAN, "/s").is_err());
    }

    #[test]
    fn nobody_who_listens_is_no_error_and_no_wait() {
        let osc = Osc::to("127.0.0.1:9", 100.0, "/stancewatch").unwrap();
        for k in 0..1000 {
            osc.event(&frame(f64::from(k) * 0.01));
        }
    }
}
