//! The name of this computer, for people.

/// As the network knows it; `None` where the system does not say.
#[must_use]
pub fn name() -> Option<String> {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_default();
    let name = name.split('.').next().unwrap_or_default().trim().to_owned();
    (!name.is_empty()).then_some(name)
}
