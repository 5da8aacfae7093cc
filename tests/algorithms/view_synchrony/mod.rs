//! The view synchrony problem.
