//! Meets one need: asks, acts or observes, records what came back, and tries again where that may help.

use std::sync::Arc;

use tokio::sync::{OnceCell, Semaphore};
use unbent_core::{
    Act, Answer, Ask, Blob, Call, Case, Entry, Event, Fault, FaultKind, Meter, ModelRole, Need, NeedKey,
    NeedKind, Observe, PlannedTrial, Sandbox, SinkError, Stream,
};

use crate::{Notice, Stop, StopHandle, StopLevel, World};

/// A trial at work: what the calls of its needs share.
pub(crate) struct TrialContext {
    pub(crate) world: Arc<World>,
    pub(crate) trial: PlannedTrial,
    pub(crate) case: Arc<Case>,
    pub(crate) permits: Arc<Semaphore>,
    /// The execution is stopping.
    pub(crate) stop: Stop,
    /// The trial has its outcome, so that what was not asked yet need not be asked.
    pub(crate) over: (StopHandle, Stop),
    pub(crate) sandbox: OnceCell<Box<dyn Sandbox>>,
}

/// How a need fared.
pub(crate) enum Met {
    /// It was supplied, and the event that says so is on disk.
    Supplied { event: Box<Event>, answer: Option<Answer> },
    /// The execution is stopping; the need stays open.
    LeftOpen,
    /// The log takes no more events.
    Unrecorded(SinkError),
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
        let respondent = match ask.role {
            ModelRole::Subject => self.world.subjects.get(&self.trial.key.subject),
            ModelRole::Judge => self.world.judge.as_ref(),
        };
        let Some(respondent) = respondent else {
            let who = if ask.role == ModelRole::Judge { "a judge" } else { "this subject" };
            let fault = Fault::new(FaultKind::Rejected, format!("no model was named for {who}"));
            return self.give_up(key, Some(ask.role), 1, fault).await;
        };
        let applied = Ask { sampling: respondent.settings.or(&ask.sampling), ..ask.clone() };
        let request = Blob::of_json(&applied);
        for tried in 1.. {
            let permit = tokio::select! {
                biased;
                () = self.nothing_more() => return Ok(Met::LeftOpen),
                permit = self.permits.acquire() => permit,
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
            let returned = respondent.provider.ask(&call).await;
            let wire = returned.wire.as_deref().map(Blob::of_json);
            let fault = match returned.result {
                Ok(reply) => {
                    let meter = Meter::of(&reply);
                    let unsent = reply.unsent.clone();
                    let (finish, served) = (reply.finish.clone(), reply.served.clone());
                    let answer = Answer::Reply(Box::new(reply));
                    let blob = Blob::of_json(&answer);
                    let event = Event::Answered {
                        need: key.clone(),
                        role: ask.role,
                        tried,
                        request: Some(request.address()),
                        answer: blob.address(),
                        finish,
                        meter,
                        served,
                        wire: wire.as_ref().map(Blob::address),
                        cached: false,
                        unsent,
                    };
                    let blobs = [request, blob].into_iter().chain(wire).collect();
                    let event = self.record(event, blobs).await?;
                    self.world.observer.notice(&Notice::Answered {
                        trial: &self.trial.key,
                        need: key,
                        role: ask.role,
                        meter: &meter,
                    });
                    return Ok(Met::answer(event, answer));
                }
                Err(fault) => fault,
            };
            drop(permit);
            let mut jitter =
                Stream::new(self.world.seed, "retry", &format!("{} {key} {tried}", self.trial.key));
            let Some(wait_ms) = self.world.retry.wait_ms(&fault, tried, need.tries_if_empty, &mut jitter)
            else {
                return self.give_up(key, Some(ask.role), tried, fault).await;
            };
            self.fault(key, Some(ask.role), tried, fault, Some(wait_ms)).await?;
            tokio::select! {
                biased;
                () = self.nothing_more() => return Ok(Met::LeftOpen),
                () = self.world.clock.sleep(wait_ms) => {}
            }
        }
        unreachable!("the tries of a call are counted without end")
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
        let event = self.fault(key, role, tried, fault, None).await?;
        Ok(Met::Supplied { event: Box::new(event), answer: None })
    }

    async fn fault(
        &self,
        key: &NeedKey,
        role: Option<ModelRole>,
        tried: u32,
        fault: Fault,
        retry_in_ms: Option<u64>,
    ) -> Result<Event, SinkError> {
        let trial = &self.trial.key;
        self.world.observer.notice(&Notice::Faulted { trial, need: key, role, fault: &fault, retry_in_ms });
        let event = Event::Faulted {
            need: key.clone(),
            role,
            tried,
            fault,
            retry_in_ms,
            meter: Meter::default(),
            wire: None,
        };
        self.record(event, Vec::new()).await
    }
}

impl Met {
    fn answer(event: Event, answer: Answer) -> Self {
        Self::Supplied { event: Box::new(event), answer: Some(answer) }
    }
}
