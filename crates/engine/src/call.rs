//! Meets one need: asks, acts or observes, records what came back, and tries again where that may help.

use std::sync::Arc;

use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use unbent_core::{
    Act, Answer, Ask, Blob, BlobRef, Call, Case, Cost, CostSource, Entry, Event, Fault, FaultKind,
    FinishReason, Meter, ModelRole, Need, NeedKey, NeedKind, Observe, Outcome, PlannedTrial, Reply, Returned,
    Sandbox, SinkError, SourceError, Stream, Usage,
};

use crate::retry::Empties;
use crate::{Notice, Respondent, Stop, StopHandle, StopLevel, World};

/// A trial at work: what the calls of its needs share.
pub(crate) struct TrialContext {
    pub(crate) world: Arc<World>,
    pub(crate) trial: PlannedTrial,
    pub(crate) case: Arc<Case>,
    pub(crate) permits: Arc<Semaphore>,
    /// The execution is stopping.
    pub(crate) stop: Stop,
    /// Stops the execution.
    pub(crate) halt: StopHandle,
    /// The trial has its outcome, so that what was not asked yet need not be asked.
    pub(crate) over: (StopHandle, Stop),
    pub(crate) sandbox: OnceCell<Box<dyn Sandbox>>,
}

const NEVER_ASKED: &str = "this trial grades stored answers again, and they do not hold this one";

/// How a need fared.
pub(crate) enum Met {
    /// It was supplied, and the event that says so is on disk.
    Supplied { event: Box<Event>, answer: Option<Answer> },
    /// The execution is stopping; the need stays open.
    LeftOpen,
    /// Nothing in the whole execution may be asked any more, and why.
    Ended(Ending),
    /// The log takes no more events.
    Unrecorded(SinkError),
}

/// What came of a need.
pub(crate) enum Came {
    /// An answer, which is yet to be recorded.
    Answer(Box<Arrival>),
    /// Something else, and what is to be recorded of it has been.
    Met(Met),
}

/// An answer that is not on disk yet.
pub(crate) struct Arrival {
    pub(crate) event: Event,
    /// Whoever takes it in takes it out.
    pub(crate) answer: Option<Answer>,
    blobs: Vec<Blob>,
    call: Option<Answered>,
}

/// What follows once the answer of a model is on disk.
struct Answered {
    meter: Meter,
    /// It keeps its permit until it is on disk, so that a kill costs no more calls than are allowed at once.
    _permit: Option<OwnedSemaphorePermit>,
    /// What the cache takes of it, and where.
    kept: Option<(BlobRef, Reply)>,
    /// Dollars are counted, its price is not known, and this is who gave it.
    unpriced: Option<String>,
}

impl Arrival {
    /// Whether the execution goes on after it, as far as is known before it is recorded.
    pub(crate) fn goes_on(&self) -> bool {
        self.call.as_ref().is_none_or(|call| call.unpriced.is_none())
    }
}

/// Why nothing may be asked any more.
pub(crate) enum Ending {
    /// A fault that every further call would meet.
    Fatal(Fault),
    /// Dollars are counted and an answer came whose price is not known.
    Unpriced { who: String },
    /// The cache cannot be read, or takes nothing more.
    Cache(SourceError),
}

impl TrialContext {
    /// Meets a need, and records what came.
    pub(crate) async fn meet(&self, need: Need) -> Met {
        match self.fetch(need).await {
            Came::Met(met) => met,
            Came::Answer(mut arrival) => {
                let answer = arrival.answer.take();
                match self.settle(*arrival, None).await {
                    Err(error) => Met::Unrecorded(error),
                    Ok((_, Some(ending))) => Met::Ended(ending),
                    Ok((event, None)) => Met::Supplied { event: Box::new(event), answer },
                }
            }
        }
    }

    /// Asks for what is needed. An answer is left to be recorded; whatever else comes is recorded.
    pub(crate) async fn fetch(&self, need: Need) -> Came {
        let Need { key, kind, tries_if_empty } = need;
        let came = match kind {
            NeedKind::Ask(ask) => self.ask(&key, ask, tries_if_empty).await,
            NeedKind::Act(act) => self.act(&key, &act).await,
            NeedKind::Observe(observe) => self.observe(&key, &observe).await,
        };
        came.unwrap_or_else(|error| Came::Met(Met::Unrecorded(error)))
    }

    /// Whether the trial grades stored answers again.
    fn is_regraded(&self) -> bool {
        self.world.regrading(&self.trial.key.subject).is_some()
    }

    /// Records an event of the trial.
    pub(crate) async fn record(&self, event: Event, blobs: Vec<Blob>) -> Result<Event, SinkError> {
        self.world.sink.append(vec![self.entry(event.clone(), blobs)]).await?;
        Ok(event)
    }

    /// An event of the trial, as of now.
    pub(crate) fn entry(&self, event: Event, blobs: Vec<Blob>) -> Entry {
        Entry { trial: self.trial.no, at_ms: self.world.clock.now_ms(), event, blobs }
    }

    /// Resolves when nothing more may be asked in this trial; calls in flight come home all the same.
    async fn nothing_more(&self) {
        tokio::select! {
            () = self.stop.reached(StopLevel::Drain) => {}
            () = self.over.1.reached(StopLevel::Drain) => {}
        }
    }

    async fn ask(&self, key: &NeedKey, ask: Ask, tries_if_empty: u32) -> Result<Came, SinkError> {
        let role = ask.role;
        if role != ModelRole::Judge && self.is_regraded() {
            let fault = Fault::new(FaultKind::NotRecorded, NEVER_ASKED);
            return self.give_up(key, Some(role), 1, fault).await;
        }
        let Some(respondent) = self.world.respondent(role, &self.trial.key.subject) else {
            let who = match role {
                ModelRole::Subject => "this subject",
                ModelRole::Judge => "a judge",
                ModelRole::Guard => "a guard",
            };
            let fault = Fault::new(FaultKind::Rejected, format!("no model was named for {who}"));
            return self.give_up(key, Some(role), 1, fault).await;
        };
        let applied = Ask { sampling: respondent.settings.or(&ask.sampling), ..ask };
        let request = Blob::of_json(&applied);
        let cache_key = self.cache_key(respondent, &applied, &request, key);
        let request = match self.ask_the_cache(key, role, request, cache_key).await? {
            Asked::Settled(came) => return Ok(came),
            Asked::Unknown(request) => request,
        };
        let mut empties = Empties { came: 0, most: tries_if_empty };
        for tried in 1.. {
            if self.world.budget.is_spent() {
                self.halt.raise(StopLevel::Drain);
                return Ok(Came::Met(Met::LeftOpen));
            }
            let clock = &*self.world.clock;
            let leave = async {
                let pass = respondent.lane.enter(clock).await?;
                Some((pass, Arc::clone(&self.permits).acquire_owned().await.ok()))
            };
            let left = tokio::select! {
                biased;
                () = self.nothing_more() => return Ok(Came::Met(Met::LeftOpen)),
                left = leave => left,
            };
            let Some((pass, permit)) = left else {
                // The lane is closed; whoever met the fault that closed it tells why.
                self.halt.raise(StopLevel::Drain);
                return Ok(Came::Met(Met::LeftOpen));
            };
            let call = Call {
                ask: &applied,
                case: &self.case,
                trial: &self.trial.key,
                need: key,
                tried,
                run_seed: self.world.seed,
            };
            self.world.observer.notice(&Notice::Asked { role });
            let Returned { result, wasted, wire, pace } = respondent.provider.ask(&call).await;
            let wire = wire.as_deref().map(Blob::of_json);
            let fault = match result {
                Ok(reply) => {
                    let meter = respondent.meter(&reply);
                    pass.leave(None, &pace, meter.usage.total(), clock);
                    self.world.budget.add(&meter);
                    let call = Answered {
                        meter,
                        _permit: permit,
                        kept: self.to_be_kept(cache_key, &reply),
                        unpriced: (meter.cost_usd.is_none() && self.world.budget.counts_usd())
                            .then(|| respondent.label().to_owned()),
                    };
                    return Ok(arrival(key, role, tried, request, reply, wire, false, call));
                }
                Err(fault) => fault,
            };
            let meter = respondent.price_up(Meter {
                usage: wasted.usage,
                cost_usd: wasted.cost.map(|cost| cost.usd),
                cost_source: wasted.cost.map(|cost| cost.source),
                latency_ms: None,
            });
            pass.leave(Some(&fault), &pace, meter.usage.total(), clock);
            self.world.budget.add(&meter);
            let failed = Failed { key, role: Some(role), tried, meter, wire };
            if let Some(lasting) = respondent.lane.closed() {
                self.halt.raise(StopLevel::Drain);
                self.fault(failed, fault, None).await?;
                return Ok(Came::Met(Met::Ended(Ending::Fatal(lasting))));
            }
            let mut jitter =
                Stream::new(self.world.seed, "retry", &format!("{} {key} {tried}", self.trial.key));
            empties.came += u32::from(fault.kind == FaultKind::Empty);
            let wait_ms = self.world.retry.wait_ms(&fault, tried, empties, &mut jitter);
            let event = self.fault(failed, fault, wait_ms).await?;
            drop(permit);
            let Some(wait_ms) = wait_ms else {
                return Ok(Came::Met(Met::Supplied { event: Box::new(event), answer: None }));
            };
            tokio::select! {
                biased;
                () = self.nothing_more() => return Ok(Came::Met(Met::LeftOpen)),
                () = self.world.clock.sleep(wait_ms) => {}
            }
        }
        unreachable!("the tries of a call are counted without end")
    }

    /// Tells of an answer that is on disk now, and gives it to the cache; says why nothing may follow, if so.
    ///
    /// The log goes first: what a cache cannot take is not lost.
    fn recorded(&self, event: &Event, call: Option<Answered>) -> Option<Ending> {
        let (Some(call), Event::Answered { need, role, cached, .. }) = (call, event) else { return None };
        let (trial, meter) = (&self.trial.key, &call.meter);
        self.world.observer.notice(&Notice::Answered { trial, need, role: *role, meter, cached: *cached });
        if let (Some((cache_key, reply)), Some(cache)) = (call.kept, &self.world.cache)
            && let Err(error) = cache.answers.put(cache_key, &reply)
        {
            self.halt.raise(StopLevel::Drain);
            return Some(Ending::Cache(error));
        }
        let who = call.unpriced?;
        self.halt.raise(StopLevel::Drain);
        Some(Ending::Unpriced { who })
    }

    /// Records an answer, and the end of the trial with it if that follows; says why nothing may follow, if so.
    pub(crate) async fn settle(
        &self,
        arrival: Arrival,
        outcome: Option<Outcome>,
    ) -> Result<(Event, Option<Ending>), SinkError> {
        let Arrival { event, blobs, call, .. } = arrival;
        let mut entries = vec![self.entry(event.clone(), blobs)];
        entries.extend(outcome.map(|outcome| self.entry(Event::Finished { outcome }, Vec::new())));
        self.world.sink.append(entries).await?;
        let ending = self.recorded(&event, call);
        Ok((event, ending))
    }

    /// Where the answer to a question is kept: everything that it and its reading may depend on, and its place in a
    /// run, so that every answer of a run stays a draw of its own. None if it is not to be kept.
    ///
    /// The subject is part of the place: a judge who is asked the same about two subjects grades twice.
    fn cache_key(
        &self,
        respondent: &Respondent,
        ask: &Ask,
        request: &Blob,
        need: &NeedKey,
    ) -> Option<BlobRef> {
        self.world.cache.as_ref()?;
        let identity = BlobRef::of(&respondent.provider.identity(ask)?);
        Some(Blob::of_json(&(identity, request.address(), &self.trial.key, need)).address())
    }

    /// What the cache takes of an answer, and where. A refusal by policy and an answer that failed half-way may fare
    /// better next time, so they are not kept.
    fn to_be_kept(&self, cache_key: Option<BlobRef>, reply: &Reply) -> Option<(BlobRef, Reply)> {
        self.world.cache.as_ref().filter(|cache| cache.writes)?;
        let is_whole = !matches!(reply.finish, FinishReason::ContentFilter | FinishReason::Error);
        is_whole.then_some((cache_key?, reply.clone()))
    }

    /// Meets a need from the cache, if there is one and it can.
    async fn ask_the_cache(
        &self,
        need: &NeedKey,
        role: ModelRole,
        request: Blob,
        cache_key: Option<BlobRef>,
    ) -> Result<Asked, SinkError> {
        let (Some(cache), Some(cache_key)) = (&self.world.cache, cache_key) else {
            return Ok(Asked::Unknown(request));
        };
        let kept = match cache.answers.get(cache_key) {
            Ok(kept) => kept,
            Err(error) => {
                self.halt.raise(StopLevel::Drain);
                return Ok(Asked::Settled(Came::Met(Met::Ended(Ending::Cache(error)))));
            }
        };
        match kept {
            Some(reply) => {
                // It was paid for when it was first given.
                let cost = Some(Cost { usd: 0.0, source: CostSource::Free });
                let meter = Meter::of(&Reply { usage: Usage::default(), cost, ..reply.clone() });
                let call = Answered { meter, _permit: None, kept: None, unpriced: None };
                Ok(Asked::Settled(arrival(need, role, 1, request, reply, None, true, call)))
            }
            None if cache.asks => Ok(Asked::Unknown(request)),
            None => {
                let fault = Fault::new(FaultKind::NotRecorded, "the cache has no answer to this question");
                self.give_up(need, Some(role), 1, fault).await.map(Asked::Settled)
            }
        }
    }

    async fn act(&self, key: &NeedKey, act: &Act) -> Result<Came, SinkError> {
        let acted = match self.sandbox().await {
            Ok(sandbox) => sandbox.act(act).await,
            Err(fault) => Err(fault),
        };
        match acted {
            Ok(acted) => {
                let (request, answer) = (Blob::of_json(act), Answer::Acted(acted));
                let blob = Blob::of_json(&answer);
                let event =
                    Event::Acted { need: key.clone(), request: request.address(), answer: blob.address() };
                Ok(Came::answer(event, answer, vec![request, blob], None))
            }
            Err(fault) => self.give_up(key, None, 1, fault).await,
        }
    }

    async fn observe(&self, key: &NeedKey, observe: &Observe) -> Result<Came, SinkError> {
        let observed = match self.sandbox().await {
            Ok(sandbox) => sandbox.observe(observe).await,
            Err(fault) => Err(fault),
        };
        match observed {
            Ok(observation) => {
                let answer = Answer::Observation(observation);
                let blob = Blob::of_json(&answer);
                let event = Event::Observed { need: key.clone(), answer: blob.address() };
                Ok(Came::answer(event, answer, vec![blob], None))
            }
            Err(fault) => self.give_up(key, None, 1, fault).await,
        }
    }

    async fn sandbox(&self) -> Result<&dyn Sandbox, Fault> {
        let open = || async {
            let refuse = |why: &str| Err(Fault::new(FaultKind::Sandbox, why));
            match (&self.case.world, &self.world.sandboxes) {
                _ if self.is_regraded() => refuse(NEVER_ASKED),
                (Some(world), Some(host)) => host.open(&self.trial.key, world).await,
                (None, _) => refuse("the case has no world to act in"),
                (_, None) => refuse("no sandbox back end was configured"),
            }
        };
        Ok(&**self.sandbox.get_or_try_init(open).await?)
    }

    async fn give_up(
        &self,
        key: &NeedKey,
        role: Option<ModelRole>,
        tried: u32,
        fault: Fault,
    ) -> Result<Came, SinkError> {
        let failed = Failed { key, role, tried, meter: Meter::default(), wire: None };
        let event = self.fault(failed, fault, None).await?;
        Ok(Came::Met(Met::Supplied { event: Box::new(event), answer: None }))
    }

    async fn fault(
        &self,
        failed: Failed<'_>,
        fault: Fault,
        retry_in_ms: Option<u64>,
    ) -> Result<Event, SinkError> {
        let Failed { key, role, tried, meter, wire } = failed;
        let trial = &self.trial.key;
        let meter_told = &meter;
        self.world.observer.notice(&Notice::Faulted {
            trial,
            need: key,
            role,
            fault: &fault,
            retry_in_ms,
            meter: meter_told,
        });
        let event = Event::Faulted {
            need: key.clone(),
            role,
            tried,
            fault,
            retry_in_ms,
            meter,
            wire: wire.as_ref().map(Blob::address),
        };
        self.record(event, wire.into_iter().collect()).await
    }
}

/// A call that failed.
struct Failed<'a> {
    key: &'a NeedKey,
    role: Option<ModelRole>,
    tried: u32,
    meter: Meter,
    wire: Option<Blob>,
}

/// What the cache says to a question.
enum Asked {
    /// It settles it.
    Settled(Came),
    /// Somebody is to be asked; here is the question back.
    Unknown(Blob),
}

impl Came {
    fn answer(event: Event, answer: Answer, blobs: Vec<Blob>, call: Option<Answered>) -> Self {
        Self::Answer(Box::new(Arrival { event, answer: Some(answer), blobs, call }))
    }
}

/// The answer of a model, to be recorded.
#[expect(clippy::too_many_arguments, reason = "the parts of one event")]
fn arrival(
    need: &NeedKey,
    role: ModelRole,
    tried: u32,
    request: Blob,
    reply: Reply,
    wire: Option<Blob>,
    cached: bool,
    call: Answered,
) -> Came {
    let (finish, served, unsent) = (reply.finish.clone(), reply.served.clone(), reply.unsent.clone());
    let answer = Answer::Reply(Box::new(reply));
    let blob = Blob::of_json(&answer);
    let event = Event::Answered {
        need: need.clone(),
        role,
        tried,
        request: Some(request.address()),
        answer: blob.address(),
        finish,
        meter: call.meter,
        served,
        wire: wire.as_ref().map(Blob::address),
        cached,
        unsent,
    };
    let blobs = [request, blob].into_iter().chain(wire).collect();
    Came::answer(event, answer, blobs, Some(call))
}
