//! Submitting a backtest, watching it, and printing what came of it.

use trader_rpc::{Job, Work};

use super::super::Setting;
use super::flags::Flags;
use super::report::print_result;
use crate::exit::Failed;
use crate::progress::{self, Progress};
use crate::work::{Detachable, Line, done, submit};

pub(super) fn run(flags: &Flags, setting: Setting<'_>) -> Result<(), Failed> {
    let spec = flags.spec()?;
    flags.printing.check()?;
    let mut line = Line::to_change(setting, flags.patience)?;
    let detachable = Detachable::new(setting.output);
    let job = submit(&mut line, flags.request.id()?, Work::Backtest(spec))?;
    detachable.set(&job);
    if flags.detach {
        return setting.output.result(&job, || detached(&job));
    }
    let mut shown = Progress::new();
    if !setting.output.is_json() && !shown.is_seen() {
        setting
            .output
            .note(&format!("job {}: {}", job.id, job.title));
    }
    let job = done(&mut line, job.id, |job| {
        detachable.set(job);
        shown.show(&progress::line(job));
        Ok(())
    })?;
    shown.clear();
    print_result(&mut line, &job, &flags.printing, setting.output)
}

fn detached(job: &Job) -> String {
    format!(
        "job {}: {}\n  watch:  traderctl jobs watch {}\n  cancel: traderctl jobs cancel {}",
        job.id, job.title, job.id, job.id
    )
}
