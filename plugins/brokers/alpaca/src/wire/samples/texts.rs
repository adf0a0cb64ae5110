//! Messages with invented values and real shapes.

pub(super) const ACCOUNT: &str = r#"{"id":"3f0c1b52-8d5e-4a55-9b0f-61c2a7d4e901","account_number":"PA3KQ7XWL2ZD","status":"ACTIVE","crypto_status":"ACTIVE","currency":"USD","cash":"61250.37","portfolio_value":"100412.87","equity":"100412.87","last_equity":"99980.11","long_market_value":"47212.50","short_market_value":"-8050","buying_power":"335336.48","regt_buying_power":"145563.24","multiplier":"4","shorting_enabled":true,"accrued_fees":"0","balance_asof":"2026-11-19","trading_blocked":false,"transfers_blocked":false,"account_blocked":false,"trade_suspended_by_user":false,"created_at":"2026-02-11T14:03:22.518204Z","user_configurations":null,"admin_configurations":{}}"#;

pub(super) const CONFIGURATION: &str = r#"{"trade_confirm_email":"all","suspend_trade":false,"no_shorting":false,"fractional_trading":true,"max_margin_multiplier":"4","max_options_trading_level":null,"ptp_no_exception_entry":false,"disable_overnight_trading":false}"#;

pub(super) const ASSET: &str = r#"{"id":"9e51a4f7-2c0b-4d4a-8f7e-0d2f6f5f3a11","class":"us_equity","exchange":"NASDAQ","symbol":"ZVZZT","name":"Example Test Co. Common Stock","status":"active","tradable":true,"marginable":true,"shortable":true,"easy_to_borrow":true,"borrow_status":"easy_to_borrow","fractionable":true,"maintenance_margin_requirement":30,"margin_requirement_long":"30","margin_requirement_short":"30","attributes":["fractional_eh_enabled","has_options"]}"#;

pub(super) const CLOCK: &str = r#"{"timestamp":"2026-11-20T10:41:07.318562113-05:00","is_open":true,"next_open":"2026-11-23T09:30:00-05:00","next_close":"2026-11-20T16:00:00-05:00"}"#;

pub(super) const CALENDAR: &str = r#"[{"date":"2026-11-27","open":"09:30","close":"13:00","session_open":"0400","session_close":"2000","settlement_date":"2026-11-30"}]"#;

pub(super) const ORDER: &str = r#"{"id":"c7f0a0b4-51d9-46f8-9f35-4b9f2a8e7d10","client_order_id":"s1-20261120-000017","created_at":"2026-11-20T15:41:08.104233871Z","updated_at":"2026-11-20T15:41:08.104961402Z","submitted_at":"2026-11-20T15:41:08.104233871Z","filled_at":null,"expired_at":null,"canceled_at":null,"failed_at":null,"replaced_at":null,"replaced_by":null,"replaces":null,"asset_id":"b0b6dd9d-8b9b-48a9-ba46-b9d54906e415","symbol":"AAPL","asset_class":"us_equity","notional":null,"qty":"12","filled_qty":"0","filled_avg_price":null,"order_class":"","order_type":"market","type":"market","side":"buy","position_intent":"buy_to_open","time_in_force":"day","limit_price":null,"stop_price":null,"status":"pending_new","extended_hours":false,"legs":null,"trail_percent":null,"trail_price":null,"hwm":null,"subtag":null,"source":null,"expires_at":"2026-11-20T21:00:00Z"}"#;

pub(super) const BRACKET: &str = r#"{"id":"11aa0c5e-0f3b-4b53-8d64-5a0b3e9d2c01","client_order_id":"b","order_class":"bracket","type":"limit","order_type":"limit","side":"buy","symbol":"AAPL","qty":"12","filled_qty":"0","limit_price":"224","status":"accepted","time_in_force":"gtc","legs":[{"id":"22bb1d6f-1a4c-4c64-9e75-6b1c4fae3d02","client_order_id":"l1","order_class":"bracket","type":"limit","side":"sell","symbol":"AAPL","qty":"12","limit_price":"231.4","stop_price":null,"status":"held","legs":null},{"id":"33cc2e70-2b5d-4d75-8f86-7c2d50bf4e03","client_order_id":"l2","order_class":"bracket","type":"stop_limit","side":"sell","symbol":"AAPL","qty":"12","limit_price":"217.5","stop_price":"218.05","status":"held","legs":null}]}"#;

pub(super) const POSITIONS: &str = r#"[{"asset_id":"b0b6dd9d-8b9b-48a9-ba46-b9d54906e415","symbol":"AAPL","exchange":"NASDAQ","asset_class":"us_equity","asset_marginable":true,"qty":"12","qty_available":"0","side":"long","avg_entry_price":"224.05","market_value":"2713.68","cost_basis":"2688.6","unrealized_plpc":"0.0093282749386297","current_price":"226.14"},{"asset_id":"6d8f1f1c-0d6b-4c37-a37e-2f3b0f4b1a77","symbol":"KO","exchange":"NYSE","asset_class":"us_equity","asset_marginable":true,"qty":"-40","qty_available":"-40","side":"short","avg_entry_price":"70.1","market_value":"-2796","current_price":"69.9"}]"#;

pub(super) const CLOSE_ALL: &str = r#"[{"symbol":"KO","status":200,"body":{"id":"x","symbol":"KO","side":"buy","type":"market","qty":"40","status":"pending_new"}},{"symbol":"AAPL","status":403,"body":{"code":40310000,"message":"insufficient qty available for order (requested: 12, available: 0)","available":"0","existing_qty":"12","held_for_orders":"12","symbol":"AAPL"}}]"#;

pub(super) const CANCEL_ALL: &str = r#"[{"id":"c7f0a0b4-51d9-46f8-9f35-4b9f2a8e7d10","status":200},{"id":"11aa0c5e-0f3b-4b53-8d64-5a0b3e9d2c01","status":422,"body":{"code":42210000,"message":"order is already in \"filled\" state"}}]"#;

pub(super) const ACTIVITIES: &str = r#"[{"id":"20261120104108512::5b0a6a3e-7f7a-4f0b-93c5-0c1f6c2e9d44","activity_type":"FILL","type":"partial_fill","transaction_time":"2026-11-20T15:41:08.512331Z","price":"224.05","qty":"5","side":"buy","symbol":"AAPL","leaves_qty":"7","cum_qty":"5","order_id":"c7f0a0b4-51d9-46f8-9f35-4b9f2a8e7d10","order_status":"partially_filled"},{"id":"20261120000000000::0f7b2c55-62b1-4d05-b3c0-8a5d2f1e6b90","activity_type":"FEE","activity_sub_type":"REG","date":"2026-11-20","net_amount":"-1.03","description":"REG fee for proceed of 1000 shares on 2026-11-19","status":"executed"},{"id":"20261113000000000::7a1d3e66-73c2-4e16-84d1-9b6e3a2f7ca1","activity_type":"DIV","activity_sub_type":"CDIV","date":"2026-11-13","net_amount":"20.4","symbol":"KO","qty":"40","per_share_amount":"0.51","status":"executed"}]"#;

pub(super) const HISTORY: &str = r#"{"timestamp":[1795098600,1795185000],"equity":[99980.11,null],"profit_loss":[0,432.76],"profit_loss_pct":[0,0.0043284609508831],"base_value":99980.11,"base_value_asof":"2026-11-19","timeframe":"1D"}"#;

pub(super) const AUTHORIZED: &str =
    r#"{"stream":"authorization","data":{"status":"authorized","action":"authenticate"}}"#;

pub(super) const LISTENING: &str = r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#;

pub(super) const BARS: &str = r#"{"bars":{"AAPL":[{"t":"2026-11-20T15:40:00Z","o":224.1,"h":224.3,"l":223.98,"c":224.05,"v":3120,"n":41,"vw":224.1177}]},"next_page_token":"QUFQTHxNfDIwMjYtMTEtMjBUMTU6NDA6MDAuMDAwMDAwMDAwWg=="}"#;

pub(super) const TRADES: &str = r#"{"trades":{"AAPL":[{"t":"2026-11-20T15:40:03.118254001Z","x":"V","p":224.07,"s":100,"c":["@"],"i":52983525037630,"z":"C"}]},"next_page_token":null}"#;

pub(super) const QUOTES: &str = r#"{"quotes":{"AAPL":[{"t":"2026-11-20T15:40:03.2Z","ax":"V","ap":224.1,"as":300,"bx":"V","bp":224.05,"bs":200,"c":["R"],"z":"C"}]},"next_page_token":null}"#;

pub(super) const LATEST_QUOTES: &str = r#"{"quotes":{"AAPL":{"t":"2026-11-20T15:40:03.2Z","ax":"V","ap":224.1,"as":300,"bx":"V","bp":224.05,"bs":200,"c":["R"],"z":"C"}}}"#;

pub(super) const SNAPSHOTS: &str = r#"{"AAPL":{"latestTrade":null,"latestQuote":{"t":"2026-11-20T15:40:03.2Z","ax":"V","ap":224.1,"as":300,"bx":"V","bp":224.05,"bs":200,"c":["R"],"z":"C"},"minuteBar":{"t":"2026-11-20T15:40:00Z","o":224.1,"h":224.3,"l":223.98,"c":224.05,"v":3120,"n":41,"vw":224.1177}}}"#;

pub(super) const NEWS: &str = r#"{"news":[{"id":41229077,"headline":"Something happened","author":"A","created_at":"2026-11-20T13:02:11Z","updated_at":"2026-11-20T13:02:12Z","summary":"","content":"","url":"https://example.com/x","images":[{"size":"thumb","url":"https://example.com/x.jpg"}],"symbols":["AAPL","BTC/USD"],"source":"benzinga"}],"next_page_token":null}"#;

pub(super) const ACTIVE: &str = r#"{"most_actives":[{"symbol":"TSLA","volume":81230044,"trade_count":902114}],"last_updated":"2026-11-20T15:40:00Z"}"#;

pub(super) const MOVERS: &str = r#"{"gainers":[{"symbol":"ABCD","percent_change":41.2,"change":1.03,"price":3.53}],"losers":[],"market_type":"stocks","last_updated":"2026-11-20T15:40:00Z"}"#;

pub(super) const ACTIONS: &str = r#"{"corporate_actions":{"cash_dividends":[{"id":"a","symbol":"KO","cusip":"191216100","rate":0.51,"special":false,"foreign":false,"process_date":"2026-12-15","ex_date":"2026-12-01","record_date":"2026-12-01","payable_date":"2026-12-15"}],"forward_splits":[{"id":"b","symbol":"NVDA","old_rate":1,"new_rate":10,"ex_date":"2026-06-10"}]},"next_page_token":null}"#;

pub(super) const CLOCKS: &str = r#"{"clocks":[{"market":"XNYS","timestamp":"2026-11-27T10:41:07-05:00","is_market_day":true,"next_market_open":"2026-11-30T09:30:00-05:00","next_market_close":"2026-11-27T13:00:00-05:00","phase":"core","phase_until":"2026-11-27T13:00:00-05:00"},{"market":"XTKS","timestamp":"2026-11-27T10:41:07-05:00","is_market_day":null,"next_market_open":null,"phase":"siesta"}]}"#;

pub(super) const MARKET_CALENDAR: &str = r#"{"market":{"mic":"XNYS","timezone":"America/New_York"},"calendar":[{"date":"2026-11-27","pre_start":"2026-11-27T04:00:00-05:00","pre_end":"2026-11-27T09:30:00-05:00","core_start":"2026-11-27T09:30:00-05:00","core_end":"2026-11-27T13:00:00-05:00","post_start":"2026-11-27T13:00:00-05:00","post_end":null,"lunch_start":null,"lunch_end":null,"settlement_date":"2026-11-30"}]}"#;

pub(super) const AUCTIONS: &str = r#"{"auctions":{"SPY":[{"d":"2026-11-20","o":[{"t":"2026-11-20T14:30:00.01Z","x":"T","p":661.1,"s":100,"c":"O"},{"t":"2026-11-20T14:30:00.05Z","x":"P","p":661.2,"s":412000,"c":"Q"}],"c":[{"t":"2026-11-20T21:00:00.2Z","x":"P","p":663.05,"c":"M"}]}]},"next_page_token":null}"#;

pub(super) const DATA: &str = r#"[{"T":"success","msg":"connected"},{"T":"success","msg":"authenticated"},{"T":"subscription","trades":["AAPL"],"quotes":[],"bars":["AAPL"],"updatedBars":[],"dailyBars":[],"statuses":[],"lulds":[],"corrections":["AAPL"],"cancelErrors":["AAPL"],"imbalances":[]},{"T":"t","S":"AAPL","i":52983525037631,"x":"V","p":224.07,"s":100,"c":["@","I"],"t":"2026-11-20T15:40:04.001Z","z":"C"},{"T":"q","S":"AAPL","ax":"V","ap":224.1,"as":300,"bx":"V","bp":224.05,"bs":200,"c":["R"],"t":"2026-11-20T15:40:04.01Z","z":"C"},{"T":"b","S":"AAPL","o":224.1,"h":224.3,"l":223.98,"c":224.05,"v":3120,"n":41,"vw":224.1177,"t":"2026-11-20T15:40:00Z"},{"T":"u","S":"AAPL","o":224.1,"h":224.31,"l":223.98,"c":224.05,"v":3180,"n":42,"vw":224.119,"t":"2026-11-20T15:40:00Z"},{"T":"d","S":"AAPL","o":222.9,"h":225.0,"l":222.4,"c":224.05,"v":981123,"n":10211,"vw":223.71,"t":"2026-11-20T05:00:00Z"},{"T":"c","S":"AAPL","x":"V","oi":1,"op":224.07,"os":100,"oc":["@"],"ci":2,"cp":224.06,"cs":100,"cc":["@"],"t":"2026-11-20T15:40:09Z","z":"C"},{"T":"x","S":"AAPL","i":1,"x":"V","p":224.07,"s":100,"a":"C","t":"2026-11-20T15:40:09Z","z":"C"},{"T":"s","S":"AAPL","sc":"H","sm":"Trading Halt","rc":"T12","rm":"Trading Halted; For information requested by NASDAQ","t":"2026-11-20T15:41:00Z","z":"C"},{"T":"l","S":"AAPL","u":235.2,"d":212.9,"i":"B","t":"2026-11-20T15:41:00Z","z":"C"},{"T":"error","code":406,"msg":"connection limit exceeded"},{"T":"zz","S":"AAPL"}]"#;

/// All of them.
pub(super) const ALL: &[&str] = &[
    ACCOUNT,
    CONFIGURATION,
    ASSET,
    CLOCK,
    CALENDAR,
    ORDER,
    BRACKET,
    POSITIONS,
    CLOSE_ALL,
    CANCEL_ALL,
    ACTIVITIES,
    HISTORY,
    AUTHORIZED,
    LISTENING,
    BARS,
    TRADES,
    QUOTES,
    LATEST_QUOTES,
    SNAPSHOTS,
    NEWS,
    ACTIVE,
    MOVERS,
    ACTIONS,
    CLOCKS,
    MARKET_CALENDAR,
    AUCTIONS,
    DATA,
];
