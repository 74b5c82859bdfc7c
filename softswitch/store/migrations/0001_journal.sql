-- The journal is the truth: what happened, in the order in which it happened. Nothing is ever changed or deleted here.
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    at REAL NOT NULL,           -- wall time, seconds since the epoch
    kind TEXT NOT NULL,
    call TEXT,
    data TEXT NOT NULL          -- JSON object
) STRICT;

CREATE INDEX journal_of_call ON journal (call, seq) WHERE call IS NOT NULL;
CREATE INDEX journal_calls ON journal (seq) WHERE kind = 'call.started';
CREATE INDEX journal_starts ON journal (seq) WHERE kind = 'switch.started';
