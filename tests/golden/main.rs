//! The golden cases, those in the repository and those beside it, each reproduced in every cell.

#[cfg(test)]
mod cases;
