//! What can be analysed: any recording that gives a stream of inputs.

use crate::input::Input;
use crate::source::mcap::McapRecording;

pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
pub type InputStream = Box<dyn Iterator<Item = Result<Input, BoxError>> + Send>;

/// A recording, before it is read.
pub trait Session: Send + Sync {
    /// The name of its folder of results.
    fn name(&self) -> String;
    fn inputs(&self) -> Result<InputStream, BoxError>;
    /// What a person should know about the recording although it can be read.
    fn warning(&self) -> Option<String> {
        None
    }
}

impl Session for McapRecording {
    fn name(&self) -> String {
        self.name()
    }

    fn inputs(&self) -> Result<InputStream, BoxError> {
        Ok(Box::new(self.inputs()?.map(|input| input.map_err(Into::into))))
    }

    fn warning(&self) -> Option<String> {
        self.cut().map(|cut| cut.to_string())
    }
}
