//! Certificates, proxies, keys, and the way to each provider. Of a key and of a proxy only the variable is told.

use std::time::{Duration, SystemTime};

use tokio::task::JoinSet;
use unbent_core::{Fault, FaultKind, ModelRef};
use unbent_providers::HttpModel;
use unbent_providers::http::{Reached, Roots, roots};

use super::Finding;
use crate::environment;
use crate::hosts::{HOSTS, Host, Keys};
use crate::output::harmless;

/// The variables that name a proxy, in upper case and lower case alike.
const PROXIES: [&str; 4] = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"];

/// By how much the clock may be off from a server's.
const TOLERABLE: Duration = Duration::from_mins(2);

const BASE_URL: &str = "UNBENT_BASE_URL";

pub(super) fn certificates() -> Finding {
    judge_certificates(&roots())
}

fn judge_certificates(roots: &Roots) -> Finding {
    let what = "certificates";
    match (roots.machine, roots.unreadable.first()) {
        (0, None) => {
            Finding::ok(what, format!("the machine has none; Mozilla's {} are built in", roots.built_in))
        }
        (0, Some(why)) => Finding::warning(
            what,
            format!(
                "the machine's cannot be read ({}); Mozilla's {} are used",
                harmless(why),
                roots.built_in
            ),
            "a company's own authority does not count so: check SSL_CERT_FILE and SSL_CERT_DIR",
        ),
        (n, None) => Finding::ok(what, format!("{n} authorities of this machine")),
        (n, Some(why)) => Finding::warning(
            what,
            format!("{n} authorities of this machine, and some that cannot be read ({})", harmless(why)),
            "check SSL_CERT_FILE and SSL_CERT_DIR",
        ),
    }
}

pub(super) fn proxies() -> Finding {
    let spellings = PROXIES.iter().flat_map(|name| [(*name).to_owned(), name.to_lowercase()]);
    judge_proxies(
        &spellings
            .filter(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
            .collect::<Vec<_>>(),
    )
}

fn judge_proxies(set: &[String]) -> Finding {
    if set.is_empty() {
        return Finding::ok("proxy", "none is named; providers are reached directly");
    }
    Finding::ok(
        "proxy",
        format!("{} set; calls go as they say, but never those to this machine", set.join(", ")),
    )
}

/// A variable that may hold a key, and what it holds, if anything.
pub(super) fn keys() -> Finding {
    let mut names: Vec<_> = HOSTS.iter().flat_map(|host| host.keys).copied().collect();
    names.dedup();
    let read = |name| environment::variable(name).map(|value| (name, value));
    match names.into_iter().map(read).collect::<Result<Vec<_>, _>>() {
        Ok(variables) => judge_keys(&variables),
        Err(error) => Finding::problem("keys", error.to_string(), "a line reads NAME=VALUE"),
    }
}

fn judge_keys(variables: &[(&str, Option<String>)]) -> Finding {
    let names = |is_meant: &dyn Fn(&str) -> bool| {
        let meant = variables.iter().filter(|(_, value)| value.as_deref().is_some_and(is_meant));
        meant.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    };
    let odd = names(&|key| {
        let key = key.trim();
        key.starts_with(['"', '\'']) || !key.chars().all(|c| c.is_ascii_graphic())
    });
    let blank = names(&|key| key.trim().is_empty());
    let set = names(&|key| !key.trim().is_empty());
    let seen = if set.is_empty() {
        "none is set; simulated subjects and local servers need none".to_owned()
    } else {
        format!("set: {set}")
    };
    if !odd.is_empty() {
        let why = "with a quotation mark, a blank or another character that keys do not have";
        return Finding::warning(
            "keys",
            format!("{seen}; {odd} {why}"),
            format!("export {odd} anew, without it"),
        );
    }
    if !blank.is_empty() {
        return Finding::warning(
            "keys",
            format!("{seen}; {blank} set to nothing"),
            "export the key, or unset the variable",
        );
    }
    Finding::ok("keys", seen)
}

/// Asks every provider whose key is set for its list of models.
pub(super) fn reach() -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut models = Vec::new();
    for host in HOSTS {
        match to_reach(host) {
            Some(Ok(model)) => models.push((host.id, model)),
            Some(Err(why)) => findings.push(Finding::problem(host.id, why, "see `unbent models`")),
            None => {}
        }
    }
    if models.is_empty() && findings.is_empty() {
        return vec![Finding::ok("online", "no key is set, so there is no provider to reach")];
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return vec![Finding::problem("online", format!("no runtime: {error}"), "free some memory")];
        }
    };
    let mut reached = runtime.block_on(async {
        let mut calls = JoinSet::new();
        for (id, model) in models {
            calls.spawn(async move { (id, model.reach().await) });
        }
        calls.join_all().await
    });
    reached.sort_by_key(|(id, _)| HOSTS.iter().position(|host| host.id == *id));
    let now = SystemTime::now();
    let skew =
        reached.iter().filter_map(|(_, reached)| off_by(reached.as_ref().ok()?.server_time?, now)).max();
    findings.extend(reached.iter().map(|(id, reached)| judge_reached(id, reached)));
    if let Some(skew) = skew.filter(|skew| *skew > TOLERABLE) {
        let seen = format!("{} s off from a provider's", skew.as_secs());
        findings.push(Finding::warning("clock", seen, "set the clock"));
    }
    findings
}

/// The model to reach a provider by; none if its key is not set, or there is no address.
fn to_reach(host: &Host) -> Option<Result<HttpModel, String>> {
    let has_key = host.keys.iter().any(|name| environment::is_set(name));
    let mut reference: ModelRef =
        format!("{}/any", host.id).parse().expect("a provider and a model are a reference");
    if host.wants_address() {
        let base_url = environment::variable(BASE_URL).ok().flatten()?;
        reference.params.insert("base_url".to_owned(), base_url);
    } else if !has_key {
        return None;
    }
    Some(host.provider(&reference, Keys::Needed).map_err(|error| error.to_string()))
}

fn off_by(server: SystemTime, now: SystemTime) -> Option<Duration> {
    server.duration_since(now).or_else(|_| now.duration_since(server)).ok()
}

fn judge_reached(id: &str, reached: &Result<Reached, Fault>) -> Finding {
    match reached {
        Ok(Reached { status, took_ms, refusal: None, .. }) => {
            Finding::ok(id, format!("reached in {took_ms} ms (HTTP {status})"))
        }
        Ok(Reached { refusal: Some(fault), .. })
            if matches!(fault.kind, FaultKind::Unauthorized | FaultKind::Exhausted) =>
        {
            let seen = format!("reached, and the key is refused: {}", harmless(&fault.message));
            Finding::problem(id, seen, "export the right key; `unbent models` lists the variables")
        }
        Ok(Reached { status, took_ms, .. }) if *status < 500 => {
            Finding::ok(id, format!("reached in {took_ms} ms; it gives no list of models (HTTP {status})"))
        }
        Ok(Reached { status, .. }) => {
            Finding::warning(id, format!("reached, but it fails (HTTP {status})"), "try again later")
        }
        Err(fault) => {
            let seen = format!("not reached: {}", harmless(&fault.message));
            Finding::problem(id, seen, "check the network, the proxy variables and the firewall")
        }
    }
}

#[cfg(test)]
mod tests {
    use unbent_core::{Fault, FaultKind};
    use unbent_providers::http::{Reached, Roots};

    use super::super::Health;
    use super::{judge_certificates, judge_keys, judge_proxies, judge_reached};

    #[test]
    fn a_key_is_told_by_its_variable_alone() {
        let of = |value: Option<&str>| judge_keys(&[("A_KEY", value.map(str::to_owned)), ("B_KEY", None)]);
        assert_eq!(of(None).health, Health::Ok);
        assert_eq!(of(Some("sk-secret\n")).health, Health::Ok);
        for odd in ["", "  ", "\"sk-secret\"", "sk-secret two", "sk-sécret"] {
            let finding = of(Some(odd));
            assert_eq!(finding.health, Health::Warning, "{odd}");
            assert!(
                finding.seen.contains("A_KEY") && !format!("{finding:?}").contains("cret"),
                "{finding:?}"
            );
        }
    }

    #[test]
    fn a_machine_without_certificates_has_those_that_are_built_in() {
        let roots = |machine, unreadable: &[&str]| Roots {
            machine,
            unreadable: unreadable.iter().map(|why| (*why).to_owned()).collect(),
            built_in: 140,
        };
        assert_eq!(judge_certificates(&roots(0, &[])).health, Health::Ok);
        assert_eq!(judge_certificates(&roots(130, &[])).health, Health::Ok);
        assert_eq!(judge_certificates(&roots(0, &["denied"])).health, Health::Warning);
        assert_eq!(judge_certificates(&roots(3, &["denied"])).health, Health::Warning);
    }

    #[test]
    fn proxies_are_told_by_name() {
        assert!(judge_proxies(&["HTTPS_PROXY".to_owned()]).seen.starts_with("HTTPS_PROXY set"));
        assert!(judge_proxies(&[]).seen.contains("directly"));
    }

    #[test]
    fn what_a_provider_says_is_judged_by_whether_a_run_would_work() {
        let said = |status, refusal| Ok(Reached { status, took_ms: 4, server_time: None, refusal });
        let fault = |kind| Some(Fault::new(kind, "told"));
        for (reached, health) in [
            (said(200, None), Health::Ok),
            (said(404, fault(FaultKind::Rejected)), Health::Ok),
            (said(401, fault(FaultKind::Unauthorized)), Health::Problem),
            (said(503, fault(FaultKind::Server)), Health::Warning),
            (Err(Fault::new(FaultKind::Connection, "refused")), Health::Problem),
        ] {
            assert_eq!(judge_reached("openai", &reached).health, health, "{reached:?}");
        }
    }
}
