//! Messages come back as they were sent, however they are cut up on the way, and rubbish is found to be none.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use crate::wire::{
    Change, Command, Content, Cut, Daemon, Ended, File, LONGEST, Looked, Malformed, Node, Order, Report,
    Start, Text, Verdict, Wire, framed, unframed,
};

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..40)
}

fn file() -> impl Strategy<Value = File> {
    (bytes(), bytes(), any::<u32>(), any::<i64>()).prop_map(|(path, content, mode, changed)| File {
        path,
        content,
        mode,
        changed,
    })
}

fn start() -> impl Strategy<Value = Start> {
    let pairs = (vec((any::<u32>(), any::<u64>()), 0..4), vec((bytes(), bytes()), 0..4));
    let lists =
        (vec(bytes(), 0..4), vec(file(), 0..4), vec((bytes(), bytes(), proptest::option::of(bytes())), 0..3));
    (bytes(), pairs, lists, any::<Option<u16>>(), any::<i64>()).prop_map(
        |(filter, pairs, lists, port, ahead)| Start {
            filter,
            limits: pairs.0,
            environment: pairs.1,
            folders: lists.0,
            files: lists.1,
            daemons: lists
                .2
                .into_iter()
                .map(|(name, command, pid_file)| Daemon { name, command, pid_file })
                .collect(),
            port,
            ahead,
            ..Start::default()
        },
    )
}

fn order() -> impl Strategy<Value = Order> {
    let change = prop_oneof![file().prop_map(Change::Write), bytes().prop_map(Change::Remove)];
    prop_oneof![
        start().prop_map(|start| Order::Start(Box::new(start))),
        (bytes(), proptest::option::of(bytes()), any::<u64>())
            .prop_map(|(command, cwd, timeout_ms)| Order::Run(Command { command, cwd, timeout_ms })),
        (bytes(), bytes()).prop_map(|(path, content)| Order::Write(Text { path, content })),
        vec(bytes(), 0..4).prop_map(Order::Look),
        (bytes(), bytes(), any::<u32>(), vec(change, 0..4), any::<i64>()).prop_map(
            |(stdout, stderr, code, changes, ahead)| Order::Verdict(Verdict {
                stdout,
                stderr,
                code,
                changes,
                ahead
            })
        ),
    ]
}

fn report() -> impl Strategy<Value = Report> {
    let node = prop_oneof![
        Just(Node::Absent(())),
        (bytes(), any::<u64>(), any::<u32>()).prop_map(|(content, size, mode)| Node::File(Content {
            content,
            size,
            mode
        })),
        vec(bytes(), 0..4).prop_map(Node::Folder),
        bytes().prop_map(Node::Unreadable),
    ];
    let cut =
        || (bytes(), any::<u64>(), bytes()).prop_map(|(head, missing, tail)| Cut { head, missing, tail });
    prop_oneof![
        Just(Report::Ready(())),
        (any::<Option<i32>>(), bytes(), cut(), cut())
            .prop_map(|(code, cwd, stdout, stderr)| Report::Ended(Ended { code, cwd, stdout, stderr })),
        (vec((bytes(), node), 0..4), vec((bytes(), any::<bool>()), 0..3))
            .prop_map(|(nodes, daemons)| Report::Looked(Looked { nodes, daemons })),
    ]
}

/// Takes all messages out of a stream that comes in parts of this many bytes.
fn in_parts<T: Wire>(stream: &[u8], part: usize) -> Vec<T> {
    let (mut come, mut all) = (Vec::new(), Vec::new());
    for part in stream.chunks(part) {
        come.extend_from_slice(part);
        while let Some(message) = unframed(&mut come, LONGEST).expect("it was sent as a message") {
            all.push(message);
        }
    }
    assert!(come.is_empty());
    all
}

proptest! {
    #[test]
    fn messages_come_back_as_they_were_sent(
        orders in vec((any::<u32>(), order()), 1..4), reports in vec((any::<u32>(), report()), 1..4), part in 1_usize..200,
    ) {
        let stream: Vec<u8> = orders.iter().flat_map(framed).collect();
        prop_assert_eq!(in_parts::<(u32, Order)>(&stream, part), orders);
        let stream: Vec<u8> = reports.iter().flat_map(framed).collect();
        prop_assert_eq!(in_parts::<(u32, Report)>(&stream, part), reports);
    }

    #[test]
    fn rubbish_is_no_message_and_costs_nothing(rubbish in vec(any::<u8>(), 0..300)) {
        let mut come = rubbish.clone();
        if let Ok(Some(report)) = unframed::<(u32, Report)>(&mut come, 1 << 20) {
            prop_assert!(rubbish.starts_with(&framed(&report)));
        }
    }
}

#[test]
fn what_is_too_long_or_has_something_behind_it_is_refused() {
    let mut long = framed(&vec![0_u8; 100]);
    assert_eq!(unframed::<Vec<u8>>(&mut long.clone(), 50), Err(Malformed));
    assert_eq!(unframed::<Vec<u8>>(&mut long, 104), Ok(Some(vec![0; 100])));
    let mut longer = framed(&(1_u32, 2_u32));
    assert_eq!(unframed::<u32>(&mut longer, 50), Err(Malformed));
    let mut lies = framed(&u32::MAX);
    assert_eq!(unframed::<Vec<u64>>(&mut lies, 50), Err(Malformed));
}
