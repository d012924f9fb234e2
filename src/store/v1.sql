-- Times of a session are seconds on its own clock, angles degrees; columns are named as in the files that
-- analyze writes. Dates are RFC 3339 with their offset.
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE runners (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pseudonym TEXT NOT NULL UNIQUE,
    name TEXT,
    sex TEXT CHECK (sex IN ('female', 'male')),
    leg_length_m REAL CHECK (leg_length_m BETWEEN 0.3 AND 1.5),
    consent TEXT,
    retention_days INTEGER CHECK (retention_days >= 0),
    created TEXT NOT NULL,
    deleted TEXT,
    version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    runner INTEGER NOT NULL REFERENCES runners (id) ON DELETE CASCADE,
    started TEXT NOT NULL,
    source TEXT NOT NULL,
    -- File name in the folder of recordings.
    recording TEXT,
    begin_s REAL NOT NULL,
    end_s REAL,
    -- Every row of the session is here; 0 while it runs and after a crash.
    complete INTEGER NOT NULL DEFAULT 0,
    settings_sha256 TEXT NOT NULL,
    program_version TEXT NOT NULL,
    shoes TEXT,
    surface TEXT,
    pain INTEGER CHECK (pain BETWEEN 0 AND 10),
    notes TEXT,
    crop_from_s REAL,
    crop_to_s REAL,
    deleted TEXT,
    version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX sessions_of_runner ON sessions (runner, started);

CREATE TABLE stances (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE ON UPDATE CASCADE,
    side TEXT NOT NULL CHECK (side IN ('left', 'right')),
    stance INTEGER NOT NULL,
    gait TEXT NOT NULL,
    ic_time_s REAL NOT NULL,
    tc_time_s REAL NOT NULL,
    contact_ms REAL NOT NULL,
    stride_ms REAL,
    cadence_spm REAL,
    peak_hip_adduction_deg REAL,
    peak_hip_rotation_deg REAL,
    hip_rotation_excursion_deg REAL,
    peak_femur_adduction_deg REAL,
    femur_rotation_excursion_deg REAL,
    peak_pelvic_drop_deg REAL,
    peak_knee_valgus_deg REAL,
    valid INTEGER NOT NULL,
    reason TEXT NOT NULL,
    flags TEXT NOT NULL,
    PRIMARY KEY (session, side, stance)
) STRICT, WITHOUT ROWID;

-- Apart from the stances, so that it outlives their being made anew from the recording.
CREATE TABLE exclusions (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE ON UPDATE CASCADE,
    side TEXT NOT NULL,
    stance INTEGER NOT NULL,
    PRIMARY KEY (session, side, stance)
) STRICT, WITHOUT ROWID;

CREATE TABLE strides (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE ON UPDATE CASCADE,
    side TEXT NOT NULL,
    ic_time_s REAL NOT NULL,
    gait TEXT NOT NULL,
    -- JSON: name with unit, value.
    measures TEXT NOT NULL,
    PRIMARY KEY (session, side, ic_time_s)
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE ON UPDATE CASCADE,
    number INTEGER NOT NULL,
    rule TEXT NOT NULL,
    side TEXT NOT NULL,
    severity TEXT NOT NULL,
    onset_time_s REAL NOT NULL,
    decided_time_s REAL NOT NULL,
    clear_time_s REAL,
    value_deg REAL NOT NULL,
    threshold_deg REAL NOT NULL,
    strides INTEGER NOT NULL,
    basis TEXT NOT NULL,
    PRIMARY KEY (session, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE marks (
    id INTEGER PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE ON UPDATE CASCADE,
    time_s REAL NOT NULL,
    label TEXT NOT NULL
) STRICT;
CREATE INDEX marks_of_session ON marks (session, time_s);

CREATE TABLE calibrations (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE ON UPDATE CASCADE,
    decided_time_s REAL NOT NULL,
    grade TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- JSON: the whole of it, as the pipeline gave it.
    document TEXT NOT NULL,
    PRIMARY KEY (session, decided_time_s)
) STRICT, WITHOUT ROWID;

CREATE TABLE baselines (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE ON UPDATE CASCADE,
    side TEXT NOT NULL,
    decided_time_s REAL NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (session, side, decided_time_s)
) STRICT, WITHOUT ROWID;

-- What other parts keep per runner, such as the usual of earlier runs or the progress of a programme.
CREATE TABLE documents (
    runner INTEGER NOT NULL REFERENCES runners (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    changed TEXT NOT NULL,
    PRIMARY KEY (runner, name)
) STRICT, WITHOUT ROWID;
