//! Contracts written as the machine reads them, operation by operation.

use revm::bytecode::opcode::{JUMP, JUMPDEST, JUMPI, PUSH0, PUSH1, PUSH2};

/// A place in the code that can be jumped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label(usize);

/// Code in the making. Codes of operations are those of `revm::bytecode::opcode`.
#[derive(Debug, Clone, Default)]
pub struct Assembly {
    code: Vec<u8>,
    places: Vec<Option<usize>>,
    jumps: Vec<(usize, Label)>,
}

impl Assembly {
    /// Appends operations that take nothing from the code.
    pub fn ops(&mut self, ops: &[u8]) -> &mut Self {
        self.code.extend_from_slice(ops);
        self
    }

    /// Appends what puts a number on the stack: up to 32 bytes, big end first.
    ///
    /// # Panics
    ///
    /// If there are more.
    pub fn push(&mut self, number: &[u8]) -> &mut Self {
        let number = &number[number.iter().take_while(|byte| **byte == 0).count()..];
        assert!(number.len() <= 32, "the stack holds numbers of up to 32 bytes");
        match number.len() {
            0 => self.code.push(PUSH0),
            length => self.code.push(PUSH1 + u8::try_from(length - 1).expect("at most 32")),
        }
        self.ops(number)
    }

    /// A place that is yet to be put somewhere.
    pub fn label(&mut self) -> Label {
        self.places.push(None);
        Label(self.places.len() - 1)
    }

    /// Puts a place here.
    pub fn place(&mut self, label: Label) -> &mut Self {
        self.places[label.0] = Some(self.code.len());
        self.ops(&[JUMPDEST])
    }

    /// Appends a jump.
    pub fn jump(&mut self, label: Label) -> &mut Self {
        self.target(label).ops(&[JUMP])
    }

    /// Appends a jump that is made if the top of the stack is not zero.
    pub fn jump_if(&mut self, label: Label) -> &mut Self {
        self.target(label).ops(&[JUMPI])
    }

    fn target(&mut self, label: Label) -> &mut Self {
        self.code.push(PUSH2);
        self.jumps.push((self.code.len(), label));
        self.ops(&[0, 0])
    }

    /// The code.
    ///
    /// # Panics
    ///
    /// If a place that is jumped to was put nowhere, or lies beyond 64 KiB.
    pub fn finish(&self) -> Vec<u8> {
        let mut code = self.code.clone();
        for (at, label) in &self.jumps {
            let place = self.places[label.0].expect("every label that is jumped to has a place");
            let place = u16::try_from(place).expect("code is at most 24 KiB long");
            code[*at..at + 2].copy_from_slice(&place.to_be_bytes());
        }
        code
    }
}

#[cfg(test)]
mod tests {
    use revm::bytecode::opcode::{JUMP, JUMPDEST, PUSH0, PUSH1, PUSH2, STOP};

    use super::Assembly;

    #[test]
    fn numbers_take_as_many_bytes_as_they_need_and_jumps_find_their_place() {
        let mut code = Assembly::default();
        let end = code.label();
        code.push(&[0]).push(&[0, 7]).jump(end).ops(&[STOP]).place(end);
        assert_eq!(code.finish(), [PUSH0, PUSH1, 7, PUSH2, 0, 8, JUMP, STOP, JUMPDEST]);
    }
}
