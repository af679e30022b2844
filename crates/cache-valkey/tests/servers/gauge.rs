//! How often a server was asked.

use super::Server;

/// How often a server executed a command since it began.
pub async fn calls(server: &Server, command: &str) -> u64 {
    let stats = server.info("commandstats").await;
    let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
    line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
}
