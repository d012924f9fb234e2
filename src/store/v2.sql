-- What the session was measured with, JSON: name and place of each sensor.
ALTER TABLE sessions ADD COLUMN sensors TEXT NOT NULL DEFAULT '[]';
