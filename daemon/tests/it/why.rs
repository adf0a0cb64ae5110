//! Why: every trade of a whole session has a complete chain, and every bar of it says which condition was
//! not met.

use std::process::Command;

use trader_kernel::views::{Marked, why};
use trader_store::{DiaryPage, Page, Reader, TradeFilter};

use crate::demo::{demo, text};

#[test]
fn every_trade_of_a_session_is_explained_and_every_bar_has_a_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_str().unwrap();
    let output = demo(&["--pace", "max", "--state-dir", state]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}");
    assert!(
        out.contains("each explained from its bar to its last fill"),
        "{out}"
    );

    let mut reader = Reader::open(&folder.path().join("traderd.db")).unwrap();
    let trades = reader
        .trades(&TradeFilter::default(), Page::newest(100))
        .unwrap();
    assert!(!trades.is_empty());
    for closed in trades {
        let (id, symbol) = (closed.trade.intent, closed.trade.symbol);
        let rows = reader.chain(id).unwrap();
        let why = why(
            id.to_string(),
            symbol,
            id,
            Marked::Intent(id),
            &rows,
            &DiaryPage::default(),
        );
        assert_eq!(why.missing, Vec::<String>::new(), "{id}");
        let kinds: Vec<&str> = why.steps.iter().map(|step| step.kind.as_str()).collect();
        for kind in ["bar", "signal", "sizing", "gate", "order", "fill", "end"] {
            assert!(kinds.contains(&kind), "{id} has no {kind}: {kinds:?}");
        }
    }

    let ask = |subject: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_traderd"));
        command.args(["why", subject, "--state-dir", state]);
        command.env_clear().output().unwrap()
    };
    let told = ask("WLKB@11:02");
    let out = text(&told.stdout);
    assert_eq!(told.status.code(), Some(0), "{}", text(&told.stderr));
    assert!(out.contains("far_from_the_mean"), "{out}");
    assert!(out.contains("verdict"), "{out}");
    assert_eq!(ask("WLKB").status.code(), Some(2));
    assert_ne!(ask("NONE@11:02").status.code(), Some(0));
}
