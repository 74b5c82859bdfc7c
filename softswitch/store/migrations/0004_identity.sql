-- Which journal this is: numbers of its lines mean nothing without it.
CREATE TABLE identity (
    id TEXT NOT NULL
) STRICT;

INSERT INTO identity (id) VALUES (lower(hex(randomblob(6))));
