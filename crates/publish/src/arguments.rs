//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Everything that can be asked for.
#[derive(Debug, Parser)]
#[command(name = "publish", bin_name = "cargo xtask")]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Upload the site, and purge what it replaces at the edge
    Publish(PublishArguments),
    /// Purge tags, paths or everything at the edge
    Purge(PurgeArguments),
    /// Sign a URL or cookies for what the edge shows to some only
    SignUrl(SignArguments),
    /// Make a key pair to sign with: the public key is printed, for CloudFront
    NewKey(NewKeyArguments),
}

/// Where things are, and who asks.
#[derive(Debug, Clone, Default, Args)]
pub struct Place {
    /// The deployed stack; its outputs say what is not given here
    #[arg(long)]
    pub stack: Option<String>,
    /// The distribution's id
    #[arg(long)]
    pub distribution: Option<String>,
    /// The table that counts the month's invalidation items; without it they are not counted
    #[arg(long)]
    pub control_table: Option<String>,
    /// A profile of the AWS configuration [default: AWS_PROFILE]
    #[arg(long)]
    pub profile: Option<String>,
    /// The region of stack and bucket [default: AWS_REGION, or the profile's]
    #[arg(long)]
    pub region: Option<String>,
}

/// Whether to wait until a purge has taken effect everywhere.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Patience {
    /// Return when CloudFront reports the purge completed; after this many seconds give up with exit code 3
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "300")]
    pub wait: Option<u64>,
}

impl Patience {
    /// How long to wait, if at all.
    pub fn at_most(&self) -> Option<Duration> {
        self.wait.map(Duration::from_secs)
    }
}

/// `cargo xtask publish`.
#[derive(Debug, Clone, Args)]
pub struct PublishArguments {
    /// Where things are.
    #[command(flatten)]
    pub place: Place,
    /// The bucket behind the distribution
    #[arg(long)]
    pub bucket: Option<String>,
    /// A directory to publish instead of this repository's page
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Files below this path carry a hash in their name: browsers keep them for a year; may be repeated
    #[arg(long, value_name = "PREFIX", requires = "dir")]
    pub immutable: Vec<String>,
    /// Remove from the bucket what is not part of the site any more, once the edge shows the new one
    #[arg(long)]
    pub delete: bool,
    /// From this many purge items on, whole directories are purged instead of files
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub max_items: usize,
    /// How long to wait.
    #[command(flatten)]
    pub patience: Patience,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `cargo xtask purge`.
#[derive(Debug, Clone, Args)]
pub struct PurgeArguments {
    /// Where things are.
    #[command(flatten)]
    pub place: Place,
    /// Everything with this cache tag, such as product:boots-001 or category:boots; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// This path, or all that begin with it if it ends in `*`; may be repeated
    #[arg(long = "path", value_name = "PATH")]
    pub paths: Vec<String>,
    /// Everything the edge holds, site and API: every request goes to the origin for a while
    #[arg(long, conflicts_with_all = ["tags", "paths"])]
    pub everything: bool,
    /// What makes a repeat of this purge the same one, free of charge: the pipeline's run, for example
    #[arg(long, value_name = "ID")]
    pub reference: Option<String>,
    /// How long to wait.
    #[command(flatten)]
    pub patience: Patience,
    /// Say what would be sent and what it costs, and send nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `cargo xtask sign-url`.
#[derive(Debug, Clone, Args)]
pub struct SignArguments {
    /// The URL to sign, with its query string
    #[arg(long)]
    pub url: String,
    /// The private key: PEM; RSA of 2048 bits or ECDSA P-256
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// The id CloudFront gave the public key, such as K2JCJMDEHXQW5F
    #[arg(long, value_name = "ID")]
    pub key_pair_id: String,
    /// How long it is valid: 1h, 30m, 7d; or until when: 2026-12-24T18:00:00Z
    #[arg(long, value_name = "TIME")]
    pub expires: String,
    /// From when on it is valid, likewise [default: now]
    #[arg(long, value_name = "TIME")]
    pub not_before: Option<String>,
    /// Only for viewers at this IPv4 address or in this block, such as 192.0.2.0/24
    #[arg(long, value_name = "CIDR")]
    pub ip: Option<String>,
    /// The signature holds for every URL that begins so
    #[arg(long, value_name = "URL")]
    pub policy_prefix: Option<String>,
    /// Print cookies instead of a URL
    #[arg(long)]
    pub cookies: bool,
}

/// `cargo xtask new-key`.
#[derive(Debug, Clone, Args)]
pub struct NewKeyArguments {
    /// Where the private key is written
    #[arg(value_name = "FILE")]
    pub private: PathBuf,
    /// What kind of key to make
    #[arg(long, value_enum, default_value_t = KeyKind::Ecdsa)]
    pub kind: KeyKind,
}

/// The kinds of keys CloudFront takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeyKind {
    /// P-256: signatures of 96 characters
    Ecdsa,
    /// 2048 bits: signatures of 344 characters
    Rsa,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Arguments, clap::error::ErrorKind> {
        let words = std::iter::once("publish").chain(line.split_whitespace());
        Arguments::try_parse_from(words).map_err(|error| error.kind())
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }

    #[test]
    fn waiting_takes_five_minutes_unless_told_otherwise() {
        let wait = |line| match parsed(line).unwrap().command {
            Command::Purge(purge) => purge.patience.at_most().map(|time| time.as_secs()),
            other => panic!("{other:?}"),
        };
        assert_eq!(wait("purge --everything"), None);
        assert_eq!(wait("purge --everything --wait"), Some(300));
        assert_eq!(wait("purge --wait=20 --everything"), Some(20));
    }

    #[test]
    fn everything_goes_with_nothing_else_and_a_signature_needs_a_key() {
        use clap::error::ErrorKind;
        assert_eq!(parsed("purge --everything --tag a").unwrap_err(), ErrorKind::ArgumentConflict);
        assert!(parsed("new-key private.pem --kind rsa").is_ok());
        assert_eq!(parsed("sign-url --url https://e/").unwrap_err(), ErrorKind::MissingRequiredArgument);
    }
}
