-- The distributor's state at some record of the journal: a restart goes on from there instead of from the beginning.
CREATE TABLE snapshots (
    seq INTEGER PRIMARY KEY,    -- the last record of the journal that it includes
    at REAL NOT NULL,           -- wall time, seconds since the epoch
    clock REAL NOT NULL,        -- the same instant on the clock of the state
    format INTEGER NOT NULL,
    checksum INTEGER NOT NULL,  -- CRC-32 of state
    state TEXT NOT NULL         -- JSON object
) STRICT;
