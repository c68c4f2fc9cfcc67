//! Many calls at once. A binary of its own, because it needs a thousand file descriptors for itself.

mod support;

use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use unbent_providers::{Endpoint, HttpModel, OpenAiChat};

use self::support::{Asked, http, read_request};

const CALLS: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_calls_are_in_flight_together_and_reuse_their_connections() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let all_here = Arc::new(Barrier::new(CALLS));
    tokio::spawn(async move {
        // Exactly as many connections as calls: the second round must come over those of the first.
        for _ in 0..CALLS {
            let (mut stream, _) = listener.accept().await.unwrap();
            let all_here = Arc::clone(&all_here);
            tokio::spawn(async move {
                loop {
                    let body: serde_json::Value =
                        serde_json::from_slice(&read_request(&mut stream).await).unwrap();
                    // Nobody is answered before everybody has asked.
                    all_here.wait().await;
                    let echo = &body["messages"][0]["content"];
                    let answer = serde_json::json!({"choices": [{"message": {"content": echo}}]});
                    let answer = http("200 OK", "application/json", answer.to_string().as_bytes());
                    stream.write_all(&answer).await.unwrap();
                }
            });
        }
        drop(listener);
    });
    let endpoint = Endpoint::new(format!("http://{address}/v1"));
    let provider = Arc::new(HttpModel::new(endpoint, OpenAiChat::new("m")).unwrap());
    for _round in 0..2 {
        let mut calls = JoinSet::new();
        for n in 0..CALLS {
            let provider = Arc::clone(&provider);
            calls.spawn(async move {
                let asked = Asked::of(vec![unbent_core::Message::user(format!("call {n}"))]);
                let reply = asked.put_to(&*provider).await.unwrap();
                assert_eq!(reply.message.content, Some(format!("call {n}")));
            });
        }
        let done = calls.join_all().await;
        assert_eq!(done.len(), CALLS);
    }
}
