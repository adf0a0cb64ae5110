DROP INDEX alerts_unseen;
DROP INDEX alerts_standing;
ALTER TABLE alerts DROP COLUMN acknowledged_by;
ALTER TABLE alerts DROP COLUMN acknowledged_at;
ALTER TABLE alerts DROP COLUMN replaced_by;
ALTER TABLE alerts DROP COLUMN cleared_at;
ALTER TABLE alerts DROP COLUMN standing;
