-- What customers wish and were told, and who has which version of a menu, is read back at the start.
CREATE INDEX journal_contacts ON journal (seq) WHERE kind IN ('contact.opted', 'contact.told', 'rollout.changed');
