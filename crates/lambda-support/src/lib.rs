//! What every function does at cold start: configuration, logs, clients, problem answers.
