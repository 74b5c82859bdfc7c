-- What a request to be called back brings along into its queue, and whether it is known when it will be open.
ALTER TABLE callback_requests ADD COLUMN vague INTEGER NOT NULL DEFAULT 0;
ALTER TABLE callback_requests ADD COLUMN brought TEXT NOT NULL DEFAULT '';
