//! Opening a store: what is made, what is refused, what comes back.

use super::{NOW, plain};
use crate::{Batch, Reader, Store, Writer};

#[test]
fn a_restart_loads_what_was_appended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut store = Store::open(&path, NOW, 42).unwrap();
    store.append(&[plain(1), plain(2)]).unwrap();
    let writer = Writer::spawn(store).unwrap();
    writer.submit(Batch::from(vec![plain(3)])).wait().unwrap();
    assert_eq!(Reader::open(&path).unwrap().counts().unwrap().entries, 3);
    drop(writer.shut_down().unwrap());

    let mut store = Store::open(&path, NOW.plus_seconds(9), 43).unwrap();
    let recovery = store.load().unwrap();
    assert_eq!((recovery.epoch.0, recovery.next_seq), (42, 4));
    assert_eq!(recovery.entries, [plain(1), plain(2), plain(3)]);
    store.verify_chain().unwrap();
}
