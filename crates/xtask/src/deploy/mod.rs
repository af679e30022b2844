//! `cargo xtask deploy-check`: the template is built and deployed, and what was deployed works.
//!
//! 1. `sam build`, release binaries for x86_64;
//! 2. `sam deploy` to a local emulator of AWS (ministack) on 127.0.0.1, with a real Valkey or Redis server that lets the
//!    functions do what the template's access string does, no more;
//! 3. with the real binaries there: PUT, GET, a write straight to the table, the stream, the event, the invalidation at the
//!    emulator's CloudFront, DELETE ([`journey.py`](self));
//! 4. `sam delete`, after which nothing is left ([`left.py`](self)).
//!
//! Everything is installed that is needed, below the target directory. The release build takes minutes, the rest one or
//! two; `cargo xtask test --full` ends with it.
//!
//! What the emulator cannot do is changed in a copy of the built template ([`patch.py`](self)), and each change is printed:
//! types of resources it does not know are left out (a serverless cache, hence `CacheKind=nodes`; rules of security groups
//! by themselves; the bus's archive; the edge's monitoring subscription and the delivery of its logs); so are alarms on metric
//! expressions; conditions on the region or on a list are decided by the check, the emulator takes both for texts; generated
//! secrets are made by the check, since the emulator's have punctuation; and the cache is asked without TLS. IAM is not
//! enforced there, CloudFront caches nothing and checks no signature, and stream mappings do not know partial failures: the
//! local stack and its tests are for those.

mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{self, Failure, command};
use crate::program::target;
use crate::tools;
use server::Server;

/// Names the stack, its cache and its cache's user.
const STACK: &str = "tidemark-check";
/// Where the emulator keeps what is deployed.
const BUCKET: &str = "tidemark-check-artifacts";

/// Where everything is.
struct Bench {
    folder: PathBuf,
    sam: PathBuf,
    ministack: PathBuf,
    cargo_lambda: PathBuf,
}

/// Builds, deploys, tries and deletes.
pub fn check() -> Result<(), Failure> {
    tools::cache_server()?;
    let bench = Bench {
        folder: target().join("deploy"),
        sam: tools::sam()?,
        ministack: tools::ministack()?,
        cargo_lambda: tools::cargo_lambda()?,
    };
    let _no_earlier_one = fs::remove_dir_all(&bench.folder);
    fs::create_dir_all(&bench.folder).map_err(|error| format!("{}: {error}", bench.folder.display()))?;
    step("sam build");
    command::run(bench.build()?)?;
    step("what the emulator cannot do");
    command::run(bench.script("patch.py", STACK))?;
    step("emulator and cache");
    let cache = Server::cache(&bench.folder, &bench.access()?)?;
    let emulator = Server::emulator(&bench.ministack, &bench.folder, cache.port)?;
    println!("emulator {}, cache redis://127.0.0.1:{}", emulator.url(), cache.port);
    let deployed = bench.deployed(&emulator.url());
    if deployed.is_err() {
        println!("logs are in {}", bench.folder.display());
    }
    deployed?;
    emulator.stop()?;
    cache.stop()?;
    println!("\ndeployed, tried and deleted; nothing is left");
    Ok(())
}

impl Bench {
    fn build(&self) -> Result<Command, Failure> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = [&self.cargo_lambda].into_iter().cloned().chain(std::env::split_paths(&path));
        let path = std::env::join_paths(folders).map_err(|error| error.to_string())?;
        let mut build = self.sam(&["build", "--no-cached", "--parameter-overrides", "Architecture=x86_64"]);
        build.arg("--build-dir").arg(self.folder.join("build"));
        build.env("PATH", path).env("CARGO_TARGET_DIR", target());
        Ok(build)
    }

    /// What the deployed functions may do at the cache, as `patch.py` found it in the template.
    fn access(&self) -> Result<String, Failure> {
        let path = self.folder.join("access");
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// From the deployment to the deletion.
    fn deployed(&self, emulator: &str) -> Result<(), Failure> {
        let at = |mut command: Command| {
            aws(&mut command, emulator);
            command::run(command)
        };
        at(self.script("left.py", "begin"))?;
        step("sam deploy");
        let mut deploy = self.sam(&["deploy", "--stack-name", STACK, "--s3-bucket", BUCKET]);
        deploy.args(["--no-confirm-changeset", "--no-progressbar", "--capabilities", "CAPABILITY_IAM"]);
        deploy.arg("--template-file").arg(self.folder.join("build").join("patched.json"));
        deploy.args(["--parameter-overrides", "Architecture=x86_64", "Stage=dev", "CacheKind=nodes"]);
        // Its log is a table of hundreds of lines.
        let log = self.folder.join("sam-deploy.log");
        let file = fs::File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let errors = file.try_clone().map_err(|error| error.to_string())?;
        deploy.stdout(file).stderr(errors);
        at(deploy).map_err(|failure| format!("{failure}: see {}", log.display()))?;
        step("the journey of a product");
        at(self.script("journey.py", STACK))?;
        step("sam delete");
        at(self.sam(&[
            "delete",
            "--stack-name",
            STACK,
            "--s3-bucket",
            BUCKET,
            "--no-prompts",
            "--region",
            REGION,
        ]))?;
        step("what is left");
        at(self.script("left.py", "end"))
    }

    /// A command of the SAM CLI that cannot outlast ten minutes, but for a build.
    fn sam(&self, arguments: &[&str]) -> Command {
        let program = self.sam.join("sam").to_string_lossy().into_owned();
        let mut sam = if arguments.first() == Some(&"build") {
            command(&program, arguments)
        } else {
            let mut bounded = command("timeout", &["600", &program]);
            bounded.args(arguments);
            bounded
        };
        sam.env("SAM_CLI_TELEMETRY", "0");
        sam
    }

    fn script(&self, name: &str, argument: &str) -> Command {
        let python = self.ministack.join("python").to_string_lossy().into_owned();
        let mut script = command(&python, &[&format!("crates/xtask/src/deploy/{name}")]);
        script.arg(argument).env("FOLDER", &self.folder).env("BUCKET", BUCKET);
        script
    }
}

/// Everything is in one region.
const REGION: &str = "us-east-1";

/// Points a command at the emulator, which takes any credentials.
fn aws(command: &mut Command, emulator: &str) {
    let settings = [
        ("AWS_ENDPOINT_URL", emulator),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION),
        // Nothing of whoever runs this may be used.
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ];
    command.envs(settings).env_remove("AWS_PROFILE").env_remove("AWS_SESSION_TOKEN");
}

fn step(name: &str) {
    println!("== {name}");
}

/// A file of a server's output.
fn log(folder: &Path, name: &str) -> Result<fs::File, Failure> {
    let path = folder.join(name);
    fs::File::create(&path).map_err(|error| format!("{}: {error}", path.display()))
}
