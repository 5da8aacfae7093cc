//! The strategy that walks the tree: the path so far, then on by default.

use super::tree::{Ending, Tree};
use crate::{
    explore::strategy::{Misstep, Offer, Pick, Strategy},
    world::Answers,
};
use std::{cell::RefCell, rc::Rc};

/// Goes where the tree says, and tells it what is found there.
pub(super) struct Guided {
    tree: Rc<RefCell<Tree>>,
    /// The tree's answers to the choices of the current step.
    answers: Vec<u32>,
}

impl Guided {
    pub(super) fn new(tree: Rc<RefCell<Tree>>) -> Self {
        Self { tree, answers: Vec::new() }
    }
}

impl Strategy for Guided {
    fn begin(&mut self) {
        self.answers.clear();
        self.tree.borrow_mut().begin();
    }

    fn pick(&mut self, pending: &[Offer], enabled: &[u32], _now: u64) -> Option<Pick> {
        let mut tree = self.tree.borrow_mut();
        let pick = tree.pick(pending, enabled);
        self.answers.clear();
        self.answers.extend_from_slice(tree.answers());
        pick
    }

    fn names_kinds(&self) -> bool {
        true
    }

    fn answers(&self) -> Answers<'_> {
        Answers { choices: &self.answers, ..Answers::default() }
    }

    fn note_choice(&mut self, options: u32, chosen: u32) {
        self.tree.borrow_mut().note_choice(options, chosen);
    }

    fn note_output(&mut self) {
        self.tree.borrow_mut().note_output();
    }

    fn stopped(&self) -> bool {
        matches!(self.tree.borrow().ended, Ending::TooDeep | Ending::Asleep)
    }

    fn misstep(&self) -> Option<&Misstep> {
        None
    }

    fn fitting(&self) -> Option<&[usize]> {
        None
    }
}
