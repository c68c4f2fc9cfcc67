//! Whose a container is: the process that made it, so that what a killed run left is found and removed.

use std::collections::HashMap;
use std::fs;

use bollard::query_parameters::{ListContainersOptions, RemoveContainerOptions};

/// The label of containers of ours: whose they are.
const LABEL: &str = "unbent.owner";

/// A process of this machine, for as long as the machine runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    /// The machine since its start.
    boot: String,
    /// Which namespace its number is of.
    namespace: String,
    pid: u32,
    /// When it began, in ticks since the machine's start; numbers are given again, with another time.
    began: u64,
}

impl Owner {
    /// This process.
    pub(super) fn us() -> Self {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        let pid = std::process::id();
        Self {
            boot: boot.trim().to_owned(),
            namespace: namespace.to_string_lossy().into_owned(),
            pid,
            began: began(pid).unwrap_or_default(),
        }
    }

    /// What containers of it are labelled with.
    pub(super) fn labels(&self) -> HashMap<String, String> {
        HashMap::from([(LABEL.to_owned(), self.to_text())])
    }

    fn to_text(&self) -> String {
        format!("{} {} {} {}", self.boot, self.namespace, self.pid, self.began)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ').map(str::to_owned);
        let (boot, namespace) = (words.next()?, words.next()?);
        let (pid, began) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        words.next().is_none().then_some(Self { boot, namespace, pid, began })
    }

    /// Whether it has ended for certain, as far as `us` can see. Who counts its processes otherwise is not judged.
    fn has_ended(&self, us: &Self, began: impl Fn(u32) -> Option<u64>) -> bool {
        if self.boot != us.boot {
            return true;
        }
        self.namespace == us.namespace && began(self.pid) != Some(self.began)
    }
}

/// When a process began, in ticks since the machine's start; none if there is no such process.
fn began(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Its name stands in brackets and may hold anything; the time is the 22nd field.
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()
}

/// Removes the containers whose owners have ended.
pub(super) async fn remove_left_overs(client: &bollard::Docker) -> Result<(), bollard::errors::Error> {
    let filters = HashMap::from([("label".to_owned(), vec![LABEL.to_owned()])]);
    let options = ListContainersOptions { all: true, filters: Some(filters), ..Default::default() };
    let us = Owner::us();
    for container in client.list_containers(Some(options)).await? {
        let label = container.labels.as_ref().and_then(|labels| labels.get(LABEL));
        let gone = label.and_then(|text| Owner::parse(text)).is_some_and(|owner| owner.has_ended(&us, began));
        if let (true, Some(id)) = (gone, &container.id) {
            let options = RemoveContainerOptions { force: true, v: true, ..Default::default() };
            // It may be on its way out already.
            let _ = client.remove_container(id, Some(options)).await;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Owner, began};

    #[test]
    fn an_owner_reads_back_from_its_label() {
        let us = Owner::us();
        assert_eq!(Owner::parse(&us.to_text()), Some(us));
        for text in ["", "a b 1", "a b x 1", "a b 1 2 3"] {
            assert_eq!(Owner::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn only_who_is_gone_for_certain_has_ended() {
        let us = Owner { boot: "b".into(), namespace: "n".into(), pid: 1, began: 5 };
        let lives = |pid| (pid == 7).then_some(70);
        let ended = |owner: &Owner| owner.has_ended(&us, lives);
        let other = Owner { pid: 7, began: 70, ..us.clone() };
        assert!(!ended(&other));
        // Another process has its number now; it is gone; the machine was started anew; it is counted otherwise.
        assert!(ended(&Owner { began: 69, ..other.clone() }));
        assert!(ended(&Owner { pid: 8, ..other.clone() }));
        assert!(ended(&Owner { boot: "c".into(), ..other.clone() }));
        assert!(!ended(&Owner { namespace: "m".into(), pid: 8, ..other }));
    }

    #[test]
    fn a_process_has_a_beginning_as_long_as_it_is_there() {
        assert!(began(std::process::id()).is_some());
        assert_eq!(began(u32::MAX), None);
    }
}
