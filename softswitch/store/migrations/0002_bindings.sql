-- Where registered phones are: the state of the registrar, so that a restart does not lose them.
CREATE TABLE bindings (
    aor TEXT NOT NULL,
    contact TEXT NOT NULL,
    transport TEXT NOT NULL,
    local_host TEXT NOT NULL,
    local_port INTEGER NOT NULL,
    remote_host TEXT NOT NULL,
    remote_port INTEGER NOT NULL,
    expires_at REAL NOT NULL,   -- wall time, seconds since the epoch
    call_id TEXT NOT NULL,
    cseq INTEGER NOT NULL,
    q REAL NOT NULL,
    PRIMARY KEY (aor, contact)
) STRICT, WITHOUT ROWID;
