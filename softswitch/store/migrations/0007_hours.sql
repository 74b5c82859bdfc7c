-- Which opening hours were set by hand is read at every start.
CREATE INDEX journal_hours ON journal (seq) WHERE kind IN ('hours.forced', 'hours.released');
