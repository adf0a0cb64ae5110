ALTER TABLE days DROP COLUMN head_hash;
ALTER TABLE days DROP COLUMN head_seq;
ALTER TABLE days DROP COLUMN gaps;
ALTER TABLE days DROP COLUMN stop_slippage;
ALTER TABLE days DROP COLUMN entry_slippage;
ALTER TABLE days DROP COLUMN alerts;
