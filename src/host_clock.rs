//! The one file that reads the clocks of this computer.

#[cfg(unix)]
use rustix::time::{ClockId, clock_gettime};
#[cfg(unix)]
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A moment for measuring how long something takes.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn instant() -> Instant {
    Instant::now()
}

/// From one look to the next two clocks are apart by less than this, however they are disciplined, unless one stood still.
#[cfg(unix)]
const SLEEP: Duration = Duration::from_secs(1);

#[cfg(unix)]
struct Seen {
    now: Instant,
    through_sleep: Duration,
    slept: Duration,
}

#[cfg(unix)]
static SEEN: Mutex<Option<Seen>> = Mutex::new(None);

/// A clock that goes on in sleep; macOS counts sleep in the one of this name, and Rust takes another there.
#[cfg(any(target_os = "linux", target_os = "android"))]
const THROUGH_SLEEP: ClockId = ClockId::Boottime;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
const THROUGH_SLEEP: ClockId = ClockId::Monotonic;

/// How long this computer has been asleep altogether since somebody asked first, as far as it can tell. On Linux and
/// macOS moments as [`instant`] gives them stand still in sleep.
#[cfg(unix)]
#[must_use]
pub fn slept() -> Duration {
    let time = clock_gettime(THROUGH_SLEEP);
    let through_sleep =
        Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0));
    let now = instant();
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let seen = seen.get_or_insert(Seen { now, through_sleep, slept: Duration::ZERO });
    let ahead = through_sleep.saturating_sub(seen.through_sleep);
    let ahead = ahead.saturating_sub(now.saturating_duration_since(seen.now));
    if ahead > SLEEP {
        seen.slept += ahead;
    }
    (seen.now, seen.through_sleep) = (now, through_sleep);
    seen.slept
}
/// On Windows moments go on in sleep, and there is nothing to add.
#[cfg(not(unix))]
#[must_use]
pub fn slept() -> Duration {
    Duration::ZERO
}

/// Date and time here, RFC 3339 with the offset, for what people read.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn wall_time() -> String {
    jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Time of day by this computer, ms since 1970; it may be set wrong.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn unix_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// When today began here, ms since 1970.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn today_unix_ms() -> i64 {
    let now = jiff::Zoned::now();
    now.start_of_day().unwrap_or(now).timestamp().as_millisecond()
}
