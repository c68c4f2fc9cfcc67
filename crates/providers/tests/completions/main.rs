//! The contract of the raw completions' dialect, against real HTTP on the loopback.

#[path = "../support/mod.rs"]
mod support;

mod replies;
mod requests;

use unbent_core::Returned;
use unbent_providers::{Completions, Endpoint, HttpModel};
use wiremock::ResponseTemplate;

use self::support::{Asked, Served};

fn dialect() -> Completions {
    Completions::new("base-7b")
}

fn model(dialect: Completions) -> HttpModel {
    HttpModel::new(Endpoint::new("http://host/v1"), dialect).expect("a good configuration")
}

/// What comes back from a server that answers this question so.
async fn put(asked: &Asked, answer: ResponseTemplate) -> Returned {
    Served { base: "/v1", key: None }.exchange(asked, dialect(), "completions", answer).await.0
}

/// What becomes of a 200 with this body.
async fn returned(body: impl Into<String>) -> Returned {
    put(&Asked::hello(), ResponseTemplate::new(200).set_body_raw(body.into(), "application/json")).await
}
