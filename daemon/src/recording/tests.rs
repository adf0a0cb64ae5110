//! The recorder with a real disk.
