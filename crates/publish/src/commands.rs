//! From the command line to what it asks for, and to what is said about it.

use std::sync::Arc;

use aws_config::SdkConfig;
use cache::{Clock as _, SystemClock};
use catalog::edge::{Ledger, Month};
use edge_cloudfront::DynamoLedger;
use jiff::Timestamp;

use crate::arguments::{
    Arguments, Command, NewKeyArguments, PublishArguments, PurgeArguments, SignArguments,
};
use crate::edge::{Asked, Distribution, price};
use crate::failure::Failure;
use crate::purge;
use crate::sign::{self, Policy, PrivateKey, Span};
use crate::site::{self, Bucket, Options, file};
use crate::stack::{self, Parts, needed};

/// Does what is asked for. Results go to standard output, what is said on the way to standard error.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::Publish(arguments) => Box::pin(publish(arguments)).await,
        Command::Purge(arguments) => Box::pin(purge(arguments)).await,
        Command::SignUrl(arguments) => sign_url(&arguments),
        Command::NewKey(arguments) => new_key(&arguments),
    }
}

async fn publish(arguments: PublishArguments) -> Result<(), Failure> {
    let files = match &arguments.dir {
        Some(directory) => file::of_directory(directory, &arguments.immutable)?,
        None => file::own(),
    };
    let aws = stack::aws(&arguments.place).await;
    let parts = Parts::find(&arguments.place, arguments.bucket.as_deref(), &aws).await?;
    let bucket = Bucket::connect(&aws, needed(&parts.bucket, "--bucket", "SiteBucketName")?);
    let edge = distribution(&parts, &aws)?;
    let options = Options {
        delete: arguments.delete,
        max_items: arguments.max_items,
        wait: arguments.patience.at_most(),
        dry_run: arguments.dry_run,
        now: SystemClock.now(),
    };
    let outcome = site::publish(&files, &bucket, &edge, options, &|line| eprintln!("{line}")).await?;
    println!("{}{outcome}", if arguments.dry_run { "would be: " } else { "" });
    report(&outcome.purge, arguments.dry_run);
    if let Some(url) = parts.url.filter(|_| !arguments.dry_run) {
        println!("{url}");
    }
    Ok(())
}

async fn purge(arguments: PurgeArguments) -> Result<(), Failure> {
    let items = purge::items(&arguments.tags, &arguments.paths, arguments.everything)?;
    let aws = stack::aws(&arguments.place).await;
    let parts = Parts::find(&arguments.place, None, &aws).await?;
    let edge = distribution(&parts, &aws)?;
    let now = SystemClock.now();
    items
        .iter()
        .for_each(|item| eprintln!("{}  {item}", if arguments.dry_run { "would purge" } else { "purge" }));
    if arguments.dry_run {
        let sent = match ledger(&parts, &aws) {
            Some(ledger) => ledger.spent(&Month::of(now)).await.ok(),
            None => None,
        };
        println!("{}", price(items.len() as u64, sent));
        return Ok(());
    }
    let occasion = arguments.reference.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let asked = edge.purge(&items, &occasion, now).await?;
    report(&asked, false);
    if let Some(at_most) = arguments.patience.at_most() {
        edge.wait(&asked.ids, at_most).await?;
        println!("completed");
    }
    Ok(())
}

fn sign_url(arguments: &SignArguments) -> Result<(), Failure> {
    let now = i64::try_from(SystemClock.now()).ok().and_then(|now| Timestamp::from_millisecond(now).ok());
    let now = now.ok_or_else(|| Failure::Asked("the clock shows no time".to_owned()))?;
    let span = Span::parse(arguments.not_before.as_deref(), &arguments.expires, now)?;
    let policy =
        Policy::new(&arguments.url, arguments.policy_prefix.as_deref(), span, arguments.ip.as_deref())?;
    let key = PrivateKey::read(&arguments.key)?;
    let sign = |text: &str| key.sign(text);
    if arguments.ip.is_some() {
        eprintln!("note: a viewer that comes by IPv6 is refused, whatever its IPv4 address");
    }
    if arguments.cookies {
        sign::cookies(&policy, &arguments.key_pair_id, &sign)?.iter().for_each(|cookie| println!("{cookie}"));
    } else {
        println!("{}", sign::url(&arguments.url, &policy, &arguments.key_pair_id, &sign)?);
    }
    Ok(())
}

fn new_key(arguments: &NewKeyArguments) -> Result<(), Failure> {
    let pair = sign::make_pair(&arguments.private, arguments.kind)?;
    let place = arguments.private.display();
    eprintln!("the private key is in {place}: keep it secret; the public key is for CloudFront");
    print!("{}", pair.public);
    Ok(())
}

fn distribution(parts: &Parts, aws: &SdkConfig) -> Result<Distribution, Failure> {
    let id = needed(&parts.distribution, "--distribution", "DistributionId")?;
    Ok(Distribution::new(aws_sdk_cloudfront::Client::new(aws), id, ledger(parts, aws)))
}

fn ledger(parts: &Parts, aws: &SdkConfig) -> Option<Arc<dyn Ledger>> {
    let table = parts.control_table.clone()?;
    Some(Arc::new(DynamoLedger::new(aws_sdk_dynamodb::Client::new(aws), table)))
}

/// What was asked of the edge, and what it costs.
fn report(asked: &Asked, dry_run: bool) {
    if asked.items == 0 {
        return println!("nothing to purge");
    }
    let before = match &asked.month {
        Some(Ok(month)) => Some(month.saturating_sub(asked.items)),
        Some(Err(why)) => {
            eprintln!("warning: the purge is not in the month's count: {why}");
            None
        }
        None => None,
    };
    let invalidations = if dry_run { String::new() } else { format!(" ({})", asked.ids.join(", ")) };
    println!("purge of {}{invalidations}", price(asked.items, before));
}
