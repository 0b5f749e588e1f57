//! An engine with one name in it, and operators whose calls take as long as a test likes.

use std::collections::BTreeSet;
use std::time::Duration;

use milvus_swarm::lock::{Holder, Lock};

use super::operator::Operator;

/// What operators send.
#[derive(Clone, Debug)]
pub enum Request {
    Look,
    Create(Holder),
    Write(Lock),
    Remove(String),
}

/// What comes back.
#[derive(Clone, Debug)]
pub enum Reply {
    Found(Option<Lock>),
    Done(bool),
}

/// The engine: a name is made once, written at the right version, removed by identifier.
#[derive(Debug, Default)]
pub struct Server {
    pub object: Option<Lock>,
    version: u64,
}

impl Server {
    fn answer(&mut self, request: &Request) -> Reply {
        match request {
            Request::Look => Reply::Found(self.object.clone()),
            Request::Create(holder) => Reply::Done(self.create(holder)),
            Request::Write(lock) => Reply::Done(self.write(lock)),
            Request::Remove(id) => {
                let there = self.object.as_ref().is_some_and(|lock| lock.id == *id);
                if there {
                    self.object = None;
                }
                Reply::Done(there)
            }
        }
    }

    fn create(&mut self, holder: &Holder) -> bool {
        if self.object.is_some() {
            return false;
        }
        self.version += 1;
        self.object = Some(Lock {
            id: format!("object{}", self.version),
            version: self.version,
            holder: holder.clone(),
            ..Lock::default()
        });
        true
    }

    pub fn write(&mut self, lock: &Lock) -> bool {
        let same = |one: &&mut Lock| one.id == lock.id && one.version == lock.version;
        let Some(object) = self.object.as_mut().filter(same) else {
            return false;
        };
        self.version += 1;
        *object = Lock {
            version: self.version,
            ..lock.clone()
        };
        true
    }
}

/// What may happen to an operator.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// It takes an answer, or sends its next call.
    Think,
    /// Its call reaches the engine.
    Arrive,
    /// The answer to its call is lost, whether or not the call arrived.
    LoseAnswer,
    /// It goes on, quickly and for so long, while all others stand still.
    Run(Duration),
    /// It starts an action, if its lock allows that.
    Act,
    Kill,
    /// It is done.
    LetGo,
}

/// An action that was started.
#[derive(Clone, Debug)]
pub struct Deed {
    pub at: Duration,
    pub token: String,
}

/// Everything.
pub struct World {
    /// True time.
    pub now: Duration,
    pub server: Server,
    pub operators: Vec<Operator>,
    pub deeds: Vec<Deed>,
    /// Tokens of those that let go of their own will.
    pub let_go: BTreeSet<String>,
    /// Calls whose sender no longer waits for them, and which may still arrive.
    strays: Vec<Request>,
}

impl World {
    /// An operator for each clock; a clock's rate is in thousandths.
    pub fn new(clocks: &[u64]) -> Self {
        let operator =
            |(at, rate): (usize, &u64)| Operator::new(at, *rate, Duration::ZERO, Duration::ZERO);
        Self {
            now: Duration::ZERO,
            server: Server::default(),
            operators: clocks.iter().enumerate().map(operator).collect(),
            deeds: Vec::new(),
            let_go: BTreeSet::new(),
            strays: Vec::new(),
        }
    }

    pub fn happen(&mut self, who: usize, event: Event) {
        let now = self.now;
        let operator = &mut self.operators[who];
        match event {
            Event::Think => operator.think(now),
            Event::Arrive => match operator.call.as_mut() {
                Some(call) if call.reply.is_none() => {
                    call.reply = Some(self.server.answer(&call.request));
                }
                Some(_) => {}
                None => {
                    if let Some(stray) = self.strays.pop() {
                        self.server.answer(&stray);
                    }
                }
            },
            Event::Run(time) => {
                let end = now + time;
                while self.now < end {
                    self.now += Duration::from_millis(50);
                    for event in [Event::Think, Event::Arrive, Event::Act] {
                        self.happen(who, event);
                    }
                }
            }
            Event::LoseAnswer => self.strays.extend(operator.give_up()),
            Event::Act => {
                if operator.may_act(now) {
                    self.deeds.push(Deed {
                        at: now,
                        token: operator.token.clone(),
                    });
                }
            }
            Event::Kill => self.strays.extend(operator.kill()),
            Event::LetGo => {
                if let Some(id) = operator.holds() {
                    self.let_go.insert(operator.token.clone());
                    self.strays.extend(operator.kill());
                    self.server.answer(&Request::Remove(id));
                }
            }
        }
    }

    /// Time goes by and calls take some milliseconds.
    pub fn pass(&mut self, time: Duration) {
        let all: Vec<usize> = (0..self.operators.len()).collect();
        self.pass_for(&all, time);
    }

    /// The same while all others stand still.
    pub fn pass_only(&mut self, who: usize, time: Duration) {
        self.pass_for(&[who], time);
    }

    fn pass_for(&mut self, who: &[usize], time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += Duration::from_millis(10);
            for &who in who {
                self.happen(who, Event::Think);
                self.happen(who, Event::Arrive);
            }
        }
    }
}
