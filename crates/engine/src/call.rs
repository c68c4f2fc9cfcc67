//! Meets one need: asks, acts or observes, records what came back, and tries again where that may help.

use std::sync::Arc;

use tokio::sync::{OnceCell, Semaphore};
use unbent_core::{
    Act, Answer, AnswerCache, Ask, Blob, BlobRef, Call, Case, Cost, CostSource, Entry, Event, Fault,
    FaultKind, FinishReason, Meter, ModelRole, Need, NeedKey, NeedKind, Observe, PlannedTrial, Reply,
    Returned, Sandbox, SinkError, SourceError, Stream, Usage,
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
    /// Meets a need.
    pub(crate) async fn meet(&self, need: Need) -> Met {
        let met = match &need.kind {
            NeedKind::Ask(ask) => self.ask(&need, ask).await,
            NeedKind::Act(act) => self.act(&need.key, act).await,
            NeedKind::Observe(observe) => self.observe(&need.key, observe).await,
        };
        met.unwrap_or_else(Met::Unrecorded)
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

    async fn ask(&self, need: &Need, ask: &Ask) -> Result<Met, SinkError> {
        let key = &need.key;
        if ask.role != ModelRole::Judge && self.is_regraded() {
            let fault = Fault::new(FaultKind::NotRecorded, NEVER_ASKED);
            return self.give_up(key, Some(ask.role), 1, fault).await;
        }
        let Some(respondent) = self.world.respondent(ask.role, &self.trial.key.subject) else {
            let who = match ask.role {
                ModelRole::Subject => "this subject",
                ModelRole::Judge => "a judge",
                ModelRole::Guard => "a guard",
            };
            let fault = Fault::new(FaultKind::Rejected, format!("no model was named for {who}"));
            return self.give_up(key, Some(ask.role), 1, fault).await;
        };
        let applied = Ask { sampling: respondent.settings.or(&ask.sampling), ..ask.clone() };
        let request = Blob::of_json(&applied);
        let cache_key = self.cache_key(respondent, &applied, &request, key);
        if let Some(met) = self.ask_the_cache(key, ask.role, &request, cache_key).await? {
            return Ok(met);
        }
        let mut empties = Empties { came: 0, most: need.tries_if_empty };
        for tried in 1.. {
            if self.world.budget.is_spent() {
                self.halt.raise(StopLevel::Drain);
                return Ok(Met::LeftOpen);
            }
            let clock = &*self.world.clock;
            let leave = async { Some((respondent.lane.enter(clock).await?, self.permits.acquire().await)) };
            let left = tokio::select! {
                biased;
                () = self.nothing_more() => return Ok(Met::LeftOpen),
                left = leave => left,
            };
            let Some((pass, permit)) = left else {
                // The lane is closed; whoever met the fault that closed it tells why.
                self.halt.raise(StopLevel::Drain);
                return Ok(Met::LeftOpen);
            };
            let call = Call {
                ask: &applied,
                case: &self.case,
                trial: &self.trial.key,
                need: key,
                tried,
                run_seed: self.world.seed,
            };
            self.world.observer.notice(&Notice::Asked { role: ask.role });
            // An answer keeps its permit until it is on disk, so that a kill costs no more calls than are allowed at once.
            let Returned { result, wasted, wire, pace } = respondent.provider.ask(&call).await;
            let wire = wire.as_deref().map(Blob::of_json);
            let fault = match result {
                Ok(reply) => {
                    let meter = respondent.meter(&reply);
                    pass.leave(None, &pace, meter.usage.total(), clock);
                    self.world.budget.add(&meter);
                    let kept = self.to_be_kept(cache_key, &reply);
                    let met =
                        self.answered(key, ask.role, tried, &request, reply, meter, wire, false).await?;
                    // The log goes first: what a cache cannot take is not lost.
                    if let Some((answers, cache_key, reply)) = kept
                        && let Err(error) = answers.put(cache_key, &reply)
                    {
                        return Ok(self.end_for_the_cache(error));
                    }
                    if meter.cost_usd.is_none() && self.world.budget.counts_usd() {
                        self.halt.raise(StopLevel::Drain);
                        return Ok(Met::Ended(Ending::Unpriced { who: respondent.label().to_owned() }));
                    }
                    return Ok(met);
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
            let failed = Failed { key, role: Some(ask.role), tried, meter, wire };
            if let Some(lasting) = respondent.lane.closed() {
                self.halt.raise(StopLevel::Drain);
                self.fault(failed, fault, None).await?;
                return Ok(Met::Ended(Ending::Fatal(lasting)));
            }
            let mut jitter =
                Stream::new(self.world.seed, "retry", &format!("{} {key} {tried}", self.trial.key));
            empties.came += u32::from(fault.kind == FaultKind::Empty);
            let wait_ms = self.world.retry.wait_ms(&fault, tried, empties, &mut jitter);
            let event = self.fault(failed, fault, wait_ms).await?;
            drop(permit);
            let Some(wait_ms) = wait_ms else {
                return Ok(Met::Supplied { event: Box::new(event), answer: None });
            };
            tokio::select! {
                biased;
                () = self.nothing_more() => return Ok(Met::LeftOpen),
                () = self.world.clock.sleep(wait_ms) => {}
            }
        }
        unreachable!("the tries of a call are counted without end")
    }

    /// Records an answer.
    #[expect(clippy::too_many_arguments, reason = "the parts of one event")]
    async fn answered(
        &self,
        need: &NeedKey,
        role: ModelRole,
        tried: u32,
        request: &Blob,
        reply: Reply,
        meter: Meter,
        wire: Option<Blob>,
        cached: bool,
    ) -> Result<Met, SinkError> {
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
            meter,
            served,
            wire: wire.as_ref().map(Blob::address),
            cached,
            unsent,
        };
        let blobs = [request.clone(), blob].into_iter().chain(wire).collect();
        let event = self.record(event, blobs).await?;
        let trial = &self.trial.key;
        self.world.observer.notice(&Notice::Answered { trial, need, role, meter: &meter, cached });
        Ok(Met::answer(event, answer))
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

    /// What the cache takes of an answer. A refusal by policy and an answer that failed half-way may fare better
    /// next time, so they are not kept.
    fn to_be_kept(
        &self,
        cache_key: Option<BlobRef>,
        reply: &Reply,
    ) -> Option<(&dyn AnswerCache, BlobRef, Reply)> {
        let cache = self.world.cache.as_ref().filter(|cache| cache.writes)?;
        let is_whole = !matches!(reply.finish, FinishReason::ContentFilter | FinishReason::Error);
        is_whole.then_some((&*cache.answers, cache_key?, reply.clone()))
    }

    /// Ends the execution for a cache that does not work.
    fn end_for_the_cache(&self, error: SourceError) -> Met {
        self.halt.raise(StopLevel::Drain);
        Met::Ended(Ending::Cache(error))
    }

    /// Meets a need from the cache, if there is one and it can.
    async fn ask_the_cache(
        &self,
        need: &NeedKey,
        role: ModelRole,
        request: &Blob,
        cache_key: Option<BlobRef>,
    ) -> Result<Option<Met>, SinkError> {
        let (Some(cache), Some(cache_key)) = (&self.world.cache, cache_key) else {
            return Ok(None);
        };
        let kept = match cache.answers.get(cache_key) {
            Ok(kept) => kept,
            Err(error) => return Ok(Some(self.end_for_the_cache(error))),
        };
        match kept {
            Some(reply) => {
                // It was paid for when it was first given.
                let cost = Some(Cost { usd: 0.0, source: CostSource::Free });
                let meter = Meter::of(&Reply { usage: Usage::default(), cost, ..reply.clone() });
                self.answered(need, role, 1, request, reply, meter, None, true).await.map(Some)
            }
            None if cache.asks => Ok(None),
            None => {
                let fault = Fault::new(FaultKind::NotRecorded, "the cache has no answer to this question");
                self.give_up(need, Some(role), 1, fault).await.map(Some)
            }
        }
    }

    async fn act(&self, key: &NeedKey, act: &Act) -> Result<Met, SinkError> {
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
                Ok(Met::answer(self.record(event, vec![request, blob]).await?, answer))
            }
            Err(fault) => self.give_up(key, None, 1, fault).await,
        }
    }

    async fn observe(&self, key: &NeedKey, observe: &Observe) -> Result<Met, SinkError> {
        let observed = match self.sandbox().await {
            Ok(sandbox) => sandbox.observe(observe).await,
            Err(fault) => Err(fault),
        };
        match observed {
            Ok(observation) => {
                let answer = Answer::Observation(observation);
                let blob = Blob::of_json(&answer);
                let event = Event::Observed { need: key.clone(), answer: blob.address() };
                Ok(Met::answer(self.record(event, vec![blob]).await?, answer))
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
    ) -> Result<Met, SinkError> {
        let failed = Failed { key, role, tried, meter: Meter::default(), wire: None };
        let event = self.fault(failed, fault, None).await?;
        Ok(Met::Supplied { event: Box::new(event), answer: None })
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

impl Met {
    fn answer(event: Event, answer: Answer) -> Self {
        Self::Supplied { event: Box::new(event), answer: Some(answer) }
    }
}
