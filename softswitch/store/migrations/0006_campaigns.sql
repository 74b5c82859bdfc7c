-- What campaigns have bound is found among millions of lines at every start.
CREATE INDEX journal_campaigns ON journal (seq) WHERE kind = 'campaign.changed';
