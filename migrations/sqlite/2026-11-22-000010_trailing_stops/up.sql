-- How far a trailing stop trails: in millionths of a dollar, or in billionths of a percent of the best
-- price. Its stop_price is where it stood when the broker last said so.
ALTER TABLE orders ADD COLUMN trail_price INTEGER;
ALTER TABLE orders ADD COLUMN trail_percent INTEGER;
