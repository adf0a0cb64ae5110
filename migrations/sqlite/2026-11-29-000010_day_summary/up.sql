-- What a day's summary tells beside its figures: alerts, slippage against plan and lacking minutes (as
-- JSON; NULL where nobody counted), and the newest journal row before the summary's own, by which a copy
-- of the summary proves what the journal held then. Rows are made anew from the journal.
ALTER TABLE days ADD COLUMN alerts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE days ADD COLUMN entry_slippage TEXT NOT NULL DEFAULT '{"fills":0,"cost":"0","planned":"0"}';
ALTER TABLE days ADD COLUMN stop_slippage TEXT NOT NULL DEFAULT '{"fills":0,"cost":"0","planned":"0"}';
ALTER TABLE days ADD COLUMN gaps TEXT;
ALTER TABLE days ADD COLUMN head_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE days ADD COLUMN head_hash TEXT NOT NULL DEFAULT '';
