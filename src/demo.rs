//! What `demo` plays: a real recording, then a synthetic runner whose right thigh begins to fall in
//! and whose left thigh begins to turn in.

use crate::live::Play;
use crate::pipeline::PipelineConfig;
use crate::serve::{SourceKind, SourceLabel};
use crate::source;
use crate::source::synthetic::{Runner, demo_config};
use anyhow::Context;
use rust_embed::RustEmbed;

/// The bundled recording, so that the program alone is enough. Its README and LICENSE go with it.
#[derive(RustEmbed)]
#[folder = "fixtures/sessions/running_on_the_spot"]
struct RealRecording;

/// Both parts, in order.
pub fn plays(config: &PipelineConfig) -> anyhow::Result<Vec<Play>> {
    Ok(vec![real(config)?, synthetic(config)?])
}

fn real(config: &PipelineConfig) -> anyhow::Result<Play> {
    let folder =
        tempfile::tempdir().context("cannot create a temporary folder for the demo; free some space")?;
    for name in RealRecording::iter() {
        let Some(file) = RealRecording::get(&name) else { continue };
        let path = folder.path().join(name.as_ref());
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
            std::fs::write(&path, &file.data)
        };
        write().with_context(|| format!("cannot unpack the demo to {}; free some space", path.display()))?;
    }
    let recording =
        source::find(folder.path())?.into_iter().next().context("the bundled recording is empty")?;
    let inputs = recording.inputs()?.map(move |input| {
        // The folder lives as long as it is read from.
        let _ = folder.path();
        input.map_err(anyhow::Error::from)
    });
    Ok(Play {
        label: SourceLabel {
            kind: SourceKind::Real,
            title: "Real person, running on the spot".to_owned(),
            text: "A recording of real sensors: leg movements, standing still, then fast running on the spot \
                   from 0:56. There is no progression here, so its direction is weakly known at best, and angles \
                   that need it are withheld where it is."
                .to_owned(),
        },
        inputs: Box::new(inputs),
        config: config.clone(),
        recording: None,
        runner: None,
    })
}

fn synthetic(config: &PipelineConfig) -> anyhow::Result<Play> {
    let runner = Runner::new(&demo_config())?;
    Ok(Play {
        label: SourceLabel {
            kind: SourceKind::Synthetic,
            title: "Synthetic runner".to_owned(),
            text: "Not a person: simulated sensors on a runner made from published running kinematics. Stands, \
                   bends the knees, walks, runs; then the right thigh begins to fall in, and later the left thigh \
                   begins to turn in."
                .to_owned(),
        },
        inputs: Box::new(runner.map(Ok)),
        config: config.clone(),
        recording: None,
        runner: None,
    })
}
