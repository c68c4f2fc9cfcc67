//! The first process: serves its keeper, the tools and the port until the keeper is gone.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use crate::begin::{self, Inside};
use crate::calls::{AT_ONCE, Stands, Tool};
use crate::files::{self, path, why};
use crate::output::{More, Output};
use crate::posts::Post;
use crate::shell::{self, Shell};
use crate::sys::{self, POLLIN, POLLOUT, PollFd};
use crate::wire::{Command, Ended, LONGEST, Looked, Order, Report, Said, Verdict, framed, unframed};
use crate::{clock, rounds};

/// A command that runs.
pub(crate) struct Running {
    order: u32,
    shell: Shell,
    stdout: Output,
    stderr: Output,
    /// Whether more may come out of each.
    open: [bool; 2],
    cwd: Vec<u8>,
    until: Instant,
}

/// What becomes of the shell of a command that has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shells {
    Stay,
    Go,
}

#[derive(Clone, Copy)]
enum Source {
    Keeper,
    Children,
    Tools,
    Port,
    Stdout,
    Stderr,
    Code,
    Call(u32),
    Post(u32),
}

/// Serves; the exit code.
pub(crate) fn serve() -> i32 {
    match served() {
        Ok(()) => 0,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            1
        }
    }
}

/// Reads what the keeper wants first, before there is anything to serve.
fn first(keeper: &mut File, come: &mut Vec<u8>) -> io::Result<Option<(u32, Order)>> {
    let mut part = vec![0; 64 << 10];
    loop {
        if let Some(order) = unframed(come, LONGEST).map_err(|_| io::ErrorKind::InvalidData)? {
            return Ok(Some(order));
        }
        match keeper.read(&mut part)? {
            0 => return Ok(None),
            n => come.extend_from_slice(&part[..n]),
        }
    }
}

fn served() -> io::Result<()> {
    sys::close_others()?;
    let (mut orders, reports) = sys::standard_ends();
    let mut come = Vec::new();
    let Some((number, Order::Start(start))) = first(&mut orders, &mut come)? else { return Ok(()) };
    let mut inside = match begin::begin(*start, reports) {
        Ok(inside) => inside,
        Err((mut reports, error)) => {
            return reports.write_all(&framed(&(number, Report::Refused(error.into_bytes()))));
        }
    };
    inside.report(number, Report::Ready(()))?;
    let mut part = vec![0; 64 << 10];
    loop {
        while let Some((number, order)) =
            unframed(&mut come, LONGEST).map_err(|_| io::ErrorKind::InvalidData)?
        {
            inside.obey(number, order)?;
        }
        for source in inside.wait(orders.as_raw_fd()) {
            match source {
                Source::Keeper => match orders.read(&mut part)? {
                    0 => return Ok(()),
                    n => come.extend_from_slice(&part[..n]),
                },
                Source::Children => inside.reap()?,
                Source::Tools => inside.meet_tool(),
                Source::Port => inside.meet_post(),
                Source::Stdout | Source::Stderr => inside.hear(source),
                Source::Code => inside.hear_code()?,
                Source::Call(n) => inside.hear_tool(n)?,
                Source::Post(n) => inside.hear_post(n)?,
            }
        }
        inside.watch_time()?;
    }
}

impl Inside {
    fn report(&mut self, number: u32, report: Report) -> io::Result<()> {
        self.keeper.write_all(&framed(&(number, report)))
    }

    /// Waits until something is ready; what.
    fn wait(&mut self, orders: i32) -> Vec<Source> {
        let mut sources =
            vec![(Source::Keeper, orders, POLLIN), (Source::Children, self.ended.as_raw_fd(), POLLIN)];
        if self.calls.len() < AT_ONCE {
            sources.push((Source::Tools, self.tools.as_raw_fd(), POLLIN));
        }
        if let Some(port) = &self.port
            && self.posts.len() < AT_ONCE
        {
            sources.push((Source::Port, port.as_raw_fd(), POLLIN));
        }
        if let Some(running) = &self.running {
            let ends = [
                (Source::Stdout, running.shell.stdout.as_raw_fd(), POLLIN),
                (Source::Stderr, running.shell.stderr.as_raw_fd(), POLLIN),
            ];
            sources.extend(ends.into_iter().zip(running.open).filter(|(_, open)| *open).map(|(end, _)| end));
            sources.extend(running.shell.codes().map(|codes| (Source::Code, codes, POLLIN)));
        }
        let events = |speaks: bool| if speaks { POLLIN | POLLOUT } else { POLLIN };
        sources.extend(
            self.calls
                .iter()
                .map(|(n, tool)| (Source::Call(*n), tool.line.fd(), events(tool.line.has_more_to_say()))),
        );
        sources.extend(
            self.posts
                .iter()
                .map(|(n, post)| (Source::Post(*n), post.line.fd(), events(post.line.has_more_to_say()))),
        );
        let mut fds: Vec<PollFd> =
            sources.iter().map(|(_, fd, events)| PollFd { fd: *fd, events: *events, revents: 0 }).collect();
        let timeout = self.running.as_ref().map_or(-1, |running| {
            let left = running.until.saturating_duration_since(Instant::now());
            i32::try_from(left.as_millis()).unwrap_or(i32::MAX).saturating_add(1)
        });
        sys::wait(&mut fds, timeout);
        sources.iter().zip(fds).filter(|(_, fd)| fd.revents != 0).map(|((source, ..), _)| *source).collect()
    }

    fn obey(&mut self, number: u32, order: Order) -> io::Result<()> {
        match order {
            // It has begun already.
            Order::Start(_) => Err(io::ErrorKind::InvalidData.into()),
            Order::Run(command) => self.run(number, command),
            Order::Read(file) => {
                let report = files::read(&self.full(&file), self.start.output);
                self.report(number, report)
            }
            Order::Write(text) => {
                let report = files::write(&self.full(&text.path), &text.content);
                self.report(number, report)
            }
            Order::Look(paths) => {
                let longest = self.start.look;
                let nodes = paths.into_iter().map(|at| {
                    let node = files::look(&path(&at), longest);
                    (at, node)
                });
                let nodes = nodes.collect();
                let alive = self.daemons.iter().map(Option::is_some);
                let daemons =
                    self.start.daemons.iter().map(|daemon| daemon.name.clone()).zip(alive).collect();
                self.report(number, Report::Looked(Looked { nodes, daemons }))
            }
            Order::Verdict(verdict) => {
                self.conclude(number, verdict);
                Ok(())
            }
            Order::Answer(body) => {
                if let Some(post) = self.posts.get_mut(&number)
                    && post.answer(&body) == Stands::No
                {
                    self.posts.remove(&number);
                    return Ok(());
                }
                // The next request may be there already.
                self.hear_post_again(number)
            }
        }
    }

    fn full(&self, file: &[u8]) -> std::path::PathBuf {
        path(&self.start.work_dir).join(path(file))
    }

    fn run(&mut self, number: u32, command: Command) -> io::Result<()> {
        if command.command.contains(&0) {
            return self.report(number, Report::Refused(b"a command holds no zero bytes".to_vec()));
        }
        // Where the usual folder was removed, there must be a way to make it again.
        let given = command.cwd.unwrap_or_else(|| {
            let usual = &self.start.work_dir;
            if path(usual).is_dir() { usual.clone() } else { b"/".to_vec() }
        });
        let cwd = path(&given);
        let mut waiting = self.waiting.take();
        if let Some(shell) = waiting.take_if(|shell| !shell.give(&command.command, &cwd)) {
            sys::kill(shell.pid, sys::SIGKILL);
        }
        let shell = match waiting.map_or_else(|| shell::begin(&self.start, &command.command, &cwd), Ok) {
            Ok(shell) => shell,
            Err(error) => {
                self.be_ready();
                return self.report(number, Report::Refused(why(&error)));
            }
        };
        let output = || Output::new(self.start.output);
        let until = Instant::now() + Duration::from_millis(command.timeout_ms);
        self.running = Some(Running {
            order: number,
            shell,
            stdout: output(),
            stderr: output(),
            open: [true; 2],
            cwd: given,
            until,
        });
        Ok(())
    }

    fn be_ready(&mut self) {
        if self.waiting.is_none() {
            self.waiting = shell::begin_waiting(&self.start).ok();
        }
    }

    fn hear(&mut self, source: Source) {
        let Some(running) = &mut self.running else { return };
        match source {
            Source::Stdout => running.open[0] = running.stdout.take(&mut running.shell.stdout) != More::Never,
            _ => running.open[1] = running.stderr.take(&mut running.shell.stderr) != More::Never,
        }
    }

    fn hear_code(&mut self) -> io::Result<()> {
        let Some(mut running) = self.running.take() else { return Ok(()) };
        if let Some(code) = running.shell.code() {
            return self.finish(running, Some(code), Shells::Stay);
        }
        // It has ended, of which a signal tells, or somebody wrote nonsense there: it is of no more use.
        sys::kill(running.shell.pid, sys::SIGKILL);
        running.shell.waits = None;
        self.running = Some(running);
        Ok(())
    }

    /// Takes those that ended: programs that last, the waiting shell, the one that runs, and orphans.
    fn reap(&mut self) -> io::Result<()> {
        sys::drain(&self.ended);
        while let Some((pid, code)) = sys::reap() {
            self.forget(pid);
            if let Some(running) = self.running.take_if(|running| running.shell.pid == pid) {
                self.finish(running, Some(code), Shells::Go)?;
            }
        }
        Ok(())
    }

    fn forget(&mut self, pid: i32) {
        for daemon in &mut self.daemons {
            if *daemon == Some(pid) {
                *daemon = None;
            }
        }
        if self.waiting.as_ref().is_some_and(|waiting| waiting.pid == pid) {
            self.waiting = None;
        }
    }

    fn watch_time(&mut self) -> io::Result<()> {
        match self.running.take_if(|running| Instant::now() >= running.until) {
            Some(running) => self.finish(running, None, Shells::Go),
            None => Ok(()),
        }
    }

    /// Ends a command: kills what it left, and says what came of it.
    fn finish(&mut self, mut running: Running, code: Option<i32>, shells: Shells) -> io::Result<()> {
        let stay: Vec<i32> = self.daemons.iter().flatten().copied().collect();
        let shell = running.shell.pid;
        let mut shell_stays = shells == Shells::Stay;
        for (pid, _) in rounds::sweep(&stay, shell_stays.then_some(shell)) {
            self.forget(pid);
            shell_stays &= pid != shell;
        }
        self.await_ending();
        while running.stdout.take(&mut running.shell.stdout) == More::Now {}
        while running.stderr.take(&mut running.shell.stderr) == More::Now {}
        let ended =
            Ended { code, cwd: running.cwd, stdout: running.stdout.cut(), stderr: running.stderr.cut() };
        self.report(running.order, Report::Ended(ended))?;
        if shell_stays {
            self.waiting = Some(running.shell);
        }
        self.be_ready();
        Ok(())
    }

    /// Waits for those programs that were killed a moment ago, so that whoever looks is told of it.
    fn await_ending(&mut self) {
        for _ in 0..1_000 {
            if !self.daemons.iter().flatten().any(|pid| rounds::is_ending(*pid)) {
                return;
            }
            while let Some((pid, _)) = sys::reap() {
                self.forget(pid);
            }
            sys::wait(&mut [], 1);
        }
    }

    fn new_number(&mut self) -> u32 {
        self.next = self.next.wrapping_add(1);
        self.next
    }

    fn meet_tool(&mut self) {
        if let Ok((stream, _)) = self.tools.accept()
            && let Ok(tool) = Tool::new(stream)
        {
            let number = self.new_number();
            self.calls.insert(number, tool);
        }
    }

    fn meet_post(&mut self) {
        if let Some(Ok((stream, _))) = self.port.as_ref().map(std::net::TcpListener::accept)
            && let Ok(post) = Post::new(stream)
        {
            let number = self.new_number();
            self.posts.insert(number, post);
        }
    }

    fn hear_tool(&mut self, number: u32) -> io::Result<()> {
        let Some(tool) = self.calls.get_mut(&number) else { return Ok(()) };
        let mut stands = tool.line.say(&[]);
        if stands == Stands::Yes {
            stands = tool.line.hear();
        }
        match tool.asks() {
            Ok(Some(call)) => self.report(number, Report::Called(call))?,
            Ok(None) => {}
            Err(gone) => stands = gone,
        }
        if stands == Stands::No {
            self.calls.remove(&number);
        }
        Ok(())
    }

    fn hear_post(&mut self, number: u32) -> io::Result<()> {
        let Some(post) = self.posts.get_mut(&number) else { return Ok(()) };
        if post.line.say(&[]) == Stands::No || post.line.hear() == Stands::No {
            self.posts.remove(&number);
            return Ok(());
        }
        self.hear_post_again(number)
    }

    fn hear_post_again(&mut self, number: u32) -> io::Result<()> {
        match self.posts.get_mut(&number).map(Post::asks) {
            Some(Ok(Some(body))) => self.report(number, Report::Posted(body)),
            Some(Err(_)) => {
                self.posts.remove(&number);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Carries out what became of a tool's call, even where the tool is gone: the world has decided it.
    fn conclude(&mut self, number: u32, verdict: Verdict) {
        let moved = verdict.ahead - self.start.ahead;
        if moved != 0 {
            clock::age(&self.tops, moved);
            self.start.ahead = verdict.ahead;
            let _ = clock::set(&self.start.zone, verdict.ahead);
        }
        let mut said = Said { stdout: verdict.stdout, stderr: verdict.stderr, code: verdict.code };
        for change in &verdict.changes {
            if let Err(why) = files::change(change) {
                said.stderr.extend_from_slice(&why);
            }
        }
        if let Some(tool) = self.calls.get_mut(&number)
            && tool.answer(&said) == Stands::No
        {
            self.calls.remove(&number);
        }
    }
}
