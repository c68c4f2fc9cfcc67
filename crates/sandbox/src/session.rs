//! A session with one sandbox: the broker between what runs inside and the world that it belongs to.
//!
//! Knows two streams of bytes and something that ends the sandbox when it is dropped; not how a sandbox is made.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use unbent_core::{
    Act, Acted, BoxFuture, Deed, Done, Fault, FaultKind, FileChange, HostedWorld, Invocation, Layout,
    Observation, Observe, Ran, Sandbox, Seen,
};

use crate::seen::{look_at, refused, seen, shown, text};
use crate::start::sent;
use crate::wire::{Call, Change, Command, LONGEST, Order, Report, Start, Text, Verdict, framed, unframed};

/// How long an answer may take beyond what the command itself may.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process inside of a sandbox that speaks with us, and what ends it.
pub(crate) struct Process {
    /// What it says.
    pub(crate) incoming: Box<dyn AsyncRead + Send + Unpin>,
    /// What it is told.
    pub(crate) outgoing: Box<dyn AsyncWrite + Send + Unpin>,
    /// Ends everything when it is dropped.
    pub(crate) keeper: Box<dyn Keeper>,
}

/// Ends a sandbox with everything in it when it is dropped.
pub(crate) trait Keeper: Send + Sync {
    /// What the sandbox complained, if anything.
    fn last_words(&self) -> String;
}

/// An open sandbox.
pub(crate) struct Session {
    desk: Arc<Desk>,
    work_dir: String,
    /// One command at a time: when it ends, whatever it left is killed.
    turn: tokio::sync::Mutex<()>,
    tasks: Vec<JoinHandle<()>>,
    keeper: Arc<dyn Keeper>,
    _permit: OwnedSemaphorePermit,
}

/// What the tasks of a session share.
struct Desk {
    orders: mpsc::UnboundedSender<Vec<u8>>,
    asked: Mutex<Asked>,
    world: Mutex<Box<dyn HostedWorld>>,
    /// One look at the inside at a time, with what the world makes of it: otherwise a world might be shown files as they
    /// were before it changed them, and take that for somebody else's doing.
    looking: tokio::sync::Mutex<()>,
    tools: Vec<String>,
    /// How far the world's clock is ahead of UTC at its start, in seconds.
    ahead: i64,
    /// How far it has moved since, in seconds.
    moved: AtomicI64,
}

/// What is waited for.
#[derive(Default)]
struct Asked {
    next: u32,
    waiting: BTreeMap<u32, oneshot::Sender<Report>>,
    /// Why nothing comes any more.
    over: Option<String>,
}

/// Seconds since 1970 by the real clock.
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

fn broken(why: impl std::fmt::Display) -> Fault {
    Fault::new(FaultKind::Sandbox, format!("the sandbox broke: {why}"))
}

fn locked<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    /// Begins: sends what the inside shall look like and waits until it stands.
    pub(crate) async fn begin(
        process: Process,
        start: Start,
        layout: &Layout,
        world: Box<dyn HostedWorld>,
        permit: OwnedSemaphorePermit,
    ) -> Result<Self, Fault> {
        let Process { incoming, outgoing, keeper } = process;
        let (orders, queue) = mpsc::unbounded_channel();
        let name = |tool: &String| tool.rsplit('/').next().unwrap_or_default().to_owned();
        let desk = Arc::new(Desk {
            orders,
            asked: Mutex::default(),
            world: Mutex::new(world),
            looking: tokio::sync::Mutex::default(),
            tools: layout.tools.iter().map(name).collect(),
            ahead: start.ahead,
            moved: AtomicI64::new(0),
        });
        let keeper: Arc<dyn Keeper> = keeper.into();
        let tasks = vec![tokio::spawn(send(outgoing, queue)), tokio::spawn(receive(incoming, desk.clone()))];
        let turn = tokio::sync::Mutex::default();
        let session = Self { desk, work_dir: layout.work_dir.clone(), turn, tasks, keeper, _permit: permit };
        match session.asked(Order::Start(Box::new(start)), PATIENCE).await? {
            Report::Ready(()) => Ok(session),
            Report::Refused(why) => Err(broken(String::from_utf8_lossy(&why))),
            other => Err(unexpected(&other)),
        }
    }

    async fn asked(&self, order: Order, patience: Duration) -> Result<Report, Fault> {
        self.desk.ask(order, patience).await.map_err(|why| {
            let words = self.keeper.last_words();
            if words.is_empty() { broken(why) } else { broken(format_args!("{why}: {words}")) }
        })
    }

    async fn done(&self, deed: Deed) -> Result<Done, Fault> {
        let _turn = self.turn.lock().await;
        match deed {
            Deed::Exec { command, cwd, timeout_s } => self.run(command, cwd, timeout_s).await,
            Deed::Read { path } => {
                let report = self.asked(Order::Read(path.clone().into_bytes()), PATIENCE).await?;
                match report {
                    Report::Read(cut) => Ok(Done::Read { content: shown(cut) }),
                    Report::Missing(()) => Ok(Done::NotFound { path }),
                    Report::Refused(why) => Ok(refused(&why)),
                    other => Err(unexpected(&other)),
                }
            }
            Deed::Write { path, content } => {
                let text = Text { path: path.into_bytes(), content: content.into_bytes() };
                match self.asked(Order::Write(text), PATIENCE).await? {
                    Report::Written(()) => Ok(Done::Written),
                    Report::Refused(why) => Ok(refused(&why)),
                    other => Err(unexpected(&other)),
                }
            }
        }
    }

    async fn run(&self, command: String, cwd: Option<String>, timeout_s: u32) -> Result<Done, Fault> {
        let invocation = Invocation { cwd: self.work_dir.clone(), ..Invocation::default() };
        let cwd = cwd.map(|cwd| invocation.path(&cwd));
        let timeout = Duration::from_secs(u64::from(timeout_s));
        let order = Order::Run(Command {
            command: command.into_bytes(),
            cwd: cwd.map(String::into_bytes),
            timeout_ms: timeout.as_millis() as u64,
        });
        match self.asked(order, timeout + PATIENCE).await? {
            Report::Ended(ended) => Ok(Done::Exec {
                code: ended.code,
                cwd: text(ended.cwd),
                stdout: shown(ended.stdout),
                stderr: shown(ended.stderr),
            }),
            Report::Refused(why) => Ok(refused(&why)),
            other => Err(unexpected(&other)),
        }
    }
}

impl Sandbox for Session {
    fn act<'a>(&'a self, act: &'a Act) -> BoxFuture<'a, Result<Acted, Fault>> {
        Box::pin(async move {
            let deed = Deed::of_act(act)
                .ok_or_else(|| broken(format_args!("{:?} is nothing that can be done in it", act.tool)))?;
            let began = Instant::now();
            let done = self.done(deed).await?;
            Ok(Acted { output: done.to_value(), elapsed_ms: began.elapsed().as_millis() as u64 })
        })
    }

    fn observe<'a>(&'a self, _observe: &'a Observe) -> BoxFuture<'a, Result<Observation, Fault>> {
        Box::pin(async move {
            let _turn = self.turn.lock().await;
            let _looking = self.desk.looking.lock().await;
            let watches = locked(&self.desk.world).watches();
            let report = self.asked(look_at(watches), PATIENCE).await?;
            let Report::Looked(looked) = report else { return Err(unexpected(&report)) };
            let state = locked(&self.desk.world).picture(&seen(looked));
            Ok(Observation { state })
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Desk {
    /// Asks and waits for the answer.
    async fn ask(&self, order: Order, patience: Duration) -> Result<Report, String> {
        let (answer, answered) = oneshot::channel();
        let number = {
            let mut asked = locked(&self.asked);
            if let Some(why) = &asked.over {
                return Err(why.clone());
            }
            asked.next = asked.next.wrapping_add(1);
            let number = asked.next;
            asked.waiting.insert(number, answer);
            number
        };
        self.say(number, order);
        match tokio::time::timeout(patience, answered).await {
            Ok(Ok(report)) => Ok(report),
            Ok(Err(_)) => {
                Err(locked(&self.asked).over.clone().unwrap_or_else(|| "its end is gone".to_owned()))
            }
            Err(_) => {
                locked(&self.asked).waiting.remove(&number);
                Err(format!("no answer within {} s", patience.as_secs()))
            }
        }
    }

    fn say(&self, number: u32, order: Order) {
        // Nobody takes it once the session is over, which whoever waits is told.
        let _ = self.orders.send(framed(&(number, order)));
    }

    fn end(&self, why: String) {
        let mut asked = locked(&self.asked);
        asked.over.get_or_insert(why);
        asked.waiting.clear();
    }

    /// A tool was called: shows it to the world and carries out what the world says.
    async fn called(&self, number: u32, call: Call) -> Result<(), String> {
        let mut args = call.args.into_iter().map(text);
        let name = args.next().unwrap_or_default();
        let tool = name.rsplit('/').next().unwrap_or_default().to_owned();
        if !self.tools.contains(&tool) {
            let stderr = format!("{tool}: no such service\n").into_bytes();
            let ahead = self.ahead + self.moved.load(Ordering::Relaxed);
            let verdict = Verdict { stderr, code: 127, ahead, ..Verdict::default() };
            self.say(number, Order::Verdict(verdict));
            return Ok(());
        }
        let invocation = Invocation { tool, args: args.collect(), cwd: text(call.cwd) };
        let _looking = self.looking.lock().await;
        let reads = locked(&self.world).reads(&invocation);
        let seen = if reads.is_empty() {
            Seen::default()
        } else {
            match self.ask(look_at(reads), PATIENCE).await? {
                Report::Looked(looked) => seen(looked),
                other => return Err(unexpected(&other).message),
            }
        };
        // Told while the world is held, so that the inside hears of its calls in the order in which it decided them.
        let mut world = locked(&self.world);
        let verdict = self.verdict(world.run(&invocation, &seen));
        self.say(number, Order::Verdict(verdict));
        Ok(())
    }

    fn verdict(&self, ran: Ran) -> Verdict {
        let now = now();
        let moved = ran.minutes * 60;
        self.moved.store(moved, Ordering::Relaxed);
        let change = |change| match change {
            FileChange::Write(file) => Change::Write(sent(file, now)),
            FileChange::Remove { path } => Change::Remove(path.into_bytes()),
        };
        Verdict {
            stdout: ran.stdout.into_bytes(),
            stderr: ran.stderr.into_bytes(),
            code: u32::from(ran.code),
            changes: ran.changes.into_iter().map(change).collect(),
            ahead: self.ahead + moved,
        }
    }
}

/// Sends what is queued until the other side is gone.
async fn send(mut outgoing: Box<dyn AsyncWrite + Send + Unpin>, mut queue: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(bytes) = queue.recv().await {
        if outgoing.write_all(&bytes).await.is_err() || outgoing.flush().await.is_err() {
            return;
        }
    }
}

/// Takes what comes until the other side is gone.
async fn receive(mut incoming: Box<dyn AsyncRead + Send + Unpin>, desk: Arc<Desk>) {
    let mut come = Vec::new();
    let mut calls: JoinSet<Result<(), String>> = JoinSet::new();
    let why = loop {
        match unframed::<(u32, Report)>(&mut come, LONGEST) {
            Ok(None) => {}
            Err(_) => break "it says what is no message".to_owned(),
            Ok(Some((number, report))) => {
                match report {
                    Report::Called(call) => {
                        let desk = desk.clone();
                        calls.spawn(async move { desk.called(number, call).await });
                    }
                    Report::Posted(body) => {
                        let desk = desk.clone();
                        calls.spawn(async move {
                            let answer = locked(&desk.world).serve(&body);
                            desk.say(number, Order::Answer(answer));
                            Ok(())
                        });
                    }
                    report => {
                        if let Some(waiting) = locked(&desk.asked).waiting.remove(&number) {
                            let _ = waiting.send(report);
                        }
                    }
                }
                continue;
            }
        }
        tokio::select! {
            n = incoming.read_buf(&mut come) => match n {
                Ok(0) => break "its first process ended".to_owned(),
                Ok(_) => {}
                Err(error) => break error.to_string(),
            },
            Some(call) = calls.join_next() => match call {
                Ok(Ok(())) => {}
                Ok(Err(why)) => break why,
                Err(_) => break "the world failed at a call".to_owned(),
            },
        }
    };
    desk.end(why);
}

fn unexpected(report: &Report) -> Fault {
    let name = match report {
        Report::Refused(why) => return broken(String::from_utf8_lossy(why)),
        Report::Ready(()) => "ready",
        Report::Ended(_) => "ended",
        Report::Read(_) => "read",
        Report::Written(()) => "written",
        Report::Missing(()) => "missing",
        Report::Looked(_) => "looked",
        Report::Called(_) => "called",
        Report::Posted(_) => "posted",
    };
    broken(format_args!("it answered {name:?} out of turn"))
}
