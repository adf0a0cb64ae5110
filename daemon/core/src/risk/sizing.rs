//! How many shares a trade may have: risk per trade, cap per position, buying power.
