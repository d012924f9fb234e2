//! Chunks to messages, and messages to inputs.

use crate::body::{Packet, Sample, SensorId};
use crate::input::Input;
use crate::units::{DeviceTime, SessionTime};
use ::mcap::McapResult;
use ::mcap::records::{Channel, Record};
use ::mcap::sans_io::{LinearReadEvent, LinearReader, LinearReaderOptions};
use nalgebra::Vector3;
use serde::Deserialize;

/// What one chunk holds, checked against its sum.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) channels: Vec<Channel>,
    /// Channel and content, in the order of recording.
    pub(super) messages: Vec<(u16, Vec<u8>)>,
}

impl Chunk {
    pub(super) fn input_channel(&self) -> Option<&Channel> {
        self.channels.iter().find(|c| c.topic == "input")
    }

    pub(super) fn of_channel(&self, id: u16) -> impl Iterator<Item = &[u8]> {
        self.messages.iter().filter(move |(channel, _)| *channel == id).map(|(_, data)| data.as_slice())
    }
}

/// No chunk of ours comes near this many bytes, packed or not; a length beyond it is damage, and must
/// not become an allocation.
const LARGEST_CHUNK: usize = 256 << 20;

/// `record` is the whole chunk record. Nothing of it is used before its sum is right.
pub(super) fn decode_chunk(mut record: &[u8]) -> McapResult<Chunk> {
    let options = LinearReaderOptions::default()
        .with_skip_start_magic(true)
        .with_skip_end_magic(true)
        .with_prevalidate_chunk_crcs(true)
        .with_record_length_limit(LARGEST_CHUNK);
    let mut reader = LinearReader::new_with_options(options);
    let mut chunk = Chunk::default();
    while let Some(event) = reader.next_event() {
        match event? {
            LinearReadEvent::ReadRequest(want) => {
                let (now, later) = record.split_at(want.min(record.len()));
                reader.insert(now.len()).copy_from_slice(now);
                reader.notify_read(now.len());
                record = later;
            }
            LinearReadEvent::Record { opcode, data } => match ::mcap::parse_record(opcode, data)? {
                Record::Channel(channel) => chunk.channels.push(channel),
                Record::Message { header, data } => {
                    chunk.messages.push((header.channel_id, data.into_owned()));
                }
                _ => {}
            },
        }
    }
    Ok(chunk)
}

/// How the recorder begins every packet.
const PACKET: &[u8] = br#"{"input":"packet","#;

/// Reads one message. Packets are nearly all of them, and are read without the detour through a
/// buffered tree that a tagged enum takes.
pub(super) fn input(data: &[u8]) -> serde_json::Result<Input> {
    if !data.starts_with(PACKET) {
        return serde_json::from_slice(data);
    }
    match serde_json::from_slice(data) {
        Ok(packet) => Ok(Input::Packet(packet)),
        Err(error) => {
            serde_json::from_slice::<HoledPacket>(data).map(|p| Input::Packet(p.into())).map_err(|_| error)
        }
    }
}

/// A packet with readings that were not numbers when they came: JSON has only null for them.
#[derive(Deserialize)]
struct HoledPacket {
    sensor: SensorId,
    arrival: Option<SessionTime>,
    samples: Vec<HoledSample>,
}

#[derive(Deserialize)]
struct HoledSample {
    t: Option<f64>,
    acc: [Option<f64>; 3],
    gyr: [Option<f64>; 3],
}

impl From<HoledPacket> for Packet {
    fn from(packet: HoledPacket) -> Self {
        let value = |v: Option<f64>| v.unwrap_or(f64::NAN);
        let samples = packet
            .samples
            .into_iter()
            .map(|s| Sample {
                t: DeviceTime(value(s.t)),
                acc: Vector3::from(s.acc.map(value)),
                gyr: Vector3::from(s.gyr.map(value)),
            })
            .collect();
        Self { sensor: packet.sensor, arrival: packet.arrival, samples }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(values: [f64; 7], arrival: Option<f64>) -> Input {
        let [t, a, b, c, d, e, f] = values;
        let sample = Sample { t: DeviceTime(t), acc: Vector3::new(a, b, c), gyr: Vector3::new(d, e, f) };
        Input::Packet(Packet {
            sensor: SensorId(3),
            arrival: arrival.map(SessionTime),
            samples: vec![sample; 2],
        })
    }

    #[test]
    fn a_packet_begins_as_the_short_cut_expects() {
        let text = serde_json::to_vec(&packet([0.0; 7], None)).unwrap();
        assert!(text.starts_with(PACKET), "{}", String::from_utf8_lossy(&text));
    }

    #[test]
    fn a_reading_that_was_no_number_comes_back_as_none() {
        let text =
            serde_json::to_vec(&packet([1.0, f64::NAN, 2.0, f64::INFINITY, 0.0, 0.0, 0.0], None)).unwrap();
        let Input::Packet(read) = input(&text).unwrap() else { panic!("no packet") };
        let sample = read.samples[0];
        assert!(sample.acc.x.is_nan() && sample.acc.z.is_nan());
        assert_eq!(sample.acc.y.to_bits(), 2f64.to_bits());
    }

    #[test]
    fn what_is_no_input_is_an_error() {
        assert!(input(br#"{"input":"packet","sensor":1}"#).is_err());
        assert!(input(br#"{"input":"tea"}"#).is_err());
        assert!(input(b"\xff").is_err());
    }

    fn finite() -> impl Strategy<Value = f64> {
        any::<u64>().prop_map(f64::from_bits).prop_filter("JSON has no such number", |v| v.is_finite())
    }

    proptest! {
        #[test]
        fn any_finite_reading_survives_to_the_bit(values in prop::array::uniform7(finite()), arrival in prop::option::of(finite())) {
            let sent = packet(values, arrival);
            let read = input(&serde_json::to_vec(&sent).unwrap()).unwrap();
            // Comparing text too, since -0.0 == 0.0.
            prop_assert_eq!(format!("{read:?}"), format!("{sent:?}"));
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            input(&bytes).ok();
            decode_chunk(&bytes).ok();
        }
    }
}
