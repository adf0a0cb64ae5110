-- Whether an alert stands until its cause has gone, when it went, who has seen it, and the alert that says
-- the same with newer words. An alert whose cause has gone or that was seen stays where it is.
ALTER TABLE alerts ADD COLUMN standing INTEGER NOT NULL DEFAULT 0 CHECK (standing IN (0, 1));
ALTER TABLE alerts ADD COLUMN cleared_at INTEGER;
ALTER TABLE alerts ADD COLUMN replaced_by INTEGER;
ALTER TABLE alerts ADD COLUMN acknowledged_at INTEGER;
ALTER TABLE alerts ADD COLUMN acknowledged_by TEXT;

-- Those that stand: no two have the same kind and symbol.
CREATE INDEX alerts_standing ON alerts (kind, symbol)
    WHERE standing AND cleared_at IS NULL AND replaced_by IS NULL;
CREATE INDEX alerts_unseen ON alerts (id) WHERE acknowledged_at IS NULL AND replaced_by IS NULL;
