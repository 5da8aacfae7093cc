//! The event loop: earliest event first.
