//! The example of an algorithm of one s own.
