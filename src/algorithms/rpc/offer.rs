//! What a server offers to remote callers: the objects that it has exported, and as a registry the table of names.
//!
//! Birrell and Nelson, "Implementing remote procedure calls" (1984), section 2 (binding).

use crate::{
    problems::rpc::{
        Answer, Reference, Why,
        objects::{Interface, Method, Object},
    },
    process::ProcessId,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is to be executed elsewhere.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Give an object a name that is free.
    Bind {
        /// The name.
        name: String,
        /// The object.
        reference: Reference,
    },
    /// Give an object a name that may be the caller's already.
    Rebind {
        /// The name.
        name: String,
        /// The object.
        reference: Reference,
    },
    /// Free a name of the caller's.
    Unbind {
        /// The name.
        name: String,
    },
    /// Which object has this name?
    Lookup {
        /// The name.
        name: String,
    },
    /// Execute a method.
    Invoke {
        /// Of this object.
        reference: Reference,
        /// The method.
        method: Method,
        /// Its argument, by value.
        argument: String,
    },
}

/// Objects and names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Offer {
    names: BTreeMap<String, Reference>,
    /// By the life of the server in which they were exported, and their number.
    objects: Vec<((u64, u64), Object)>,
    exported: u64,
}

impl Offer {
    /// Exports a new object of `me` in this life.
    pub fn export(&mut self, me: ProcessId, life: u64, interface: Interface) -> Reference {
        self.exported += 1;
        self.objects.push(((life, self.exported), Object::of(interface)));
        Reference { server: me, life, object: self.exported, interface }
    }

    /// Executes an operation for a caller. `life` is the server's own.
    pub fn execute(&mut self, caller: ProcessId, life: u64, operation: &Operation) -> Result<Answer, Why> {
        match operation {
            Operation::Bind { name, reference } => Ok(self.bind(name, *reference)),
            Operation::Rebind { name, reference } => Ok(self.rebind(caller, name, *reference)),
            Operation::Unbind { name } => Ok(self.unbind(caller, name)),
            Operation::Lookup { name } => {
                Ok(self.names.get(name).map_or(Answer::NotBound, |reference| Answer::Found(*reference)))
            }
            Operation::Invoke { reference, method, argument } => {
                self.invoke(life, *reference, *method, argument)
            }
        }
    }

    fn bind(&mut self, name: &str, reference: Reference) -> Answer {
        if self.names.contains_key(name) {
            return Answer::AlreadyBound;
        }
        self.names.insert(name.to_owned(), reference);
        Answer::Bound
    }

    fn rebind(&mut self, caller: ProcessId, name: &str, reference: Reference) -> Answer {
        if self.names.get(name).is_some_and(|bound| bound.server != caller) {
            return Answer::NotOwner;
        }
        self.names.insert(name.to_owned(), reference);
        Answer::Bound
    }

    fn unbind(&mut self, caller: ProcessId, name: &str) -> Answer {
        match self.names.get(name) {
            None => Answer::NotBound,
            Some(bound) if bound.server != caller => Answer::NotOwner,
            Some(_) => {
                self.names.remove(name);
                Answer::Unbound
            }
        }
    }

    /// A reference names its server's life, so that an object that has come after it is not taken for it.
    fn invoke(
        &mut self,
        life: u64,
        reference: Reference,
        method: Method,
        argument: &str,
    ) -> Result<Answer, Why> {
        let key = (reference.life, reference.object);
        let Some((_, object)) = self.objects.iter_mut().find(|(known, _)| *known == key) else {
            return Err(if reference.life == life { Why::NoSuchObject } else { Why::StaleReference });
        };
        if object.interface != reference.interface {
            return Err(Why::NoSuchObject);
        }
        object.call(method, argument).ok_or(Why::NoSuchMethod)
    }
}
