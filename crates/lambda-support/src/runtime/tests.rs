use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const NEXT: &str = "GET /2018-06-01/runtime/invocation/next HTTP/1.1";
const EVENT: &str = "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: r-1\r\nlambda-runtime-trace-id: Root=1-a-b;Sampled=0\r\n\
    lambda-runtime-invocation-id: try-1\r\ncontent-length: 5\r\n\r\nhello";
const TAKEN: &str = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";

/// What the API was asked, and on which of the connections.
#[derive(Debug)]
struct Asked {
    connection: usize,
    line: String,
    headers: String,
    body: String,
}

/// Has `run` meet an API that gives these answers, connection by connection, closes each after its last, and is gone in the end.
async fn play<H, F>(path: &str, connections: &[&[&str]], handler: H) -> (Vec<Asked>, String)
where
    H: Fn(Bytes) -> F,
    F: Future<Output = Result<Vec<u8>, Error>>,
{
    let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}{path}", api.local_addr().unwrap());
    let owned = |answers: &&[&str]| answers.iter().map(ToString::to_string).collect();
    let script: Vec<Vec<String>> = connections.iter().map(owned).collect();
    let host = tokio::spawn(async move {
        let mut asked = Vec::new();
        for (connection, answers) in script.iter().enumerate() {
            let (stream, _) = api.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            for answer in answers {
                asked.push(request(connection, &mut stream).await);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
        asked
    });
    let end = run(&address, handler).await.unwrap_err().to_string();
    assert!(host.is_finished(), "not all was asked: {end}");
    (host.await.unwrap(), end)
}

async fn request(connection: usize, stream: &mut BufReader<TcpStream>) -> Asked {
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    let mut headers = String::new();
    while !headers.ends_with("\r\n\r\n") {
        assert_ne!(stream.read_line(&mut headers).await.unwrap(), 0, "the head ends early: {line}{headers}");
    }
    let length = headers.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.unwrap();
    Asked { connection, line: line.trim_end().to_owned(), headers, body: String::from_utf8(body).unwrap() }
}

async fn echo(event: Bytes) -> Result<Vec<u8>, Error> {
    Ok(event.to_vec())
}

fn lines(asked: &[Asked]) -> Vec<&str> {
    asked.iter().map(|asked| asked.line.as_str()).collect()
}

#[tokio::test]
async fn events_are_answered_one_after_the_other_over_one_connection() {
    let chunked = "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: r-2\r\ntransfer-encoding: chunked\r\n\r\n\
        3\r\nbig\r\n6\r\n event\r\n0\r\n\r\n";
    let (asked, end) = play("", &[&[EVENT, TAKEN, chunked, TAKEN]], echo).await;
    let [first, answer, _, second] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(first.line, NEXT);
    assert!(first.headers.contains("host: 127.0.0.1:") && first.headers.contains("user-agent: tidemark/"));
    assert_eq!(answer.line, "POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1");
    assert!(answer.headers.contains("content-type: application/json"), "{}", answer.headers);
    assert!(answer.headers.contains("lambda-runtime-invocation-id: try-1"), "{}", answer.headers);
    assert!(!second.headers.contains("invocation-id"), "{}", second.headers);
    assert_eq!((answer.body.as_str(), second.body.as_str()), ("hello", "big event"));
    assert!(end.starts_with("no Runtime API at 127.0.0.1:"), "{end}");
}

#[tokio::test]
async fn a_connection_that_was_closed_is_made_anew() {
    let (asked, _) = play("", &[&[EVENT], &[TAKEN, EVENT], &[TAKEN]], echo).await;
    assert_eq!(asked.iter().map(|asked| asked.connection).collect::<Vec<_>>(), [0, 1, 1, 2]);
    assert_eq!(asked[3].body, "hello");
}

#[tokio::test]
async fn an_error_and_a_panic_are_told_and_the_next_event_is_taken() {
    let calls = std::cell::Cell::new(0);
    let handler = |event: Bytes| {
        calls.set(calls.get() + 1);
        let call = calls.get();
        async move {
            match call {
                1 => Err("no event".into()),
                2 => panic!("number {call}"),
                _ => echo(event).await,
            }
        }
    };
    let (asked, _) = play("", &[&[EVENT, TAKEN, EVENT, TAKEN, EVENT, TAKEN]], handler).await;
    assert!(asked[1].headers.contains("lambda-runtime-invocation-id: try-1"));
    let error = "POST /2018-06-01/runtime/invocation/r-1/error HTTP/1.1";
    assert_eq!((asked[1].line.as_str(), asked[3].line.as_str()), (error, error));
    assert!(asked[1].headers.contains("lambda-runtime-function-error-type: Function.Unhandled"));
    assert_eq!(asked[1].body, r#"{"errorType":"Function.Unhandled","errorMessage":"no event"}"#);
    assert!(asked[3].headers.contains("lambda-runtime-function-error-type: Function.Panic"));
    assert_eq!(asked[3].body, r#"{"errorType":"Function.Panic","errorMessage":"number 2"}"#);
    assert_eq!(asked[5].body, "hello");
}

#[tokio::test]
async fn an_answer_that_is_refused_is_over_and_the_next_event_is_taken() {
    let refused = "HTTP/1.1 413 Payload Too Large\r\ncontent-length: 8\r\n\r\ntoo long";
    let (asked, _) = play("", &[&[EVENT, refused, EVENT, TAKEN]], echo).await;
    assert_eq!(asked[2].line, NEXT);
    assert_eq!(asked[3].body, "hello");
}

#[tokio::test]
async fn an_api_that_gives_no_event_ends_the_process_with_its_word() {
    let refused = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 10\r\n\r\nin trouble";
    let (_, end) = play("", &[&[refused]], echo).await;
    assert_eq!(end, "the Runtime API gave no event: 500 Internal Server Error in trouble");
    let nameless = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    let (_, end) = play("", &[&[nameless]], echo).await;
    assert_eq!(end, "the Runtime API gave an event without a request id");
}

#[tokio::test]
async fn a_local_server_may_have_a_path_of_its_own_and_no_event_yet() {
    let none = "HTTP/1.1 204 No Content\r\n\r\n";
    let (asked, _) = play("/.rt/read-api", &[&[none, EVENT, TAKEN]], echo).await;
    let next = "GET /.rt/read-api/2018-06-01/runtime/invocation/next HTTP/1.1";
    let answer = "POST /.rt/read-api/2018-06-01/runtime/invocation/r-1/response HTTP/1.1";
    assert_eq!(lines(&asked), [next, next, answer]);
}

#[tokio::test]
async fn a_connection_that_breaks_under_a_request_ends_the_process_and_nothing_is_sent_twice() {
    let half = "HTTP/1.1 202 Accepted\r\ncontent-length: 5\r\n\r\nhe";
    let (asked, end) = play("", &[&[EVENT, half]], echo).await;
    assert_eq!(asked.len(), 2);
    assert!(end.starts_with("the connection to the Runtime API broke under a request: "), "{end}");
}

#[tokio::test]
async fn an_event_and_an_answer_may_be_megabytes() {
    let large = "x".repeat(6 << 20);
    let event = format!(
        "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: r\r\ncontent-length: {}\r\n\r\n{large}",
        large.len()
    );
    let (asked, _) = play("", &[&[&event, TAKEN]], echo).await;
    assert!(asked[1].body == large);
}

#[tokio::test]
async fn an_address_that_is_none_is_said_to_be() {
    for (address, reason) in [("", "empty string"), ("/path", "names no host"), ("a b", "invalid uri")] {
        let said = run(address, echo).await.unwrap_err().to_string();
        assert!(said.starts_with("AWS_LAMBDA_RUNTIME_API=") && said.contains(reason), "{address:?}: {said}");
    }
}

/// The C library keeps what a variable was set to, each value for ever.
#[tokio::test]
async fn no_variable_is_set_for_an_event() {
    let traced = || std::env::var_os("_X_AMZN_TRACE_ID");
    let before = traced();
    assert_ne!(before.as_deref(), Some("Root=1-a-b;Sampled=0".as_ref()));
    play("", &[&[EVENT, TAKEN]], echo).await;
    assert_eq!(traced(), before);
}
