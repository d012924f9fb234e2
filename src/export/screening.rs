//! `screening.json`: the screening tests of a recording, each with its repetitions; only where there are any.

use crate::edge::screening as edge;
use crate::event::{Repetition, Screening};
use serde_json::{Value, json};
use std::io::{self, Write};

#[derive(Debug, Default)]
pub struct ScreeningLog {
    /// Of the test under way.
    repetitions: Vec<Value>,
    tests: Vec<Value>,
}

impl ScreeningLog {
    pub fn repetition(&mut self, repetition: &Repetition) {
        self.repetitions.push(edge::repetition(repetition));
    }

    pub fn screening(&mut self, screening: &Screening) {
        let mut test = edge::screening(screening);
        if let Value::Object(fields) = &mut test {
            fields.insert("repetitions".to_owned(), std::mem::take(&mut self.repetitions).into());
        }
        self.tests.push(test);
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, &json!({ "screening": self.tests }))?;
        out.write_all(b"\n")
    }
}
