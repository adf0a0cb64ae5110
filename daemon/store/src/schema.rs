//! The tables as diesel sees them. Written by hand to match `migrations/`; a test compares the two.

diesel::table! {
    meta (id) {
        id -> BigInt,
        epoch -> BigInt,
        created_at -> BigInt,
        created_by -> Text,
        head_seq -> BigInt,
        head_hash -> Text,
    }
}

diesel::table! {
    journal (seq) {
        seq -> BigInt,
        at -> BigInt,
        kind -> Text,
        symbol -> Nullable<Text>,
        client_id -> Nullable<Text>,
        intent -> Nullable<Text>,
        payload -> Text,
        prev -> Text,
        hash -> Text,
    }
}

diesel::table! {
    requests (id) {
        id -> Text,
        method -> Text,
        params -> Text,
        uid -> BigInt,
        at -> BigInt,
        result -> Nullable<Text>,
    }
}

diesel::table! {
    settings (key) {
        key -> Text,
        value -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    orders (client_id) {
        client_id -> Text,
        seq -> BigInt,
        intent -> Text,
        role -> Text,
        route -> Text,
        symbol -> Text,
        side -> Text,
        qty -> BigInt,
        kind -> Text,
        stop_price -> Nullable<BigInt>,
        limit_price -> Nullable<BigInt>,
        time_in_force -> Text,
        parent -> Nullable<Text>,
        replaces -> Nullable<Text>,
        replaced_by -> Nullable<Text>,
        exit_reason -> Nullable<Text>,
        state -> Text,
        is_open -> Bool,
        broker_id -> Nullable<Text>,
        filled -> BigInt,
        filled_value -> Text,
        cancel_asked -> Bool,
        replace_asked -> Bool,
        reason -> Nullable<Text>,
        planned_at -> BigInt,
        reported_at -> Nullable<BigInt>,
        first_fill_at -> Nullable<BigInt>,
        updated_at -> BigInt,
        trail_price -> Nullable<BigInt>,
        trail_percent -> Nullable<BigInt>,
    }
}

diesel::table! {
    fills (client_id, execution_id) {
        client_id -> Text,
        execution_id -> Text,
        seq -> BigInt,
        symbol -> Text,
        side -> Text,
        qty -> BigInt,
        price -> BigInt,
        fee -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    positions (symbol) {
        symbol -> Text,
        route -> Text,
        net -> BigInt,
        flow -> Text,
        fees -> Text,
        opened_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    trades (id) {
        id -> BigInt,
        intent -> Text,
        route -> Text,
        strategy -> Text,
        symbol -> Text,
        direction -> Text,
        qty -> BigInt,
        entered_at -> BigInt,
        entry_average -> Text,
        exited_at -> BigInt,
        exit_average -> Text,
        initial_stop -> Nullable<BigInt>,
        exit_reason -> Text,
        profit -> Text,
        fees -> Text,
    }
}

diesel::table! {
    intents (id) {
        id -> Text,
        seq -> BigInt,
        at -> BigInt,
        route -> Nullable<Text>,
        origin -> Text,
        symbol -> Text,
        kind -> Text,
        accepted -> Bool,
        rule -> Nullable<Text>,
        intent -> Text,
        decision -> Text,
        bar_minutes -> Nullable<BigInt>,
        bar_start -> Nullable<BigInt>,
    }
}

diesel::table! {
    days (date) {
        date -> Text,
        equity_at_open -> Text,
        equity_at_close -> Text,
        cash -> Text,
        realised -> Text,
        fees -> Text,
        trades -> BigInt,
        winners -> BigInt,
        losers -> BigInt,
        refusals -> BigInt,
        orders -> BigInt,
        fills -> BigInt,
        residue -> Text,
        unprotected_share_seconds -> BigInt,
        alerts -> BigInt,
        entry_slippage -> Text,
        stop_slippage -> Text,
        gaps -> Nullable<Text>,
        head_seq -> BigInt,
        head_hash -> Text,
    }
}

diesel::table! {
    alerts (id) {
        id -> BigInt,
        at -> BigInt,
        severity -> Text,
        kind -> Text,
        symbol -> Nullable<Text>,
        message -> Text,
        action -> Text,
        standing -> Bool,
        cleared_at -> Nullable<BigInt>,
        replaced_by -> Nullable<BigInt>,
        acknowledged_at -> Nullable<BigInt>,
        acknowledged_by -> Nullable<Text>,
    }
}

diesel::table! {
    trade_notes (trade) {
        trade -> BigInt,
        note -> Text,
    }
}

diesel::table! {
    trade_tags (trade, tag) {
        trade -> BigInt,
        tag -> Text,
    }
}

diesel::table! {
    trade_edits (id) {
        id -> BigInt,
        trade -> BigInt,
        at -> BigInt,
        uid -> BigInt,
        request -> Text,
        what -> Text,
        note -> Nullable<Text>,
        added -> Text,
        removed -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(trades, trade_tags);
