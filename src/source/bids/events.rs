use super::files::Files;
use super::rows::Table;
use crate::body::Side;
use crate::event::ContactKind;
use crate::input::{Edge, Mark, Stretch};
use crate::source::SourceError;
use crate::units::SessionTime;

/// A contact that the recording knows to have happened.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactTruth {
    pub side: Side,
    /// Initial or terminal.
    pub kind: ContactKind,
    pub t: SessionTime,
    /// The `value` column where there is one: `run`, `walk`.
    pub gait: Option<String>,
}

/// A stretch that the recording names, such as `movement` or `still`.
#[derive(Debug, Clone, PartialEq)]
pub struct StretchTruth {
    pub name: String,
    pub begin: SessionTime,
    pub end: SessionTime,
}

/// A stretch of one side with excess adduction or rotation put in.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    pub name: String,
    pub side: Side,
    pub begin: SessionTime,
    pub end: SessionTime,
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Events {
    pub(super) contacts: Vec<ContactTruth>,
    pub(super) stretches: Vec<StretchTruth>,
    pub(super) episodes: Vec<Episode>,
}

/// The edges of the marked stretches, by time; an end comes before a beginning at the same moment.
pub(super) fn marks(files: &Files) -> Result<Vec<Mark>, SourceError> {
    let mut marks = Vec::new();
    for stretch in read(files)?.stretches {
        let kind = match stretch.name.as_str() {
            "still" => Stretch::Still,
            "functional" => Stretch::Functional,
            "baseline" => Stretch::Baseline,
            "single_leg_squat" => Stretch::SingleLegSquat,
            "step_down" => Stretch::StepDown,
            _ => continue,
        };
        marks.push(Mark { stretch: kind, edge: Edge::Begin, t: stretch.begin });
        marks.push(Mark { stretch: kind, edge: Edge::End, t: stretch.end });
    }
    // The sort keeps the order of ties: of a stretch without length, begin stays before end.
    marks.sort_by(|a, b| a.t.0.total_cmp(&b.t.0));
    Ok(marks)
}

/// Everything that the recording's events.tsv says; nothing when it has none.
pub(super) fn read(files: &Files) -> Result<Events, SourceError> {
    let mut events = Events::default();
    let Some(path) = files.events() else { return Ok(events) };
    let mut table = Table::open(&path, b'\t')?;
    let [onset, duration, kind] =
        [table.column("onset")?, table.column("duration")?, table.column("trial_type")?];
    let side = table.optional("side");
    let value = table.optional("value");
    while table.advance()? {
        let Some(begin) = table.number(onset)? else { continue };
        let begin = SessionTime(begin);
        let end = begin + table.number(duration)?.unwrap_or(0.0);
        let value = value.map(|c| table.text(c)).filter(|v| *v != "n/a").map(str::to_owned);
        let name = table.text(kind);
        let contact = match name {
            "initial_contact" => Some(ContactKind::Initial),
            "terminal_contact" => Some(ContactKind::Terminal),
            _ => None,
        };
        if let Some(kind) = contact {
            let side = read_side(&table, side)?;
            events.contacts.push(ContactTruth { side, kind, t: begin, gait: value });
        } else if name.starts_with("episode_") {
            let side = read_side(&table, side)?;
            let (name, value) = (name.to_owned(), value.unwrap_or_default());
            events.episodes.push(Episode { name, side, begin, end, value });
        } else {
            events.stretches.push(StretchTruth { name: name.to_owned(), begin, end });
        }
    }
    events.contacts.sort_by(|a, b| a.t.0.total_cmp(&b.t.0));
    Ok(events)
}

fn read_side(table: &Table, column: Option<usize>) -> Result<Side, SourceError> {
    let Some(column) = column else {
        return Err(SourceError::HeaderColumn { path: table.path().to_path_buf(), line: 1, column: "side" });
    };
    let text = table.text(column);
    Side::BOTH.into_iter().find(|s| s.name() == text).ok_or_else(|| SourceError::Side {
        path: table.path().to_path_buf(),
        line: table.line(),
        text: text.to_owned(),
    })
}
