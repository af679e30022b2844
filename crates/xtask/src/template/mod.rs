//! The template, as CloudFormation will see it.
//!
//! `cargo xtask template`, and part of `cargo xtask test`:
//!
//! 1. `sam validate --lint` on the template as it is written;
//! 2. the SAM transform ([`expand.py`](self)), below the target directory: what is generated, what refers to it and which
//!    cycles it closes is seen in its result only;
//! 3. `cfn-lint` on the result: references, cycles (E3004), what the resources' schemas allow. Warnings count;
//! 4. `checkov` on the result: security. A check that is waived stands in its resource's `Metadata`, with the reason.
//!
//! What the template says of the code (environment, permissions, times) is compared with the code in the crate
//! `template-checks`.

use std::path::{Path, PathBuf};

use crate::command::{self, Failure, command};
use crate::program::target;
use crate::tools;

/// The transform.
const EXPAND: &str = "crates/xtask/src/template/expand.py";

/// Runs every linter.
pub fn lint() -> Result<(), Failure> {
    let sam = tools::sam()?;
    println!("== template: sam validate --lint");
    let mut validate = command(&text(&sam.join("sam")), &["validate", "--lint"]);
    validate.env("SAM_CLI_TELEMETRY", "0");
    command::run(validate)?;
    println!("== template, expanded: cfn-lint");
    let expanded = expand(&sam, "template.yaml")?;
    command::run(command(&text(&sam.join("cfn-lint")), &[&text(&expanded)]))?;
    println!("== template, expanded: checkov");
    let checkov = tools::checkov()?.join("checkov");
    let options = ["--framework", "cloudformation", "--skip-download", "--quiet", "--compact"];
    let mut checkov = command(&text(&checkov), &options);
    // Its log has one line a waiver; what fails is on standard output.
    checkov.arg("--file").arg(&expanded).env("LOG_LEVEL", "ERROR");
    command::run(checkov)
}

/// Expands a template; the result is JSON below the target directory. `sam` is where the SAM CLI's programs are.
pub fn expand(sam: &Path, template: &str) -> Result<PathBuf, Failure> {
    let folder = target().join("template");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let expanded = folder.join("expanded.json");
    command::run(command(&text(&sam.join("python")), &[EXPAND, template, &text(&expanded)]))?;
    Ok(expanded)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
