-- Who does not want to be disturbed is read back at the start.
CREATE INDEX journal_peace ON journal (seq) WHERE kind = 'phone.peace';
