//! `test_alert`: whether alerts reach anybody.

use std::sync::Arc;

use trader_rpc::{AlertTest, ChangeParams, Failure};

use super::{Context, Peer};

pub(super) async fn test_alert(
    context: Arc<Context>,
    _: Peer,
    params: ChangeParams,
) -> Result<AlertTest, Failure> {
    Ok(context.services.alerts.test(&params.request_id).await)
}
