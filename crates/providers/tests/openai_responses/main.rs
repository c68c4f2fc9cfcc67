//! The contract of the Responses API's dialect, against real HTTP on the loopback.

#[path = "../support/mod.rs"]
mod support;

mod faults;
mod replies;
mod requests;

use unbent_core::{Reply, Returned};
use unbent_providers::{Endpoint, HttpModel, OpenAiResponses};
use wiremock::ResponseTemplate;

use self::support::{Asked, Served};

fn dialect() -> OpenAiResponses {
    OpenAiResponses::new("gpt-5.1")
}

fn model(dialect: OpenAiResponses) -> HttpModel {
    HttpModel::new(Endpoint::new("http://host/v1"), dialect).expect("a good configuration")
}

/// What comes back from a server that answers this question so.
async fn put(asked: &Asked, dialect: OpenAiResponses, answer: ResponseTemplate) -> Returned {
    Served { base: "/v1", key: None }.exchange(asked, dialect, "responses", answer).await.0
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
