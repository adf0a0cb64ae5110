//! Alpaca's messages as values: parsing and writing, without I/O, clock or state.
