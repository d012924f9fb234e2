//! Whatever happens to a driver, in whatever order: no panic, bounded answers, no sample that cannot be. The
//! bytes are those of the conversations, whole, cut, changed, lengthened, and any others.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use serde_json::{Map, Value};
use stancewatch::sensor::{Advertisement, DRIVERS, Family, Pulse, Reply, Request, Uuid};
use std::fs;
use std::path::Path;

/// The longest value that a characteristic can have.
const LONGEST: usize = 512;
/// Samples that one message may complete: what may wait for it, and what it brings itself.
const MOST_SAMPLES: usize = 4096 + 700;
/// Operations and news of one message: the shortest package of any family has 8 bytes, and 244 may wait.
const MOST_WORDS: usize = 2 * (LONGEST + 244) / 8;

#[derive(Debug, Clone)]
enum Happens {
    Connected,
    /// Bytes of the conversations, this one by number.
    Known(usize),
    /// The same, with the byte at a place changed and cut or lengthened to a length.
    Changed(usize, usize, u8, usize),
    Any(usize, Vec<u8>),
    /// The operation of this number among all that the driver has asked for.
    Refused(usize),
    Ask(Request),
}

fn happens() -> impl Strategy<Value = Happens> {
    let number = any::<usize>();
    let request = prop_oneof![
        Just(Request::Identify),
        Just(Request::Stop),
        Just(Request::Battery),
        any::<(f64, f64)>().prop_map(|(seconds, strength)| Request::Vibrate(Pulse { seconds, strength })),
    ];
    prop_oneof![
        2 => Just(Happens::Connected),
        30 => number.prop_map(Happens::Known),
        20 => (number, 0..256_usize, any::<u8>(), 0..=LONGEST).prop_map(|(n, at, byte, len)| Happens::Changed(n, at, byte, len)),
        20 => (number, prop::collection::vec(any::<u8>(), 0..=LONGEST)).prop_map(|(n, bytes)| Happens::Any(n, bytes)),
        2 => number.prop_map(Happens::Refused),
        1 => request.prop_map(Happens::Ask),
    ]
}

/// Every characteristic of a family, and all bytes of its conversations in order.
fn known(family: &Family) -> (Vec<Uuid>, Vec<(Uuid, Vec<u8>)>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/drivers").join(family.key);
    let names = fs::read_to_string(folder.join("characteristics.json")).unwrap();
    let names: Map<String, Value> = serde_json::from_str(&names).unwrap();
    let uuid = |name: &str| names[name].as_str().unwrap().parse::<Uuid>().unwrap();
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut bytes = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "jsonl")) {
        for line in fs::read_to_string(file).unwrap().lines() {
            let line: Map<String, Value> = serde_json::from_str(line).unwrap();
            if let (Some(from), Some(hex)) = (line.get("from"), line.get("bytes")) {
                let hex = hex.as_str().unwrap().split_whitespace();
                bytes.push((
                    uuid(from.as_str().unwrap()),
                    hex.map(|b| u8::from_str_radix(b, 16).unwrap()).collect(),
                ));
            }
        }
    }
    (names.keys().map(|name| uuid(name)).collect(), bytes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_bytes_can_break_a_driver(story in prop::collection::vec(happens(), 1..300)) {
        for family in DRIVERS {
            let (characteristics, conversations) = known(family);
            let mut driver = (family.driver)();
            let mut asked = Vec::new();
            let mut next = 0;
            for event in &story {
                let mut out = Reply::default();
                match event {
                    Happens::Connected => driver.connected(&mut out),
                    Happens::Known(number) => {
                        // Mostly in order, so that conversations come to their streams.
                        next = if number % 8 == 0 { *number } else { next + 1 } % conversations.len();
                        let (from, bytes) = &conversations[next];
                        driver.received(*from, bytes, &mut out);
                    }
                    Happens::Changed(number, at, byte, len) => {
                        let (from, bytes) = &conversations[number % conversations.len()];
                        let mut bytes = bytes.clone();
                        if let Some(changed) = bytes.get_mut(*at) {
                            *changed = *byte;
                        }
                        if at % 2 == 0 {
                            bytes.resize(*len, *byte);
                        }
                        driver.received(*from, &bytes, &mut out);
                    }
                    Happens::Any(from, bytes) => {
                        driver.received(characteristics[from % characteristics.len()], bytes, &mut out);
                    }
                    Happens::Refused(number) => {
                        if let Some(operation) = asked.get(number % asked.len().max(1)) {
                            driver.refused(operation, &mut out);
                        }
                    }
                    Happens::Ask(request) => driver.ask(*request, &mut out),
                }
                prop_assert!(out.samples.len() <= MOST_SAMPLES, "{}: {}", family.key, out.samples.len());
                prop_assert!(out.operations.len() + out.news.len() <= MOST_WORDS, "{}: {out:?}", family.key);
                for sample in &out.samples {
                    let finite = sample.acc.iter().chain(&sample.gyr).all(|x| x.is_finite()) && sample.t.0.is_finite();
                    prop_assert!(finite, "{}: {sample:?}", family.key);
                }
                asked.extend(out.operations);
            }
        }
    }

    #[test]
    fn any_advertisement_has_one_family_or_none(
        name in prop::option::of("(MetaWear|Movella DOT|WT901|Polar Sense |IMU_|Movesense |)[ -~]{0,12}"),
        company in any::<u16>(),
        service in any::<u128>(),
    ) {
        let advertisement = Advertisement {
            name,
            services: vec![Uuid::from_u128(service)],
            manufacturer_data: vec![(company, vec![1, 2])],
        };
        let families = DRIVERS.iter().filter(|family| (family.recognise)(&advertisement)).count();
        prop_assert!(families <= 1);
    }
}

#[test]
fn every_family_knows_its_own() {
    let named = |name: &str| Advertisement { name: Some(name.into()), ..Advertisement::default() };
    let serving = |service: &str| Advertisement {
        services: vec![service.parse().unwrap()],
        ..Advertisement::default()
    };
    for (key, advertisement) in [
        ("open", serving("2e020001-72db-46d4-b7ca-0b36ff29a792")),
        ("metamotion", serving("326a9000-85cb-9195-d9dd-464cfbbae75a")),
        ("metamotion", named("MetaWear")),
        ("dot", named("Movella DOT")),
        ("dot", named("Xsens DOT")),
        ("dot", Advertisement { manufacturer_data: vec![(0x0886, vec![])], ..Advertisement::default() }),
        ("witmotion", named("WT901BLE67")),
        ("witmotion", serving("0000ffe5-0000-1000-8000-00805f9a34fb")),
        ("polar", named("Polar Sense A1B2C3D4")),
        ("movesense", named("Movesense 250230002214")),
        ("capture2go", named("IMU_A1B2C3")),
        ("capture2go", serving("80030001-e629-4c98-9324-aa7fc0c66de7")),
    ] {
        let family = Family::of(&advertisement);
        assert_eq!(family.map(|family| family.key), Some(key), "{advertisement:?}");
    }
    for stranger in [
        named("Polar H10 12345678"),
        named("WTF headphones"),
        named("IMU_of a neighbour"),
        Advertisement::default(),
    ] {
        assert!(Family::of(&stranger).is_none(), "{stranger:?}");
    }
}

#[test]
fn every_family_reaches_what_running_needs() {
    for family in DRIVERS {
        let it = &family.capabilities;
        assert!(
            it.acc_range > 156.0 && it.gyr_range.to_degrees() > 999.0 && it.rate.0 >= 60.0,
            "{}",
            family.key
        );
        assert!(it.batch >= 0.0 && it.batch <= 0.5 && (23..=517).contains(&it.min_mtu), "{}", family.key);
    }
}
