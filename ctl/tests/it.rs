//! The real `traderctl` against a `traderd` made of canned answers, on a real Unix socket.

#![cfg(test)]

mod cases;
