-- What people write about trades. It is apart from the journal: it may be edited, nothing that trades
-- reads it, and it is not made anew with the projections. A trade is named by its number, the journal
-- row that closed it; no foreign key, because the table of trades is emptied and rebuilt.

-- The notes as they stand; no row where there is none.
CREATE TABLE trade_notes (
    trade INTEGER NOT NULL PRIMARY KEY,
    note TEXT NOT NULL
) STRICT;

-- The tags as they stand.
CREATE TABLE trade_tags (
    trade INTEGER NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (trade, tag)
) STRICT;

CREATE INDEX trade_tags_tag ON trade_tags (tag, trade);

-- Every edit of the two, who made it and when.
CREATE TABLE trade_edits (
    id INTEGER NOT NULL PRIMARY KEY,
    trade INTEGER NOT NULL,
    at INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    -- The call that made it.
    request TEXT NOT NULL,
    -- "note" or "tags".
    what TEXT NOT NULL CHECK (what IN ('note', 'tags')),
    -- The note since then; NULL where it was taken away, and for tags.
    note TEXT,
    -- Tags put on and taken off, as JSON lists.
    added TEXT NOT NULL,
    removed TEXT NOT NULL
) STRICT;

CREATE INDEX trade_edits_trade ON trade_edits (trade, id);

CREATE TRIGGER trade_edits_refuses_update BEFORE UPDATE ON trade_edits
BEGIN
    SELECT RAISE(ABORT, 'the history of edits is append-only');
END;

CREATE TRIGGER trade_edits_refuses_delete BEFORE DELETE ON trade_edits
BEGIN
    SELECT RAISE(ABORT, 'the history of edits is append-only');
END;
