//! What is in a segment, for those who look.

use trader_core::Event;
use trader_recording::{Beginning, Item, Segment, Tail};
use trader_rpc::{RecordedSegment, SegmentBeginning};

use super::folder::SegmentFile;

/// Reads a segment to its end and tells what is in it.
#[must_use]
pub(crate) fn describe(file: &SegmentFile) -> RecordedSegment {
    let mut told = RecordedSegment {
        number: file.number,
        bytes: file.bytes,
        packed: file.packed,
        begins: SegmentBeginning::Unreadable,
        first_at: None,
        last_at: None,
        version: None,
        events: 0,
        bars: 0,
        ended: false,
        cut: None,
    };
    if let Err(why) = read(file, &mut told) {
        told.cut = Some(why);
    }
    told
}

fn read(file: &SegmentFile, told: &mut RecordedSegment) -> Result<(), String> {
    let bytes = file.read().map_err(|error| error.to_string())?;
    let mut segment = Segment::open(&bytes).map_err(|error| error.to_string())?;
    let opening = segment.opening();
    told.begins = match opening.begins {
        Beginning::Start { .. } => SegmentBeginning::Start,
        Beginning::Running { .. } => SegmentBeginning::Running,
        Beginning::Continues => SegmentBeginning::Continues,
    };
    told.first_at = Some(opening.at);
    told.version = Some(opening.version.to_string());
    for item in segment.by_ref() {
        match item.map_err(|error| error.to_string())? {
            Item::Event { at, event } => {
                told.events = told.events.saturating_add(1);
                told.last_at = Some(at);
                if matches!(event, Event::Bar { .. }) {
                    told.bars = told.bars.saturating_add(1);
                }
            }
            Item::Commands(_) => {}
            Item::End => told.ended = true,
        }
    }
    told.cut = segment.tail().and_then(Tail::describe);
    Ok(())
}
