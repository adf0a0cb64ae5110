//! What people write about trades: committed by the one writer with the call that wrote it, and
//! nothing of it reaches the engine.

use trader_contract::Timestamp;
use trader_rpc::{Failure, NoteTradeParams, Tag, TagTradeParams};
use trader_store::{Batch, DiaryChange, DiaryEdit};

use crate::calls::Asking;
use crate::kernel::Kernel;
use crate::ports::Ports;

impl Kernel {
    /// Writes a note on the trade with this number, or takes it away.
    pub(crate) fn note_trade(
        &mut self,
        now: Timestamp,
        ports: &mut impl Ports,
        asking: Asking,
        trade: u64,
        params: NoteTradeParams,
    ) {
        let message = match &params.note {
            Some(_) => format!("the note on trade {} is written", params.trade),
            None => format!("trade {} has no note", params.trade),
        };
        let note = params.note.map(|note| note.as_str().into());
        self.write_down(
            now,
            ports,
            asking,
            trade,
            (DiaryChange::Note(note), message),
        );
    }

    /// Puts tags on the trade with this number, and takes tags off.
    pub(crate) fn tag_trade(
        &mut self,
        now: Timestamp,
        ports: &mut impl Ports,
        asking: Asking,
        trade: u64,
        params: &TagTradeParams,
    ) {
        let signed = |sign: char| move |tag: &Tag| format!(" {sign}{tag}");
        let added = params.add.iter().map(signed('+'));
        let said: String = added.chain(params.remove.iter().map(signed('-'))).collect();
        let message = format!("trade {} is tagged:{said}", params.trade);
        let texts = |tags: &[Tag]| tags.iter().map(|tag| tag.as_str().into()).collect();
        let change = DiaryChange::Tags {
            add: texts(&params.add),
            remove: texts(&params.remove),
        };
        self.write_down(now, ports, asking, trade, (change, message));
    }

    /// Commits an edit with its call, unless one with its id was answered before. What is not on the
    /// disk is nowhere, so the caller hears that it was not done.
    fn write_down(
        &mut self,
        now: Timestamp,
        ports: &mut impl Ports,
        asking: Asking,
        trade: u64,
        (change, message): (DiaryChange, String),
    ) {
        if let Some(before) = self.memory.find(asking.id.as_str(), ports) {
            return asking.repeat(before);
        }
        let remembered = asking.remember(&message, now);
        let edit = DiaryEdit {
            trade,
            at: now,
            uid: asking.uid,
            request: asking.id.as_str().into(),
            change,
        };
        let batch = Batch {
            requests: vec![remembered.clone()],
            diary: vec![edit],
            ..Batch::default()
        };
        if self.commit_apart(now, batch, ports) {
            self.memory.keep(&remembered);
            asking.reply(Ok(message.into()), true);
        } else {
            let why = self
                .journal_failure()
                .unwrap_or("the disk does not take it");
            let failure = Failure::store_unavailable(asking.method, why);
            asking.reply.send(Err(failure));
        }
    }
}
