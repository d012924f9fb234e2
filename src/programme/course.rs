//! The course and the exercises as tables, each with its source.

/// A run of the course.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// From 1.
    pub number: u8,
    pub minutes: f64,
    /// Of run time with feedback, 0 to 1.
    pub share: f64,
}

const fn step(number: u8, minutes: f64, share: f64) -> Step {
    Step { number, minutes, share }
}

/// Eight sessions with feedback that fades, then a check without any.
///
/// Source: Noehren 2011 and Willy 2012: eight sessions in two weeks, 15 to 30 min, continuous feedback in the first
/// four and progressively less in the last four. The shares of the last four are ours (the trials do not say them);
/// so is the length of the check, that of the first session, so that the two compare.
pub const COURSE: [Step; 9] = [
    step(1, 15.0, 1.0),
    step(2, 18.0, 1.0),
    step(3, 21.0, 1.0),
    step(4, 24.0, 1.0),
    step(5, 26.0, 0.75),
    step(6, 28.0, 0.5),
    step(7, 30.0, 0.25),
    step(8, 30.0, 0.1),
    step(9, 15.0, 0.0),
];

/// The check whether it has stayed.
pub const RETENTION: u8 = 9;

/// Something for the hip muscles, to tick. No number of repetitions: that is for a therapist to say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exercise {
    pub code: &'static str,
    pub source: &'static str,
}

/// Sources were read as abstracts. Muscle activity is in percent of a maximal voluntary contraction (MVIC), in healthy
/// people; that it changes a runner's hip angle is not shown (Willy & Davis 2011: strength alone did not).
pub const EXERCISES: [Exercise; 4] = [
    Exercise {
        code: "side_lying_abduction",
        source: "MacAskill, Durant & Wallace 2014 (IJSPT): gluteus medius at 99.9 ± 17 % MVIC with a 10-repetition load, the most of four exercises",
    },
    Exercise {
        code: "single_leg_bridge",
        source: "Ekstrom, Donatelli & Carp 2007 (JOSPT 37:754): below 45 % MVIC, good for endurance and control rather than strength",
    },
    Exercise {
        code: "lateral_band_walk",
        source: "Youdas et al. 2013 (Physiother Theory Pract 29:113): gluteus medius of the standing leg at 52 ± 18 % MVIC, of the moving leg 35",
    },
    Exercise {
        code: "step_down",
        source: "doi 10.1080/23335432.2020.1728381 (20 people): more gluteus medius activity than in walking; how much in percent MVIC we have not verified",
    },
];

/// Said wherever the course is shown.
pub const STOP_WORDS: &str = "This is feedback, not a diagnosis. Pain? Stop.";
