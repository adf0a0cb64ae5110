//! Files of keys: read or refused, and what is refused is never shown.

use std::os::unix::fs::PermissionsExt;

use trader_broker_alpaca::face::credentials;

use super::fuzz;
use super::mutate::bend;

const ID: &str = "PKTESTTESTTESTTEST12";
const SECRET: &str = "s3cretS3cretS3cretS3cretS3cretS3cret";

#[test]
fn a_file_of_keys_is_read_or_refused_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alpaca");
    fuzz("a_file_of_keys_is_read_or_refused", 50, |dice| {
        let mut bytes = format!("{ID}\n{SECRET}\n").into_bytes();
        for _ in 0..dice.below(4) {
            bend(dice, &mut bytes);
        }
        std::fs::write(&path, &bytes).unwrap();
        let mode = if dice.once_in(8) { 0o640 } else { 0o600 };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let told = match credentials::load("alpaca", Some(&path)) {
            Ok(keys) => {
                assert_eq!(mode, 0o600);
                format!("{keys:?}")
            }
            Err(error) => format!("{error} {error:?}"),
        };
        // Not even a part of it.
        for part in SECRET.as_bytes().chunks(9) {
            let part = String::from_utf8_lossy(part);
            let shown = part.len() > 8 && told.contains(&*part);
            assert!(!shown, "{told}");
        }
    });
}
