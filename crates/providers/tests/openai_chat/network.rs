//! What goes wrong on the way, with bytes that no HTTP library would send.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use unbent_core::FaultKind;
use unbent_providers::{Endpoint, HttpModel};

use crate::support::{Asked, Then, http, serve_raw};
use crate::{config, provider};

const GOOD: &[u8] = br#"{"choices":[{"message":{"content":"Yes."}}]}"#;

#[tokio::test]
async fn a_closed_port_is_a_connection_fault_that_names_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let fault = Asked::hello().put_to(&provider(&base_url)).await.unwrap_err();
    assert_eq!((fault.kind, fault.status), (FaultKind::Connection, None));
    assert!(fault.message.contains(&base_url), "{fault}");
    assert!(fault.message.contains("may not be running"), "{fault}");
}

#[tokio::test]
async fn an_unknown_host_is_a_connection_fault() {
    // A label of 64 characters is no host name (RFC 1035), so no name server is asked and none is waited for.
    let base_url = format!("http://{}.invalid/v1", "a".repeat(64));
    let fault = Asked::hello().put_to(&provider(&base_url)).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Connection);
    assert!(fault.message.contains(&base_url), "{fault}");
}

#[tokio::test]
async fn speaking_tls_to_a_plain_server_is_a_connection_fault() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let fault = Asked::hello().put_to(&provider(&base_url)).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Connection);
}

#[tokio::test]
async fn hanging_up_without_an_answer_is_a_connection_fault() {
    let address = serve_raw("", Then::Close).await;
    let fault = Asked::hello().put_to(&provider(&format!("http://{address}/v1"))).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Connection);
    assert!(fault.message.contains("hung up"), "{fault}");
}

#[tokio::test(start_paused = true)]
async fn silence_is_a_timeout_whenever_it_falls() {
    let whole = http("200 OK", "application/json", GOOD);
    for sent in [0, 20, whole.len() - 3] {
        let address = serve_raw(&whole[..sent], Then::Hang).await;
        let provider = HttpModel::new(
            Endpoint { timeout: Duration::from_secs(5), ..config(&format!("http://{address}/v1")) },
            crate::dialect(),
        )
        .unwrap();
        let started = tokio::time::Instant::now();
        let fault = Asked::hello().put_to(&provider).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Timeout, "{fault}");
        assert!(fault.message.contains("within 5 s"), "{fault}");
        assert_eq!(started.elapsed().as_secs(), 5);
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_cut() {
    let whole = http("200 OK", "application/json", GOOD);
    let address = serve_raw(&whole[..whole.len() - 3], Then::Close).await;
    let fault = Asked::hello().put_to(&provider(&format!("http://{address}/v1"))).await.unwrap_err();
    assert_eq!((fault.kind, fault.status), (FaultKind::Cut, Some(200)));
    assert!(fault.message.contains("broke off after"), "{fault}");
    assert!(fault.message.contains("choices"), "{fault}");
}

#[tokio::test]
async fn an_error_that_breaks_off_keeps_its_status() {
    let whole = http("503 Busy", "text/plain", b"loading the model");
    let address = serve_raw(&whole[..whole.len() - 3], Then::Close).await;
    let fault = Asked::hello().put_to(&provider(&format!("http://{address}/v1"))).await.unwrap_err();
    assert_eq!((fault.kind, fault.status), (FaultKind::Server, Some(503)));
    assert!(fault.message.contains("loading the mo"), "{fault}");
}

#[tokio::test]
async fn a_body_without_end_is_given_up() {
    let mut answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n".to_vec();
    answer.resize(answer.len() + (33 << 20), b' ');
    let address = serve_raw(answer, Then::Close).await;
    let fault = Asked::hello().put_to(&provider(&format!("http://{address}/v1"))).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Malformed);
    assert!(fault.message.contains("longer than 32 MiB"), "{fault}");
}

#[tokio::test]
async fn bytes_that_are_not_http_are_a_connection_fault() {
    let address = serve_raw("SSH-2.0-OpenSSH_9.9\r\n", Then::Close).await;
    let fault = Asked::hello().put_to(&provider(&format!("http://{address}/v1"))).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Connection);
}
