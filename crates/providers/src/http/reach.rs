//! Whether a server can be reached: a request for its list of models, which costs nothing.

use std::time::{Duration, Instant, SystemTime};

use reqwest::header::DATE;
use unbent_core::{Fault, FaultKind};

use super::{HttpModel, Patience, endpoint, fault, read_body};

/// How long the whole request may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a server said to the request for its models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The HTTP status.
    pub status: u16,
    /// From request to the last byte, in milliseconds.
    pub took_ms: u64,
    /// The server's own time, to the second.
    pub server_time: Option<SystemTime>,
    /// Why it gave no list; `Rejected` with 404 where it keeps none.
    pub refusal: Option<Fault>,
}

impl HttpModel {
    /// Asks the server for its list of models, with the key. No model is called.
    ///
    /// # Errors
    ///
    /// `Connection` or `Timeout` if no response comes. A response other than success is no error; see
    /// [`Reached::refusal`].
    pub async fn reach(&self) -> Result<Reached, Fault> {
        let address = endpoint::address(&self.base_url, self.dialect.list_path())
            .map_err(|error| Fault::new(FaultKind::Rejected, error.to_string()))?;
        let started = Instant::now();
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let late = || {
            let story = format!("no answer from {} within {} s", self.base_url, PATIENCE.as_secs());
            Fault::new(FaultKind::Timeout, story)
        };
        let response = tokio::time::timeout_at(deadline, self.client.get(address.clone()).send())
            .await
            .map_err(|_| late())?
            .map_err(|error| self.redaction.clean(self.unreached(&error)))?;
        let status = response.status();
        let headers = response.headers().clone();
        let (bytes, _) = read_body(response, Patience::Until(deadline)).await;
        let refusal = (!status.is_success()).then(|| {
            let told = fault::of_status(status.as_u16(), &headers, &bytes, address.as_str(), &self.redaction);
            self.redaction.clean(told)
        });
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        Ok(Reached {
            status: status.as_u16(),
            took_ms: started.elapsed().as_millis() as u64,
            server_time: date.and_then(|date| httpdate::parse_http_date(date).ok()),
            refusal,
        })
    }
}
