//! What the kernel says: a process's CPU time and memory, and how fast this disk makes things durable.

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// The CPU time of each thread of a process. Nanoseconds by the scheduler's own count: the clock ticks of
/// `/proc/<pid>/stat` are too coarse for a hundred requests.
pub(crate) struct Cpu(HashMap<String, u64>);

impl Cpu {
    pub(crate) fn of(process: u32) -> Self {
        let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("the server runs");
        let time = |task: fs::DirEntry| {
            let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
            Some((task.file_name().to_string_lossy().into_owned(), text.split(' ').next()?.parse().ok()?))
        };
        Self(tasks.filter_map(Result::ok).filter_map(time).collect())
    }

    /// What was used since an earlier reading. A thread that ended meanwhile is left out.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        let used = |(task, now): (&String, &u64)| now.saturating_sub(earlier.0.get(task).copied().unwrap_or(0));
        Duration::from_nanos(self.0.iter().map(used).sum())
    }
}

/// The memory that is a process's alone plus its share of the rest, in MiB.
pub(crate) fn memory(process: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("Pss:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
}

/// How many 4 KiB writes per second are durable when each waits for the disk: over what is there, and behind it.
pub(crate) fn syncs_per_second(folder: &Path) -> (f64, f64) {
    const PAGE: [u8; 4096] = [1; 4096];
    const PAGES: u32 = 1024;
    let path = folder.join("sync-probe");
    let file = File::create(&path).expect("the folder can be written");
    let write = |page: u32| file.write_all_at(&PAGE, u64::from(page) * 4096).expect("room on the disk");
    (0..PAGES).for_each(write);
    file.sync_all().expect("a disk");
    let rate = |page_of: &dyn Fn(u32) -> u32| {
        let (start, mut done) = (Instant::now(), 0);
        while start.elapsed() < Duration::from_millis(700) {
            write(page_of(done));
            file.sync_data().expect("a disk");
            done += 1;
        }
        f64::from(done) / start.elapsed().as_secs_f64()
    };
    let rates = (rate(&|n| n % PAGES), rate(&|n| PAGES + n));
    fs::remove_file(path).expect("our own file");
    rates
}
