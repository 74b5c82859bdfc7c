-- Up to where old lines of the journal have been deleted; there is a snapshot of just that moment.
CREATE TABLE pruned (
    up_to INTEGER NOT NULL      -- the last line of the time that was deleted
) STRICT;

INSERT INTO pruned (up_to) VALUES (0);
