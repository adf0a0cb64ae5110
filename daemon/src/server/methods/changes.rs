//! What changes something: everything from `pause` to `stop`. All of it is the engine's decision; only
//! whether an alert exists is asked of the archive.

use std::sync::Arc;

use trader_kernel::Call;
use trader_rpc::{
    Accepted, AckAlertParams, AdoptParams, ArmParams, CancelParams, ChangeParams, CloseParams,
    ConfirmOverrideParams, Failure, IgnoreParams, KillParams, OverrideParams, StopParams,
};

use super::{Context, Peer};

/// Declares handlers that hand their parameters to the engine.
macro_rules! handlers {
    ($($name:ident => $call:ident ($params:ty);)+) => {
        $(pub(super) async fn $name(
            context: Arc<Context>,
            peer: Peer,
            params: $params,
        ) -> Result<Accepted, Failure> {
            context.ask(peer, |reply| Call::$call(params, reply)).await
        })+
    };
}

handlers! {
    pause => Pause(ChangeParams);
    resume => Resume(ChangeParams);
    close => Close(CloseParams);
    cancel => Cancel(CancelParams);
    flatten => Flatten(ChangeParams);
    kill => Kill(KillParams);
    arm => Arm(ArmParams);
    disarm => Disarm(ChangeParams);
    overrule => Override(OverrideParams);
    confirm_override => ConfirmOverride(ConfirmOverrideParams);
    reconcile => Reconcile(ChangeParams);
    adopt => Adopt(AdoptParams);
    ignore => Ignore(IgnoreParams);
    stop => Stop(StopParams);
}

pub(super) async fn ack_alert(
    context: Arc<Context>,
    peer: Peer,
    params: AckAlertParams,
) -> Result<Accepted, Failure> {
    let number = params.alert;
    let found = context
        .room
        .read("ack_alert", move |archive| archive.alert(number))
        .await?;
    if found.is_none() {
        return Err(Failure::refused(
            "ack_alert was not done",
            format!("there is no alert {number}"),
            "traderctl alerts list --all shows their numbers",
        ));
    }
    context
        .ask(peer, |reply| Call::AckAlert(params, reply))
        .await
}
