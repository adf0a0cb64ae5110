//! Aggregates one-minute bars into the bars of a timeframe, on session windows.
