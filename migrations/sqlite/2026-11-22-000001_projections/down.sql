DROP TABLE alerts;
DROP TABLE days;
DROP TABLE intents;
DROP TABLE trades;
DROP TABLE positions;
DROP TABLE fills;
DROP TABLE orders;
