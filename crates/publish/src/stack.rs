//! Where a deployed stack has its parts.

use std::collections::HashMap;

use aws_config::{Region, SdkConfig};

use crate::arguments::Place;
use crate::failure::Failure;

/// What the commands need to know of a stack. The names are those of the template's outputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// `SiteBucketName`: where the site is uploaded.
    pub bucket: Option<String>,
    /// `DistributionId`: what is purged.
    pub distribution: Option<String>,
    /// `ControlTableName`: where the month's items are counted.
    pub control_table: Option<String>,
    /// `EdgeUrl`: the front door.
    pub url: Option<String>,
}

impl Parts {
    /// What is asked for, and for the rest what the stack's outputs say.
    pub async fn find(place: &Place, bucket: Option<&str>, aws: &SdkConfig) -> Result<Parts, Failure> {
        let mut outputs = match &place.stack {
            Some(stack) => outputs(stack, aws).await?,
            None => HashMap::new(),
        };
        let mut part = |asked: Option<&str>, output: &str| {
            let known = outputs.remove(output);
            asked.map(str::to_owned).or(known)
        };
        Ok(Parts {
            bucket: part(bucket, "SiteBucketName"),
            distribution: part(place.distribution.as_deref(), "DistributionId"),
            control_table: part(place.control_table.as_deref(), "ControlTableName"),
            url: part(None, "EdgeUrl"),
        })
    }
}

/// A part a command cannot do without.
pub fn needed<'a>(part: &'a Option<String>, option: &str, output: &str) -> Result<&'a str, Failure> {
    part.as_deref().ok_or_else(|| {
        Failure::Asked(format!(
            "neither {option} nor a stack with the output {output} is given: add --stack NAME or {option}"
        ))
    })
}

/// Region, credentials and endpoints by the usual chain: environment, profile, the machine's role.
pub async fn aws(place: &Place) -> SdkConfig {
    let mut loader = aws_config::from_env();
    if let Some(profile) = &place.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &place.region {
        loader = loader.region(Region::new(region.clone()));
    }
    loader.load().await
}

async fn outputs(stack: &str, aws: &SdkConfig) -> Result<HashMap<String, String>, Failure> {
    let client = aws_sdk_cloudformation::Client::new(aws);
    let answer = client.describe_stacks().stack_name(stack).send().await.map_err(|error| {
        Failure::refused(format!("reading stack {stack}"), "cloudformation:DescribeStacks", &error)
    })?;
    let stack = answer.stacks.unwrap_or_default().into_iter().next();
    let outputs = stack.and_then(|stack| stack.outputs).unwrap_or_default();
    Ok(outputs.into_iter().filter_map(|output| Some((output.output_key?, output.output_value?))).collect())
}
