//! What holds of sandboxes by bubblewrap: the contract of all back ends.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![cfg(target_os = "linux")]

mod contract;

use std::sync::Arc;

use contract::room::{Host, open};
use contract::world::Scripted;
use unbent_core::Done;
use unbent_sandbox::{Bubblewrap, Limits, Options};

fn host() -> Host {
    let options = Options { worlds: Arc::new(Scripted), limits: Limits::default(), max_open: 8 };
    Arc::new(Bubblewrap::new(options).unwrap())
}

#[tokio::test]
async fn a_world_is_hosted_a_command_runs_a_tool_is_called_and_a_picture_is_taken() {
    let room = open(&host()).await;
    assert_eq!(
        room.says("cat notes.txt; pwd; date +%FT%R").await,
        "first line\n/home/ana/work\n2031-03-16T09:26"
    );
    let ended = room.run("ledger say a 'b c'").await;
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("ledger a|b c\n", "2 words\n"));
    assert_eq!(room.picture().await["paths"]["/srv/none"], "absent");
}

#[tokio::test]
async fn files_are_written_and_read_and_a_command_ends_when_its_time_is_up() {
    let room = open(&host()).await;
    assert_eq!(room.write("a/b.txt", "é").await, Done::Written);
    assert_eq!(room.read("/home/ana/work/a/b.txt").await, Done::Read { content: "é".to_owned() });
    let done = room.try_run("echo on; sleep 1000", 1).await.unwrap();
    assert!(matches!(done, Done::Exec { code: None, stdout, .. } if stdout == "on\n"));
}
