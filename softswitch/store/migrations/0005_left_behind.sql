-- What callers have left: messages, whose audio is in files beside the database, and requests to be called back.
CREATE TABLE messages (
    id TEXT PRIMARY KEY,        -- also the name of the audio file
    box TEXT NOT NULL,
    at REAL NOT NULL,           -- wall time, seconds since the epoch
    state TEXT NOT NULL,        -- recording, new, heard
    call TEXT NOT NULL,
    number TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,         -- the menus that the caller came through
    language TEXT NOT NULL,
    seconds REAL NOT NULL,
    mailed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE callback_requests (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,         -- the name of its table in the configuration
    at REAL NOT NULL,
    due REAL NOT NULL,          -- wall time, as at
    number TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    language TEXT NOT NULL,
    trunk TEXT NOT NULL,
    dialled TEXT NOT NULL,
    asked INTEGER NOT NULL,     -- how often
    mailed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
