//! `simulate` writes a whole Motion-BIDS data set with its truth, the same bytes every time.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use stancewatch::simulate::write_dataset;
use stancewatch::source::synthetic::{Episode, EpisodeKind, RunnerConfig};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn files(root: &Path) -> BTreeMap<String, String> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![root.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

fn config() -> RunnerConfig {
    let episode = Episode {
        side: stancewatch::body::Side::Right,
        kind: EpisodeKind::Adduction,
        degrees: 5.0,
        start_s: 4.0,
        duration_s: 8.0,
        ramp_s: 0.5,
    };
    RunnerConfig { running_s: 15.0, episodes: vec![episode], ..RunnerConfig::default() }
}

#[test]
fn a_data_set_has_signals_and_truth_and_is_the_same_every_time() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_dataset(&config(), one.path()).unwrap();
    write_dataset(&config(), two.path()).unwrap();
    let written = files(one.path());
    assert_eq!(written, files(two.path()));
    // Five sensors and the truth with four files each, events, two descriptions, strides.
    assert_eq!(written.len(), 6 * 4 + 1 + 2 + 1, "{:?}", written.keys());

    let events = &written["sub-synth/motion/sub-synth_task-run_events.tsv"];
    for row in [
        "\tstill\tn/a\tn/a",
        "\tfunctional\tn/a\tn/a",
        "\tepisode_adduction\tright\t5",
        "\tinitial_contact\tleft\trun",
    ] {
        assert!(events.contains(row), "{row}");
    }
    let onsets: Vec<f64> =
        events.lines().skip(1).map(|l| l.split('\t').next().unwrap().parse().unwrap()).collect();
    assert!(onsets.is_sorted());

    let strides = &written["derivatives/truth/sub-synth_task-run_strides.csv"];
    let rows: Vec<Vec<&str>> = strides.lines().map(|l| l.split(',').collect()).collect();
    assert!(rows.iter().all(|row| row.len() == 17));
    let injected = |row: &&Vec<&str>| row[0] == "R" && row[15].parse::<f64>().is_ok_and(|d| d > 4.0);
    assert!(rows.iter().filter(injected).count() > 5);

    for row in written["sub-synth/motion/sub-synth_task-run_tracksys-LeftThigh_motion.tsv"].lines() {
        let values: Vec<f64> = row.split('\t').map(|v| v.parse().unwrap()).collect();
        assert_eq!(values.len(), 8);
        assert!(row.len() < 90, "quantised values are short: {row}");
    }
    let angles = &written["sub-synth/motion/sub-synth_task-run_tracksys-omc_motion.tsv"];
    assert!(angles.lines().all(|row| row.split('\t').count() == 22));
}

#[test]
fn what_cannot_be_written_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let endless = RunnerConfig { endless: true, ..config() };
    assert!(write_dataset(&endless, dir.path()).unwrap_err().to_string().contains("running_s"));
    let file = dir.path().join("taken");
    fs::write(&file, "x").unwrap();
    let said = write_dataset(&config(), &file).unwrap_err().to_string();
    assert!(said.contains("taken") && said.contains("choose another folder"), "{said}");
}
