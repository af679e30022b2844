//! A Lambda function that does as it is told: what the crate's tests invoke.
//!
//! The payload's `do` names the deed (without one, the payload is the answer); `PROBE_INIT` says how the start goes.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Error> {
    // Held open until the process ends: whoever listens at the other end learns of that.
    let _lifeline = std::env::var("PROBE_LIFELINE").ok().map(introduce).transpose()?;
    match std::env::var("PROBE_INIT").as_deref() {
        Ok("exit") => {
            eprintln!("TABLE_NAME is not set");
            process::exit(7);
        }
        Ok("report") => {
            report_init_error()?;
            std::future::pending::<()>().await;
        }
        Ok("hang") => {
            eprintln!("waiting for a database that never answers");
            std::future::pending::<()>().await;
        }
        _ => {}
    }
    lambda_runtime::run(service_fn(obey)).await
}

async fn obey(event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
    let LambdaEvent { payload, context } = event;
    match payload["do"].as_str() {
        Some("describe") => Ok(json!({
            "pid": process::id(),
            "request_id": context.request_id,
            "deadline": context.deadline,
            "arn": context.invoked_function_arn,
            "trace_id": context.xray_trace_id,
            "env": std::env::vars().collect::<BTreeMap<_, _>>(),
        })),
        Some("say") => {
            println!("said on stdout");
            eprintln!("said on stderr");
            Ok(Value::Null)
        }
        Some("meet") => meet(payload).await.map_err(Into::into),
        Some("fail") => {
            Err(Diagnostic { error_type: "Probe.Failure".into(), error_message: "as told".into() })
        }
        Some("hang") => std::future::pending().await,
        Some("exit") => process::exit(3),
        Some("answer at length") => Ok("x".repeat(payload["bytes"].as_u64().unwrap_or(0) as usize).into()),
        _ => Ok(payload),
    }
}

/// Shows up at an address and answers when released there.
async fn meet(payload: Value) -> std::io::Result<Value> {
    let address = payload["at"].as_str().unwrap_or_default();
    let mut meeting = tokio::net::TcpStream::connect(address).await?;
    meeting.write_u32(process::id()).await?;
    meeting.read_u8().await?;
    Ok(payload)
}

fn introduce(address: String) -> std::io::Result<TcpStream> {
    let mut lifeline = TcpStream::connect(address)?;
    lifeline.write_all(&process::id().to_be_bytes())?;
    Ok(lifeline)
}

fn report_init_error() -> Result<(), Error> {
    let body = json!({"errorType": "Probe.NoTable", "errorMessage": "the table does not exist"}).to_string();
    let address = std::env::var("AWS_LAMBDA_RUNTIME_API")?;
    let mut connection = TcpStream::connect(&address)?;
    write!(
        connection,
        "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len(),
    )?;
    connection.read_to_end(&mut Vec::new())?;
    Ok(())
}
