//! One run after another of the tool on one machine, as the edge would carry out its orders.

use std::time::Duration;

use milvus_swarm::lock::{BEAT, Contender, Holder, Holding, Input, LOOK, Lock, Next, Standing};

use super::world::{Reply, Request};

/// A call under way.
#[derive(Debug)]
pub struct Call {
    pub request: Request,
    sent: Duration,
    pub reply: Option<Reply>,
}

enum Role {
    Contends(Box<Contender>),
    Holds(Holding),
    /// Killed, or done; the next thought begins a new run.
    Ended,
}

pub struct Operator {
    pub token: String,
    pub call: Option<Call>,
    /// Runs that were refused.
    pub refused: usize,
    /// Runs that lost the lock.
    pub lost: usize,
    /// No new run begins.
    pub stay_dead: bool,
    name: usize,
    runs: usize,
    /// Thousandths of a true second in one of its own.
    rate: u64,
    wait: Duration,
    role: Role,
    next: Request,
    /// By its own clock.
    rests_until: Duration,
}

impl Operator {
    pub fn new(name: usize, rate: u64, wait: Duration, now: Duration) -> Self {
        let mut operator = Self {
            token: String::new(),
            call: None,
            refused: 0,
            lost: 0,
            stay_dead: false,
            name,
            runs: 0,
            rate,
            wait: Duration::ZERO,
            role: Role::Ended,
            next: Request::Look,
            rests_until: Duration::ZERO,
        };
        // A wait counts from the start of a run; these clocks count from the start of the world.
        operator.wait = operator.clock(now) + wait;
        operator.begin();
        operator
    }

    fn clock(&self, now: Duration) -> Duration {
        now * u32::try_from(self.rate).expect("small") / 1000
    }

    fn begin(&mut self) {
        self.runs += 1;
        self.token = format!("operator{}-run{}", self.name, self.runs);
        self.role = Role::Contends(Box::new(Contender::new(self.token.clone(), self.wait)));
        self.next = Request::Look;
        self.rests_until = Duration::ZERO;
    }

    /// The whole process ends; a call may still be on its way.
    pub fn kill(&mut self) -> Option<Request> {
        self.role = Role::Ended;
        self.give_up()
    }

    /// The object that it may remove.
    pub fn holds(&self) -> Option<String> {
        match &self.role {
            Role::Holds(holding) => Some(holding.id().to_owned()),
            Role::Contends(_) | Role::Ended => None,
        }
    }

    pub fn may_act(&self, now: Duration) -> bool {
        match &self.role {
            Role::Holds(holding) => holding.standing(self.clock(now)) == Standing::Sure,
            Role::Contends(_) | Role::Ended => false,
        }
    }

    /// It waits for its answer no longer; a call that had not arrived may do so yet.
    pub fn give_up(&mut self) -> Option<Request> {
        let call = self.call.take()?;
        if let Role::Contends(contender) = &mut self.role {
            contender.step(Duration::ZERO, Input::Blind);
        }
        self.next = Request::Look;
        call.reply.is_none().then_some(call.request)
    }

    pub fn think(&mut self, now: Duration) {
        let clock = self.clock(now);
        match self.call.take() {
            Some(Call {
                request,
                sent,
                reply: Some(reply),
            }) => self.take(clock, &request, sent, reply),
            Some(call) => self.call = Some(call),
            None if matches!(self.role, Role::Ended) && self.stay_dead => {}
            None if matches!(self.role, Role::Ended) => self.begin(),
            None if clock >= self.rests_until => {
                self.call = Some(Call {
                    request: self.next.clone(),
                    sent: clock,
                    reply: None,
                });
            }
            None => {}
        }
    }

    fn take(&mut self, clock: Duration, request: &Request, sent: Duration, reply: Reply) {
        match &mut self.role {
            Role::Ended => {}
            Role::Contends(contender) => {
                let input = match (request, reply) {
                    (_, Reply::Found(found)) => Input::Saw(found),
                    (Request::Write(_), Reply::Done(true)) => Input::Claimed,
                    (Request::Write(_), Reply::Done(false)) => Input::Moved,
                    (Request::Remove(_), _) => Input::Removed,
                    _ => Input::Created,
                };
                let next = contender.step(clock, input);
                self.follow(clock, next);
            }
            Role::Holds(holding) => match reply {
                Reply::Found(found) => match holding.saw(found) {
                    Some(beat) => self.next = Request::Write(beat),
                    None => {
                        self.lost += 1;
                        self.role = Role::Ended;
                    }
                },
                Reply::Done(written) => {
                    if written {
                        holding.wrote(sent);
                        self.rests_until = clock + BEAT;
                    }
                    self.next = Request::Look;
                }
            },
        }
    }

    fn follow(&mut self, clock: Duration, next: Next) {
        self.next = match next {
            Next::Look => Request::Look,
            Next::Wait { .. } => {
                self.rests_until = clock + LOOK;
                Request::Look
            }
            Next::Create => Request::Create(Holder {
                token: self.token.clone(),
                ..Holder::default()
            }),
            Next::Claim(lock) => Request::Write(Lock {
                taken_by: Some(self.token.clone()),
                ..lock
            }),
            Next::Remove(id) => Request::Remove(id),
            Next::Hold(lock) => {
                self.role = Role::Holds(Holding::new(lock.id));
                Request::Look
            }
            Next::Refuse(_) => {
                self.refused += 1;
                self.role = Role::Ended;
                Request::Look
            }
        };
    }
}
