-- The journal, and what identifies the store. 0x54524452 is "TRDR".
PRAGMA application_id = 1414677586;

CREATE TABLE meta (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    -- The generation that is part of every client order id.
    epoch INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    -- The program's version that made the store.
    created_by TEXT NOT NULL,
    -- The newest journal row: what was cut off the end is missed here.
    head_seq INTEGER NOT NULL,
    head_hash TEXT NOT NULL
) STRICT;

CREATE TABLE journal (
    seq INTEGER NOT NULL PRIMARY KEY CHECK (seq > 0),
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    symbol TEXT,
    client_id TEXT,
    intent TEXT,
    payload TEXT NOT NULL,
    -- SHA-256 as hex: of the row before, and of this row with it.
    prev TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;

CREATE INDEX journal_kind ON journal (kind, seq);
CREATE INDEX journal_symbol ON journal (symbol, seq) WHERE symbol IS NOT NULL;
CREATE INDEX journal_client_id ON journal (client_id, seq) WHERE client_id IS NOT NULL;
CREATE INDEX journal_intent ON journal (intent, seq) WHERE intent IS NOT NULL;

CREATE TRIGGER journal_refuses_update BEFORE UPDATE ON journal
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

CREATE TRIGGER journal_refuses_delete BEFORE DELETE ON journal
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

-- Also stops INSERT OR REPLACE, which deletes without firing the trigger above.
CREATE TRIGGER journal_refuses_gaps BEFORE INSERT ON journal
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM journal)
  OR NEW.prev <> coalesce(
        (SELECT hash FROM journal WHERE seq = NEW.seq - 1),
        '0000000000000000000000000000000000000000000000000000000000000000')
BEGIN
    SELECT RAISE(ABORT, 'a journal row must follow the newest one');
END;

-- Operator calls that changed something, so that a repeated call answers the same and acts once.
CREATE TABLE requests (
    id TEXT NOT NULL PRIMARY KEY,
    method TEXT NOT NULL,
    params TEXT NOT NULL,
    uid INTEGER NOT NULL,
    at INTEGER NOT NULL,
    -- The answer as JSON; NULL until there is one.
    result TEXT
) STRICT;

-- Durable facts that are no event of the account, such as an arming.
CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
