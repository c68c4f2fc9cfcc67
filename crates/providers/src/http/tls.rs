//! TLS that needs nothing from the machine it is built or run on.
//!
//! ring does the cryptography, handed to rustls directly, so that nothing has to be installed for the whole process.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

/// Whose certificates count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// The machine's, so that a company's own authority counts and a distrusted one does not. A machine that has none,
    /// such as a bare Debian image, gets Mozilla's list, built in.
    Machine,
    /// Nobody's: for plain HTTP, where nothing is verified and reading the machine's store would only take time.
    Nobody,
}

/// How many certificates of authorities there are to trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    /// The machine's that can be used.
    pub machine: usize,
    /// What the machine's store has that cannot be read, told by the system.
    pub unreadable: Vec<String>,
    /// Those that are built in, and count only where the machine has none.
    pub built_in: usize,
}

/// Reads the certificates that an `https://` address is checked against.
pub fn roots() -> Roots {
    let found = rustls_native_certs::load_native_certs();
    let (machine, _) = RootCertStore::empty().add_parsable_certificates(found.certs);
    let unreadable = found.errors.iter().map(ToString::to_string).collect();
    Roots { machine, unreadable, built_in: webpki_roots::TLS_SERVER_ROOTS.len() }
}

/// The client side of TLS, for HTTP/1.1.
pub(super) fn client_config(trust: Trust) -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    if trust == Trust::Machine {
        // One unreadable certificate is no reason to distrust the others.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
    }
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
