//! Whatever comes, in whatever order: it must be survived.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn no_answer_and_no_message_makes_it_panic(
        steps in prop::collection::vec((0_u8..6, any::<u16>(), prop::collection::vec(any::<u8>(), 0..60), 0_i64..20), 1..40),
    ) {
        let texts = [
            entry_text("partially_filled", 5, ""),
            entry_text("weird", 3, r#""replaced_by":"b9","#),
            format!("[{}]", entry_text("new", 0, "")),
            r#"{"id":"a","status":"ACTIVE","cash":"1"}"#.to_owned(),
            "[]".to_owned(),
        ];
        let mut bench = Bench::new();
        for (what, number, bytes, seconds) in steps {
            match what {
                0 => bench.ask(BrokerRequest::Submit(with_exits())),
                1 => bench.ask(BrokerRequest::Cancel(name(OrderRole::Stop))),
                2 => bench.ask(BrokerRequest::Snapshot { number: u32::from(number), since: START }),
                3 => {
                    bench.machine.stream(&StreamInput::Message(&bytes), bench.now);
                    bench.drain();
                }
                4 => bench.update("fill", r#""price":"1","qty":"2","#, &texts[usize::from(number) % 2]),
                _ => {
                    if let Some(call) = bench.calls.pop() {
                        let text = &texts[usize::from(number) % 5];
                        let status = [200, 204, 404, 422, 429, 500][usize::from(number / 8) % 6];
                        bench.answer(&call, status, text);
                    }
                }
            }
            bench.pass(seconds);
        }
    }
}
