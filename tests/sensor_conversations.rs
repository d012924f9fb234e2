//! Every conversation in `fixtures/drivers/FAMILY/*.jsonl`, held against its driver. One line is one thing
//! that happens to the driver, with everything it must answer; what is not named must not come.
//!
//! | happens | |
//! |---|---|
//! | `"link": "connected"` | |
//! | `"from": NAME, "bytes": HEX` | a notification or a value read; `"times"` sends it so often, the last answer counts |
//! | `"refused": OPERATION` | |
//! | `"ask"` | `identify`, `stop`, `battery`, `vibrate 0.5` (s, at half strength) |
//!
//! Answers: `operations`, `samples` (`t` in s, `acc_g`, `gyr_dps`, each where it is to be looked at), `news`
//! (of bad news its beginning). NAME is one of `characteristics.json` beside the conversation.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::{Map, Value};
use stancewatch::body::{ClockKind, Sample};
use stancewatch::sensor::{DRIVERS, Driver, Family, Identify, News, Operation, Pulse, Reply, Request, Uuid};
use stancewatch::units::STANDARD_GRAVITY;
use std::fs;
use std::path::{Path, PathBuf};

/// Of published figures, which are rounded to three or four digits.
const ROUNDING: f64 = 6e-4;

struct Names(Map<String, Value>);

impl Names {
    fn uuid(&self, name: &str) -> Uuid {
        let text = self.0.get(name).unwrap_or_else(|| panic!("no characteristic is named {name}"));
        text.as_str().unwrap().parse().unwrap()
    }

    fn name(&self, uuid: Uuid) -> &str {
        let known = self.0.iter().find(|(_, text)| text.as_str().unwrap().parse() == Ok(uuid));
        known.unwrap_or_else(|| panic!("{uuid} has no name")).0
    }

    fn operation(&self, text: &str) -> Operation {
        let (verb, rest) = text.split_once(' ').unwrap();
        let (name, bytes) = rest.split_once(' ').unwrap_or((rest, ""));
        match verb {
            "subscribe" => Operation::Subscribe(self.uuid(name)),
            "unsubscribe" => Operation::Unsubscribe(self.uuid(name)),
            "read" => Operation::Read(self.uuid(name)),
            "write" => Operation::Write { to: self.uuid(name), bytes: hex(bytes), response: true },
            "send" => Operation::Write { to: self.uuid(name), bytes: hex(bytes), response: false },
            "wait" => Operation::Wait(rest.parse().unwrap()),
            _ => panic!("{text} is no operation"),
        }
    }

    fn text(&self, operation: &Operation) -> String {
        match operation {
            Operation::Subscribe(to) => format!("subscribe {}", self.name(*to)),
            Operation::Unsubscribe(from) => format!("unsubscribe {}", self.name(*from)),
            Operation::Read(from) => format!("read {}", self.name(*from)),
            Operation::Write { to, bytes, response } => {
                let verb = if *response { "write" } else { "send" };
                let bytes: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
                format!("{verb} {} {}", self.name(*to), bytes.join(" "))
            }
            Operation::Wait(seconds) => format!("wait {seconds}"),
        }
    }
}

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

fn news(news: &News) -> String {
    match news {
        News::Facts(facts) => {
            let known =
                [("serial", &facts.serial), ("firmware", &facts.firmware), ("hardware", &facts.hardware)];
            let known =
                known.iter().filter_map(|(what, value)| value.as_ref().map(|v| format!(" {what}={v}")));
            format!("facts{}", known.collect::<String>())
        }
        News::Streaming(stream) => {
            let clock = match stream.clock {
                ClockKind::Session => "session",
                ClockKind::Device => "device",
                ClockKind::Arrival => "arrival",
            };
            let (g, dps) = (stream.acc_range / STANDARD_GRAVITY, stream.gyr_range.to_degrees());
            format!("streaming {:.0} Hz {clock} {g:.0} g {dps:.0} deg/s", stream.rate.0)
        }
        News::Battery(charge) => format!("battery {charge:.2}"),
        News::Saturated => "saturated".into(),
        News::Lost(samples) => format!("lost {samples}"),
        News::Bad(fault) => format!("bad: {fault}"),
        News::Unusable(obstacle) => format!("unusable: {obstacle}"),
    }
}

fn happen(line: &Map<String, Value>, names: &Names, driver: &mut dyn Driver, out: &mut Reply) {
    let text = |key: &str| line.get(key).map(|value| value.as_str().unwrap());
    if let Some(link) = text("link") {
        assert_eq!(link, "connected");
        driver.connected(out);
    } else if let Some(from) = text("from") {
        let bytes = hex(text("bytes").unwrap());
        for _ in 0..line.get("times").map_or(1, |times| times.as_u64().unwrap()) {
            out.clear();
            driver.received(names.uuid(from), &bytes, out);
        }
    } else if let Some(operation) = text("refused") {
        driver.refused(&names.operation(operation), out);
    } else {
        let request = match text("ask").unwrap().split_once(' ') {
            Some(("vibrate", seconds)) => {
                Request::Vibrate(Pulse { seconds: seconds.parse().unwrap(), strength: 0.5 })
            }
            None if text("ask") == Some("identify") => Request::Identify,
            None if text("ask") == Some("stop") => Request::Stop,
            None if text("ask") == Some("battery") => Request::Battery,
            _ => panic!("{line:?} is no request"),
        };
        driver.ask(request, out);
    }
}

fn strings(line: &Map<String, Value>, key: &str) -> Vec<String> {
    let list = line.get(key).map(|list| list.as_array().unwrap().clone()).unwrap_or_default();
    list.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

fn check(place: &str, line: &Map<String, Value>, names: &Names, reply: &Reply) {
    let operations: Vec<String> = reply.operations.iter().map(|o| names.text(o)).collect();
    assert_eq!(operations, strings(line, "operations"), "{place}: operations");

    let got: Vec<String> = reply.news.iter().map(news).collect();
    let wanted = strings(line, "news");
    let alike = |got: &String, wanted: &String| {
        if wanted.starts_with("bad: ") || wanted.starts_with("unusable: ") {
            got.starts_with(wanted)
        } else {
            got == wanted
        }
    };
    assert!(
        got.len() == wanted.len() && got.iter().zip(&wanted).all(|(got, wanted)| alike(got, wanted)),
        "{place}: news\n  got    {got:?}\n  wanted {wanted:?}"
    );

    let wanted = line.get("samples").map(|list| list.as_array().unwrap().clone()).unwrap_or_default();
    assert_eq!(reply.samples.len(), wanted.len(), "{place}: {:?}", reply.samples);
    for (k, (got, wanted)) in reply.samples.iter().zip(&wanted).enumerate() {
        check_sample(&format!("{place}, sample {k}"), got, wanted);
    }
}

fn check_sample(place: &str, got: &Sample, wanted: &Value) {
    if let Some(t) = wanted.get("t") {
        let t = t.as_f64().unwrap();
        assert!((got.t.0 - t).abs() < 1e-6, "{place}: t {} is not {t}", got.t.0);
    }
    for (key, value) in [("acc_g", got.acc / STANDARD_GRAVITY), ("gyr_dps", got.gyr.map(f64::to_degrees))] {
        let Some(wanted) = wanted.get(key) else { continue };
        for (axis, wanted) in wanted.as_array().unwrap().iter().enumerate() {
            let wanted = wanted.as_f64().unwrap();
            assert!(
                (value[axis] - wanted).abs() < ROUNDING,
                "{place}: {key} {value:?} is not {wanted} at {axis}"
            );
        }
    }
}

fn fixtures(family: &Family) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/drivers").join(family.key)
}

fn conversations(family: &Family) -> Vec<PathBuf> {
    let entries = fs::read_dir(fixtures(family)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "jsonl")).collect();
    files.sort();
    files
}

fn characteristics(family: &Family) -> Names {
    let file = fixtures(family).join("characteristics.json");
    Names(serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap())
}

fn converse(family: &Family, place: &str, lines: &str) {
    let names = characteristics(family);
    let mut driver = (family.driver)();
    let mut reply = Reply::default();
    for (number, line) in lines.lines().enumerate() {
        let place = format!("{place}:{}", number + 1);
        let line: Map<String, Value> =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{place}: {error}"));
        if line.contains_key("about") {
            continue;
        }
        reply.clear();
        happen(&line, &names, driver.as_mut(), &mut reply);
        check(&place, &line, &names, &reply);
    }
}

#[test]
fn drivers_hold_their_conversations() {
    for family in DRIVERS {
        let files = conversations(family);
        assert!(files.len() >= 3, "{}: a family needs a start, a stream and troubles", family.key);
        for file in files {
            converse(family, &file.display().to_string(), &fs::read_to_string(&file).unwrap());
        }
    }
}

#[test]
fn the_open_profile_is_as_its_document_says() {
    let document = include_str!("../docs/open-profile.md");
    let family = DRIVERS.iter().find(|family| family.key == "open").unwrap();
    let examples = document.split("```jsonl\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(examples.lines().count() >= 8);
    converse(family, "docs/open-profile.md, line of the examples", examples);
    for (name, uuid) in &characteristics(family).0 {
        let uuid = uuid.as_str().unwrap();
        let short = uuid.trim_start_matches("0000").trim_end_matches("-0000-1000-8000-00805f9b34fb");
        assert!(document.contains(&format!("`{short}`")), "{name} is not in the document");
    }
}

/// The table of `docs/sensors.md` says what the drivers declare.
#[test]
fn the_documented_table_is_what_the_drivers_declare() {
    let table = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sensors.md")).unwrap();
    for Family { model, capabilities, .. } in DRIVERS {
        let clock = match capabilities.clock {
            ClockKind::Device => "own",
            ClockKind::Arrival | ClockKind::Session => "none",
        };
        let shows = match capabilities.identify {
            Some(Identify::Led) => "light",
            Some(Identify::Vibration) => "vibration",
            None => "-",
        };
        let line = format!(
            "| {model} | {:.0} | {:.0} | {:.0} | {clock} | {:.0} | {shows} | {} | {} | {} |",
            capabilities.rate.0,
            capabilities.acc_range / STANDARD_GRAVITY,
            capabilities.gyr_range.to_degrees(),
            capabilities.batch * 1e3,
            if capabilities.haptics { "yes" } else { "-" },
            if capabilities.battery { "yes" } else { "-" },
            capabilities.min_mtu,
        );
        assert!(table.lines().any(|there| there == line), "docs/sensors.md should say: {line}");
    }
}
