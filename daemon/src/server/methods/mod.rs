//! The methods: each reads its parameters, does its one thing and answers. Calls that change
//! something are logged before they are done, with who asked, and again with what came of it.

mod alerts;
mod archive;
mod calendar;
mod changes;
mod config;
mod day;
mod diary;
mod doctor;
mod events;
mod hello;
mod jobs;
mod logs;
mod state;

use std::sync::Arc;
use std::time::Duration;

use jsonrpsee::RpcModule;
use jsonrpsee::core::RegisterMethodError;
use jsonrpsee::types::ErrorObjectOwned;
use trader_kernel::{Call, Peer, Reply};
use trader_rpc::{Diagnosis, Failure, Method, call, method};

use super::Services;
use super::archive::ReadingRoom;
use super::desk::ask;
use super::gate::Connection;
use super::workshop::Counter;

/// What every method has at hand.
pub(super) struct Context {
    services: Services,
    room: ReadingRoom,
    counter: Counter,
    /// Held by who edits what is written about trades.
    diary: tokio::sync::Mutex<()>,
    /// What was last found around the daemon, and when.
    examined: tokio::sync::Mutex<Option<(Duration, Diagnosis)>>,
    call_timeout: Duration,
}

impl Context {
    /// Asks the engine.
    async fn ask<T: Send + 'static>(
        &self,
        peer: Peer,
        call: impl FnOnce(Reply<T>) -> Call,
    ) -> Result<T, Failure> {
        ask(&*self.services.desk, peer, self.call_timeout, call).await
    }
}

/// Every method of the table, and the subscriptions.
pub(super) fn register(
    services: Services,
    call_timeout: Duration,
) -> Result<RpcModule<Context>, RegisterMethodError> {
    let mut module = RpcModule::new(Context {
        room: ReadingRoom::new(Arc::clone(&services.archive)),
        counter: Counter::new(Arc::clone(&services.workshop)),
        diary: tokio::sync::Mutex::new(()),
        examined: tokio::sync::Mutex::new(None),
        services,
        call_timeout,
    });
    add::<call::Hello, _, _>(&mut module, hello::hello)?;
    add::<call::Status, _, _>(&mut module, state::status)?;
    add::<call::Positions, _, _>(&mut module, state::positions)?;
    add::<call::Orders, _, _>(&mut module, state::orders)?;
    add::<call::Strategies, _, _>(&mut module, state::strategies)?;
    add::<call::Config, _, _>(&mut module, config::config)?;
    add::<call::Trades, _, _>(&mut module, archive::trades)?;
    add::<call::TradeEdits, _, _>(&mut module, diary::trade_edits)?;
    add::<call::NoteTrade, _, _>(&mut module, diary::note_trade)?;
    add::<call::TagTrade, _, _>(&mut module, diary::tag_trade)?;
    add::<call::Day, _, _>(&mut module, day::day)?;
    add::<call::Days, _, _>(&mut module, archive::days)?;
    add::<call::Logs, _, _>(&mut module, logs::logs)?;
    add::<call::Calendar, _, _>(&mut module, calendar::calendar)?;
    add::<call::WhyHalted, _, _>(&mut module, state::why_halted)?;
    add::<call::Why, _, _>(&mut module, archive::why)?;
    add::<call::Alerts, _, _>(&mut module, archive::alerts)?;
    add::<call::Pause, _, _>(&mut module, changes::pause)?;
    add::<call::Resume, _, _>(&mut module, changes::resume)?;
    add::<call::Close, _, _>(&mut module, changes::close)?;
    add::<call::Cancel, _, _>(&mut module, changes::cancel)?;
    add::<call::Flatten, _, _>(&mut module, changes::flatten)?;
    add::<call::Kill, _, _>(&mut module, changes::kill)?;
    add::<call::Arm, _, _>(&mut module, changes::arm)?;
    add::<call::Disarm, _, _>(&mut module, changes::disarm)?;
    add::<call::Override, _, _>(&mut module, changes::overrule)?;
    add::<call::ConfirmOverride, _, _>(&mut module, changes::confirm_override)?;
    add::<call::Reconcile, _, _>(&mut module, changes::reconcile)?;
    add::<call::Adopt, _, _>(&mut module, changes::adopt)?;
    add::<call::Ignore, _, _>(&mut module, changes::ignore)?;
    add::<call::AckAlert, _, _>(&mut module, changes::ack_alert)?;
    add::<call::Stop, _, _>(&mut module, changes::stop)?;
    add::<call::Reload, _, _>(&mut module, config::reload)?;
    add::<call::Jobs, _, _>(&mut module, jobs::jobs)?;
    add::<call::JobFile, _, _>(&mut module, jobs::job_file)?;
    add::<call::SubmitJob, _, _>(&mut module, jobs::submit_job)?;
    add::<call::CancelJob, _, _>(&mut module, jobs::cancel_job)?;
    add::<call::DeleteJob, _, _>(&mut module, jobs::delete_job)?;
    add::<call::Upload, _, _>(&mut module, jobs::upload)?;
    add::<call::Data, _, _>(&mut module, jobs::data)?;
    add::<call::RemoveData, _, _>(&mut module, jobs::remove_data)?;
    add::<call::Sessions, _, _>(&mut module, jobs::sessions)?;
    add::<call::RemoveSession, _, _>(&mut module, jobs::remove_session)?;
    add::<call::TestAlert, _, _>(&mut module, alerts::test_alert)?;
    add::<call::Doctor, _, _>(&mut module, doctor::doctor)?;
    events::register(&mut module)?;
    Ok(module)
}

fn add<M, H, A>(module: &mut RpcModule<Context>, handle: H) -> Result<(), RegisterMethodError>
where
    M: Method,
    H: Fn(Arc<Context>, Peer, M::Params) -> A + Copy + Send + Sync + 'static,
    A: Future<Output = Result<M::Result, Failure>> + Send,
{
    module.register_async_method(M::NAME, move |params, context, extensions| async move {
        let Some(connection) = extensions.get::<Connection>() else {
            return Err(ErrorObjectOwned::from(Failure::internal(
                format!("{} was not done", M::NAME),
                "it came through no socket of ours",
            )));
        };
        let peer = connection.peer;
        let params = method::read_params::<M::Params>(M::NAME, params.as_str()).inspect_err(|error| {
            if M::MUTATING {
                tracing::warn!(method = M::NAME, uid = peer.uid, pid = peer.pid, %error, "call not done");
            }
        })?;
        let request = M::request_id(&params).map(ToString::to_string);
        // A large file has hundreds of parts; the job that reads it is logged.
        let told = M::MUTATING && !method::is_part(M::NAME);
        if told {
            tracing::info!(
                method = M::NAME,
                request,
                uid = peer.uid,
                pid = peer.pid,
                role = %peer.role,
                "call to change something"
            );
        }
        let answer = handle(context, peer, params).await;
        if M::MUTATING {
            match &answer {
                Ok(_) if !told => {}
                Ok(_) => tracing::info!(method = M::NAME, request, uid = peer.uid, "call done"),
                Err(error) => {
                    tracing::warn!(method = M::NAME, request, uid = peer.uid, %error, "call not done");
                }
            }
        }
        answer.map_err(ErrorObjectOwned::from)
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_table_is_registered_and_no_other() {
        let services = crate::server::tests::services();
        let module = register(services, Duration::from_secs(1)).unwrap();
        let mut registered: Vec<&str> = module.method_names().collect();
        let mut table: Vec<&str> = trader_rpc::METHODS
            .iter()
            .map(|method| method.name)
            .collect();
        for subscription in trader_rpc::SUBSCRIPTIONS {
            table.extend([subscription.subscribe, subscription.unsubscribe]);
        }
        registered.sort_unstable();
        table.sort_unstable();
        assert_eq!(registered, table);
    }
}
