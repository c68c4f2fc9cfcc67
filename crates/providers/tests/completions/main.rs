//! The contract of the raw completions' dialect, against real HTTP on the loopback.

#[path = "../support/mod.rs"]
mod support;

mod replies;
mod requests;

use unbent_core::{Provider as _, Returned};
use unbent_providers::{Completions, Endpoint, HttpModel};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use self::support::Asked;

fn dialect() -> Completions {
    Completions::new("base-7b")
}

fn model(dialect: Completions) -> HttpModel {
    HttpModel::new(Endpoint::new("http://host/v1"), dialect).expect("a good configuration")
}

/// What comes back from a server that answers this question so.
async fn put(asked: &Asked, answer: ResponseTemplate) -> Returned {
    let server = MockServer::start().await;
    Mock::given(method("POST")).and(path("/v1/completions")).respond_with(answer).mount(&server).await;
    let endpoint = Endpoint::new(format!("{}/v1", server.uri()));
    HttpModel::new(endpoint, dialect()).expect("a good configuration").ask(&asked.call()).await
}

/// What becomes of a 200 with this body.
async fn returned(body: impl Into<String>) -> Returned {
    put(&Asked::hello(), ResponseTemplate::new(200).set_body_raw(body.into(), "application/json")).await
}
