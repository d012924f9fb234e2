-- Screening tests that found something.
CREATE TABLE screenings (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE ON UPDATE CASCADE,
    end_time_s REAL NOT NULL,
    -- JSON: the whole of it, as the pipeline gave it.
    document TEXT NOT NULL,
    PRIMARY KEY (session, end_time_s)
) STRICT;
