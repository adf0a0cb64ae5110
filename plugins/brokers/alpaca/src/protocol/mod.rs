//! What follows from Alpaca's messages: state machines of requests, streams, rates and recovery, without I/O.
