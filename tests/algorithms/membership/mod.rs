//! The membership problem.
