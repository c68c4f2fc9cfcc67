//! A body on its way out: pieces, and what happens after the last one. Does not know what the pieces say.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::ledger::{Ending, Ticket};

/// The connection is closed where it stands.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed on purpose")]
pub(crate) struct HungUp;

/// How a body breaks off.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Breaking {
    /// It does not.
    No,
    /// What was handed over goes out first: the connection writes when a body has nothing ready.
    AfterFlush,
    /// The next poll closes the connection.
    Now,
}

/// A body in pieces. The call is settled when its last piece is handed over.
pub(crate) struct Outgoing {
    pieces: VecDeque<Bytes>,
    /// Length that is declared, or none for a stream, which is sent in chunks.
    declared: Option<u64>,
    /// Whether the connection is closed after the last piece, and what is left to do for it.
    breaking: Breaking,
    account: Option<(Ticket, Ending)>,
}

impl Outgoing {
    /// A body whose length is declared.
    pub(crate) fn whole(bytes: Bytes, account: Option<(Ticket, Ending)>) -> Self {
        let declared = Some(bytes.len() as u64);
        Self { pieces: VecDeque::from([bytes]), declared, breaking: Breaking::No, account }
    }

    /// A body that ends before its declared length.
    pub(crate) fn cut(bytes: &Bytes, account: Option<(Ticket, Ending)>) -> Self {
        let half = bytes.slice(..bytes.len() / 2);
        Self {
            pieces: VecDeque::from([half]),
            declared: Some(bytes.len() as u64),
            breaking: Breaking::AfterFlush,
            account,
        }
    }

    /// A body in chunks.
    pub(crate) fn stream(pieces: Vec<Bytes>, account: Option<(Ticket, Ending)>) -> Self {
        Self { pieces: pieces.into(), declared: None, breaking: Breaking::No, account }
    }

    fn settle(&mut self) {
        if let Some((ticket, ending)) = self.account.take() {
            ticket.settle(ending);
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = HungUp;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HungUp>>> {
        let piece = self.pieces.pop_front();
        if self.pieces.is_empty() {
            self.settle();
        }
        if let Some(piece) = piece {
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        match self.breaking {
            Breaking::No => Poll::Ready(None),
            Breaking::AfterFlush => {
                self.breaking = Breaking::Now;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Breaking::Now => {
                self.breaking = Breaking::No;
                Poll::Ready(Some(Err(HungUp)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        // An account that is open keeps a body without pieces alive until it is polled.
        self.pieces.is_empty() && self.breaking == Breaking::No && self.account.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.declared.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
