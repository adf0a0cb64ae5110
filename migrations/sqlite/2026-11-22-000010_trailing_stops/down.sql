ALTER TABLE orders DROP COLUMN trail_percent;
ALTER TABLE orders DROP COLUMN trail_price;
