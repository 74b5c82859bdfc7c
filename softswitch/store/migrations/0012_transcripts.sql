-- What was said in a message: NULL while nobody has tried to write it down, empty when nothing came of it.
ALTER TABLE messages ADD COLUMN transcript TEXT;
