"""Drives alpaca-sim with the official SDK, unmodified: every type and class of order, duplicate ids,
replace, cancel, pages, and both streams. Prints one line a check and ends with a count."""

import asyncio
import sys
import threading
import time
import traceback
import uuid
from datetime import timedelta

from alpaca.common.exceptions import APIError
from alpaca.data.enums import DataFeed, Adjustment, MarketType
from alpaca.data.historical import (
    NewsClient,
    ScreenerClient,
    StockHistoricalDataClient,
)
from alpaca.data.historical.corporate_actions import CorporateActionsClient
from alpaca.data.live import NewsDataStream, StockDataStream
from alpaca.data.requests import (
    CorporateActionsRequest,
    MarketMoversRequest,
    MostActivesRequest,
    NewsRequest,
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
    StockQuotesRequest,
    StockSnapshotRequest,
    StockTradesRequest,
)
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import (
    AssetStatus,
    CorporateActionType,
    OrderClass,
    OrderSide,
    OrderStatus,
    PositionIntent,
    QueryOrderStatus,
    TimeInForce,
)
from alpaca.trading.models import TradeUpdate
from alpaca.trading.requests import (
    ClosePositionRequest,
    CreateWatchlistRequest,
    GetAssetsRequest,
    GetCalendarRequest,
    GetCorporateAnnouncementsRequest,
    GetOrderByIdRequest,
    GetOrdersRequest,
    GetPortfolioHistoryRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    ReplaceOrderRequest,
    StopLimitOrderRequest,
    StopLossRequest,
    StopOrderRequest,
    TakeProfitRequest,
    TrailingStopOrderRequest,
    UpdateWatchlistRequest,
)
from alpaca.trading.stream import TradingStream

BASE = sys.argv[1]
KEY, SECRET = "sim-key", "sim-secret"
trading = TradingClient(KEY, SECRET, url_override=BASE)
data = StockHistoricalDataClient(KEY, SECRET, url_override=BASE)

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def until(wanted, seconds=10.0):
    """Waits for something to become true, and returns it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = wanted()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"never came true: {wanted}")


def status_is(order, *statuses):
    def read():
        now = trading.get_order_by_id(order.id)
        return now if now.status in statuses else None

    return until(read)


def refused(call, code, text, status=None):
    try:
        call()
    except APIError as error:
        assert error.code == code, (error.code, error.message)
        assert text in error.message, error.message
        if status:
            assert error.status_code == status, error.status_code
        return error
    raise AssertionError(f"not refused with {code} {text}")


def price(symbol):
    quote = data.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols=symbol))[symbol]
    return round((quote.ask_price + quote.bid_price) / 2, 2)


def clear():
    trading.cancel_orders()
    until(lambda: not trading.get_orders())
    trading.close_all_positions(cancel_orders=True)
    until(lambda: not trading.get_all_positions())


def market(symbol="AAPL", qty=10, side=OrderSide.BUY, **more):
    return trading.submit_order(
        MarketOrderRequest(symbol=symbol, qty=qty, side=side, time_in_force=TimeInForce.DAY, **more)
    )


def limit(symbol="AAPL", qty=10, side=OrderSide.BUY, away=0.9, tif=TimeInForce.DAY, **more):
    return trading.submit_order(
        LimitOrderRequest(
            symbol=symbol,
            qty=qty,
            side=side,
            time_in_force=tif,
            limit_price=round(price(symbol) * away, 2),
            **more,
        )
    )


@check
def account_clock_calendar_and_assets():
    account = trading.get_account()
    assert account.status.value == "ACTIVE" and float(account.equity) > 0
    clock = trading.get_clock()
    assert clock.is_open and clock.next_close > clock.timestamp
    days = trading.get_calendar(GetCalendarRequest(start="2026-11-01", end="2026-11-30"))
    assert len(days) == 20 and days[0].open.hour == 9
    assert any(day.close.hour == 13 for day in days)
    assets = trading.get_all_assets(GetAssetsRequest(status=AssetStatus.ACTIVE))
    assert {"AAPL", "MSFT", "SPY"} <= {asset.symbol for asset in assets}
    asset = trading.get_asset("AAPL")
    assert trading.get_asset(asset.id).symbol == "AAPL"
    refused(lambda: trading.get_asset("NOPE"), 40410000, "asset not found", 404)


@check
def configurations_are_changed_as_a_whole():
    config = trading.get_account_configurations()
    config.no_shorting = True
    assert trading.set_account_configurations(config).no_shorting is True
    refused(lambda: market("KO", 1, OrderSide.SELL), 40310000, "not allowed to short", 403)
    config.no_shorting = False
    assert trading.set_account_configurations(config).no_shorting is False


@check
def a_market_order_fills_and_makes_a_position():
    clear()
    order = market(qty=10)
    assert order.status in (OrderStatus.PENDING_NEW, OrderStatus.ACCEPTED)
    filled = status_is(order, OrderStatus.FILLED)
    assert float(filled.filled_qty) == 10 and float(filled.filled_avg_price) > 0
    position = trading.get_open_position("AAPL")
    assert position.side.value == "long" and float(position.qty) == 10
    closing = trading.close_position("AAPL", ClosePositionRequest(percentage="50"))
    status_is(closing, OrderStatus.FILLED)
    assert float(trading.get_open_position("AAPL").qty) == 5
    status_is(trading.close_position("AAPL", ClosePositionRequest(qty="2")), OrderStatus.FILLED)
    status_is(trading.close_position("AAPL"), OrderStatus.FILLED)
    refused(lambda: trading.get_open_position("AAPL"), 40410000, "position does not exist", 404)


@check
def notional_and_fractional_orders():
    clear()
    order = trading.submit_order(
        MarketOrderRequest(symbol="MSFT", notional=250.5, side=OrderSide.BUY, time_in_force=TimeInForce.DAY)
    )
    assert order.qty is None and float(order.notional) == 250.5
    filled = status_is(order, OrderStatus.FILLED)
    assert 0 < float(filled.filled_qty) < 1
    status_is(market("SPY", 1.25), OrderStatus.FILLED)
    refused(lambda: limit("SPY", 0.5, tif=TimeInForce.GTC), 42210000, "fractional orders must be DAY", 422)
    refused(lambda: market("BRK.B", 0.5), 40310000, "is not fractionable", 403)
    clear()


@check
def every_type_rests_and_is_cancelled():
    clear()
    p = price("AAPL")
    common = dict(symbol="AAPL", qty=1, time_in_force=TimeInForce.GTC)
    orders = [
        LimitOrderRequest(side=OrderSide.BUY, limit_price=round(p * 0.9, 2), **common),
        StopOrderRequest(side=OrderSide.BUY, stop_price=round(p * 1.1, 2), **common),
        StopLimitOrderRequest(
            side=OrderSide.BUY, stop_price=round(p * 1.1, 2), limit_price=round(p * 1.2, 2), **common
        ),
        TrailingStopOrderRequest(side=OrderSide.BUY, trail_percent=5.0, **common),
        TrailingStopOrderRequest(side=OrderSide.BUY, trail_price=10.0, **common),
    ]
    for request in orders:
        order = trading.submit_order(request)
        working = status_is(order, OrderStatus.NEW)
        assert working.type == request.type
        if working.type.value == "trailing_stop":
            assert float(working.hwm) > 0 and float(working.stop_price) > float(working.hwm)
        trading.cancel_order_by_id(order.id)
        status_is(order, OrderStatus.CANCELED)
        refused(lambda: trading.cancel_order_by_id(order.id), 42210000, 'already in "canceled"', 422)


@check
def every_time_in_force():
    clear()
    for tif in (TimeInForce.IOC, TimeInForce.FOK):
        done = status_is(limit(tif=tif), OrderStatus.CANCELED, OrderStatus.EXPIRED)
        assert float(done.filled_qty) == 0
        bought = limit(tif=tif, away=1.01, qty=1)
        status_is(bought, OrderStatus.FILLED)
    order = trading.submit_order(
        MarketOrderRequest(symbol="KO", qty=5, side=OrderSide.BUY, time_in_force=TimeInForce.CLS)
    )
    assert order.status in (OrderStatus.PENDING_NEW, OrderStatus.ACCEPTED)
    refused(
        lambda: trading.submit_order(
            MarketOrderRequest(symbol="F", qty=5, side=OrderSide.BUY, time_in_force=TimeInForce.OPG)
        ),
        40310000,
        "opg orders must be submitted after 7:00pm",
        403,
    )
    extended = limit(qty=1, extended_hours=True)
    assert extended.extended_hours
    clear()


@check
def duplicate_client_ids_are_refused_for_ever():
    clear()
    name = f"check-{uuid.uuid4()}"
    first = limit(qty=1, client_order_id=name)
    assert trading.get_order_by_client_id(name).id == first.id
    refused(lambda: limit(qty=1, client_order_id=name), 40010001, "client_order_id must be unique", 422)
    trading.cancel_order_by_id(first.id)
    status_is(first, OrderStatus.CANCELED)
    refused(lambda: limit(qty=1, client_order_id=name), 40010001, "client_order_id must be unique", 422)
    refused(
        lambda: limit(qty=1, client_order_id="x" * 129), 40010001, "no more than 128 characters", 422
    )
    refused(lambda: trading.get_order_by_client_id("never-used"), 40410000, "order not found", 404)
    refused(lambda: trading.get_order_by_id(uuid.uuid4()), 40410000, "order not found", 404)


@check
def a_replacement_is_a_new_order():
    clear()
    p = price("AAPL")
    old = limit(qty=10, tif=TimeInForce.DAY)
    status_is(old, OrderStatus.NEW)
    name = f"check-{uuid.uuid4()}"
    new = trading.replace_order_by_id(
        old.id,
        ReplaceOrderRequest(
            qty=7,
            limit_price=round(p * 0.91, 2),
            time_in_force=TimeInForce.GTC,
            client_order_id=name,
        ),
    )
    assert new.id != old.id and new.replaces == old.id and new.client_order_id == name
    working = status_is(new, OrderStatus.NEW)
    assert float(working.qty) == 7 and working.time_in_force == TimeInForce.GTC
    replaced = status_is(old, OrderStatus.REPLACED)
    assert replaced.replaced_by == new.id and replaced.replaced_at
    refused(
        lambda: trading.replace_order_by_id(new.id, ReplaceOrderRequest(qty=7)),
        40310000,
        "order parameters are not changed",
        403,
    )
    refused(
        lambda: trading.replace_order_by_id(old.id, ReplaceOrderRequest(qty=3)),
        42210000,
        "order is not open",
        422,
    )
    trail = trading.submit_order(
        TrailingStopOrderRequest(
            symbol="AAPL", qty=1, side=OrderSide.BUY, time_in_force=TimeInForce.GTC, trail_percent=5
        )
    )
    status_is(trail, OrderStatus.NEW)
    wider = trading.replace_order_by_id(trail.id, ReplaceOrderRequest(trail=6))
    assert float(status_is(wider, OrderStatus.NEW).trail_percent) == 6
    clear()


@check
def a_bracket_lives_and_dies_as_a_group():
    clear()
    p = price("SPY")
    order = market(
        "SPY",
        4,
        order_class=OrderClass.BRACKET,
        take_profit=TakeProfitRequest(limit_price=round(p * 1.05, 2)),
        stop_loss=StopLossRequest(stop_price=round(p * 0.95, 2), limit_price=round(p * 0.94, 2)),
    )
    assert order.order_class == OrderClass.BRACKET and len(order.legs) == 2
    assert [leg.status for leg in order.legs] == [OrderStatus.HELD, OrderStatus.HELD]
    status_is(order, OrderStatus.FILLED)
    nested = trading.get_order_by_id(order.id, GetOrderByIdRequest(nested=True))
    target, stop = nested.legs
    assert target.type.value == "limit" and stop.type.value == "stop_limit"
    assert stop.limit_price is not None and stop.stop_price is not None
    status_is(target, OrderStatus.NEW)
    position = trading.get_open_position("SPY")
    assert float(position.qty_available) == 0
    error = refused(
        lambda: market("SPY", 4, OrderSide.SELL), 40310000, "insufficient qty available for order", 403
    )
    moved = trading.replace_order_by_id(target.id, ReplaceOrderRequest(limit_price=round(p * 1.06, 2)))
    status_is(moved, OrderStatus.NEW)
    again = trading.get_order_by_id(order.id, GetOrderByIdRequest(nested=True))
    assert again.legs[0].id == moved.id
    trading.cancel_order_by_id(moved.id)
    status_is(moved, OrderStatus.CANCELED)
    status_is(stop, OrderStatus.CANCELED)
    clear()


@check
def oto_and_oco():
    clear()
    p = price("SPY")
    order = market(
        "SPY",
        4,
        order_class=OrderClass.OTO,
        stop_loss=StopLossRequest(stop_price=round(p * 0.9, 2)),
    )
    assert len(order.legs) == 1
    status_is(order, OrderStatus.FILLED)
    trading.cancel_order_by_id(order.legs[0].id)
    status_is(order.legs[0], OrderStatus.CANCELED)
    oco = trading.submit_order(
        LimitOrderRequest(
            symbol="SPY",
            qty=4,
            side=OrderSide.SELL,
            time_in_force=TimeInForce.GTC,
            order_class=OrderClass.OCO,
            take_profit=TakeProfitRequest(limit_price=round(p * 1.1, 2)),
            stop_loss=StopLossRequest(stop_price=round(p * 0.9, 2)),
        )
    )
    assert oco.order_class == OrderClass.OCO and len(oco.legs) == 1
    status_is(oco, OrderStatus.NEW)
    assert trading.get_order_by_id(oco.legs[0].id).status == OrderStatus.HELD
    listed = trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.OPEN, nested=True))
    assert [len(order.legs or []) for order in listed] == [1]
    trading.cancel_order_by_id(oco.id)
    status_is(oco.legs[0], OrderStatus.CANCELED)
    clear()


@check
def pretrade_checks_speak_alpacas_codes():
    clear()
    p = price("AAPL")
    refused(lambda: market("AAPL", 100000), 40310000, "insufficient buying power", 403)
    refused(lambda: market("NOPE", 1), 42210000, 'asset "NOPE" not found', 422)
    refused(lambda: market("TWTR", 1), 42210000, "is not active", 422)
    refused(lambda: market("GME", 1, OrderSide.SELL), 42210000, "cannot be sold short", 422)
    refused(
        lambda: trading.submit_order(
            LimitOrderRequest(
                symbol="AAPL", qty=1, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, limit_price=100.001
            )
        ),
        42210000,
        "sub-penny increment",
        422,
    )
    refused(
        lambda: market("AAPL", 1, position_intent=PositionIntent.BUY_TO_CLOSE),
        42210000,
        "position intent mismatch, inferred: buy_to_open",
        422,
    )
    status_is(market("AAPL", 5), OrderStatus.FILLED)
    stop = trading.submit_order(
        StopOrderRequest(
            symbol="AAPL", qty=5, side=OrderSide.SELL, time_in_force=TimeInForce.GTC, stop_price=round(p * 0.9, 2)
        )
    )
    status_is(stop, OrderStatus.NEW)
    refused(lambda: market("AAPL", 5), 40310000, "potential wash trade detected", 403)
    refused(lambda: market("AAPL", 5, OrderSide.SELL), 40310000, "insufficient qty available", 403)
    trading.cancel_order_by_id(stop.id)
    status_is(stop, OrderStatus.CANCELED)
    refused(
        lambda: trading.submit_order(
            StopOrderRequest(
                symbol="AAPL", qty=5, side=OrderSide.SELL, time_in_force=TimeInForce.DAY, stop_price=round(p * 1.1, 2)
            )
        ),
        42210000,
        "stop price must be less than current price",
        422,
    )
    clear()


@check
def shorts_have_negative_quantities():
    clear()
    status_is(market("KO", 40, OrderSide.SELL), OrderStatus.FILLED)
    position = trading.get_open_position("KO")
    assert position.side.value == "short" and float(position.qty) == -40
    refused(lambda: market("KO", 50), 40310000, "insufficient qty available", 403)
    responses = trading.close_all_positions(cancel_orders=True)
    assert [response.status for response in responses] == [200]
    until(lambda: not trading.get_all_positions())


@check
def orders_and_activities_are_paged():
    clear()
    begin = trading.get_clock().timestamp
    placed = [limit("F", qty=1, away=0.8) for _ in range(7)]
    cancelled = trading.cancel_orders()
    assert {str(one.id) for one in cancelled} == {str(order.id) for order in placed}
    assert all(one.status == 200 for one in cancelled)
    seen, after = [], begin
    while True:
        page = trading.get_orders(
            GetOrdersRequest(
                status=QueryOrderStatus.ALL, limit=3, after=after, direction="asc", symbols=["F"]
            )
        )
        seen += [order.id for order in page]
        if len(page) < 3:
            break
        after = page[-1].submitted_at
    assert seen == [order.id for order in placed]
    for _ in range(3):
        status_is(market("F", 2), OrderStatus.FILLED)
    whole = trading.get("/account/activities", {"activity_types": "FILL"})
    pages, token = [], None
    while True:
        query = {"page_size": 2, "activity_types": "FILL"}
        if token:
            query["page_token"] = token
        page = trading.get("/account/activities", query)
        if not page:
            break
        pages += page
        token = page[-1]["id"]
    assert [row["id"] for row in pages] == [row["id"] for row in whole]
    assert len({row["id"] for row in pages}) == len(pages) >= 3
    clear()


@check
def portfolio_history_watchlists_and_announcements():
    history = trading.get_portfolio_history(GetPortfolioHistoryRequest(period="1D", timeframe="1Min"))
    assert len(history.equity) == len(history.timestamp) >= 1
    name = f"list-{uuid.uuid4()}"
    made = trading.create_watchlist(CreateWatchlistRequest(name=name, symbols=["AAPL", "SPY"]))
    assert [asset.symbol for asset in made.assets] == ["AAPL", "SPY"]
    added = trading.add_asset_to_watchlist_by_id(made.id, "MSFT")
    assert len(added.assets) == 3
    trading.update_watchlist_by_id(made.id, UpdateWatchlistRequest(symbols=["KO"]))
    assert len(trading.get_watchlist_by_id(made.id).assets) == 1
    trading.remove_asset_from_watchlist_by_id(made.id, "KO")
    assert made.id in [one.id for one in trading.get_watchlists()]
    trading.delete_watchlist_by_id(made.id)
    refused(lambda: trading.get_watchlist_by_id(made.id), 40410000, "watchlist not found", 404)
    rows = trading.get_corporate_announcements(
        GetCorporateAnnouncementsRequest(
            ca_types=[CorporateActionType.DIVIDEND], since="2026-10-01", until="2026-11-30"
        )
    )
    assert rows and trading.get_corporate_announcment_by_id(rows[0].id).id == rows[0].id if hasattr(
        trading, "get_corporate_announcment_by_id"
    ) else rows


@check
def bars_trades_and_quotes_are_paged():
    now = trading.get_clock().timestamp
    week = now - timedelta(days=9)
    symbols = ["AAPL", "MSFT", "SPY"]
    bars = data.get_stock_bars(
        StockBarsRequest(symbol_or_symbols=symbols, timeframe=TimeFrame.Minute, start=week, end=now)
    )
    for symbol in symbols:
        series = bars[symbol]
        assert len(series) > 6 * 390 - 60, len(series)
        stamps = [bar.timestamp for bar in series]
        assert stamps == sorted(set(stamps))
        assert all(bar.low <= bar.open <= bar.high and bar.low <= bar.vwap <= bar.high for bar in series)
    few = data.get_stock_bars(
        StockBarsRequest(symbol_or_symbols=symbols, timeframe=TimeFrame.Minute, start=week, limit=5)
    )
    assert sum(len(series) for series in few.data.values()) == 5
    for frame in (TimeFrame(5, TimeFrameUnit.Minute), TimeFrame.Hour, TimeFrame.Day, TimeFrame.Week, TimeFrame.Month):
        some = data.get_stock_bars(
            StockBarsRequest(
                symbol_or_symbols="AAPL",
                timeframe=frame,
                start=now - timedelta(days=90),
                end=now,
                adjustment=Adjustment.ALL,
                feed=DataFeed.IEX,
            )
        )
        assert len(some["AAPL"]) >= 3, frame.value
    hour = now - timedelta(minutes=30)
    trades = data.get_stock_trades(StockTradesRequest(symbol_or_symbols=symbols, start=hour, end=now))
    quotes = data.get_stock_quotes(StockQuotesRequest(symbol_or_symbols="AAPL", start=hour, end=now))
    assert len(trades["AAPL"]) > 300 and len(quotes["AAPL"]) > 1500
    assert not data.get_stock_bars(
        StockBarsRequest(symbol_or_symbols="NOPE", timeframe=TimeFrame.Day, start=week)
    ).data


@check
def latest_values_and_snapshots():
    symbols = ["AAPL", "SPY"]
    trade = data.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols=symbols))
    bar = data.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols=symbols))
    assert set(trade) == set(bar) == set(symbols)
    snapshot = data.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols=symbols))["SPY"]
    assert snapshot.latest_trade.price > 0 and snapshot.daily_bar.volume > 0
    assert snapshot.previous_daily_bar.timestamp < snapshot.daily_bar.timestamp


@check
def news_screeners_and_corporate_actions():
    news = NewsClient(KEY, SECRET, url_override=BASE).get_news(NewsRequest(symbols="AAPL", limit=60))
    assert len(news.data["news"]) >= 10
    screener = ScreenerClient(KEY, SECRET, url_override=BASE)
    assert len(screener.get_most_actives(MostActivesRequest(top=5)).most_actives) == 5
    movers = screener.get_market_movers(MarketMoversRequest(top=3, market_type=MarketType.STOCKS))
    assert movers.gainers or movers.losers
    actions = CorporateActionsClient(KEY, SECRET, url_override=BASE).get_corporate_actions(
        CorporateActionsRequest(symbols=["AAPL"], start="2026-01-01", end="2026-11-30")
    )
    assert len(actions.data["cash_dividends"]) >= 3


@check
def bad_keys_are_unauthorised():
    wrong = TradingClient("no", "no", url_override=BASE)
    error = refused(wrong.get_account, 40110000, "unauthorized", 401)
    assert error


class Running:
    """A stream of the SDK in a thread of its own."""

    def __init__(self, stream):
        self.stream = stream
        self.thread = threading.Thread(target=stream.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self.stream

    def __exit__(self, *_):
        self.stream.stop()
        self.thread.join(timeout=15)
        assert not self.thread.is_alive()


def socket_base():
    return BASE.replace("http", "ws", 1)


@check
def the_trading_stream_tells_every_step():
    clear()
    heard = []

    async def on_update(update: TradeUpdate):
        heard.append(update)

    stream = TradingStream(KEY, SECRET, url_override=socket_base() + "/stream")
    stream.subscribe_trade_updates(on_update)
    with Running(stream):
        until(lambda: stream._ws is not None and stream._running)
        time.sleep(0.5)
        order = market("AAPL", 3)
        status_is(order, OrderStatus.FILLED)
        resting = limit("AAPL", 1)
        status_is(resting, OrderStatus.NEW)
        new = trading.replace_order_by_id(resting.id, ReplaceOrderRequest(qty=2))
        status_is(new, OrderStatus.NEW)
        trading.cancel_order_by_id(new.id)
        status_is(new, OrderStatus.CANCELED)

        def name(update):
            return getattr(update.event, "value", update.event)

        def events(order):
            return [name(u) for u in heard if u.order.id == order.id]

        until(lambda: "canceled" in events(new))

        told = events(order)
        assert told[:2] == ["pending_new", "new"] and told[-1] == "fill", told
        fills = [u for u in heard if u.order.id == order.id and name(u) in ("fill", "partial_fill")]
        assert sum(u.qty for u in fills) == 3 and fills[-1].position_qty == 3
        assert events(resting) == ["pending_new", "new", "pending_replace", "replaced"], events(resting)
        assert events(new) == ["new", "pending_cancel", "canceled"], events(new)
        ids = [u.execution_id for u in heard if u.execution_id]
        assert len(ids) == len(set(ids))
    clear()


@check
def the_data_stream_speaks_messagepack():
    heard = {"trades": [], "quotes": [], "bars": [], "daily": []}

    def into(name):
        async def take(message):
            heard[name].append(message)

        return take

    for feed in (DataFeed.IEX, DataFeed.SIP):
        for name in heard:
            heard[name].clear()
        stream = StockDataStream(
            KEY, SECRET, feed=feed, url_override=f"{socket_base()}/v2/{feed.value}"
        )
        stream.subscribe_trades(into("trades"), "AAPL", "SPY")
        stream.subscribe_quotes(into("quotes"), "AAPL")
        stream.subscribe_bars(into("bars"), "*")
        stream.subscribe_daily_bars(into("daily"), "AAPL")
        with Running(stream):
            until(lambda: heard["quotes"] and heard["trades"], 20)
            until(lambda: heard["bars"] and heard["daily"], 90)
        assert heard["quotes"][0].symbol == "AAPL" and heard["quotes"][0].ask_price > 0
        assert heard["bars"][0].close > 0 and heard["bars"][0].timestamp.second == 0


@check
def the_news_stream_and_the_test_stream_take_subscriptions():
    heard = []

    async def take(message):
        heard.append(message)

    stream = StockDataStream(KEY, SECRET, url_override=socket_base() + "/v2/test")
    stream.subscribe_quotes(take, "FAKEPACA")
    with Running(stream):
        until(lambda: heard, 20)
    news = NewsDataStream(KEY, SECRET, url_override=socket_base() + "/v1beta1/news")
    news.subscribe_news(take, "*")
    with Running(news):
        until(lambda: news._running, 20)


def main():
    wanted = sys.argv[2:]
    failed = 0
    for function in CHECKS:
        if wanted and function.__name__ not in wanted:
            continue
        began = time.monotonic()
        try:
            function()
            print(f"ok    {function.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception:
            failed += 1
            print(f"FAIL  {function.__name__}", flush=True)
            traceback.print_exc()
    passed = len([f for f in CHECKS if not wanted or f.__name__ in wanted]) - failed
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
