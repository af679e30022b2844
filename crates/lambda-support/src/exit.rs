//! How a function's process ends.

use std::process::ExitCode;

/// Turns the end of a function into an exit code. A function that cannot start says why in one line on standard error.
pub fn exit(result: Result<(), lambda_runtime::Error>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", serde_json::json!({ "level": "ERROR", "message": error.to_string() }));
            ExitCode::FAILURE
        }
    }
}
