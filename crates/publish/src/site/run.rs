//! A site is published.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use cache::UnixMillis;
use futures::stream::{self, StreamExt};

use super::bucket::{AT_ONCE, Bucket};
use super::debt::Debt;
use super::file::File;
use super::items::items;
use super::plan::{Plan, plan};
use crate::edge::{Asked, Distribution};
use crate::failure::Failure;

/// How long the edge may take to forget the old pages before what they refer to is removed.
const BEFORE_REMOVAL: Duration = Duration::from_secs(300);

/// How to publish.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Remove what is no part of the site.
    pub delete: bool,
    /// From this many purge items on, whole directories are purged instead of files.
    pub max_items: usize,
    /// How long to wait for the purge, if at all.
    pub wait: Option<Duration>,
    /// Change nothing.
    pub dry_run: bool,
    /// Now.
    pub now: UnixMillis,
}

/// What was done, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Files uploaded.
    pub uploaded: usize,
    /// Files that were there already.
    pub unchanged: usize,
    /// Files removed.
    pub removed: usize,
    /// Files that are no part of the site and stay, because nobody asked for their removal.
    pub left: usize,
    /// What the edge was asked for.
    pub purge: Asked,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} uploaded, {} unchanged, {} removed", self.uploaded, self.unchanged, self.removed)?;
        if self.left > 0 {
            write!(f, ", {} no part of the site (--delete removes them)", self.left)?;
        }
        Ok(())
    }
}

/// Brings a bucket up to the site and the edge up to the bucket. `say` hears of each thing done, or that would be.
pub async fn publish(
    files: &[File],
    bucket: &Bucket,
    edge: &Distribution,
    options: Options,
    say: &(dyn Fn(&str) + Sync),
) -> Result<Outcome, Failure> {
    let held = bucket.held().await?;
    let plan = plan(files, &held);
    let left = Debt::left(bucket).await?;
    let mut outcome = Outcome { unchanged: plan.unchanged, ..Outcome::default() };
    if options.dry_run {
        return announce(&plan, left, options, outcome, say);
    }

    let debt = Debt::with(left.clone(), &plan.replaced);
    if !debt.keys.is_empty() && left.as_ref() != Some(&debt) {
        debt.record(bucket).await?;
    }
    for file in
        plan.steps.iter().flatten().filter(|file| file.is_immutable() && debt.keys.contains(&file.key))
    {
        say(&format!(
            "warning: {} was promised not to change: browsers keep the old one for a year",
            file.key
        ));
    }
    for step in &plan.steps {
        let uploads: Vec<_> = step.iter().map(|file| upload(bucket, file, say)).collect();
        outcome.uploaded += all(uploads).await?;
    }
    let mut open = settle(&debt, bucket, edge, options, &mut outcome.purge, say).await?;

    if options.delete && !plan.gone.is_empty() {
        // Until then pages at the edge may still refer to what is about to be removed.
        edge.wait(&open, options.wait.unwrap_or(BEFORE_REMOVAL)).await?;
        let debt = Debt::with(None, &plan.gone);
        debt.record(bucket).await?;
        let removals: Vec<_> = plan.gone.iter().map(|key| remove(bucket, key, say)).collect();
        outcome.removed = all(removals).await?;
        open = settle(&debt, bucket, edge, options, &mut outcome.purge, say).await?;
    } else {
        outcome.left = plan.gone.len();
    }
    if let Some(at_most) = options.wait {
        edge.wait(&open, at_most).await?;
    }
    Ok(outcome)
}

async fn upload(bucket: &Bucket, file: &File, say: &(dyn Fn(&str) + Sync)) -> Result<(), Failure> {
    bucket.upload(file).await?;
    say(&format!("uploaded  {} ({}, {} bytes)", file.key, file.content_type, file.bytes.len()));
    Ok(())
}

async fn remove(bucket: &Bucket, key: &str, say: &(dyn Fn(&str) + Sync)) -> Result<(), Failure> {
    bucket.remove(key).await?;
    say(&format!("removed   {key}"));
    Ok(())
}

/// Does all of it, some at a time, and tells how many succeeded; the first failure stops what has not begun.
async fn all(work: Vec<impl Future<Output = Result<(), Failure>>>) -> Result<usize, Failure> {
    let mut results = stream::iter(work).buffer_unordered(AT_ONCE);
    let mut done = 0;
    while let Some(result) = results.next().await {
        result?;
        done += 1;
    }
    Ok(done)
}

/// Purges what is owed and strikes it. Returns the invalidations.
async fn settle(
    debt: &Debt,
    bucket: &Bucket,
    edge: &Distribution,
    options: Options,
    sum: &mut Asked,
    say: &(dyn Fn(&str) + Sync),
) -> Result<Vec<String>, Failure> {
    let items = items(&debt.keys, options.max_items)?;
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let asked = edge.purge(&items, &debt.id, options.now).await?;
    items.iter().for_each(|item| say(&format!("purged    {item}")));
    Debt::settle(bucket).await?;
    sum.ids.extend(asked.ids.iter().cloned());
    sum.items += asked.items;
    if !matches!(sum.month, Some(Err(_))) {
        sum.month = asked.month;
    }
    Ok(asked.ids)
}

fn announce(
    plan: &Plan<'_>,
    left: Option<Debt>,
    options: Options,
    mut outcome: Outcome,
    say: &(dyn Fn(&str) + Sync),
) -> Result<Outcome, Failure> {
    for file in plan.steps.iter().flatten() {
        say(&format!("would upload  {} ({}, {})", file.key, file.content_type, file.cache_control));
    }
    let owed = left.map(|left| left.keys).unwrap_or_default();
    let replaced: BTreeSet<String> = plan.replaced.union(&owed).cloned().collect();
    let mut purges = items(&replaced, options.max_items)?;
    outcome.left = plan.gone.len();
    if options.delete {
        plan.gone.iter().for_each(|key| say(&format!("would remove  {key}")));
        purges.extend(items(&plan.gone, options.max_items)?);
        (outcome.removed, outcome.left) = (outcome.left, 0);
    }
    purges.iter().for_each(|item| say(&format!("would purge   {item}")));
    outcome.uploaded = plan.uploads();
    outcome.purge.items = purges.len() as u64;
    Ok(outcome)
}
