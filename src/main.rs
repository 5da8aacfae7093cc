//! The synod command: the command line over the algorithms that come with it.

use std::process::ExitCode;
use synod::registry::Registry;

fn main() -> ExitCode {
    synod::cli::main(&Registry::standard())
}
