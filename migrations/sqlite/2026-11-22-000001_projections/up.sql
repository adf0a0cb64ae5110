-- Everything here can be rebuilt from the journal. Times are nanoseconds since 1970, prices
-- millionths of a dollar, quantities billionths of a share; money and averages are exact text.

CREATE TABLE orders (
    client_id TEXT NOT NULL PRIMARY KEY,
    -- The journal row that planned it.
    seq INTEGER NOT NULL UNIQUE,
    intent TEXT NOT NULL,
    role TEXT NOT NULL,
    route TEXT NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    qty INTEGER NOT NULL,
    kind TEXT NOT NULL,
    stop_price INTEGER,
    limit_price INTEGER,
    time_in_force TEXT NOT NULL,
    parent TEXT,
    replaces TEXT,
    replaced_by TEXT,
    exit_reason TEXT,
    state TEXT NOT NULL,
    is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    broker_id TEXT,
    filled INTEGER NOT NULL,
    filled_value TEXT NOT NULL,
    cancel_asked INTEGER NOT NULL CHECK (cancel_asked IN (0, 1)),
    replace_asked INTEGER NOT NULL CHECK (replace_asked IN (0, 1)),
    reason TEXT,
    planned_at INTEGER NOT NULL,
    reported_at INTEGER,
    first_fill_at INTEGER,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX orders_open ON orders (seq) WHERE is_open;
CREATE INDEX orders_symbol ON orders (symbol, seq);
CREATE INDEX orders_intent ON orders (intent);
CREATE INDEX orders_parent ON orders (parent) WHERE parent IS NOT NULL;

CREATE TABLE fills (
    client_id TEXT NOT NULL,
    -- Unique within its order: what makes a repeated report count once.
    execution_id TEXT NOT NULL,
    seq INTEGER NOT NULL UNIQUE,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    qty INTEGER NOT NULL,
    price INTEGER NOT NULL,
    fee TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (client_id, execution_id)
) STRICT;

CREATE INDEX fills_symbol ON fills (symbol, seq);
CREATE INDEX fills_at ON fills (at);

CREATE TABLE positions (
    symbol TEXT NOT NULL PRIMARY KEY,
    route TEXT NOT NULL,
    net INTEGER NOT NULL,
    -- Sales less purchases since it was last flat, without fees.
    flow TEXT NOT NULL,
    fees TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE trades (
    -- The journal row that closed it.
    id INTEGER NOT NULL PRIMARY KEY,
    intent TEXT NOT NULL,
    route TEXT NOT NULL,
    strategy TEXT NOT NULL,
    symbol TEXT NOT NULL,
    direction TEXT NOT NULL,
    qty INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    entry_average TEXT NOT NULL,
    exited_at INTEGER NOT NULL,
    exit_average TEXT NOT NULL,
    initial_stop INTEGER,
    exit_reason TEXT NOT NULL,
    profit TEXT NOT NULL,
    fees TEXT NOT NULL
) STRICT;

CREATE INDEX trades_exited_at ON trades (exited_at);
CREATE INDEX trades_symbol ON trades (symbol, id);
CREATE INDEX trades_route ON trades (route, id);

CREATE TABLE intents (
    id TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    route TEXT,
    origin TEXT NOT NULL,
    symbol TEXT NOT NULL,
    kind TEXT NOT NULL,
    accepted INTEGER NOT NULL CHECK (accepted IN (0, 1)),
    -- The rule that refused it.
    rule TEXT,
    intent TEXT NOT NULL,
    decision TEXT NOT NULL,
    bar_minutes INTEGER,
    bar_start INTEGER
) STRICT;

CREATE INDEX intents_symbol ON intents (symbol, seq);

CREATE TABLE days (
    date TEXT NOT NULL PRIMARY KEY,
    equity_at_open TEXT NOT NULL,
    equity_at_close TEXT NOT NULL,
    cash TEXT NOT NULL,
    realised TEXT NOT NULL,
    fees TEXT NOT NULL,
    trades INTEGER NOT NULL,
    winners INTEGER NOT NULL,
    losers INTEGER NOT NULL,
    refusals INTEGER NOT NULL,
    orders INTEGER NOT NULL,
    fills INTEGER NOT NULL,
    residue TEXT NOT NULL,
    unprotected_share_seconds INTEGER NOT NULL
) STRICT;

CREATE TABLE alerts (
    -- The journal row that holds it.
    id INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    severity TEXT NOT NULL,
    kind TEXT NOT NULL,
    symbol TEXT,
    message TEXT NOT NULL,
    action TEXT NOT NULL
) STRICT;
