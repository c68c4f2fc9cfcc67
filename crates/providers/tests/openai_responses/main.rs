//! The contract of the Responses API's dialect, against real HTTP on the loopback.

#[path = "../support/mod.rs"]
mod support;

mod faults;
mod replies;
mod requests;

use unbent_core::{Provider as _, Reply, Returned};
use unbent_providers::{Endpoint, HttpModel, OpenAiResponses};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use self::support::Asked;

fn dialect() -> OpenAiResponses {
    OpenAiResponses::new("gpt-5.1")
}

fn model(dialect: OpenAiResponses) -> HttpModel {
    HttpModel::new(Endpoint::new("http://host/v1"), dialect).expect("a good configuration")
}

/// What comes back from a server that answers this question so.
async fn put(asked: &Asked, dialect: OpenAiResponses, answer: ResponseTemplate) -> Returned {
    let server = MockServer::start().await;
    Mock::given(method("POST")).and(path("/v1/responses")).respond_with(answer).mount(&server).await;
    let endpoint = Endpoint::new(format!("{}/v1", server.uri()));
    let provider = HttpModel::new(endpoint, dialect).expect("a good configuration");
    provider.ask(&asked.call()).await
}

/// What becomes of a 200 with this body.
async fn returned(body: impl Into<String>) -> Returned {
    let answer = ResponseTemplate::new(200).set_body_raw(body.into(), "application/json");
    put(&Asked::hello(), dialect(), answer).await
}

async fn reply(body: impl Into<String>) -> Reply {
    returned(body).await.result.expect("an answer")
}

async fn streamed(body: impl Into<String>) -> Returned {
    let answer = ResponseTemplate::new(200).set_body_raw(body.into(), "text/event-stream");
    put(&Asked::hello(), OpenAiResponses { streams: true, ..dialect() }, answer).await
}
