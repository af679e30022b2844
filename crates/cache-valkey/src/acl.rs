//! The commands the store needs, as ACL rules.

/// What every form needs. Scripts may call only what their caller may, so their commands are among these. `AUTH` needs no
/// permission.
pub const ACL_COMMANDS: &str = "+get +getrange +mget +set +setrange +del +eval +evalsha";

/// What a cluster needs besides.
pub const ACL_CLUSTER_COMMANDS: &str = "+cluster|slots +asking";

/// What waiting for replicas needs besides.
pub const ACL_REPLICA_COMMANDS: &str = "+wait";
