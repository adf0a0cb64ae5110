//! The sockets: HTTP and WebSocket connections that move bytes between Alpaca and the protocol.
