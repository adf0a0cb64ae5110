//! INV-22: a call that changes something is made by who may make it, is on the disk before it is
//! answered, and acts once however often it is sent, over restarts too.

use trader_rpc::ErrorCode;

use super::{Called, Checked, View, Watcher};

/// The watcher.
#[derive(Debug, Default)]
pub(super) struct ActsOnce;

impl Watcher for ActsOnce {
    fn invariant(&self) -> &'static str {
        "INV-22"
    }

    fn called(&mut self, called: &Called<'_>, view: &View<'_>) -> Checked {
        let deed = called.deed;
        if !called.may {
            let refused = ErrorCode::WrongRole.number();
            return match called.answer {
                Err(failure) if failure.code == refused && !called.acted => Ok(1),
                Err(_) => Err(format!(
                    "{deed} was not for its caller, and something came of it"
                )),
                Ok(_) => Err(format!(
                    "{deed} was done for somebody who may not ask for it"
                )),
            };
        }
        if called.early {
            return Err(format!(
                "{deed} was answered before what it did was on the disk"
            ));
        }
        match called.answer {
            Ok(accepted) if called.remembered && !accepted.repeated => {
                Err(format!("{deed} was sent again and acted again"))
            }
            // Without a journal a life remembers by itself.
            Ok(accepted)
                if !called.remembered && accepted.repeated && !view.around.journal_failed =>
            {
                Err(format!("{deed} is called a repetition, and was never done"))
            }
            _ => Ok(1),
        }
    }
}
