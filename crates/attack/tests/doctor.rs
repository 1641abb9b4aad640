//! Hosts as they were recorded, or written down: fixtures/SOURCE.md.

use std::path::{Path, PathBuf};

use plimsoll_attack::doctor::{Cgroup, Conntrack, Host, OpenFiles, Throttling, Watch};

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

#[test]
fn sockets_are_counted_by_state() {
    let host = Host::read(&root("small-range"));
    assert_eq!(host.port_range, Some((40_000, 40_099)));
    assert_eq!(host.reserved_ports, [(40_010, 40_019)]);
    let sockets = host.sockets.unwrap();
    // Both ends of ten connections; of forty the end that closed first.
    assert_eq!((sockets.established, sockets.time_wait), (20, 40));
    assert_eq!(sockets.listening.iter().collect::<Vec<_>>(), [&8545]);
    assert_eq!(sockets.taken(40_000, 40_099), 50);
    assert_eq!(host.open_files, Some(OpenFiles { soft: 256, hard: 256 }));
    assert_eq!(host.tw_reuse, Some(0));
    let sample = Watch::new(&root("small-range"), None).sample().unwrap();
    assert_eq!((sample.ports_in_use, sample.ports, sample.open_files), (50, Some(100), None));
}

#[test]
fn the_tightest_control_group_counts() {
    let host = Host::read(&root("container"));
    let cgroup = Cgroup {
        cpu_quota: Some(1.5),
        cpus: Some(8),
        throttling: Some(Throttling { periods: 1_200, throttled: 96 }),
        memory_left: Some(268_435_456),
    };
    assert_eq!(host.cgroup, Some(cgroup));
    assert_eq!(host.cpu_time(), Some(1.5));
    assert_eq!(host.conntrack, Some(Conntrack { count: 812, max: 65_536, time_wait_s: 120 }));
    assert_eq!(host.clock_set, Some(true));
}

/// Where control groups are still those of version 1, the quota counts.
#[test]
fn a_quota_of_version_1_counts() {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("proc/self/cgroup", "4:memory:/m\n3:cpu,cpuacct:/pod/load\n0::/\n");
    write("proc/self/status", "Cpus_allowed_list:\t0-3\n");
    let group = "sys/fs/cgroup/cpu/pod";
    for (directory, quota) in [("", "150000"), ("/load", "-1")] {
        write(&format!("{group}{directory}/cpu.cfs_quota_us"), quota);
        write(&format!("{group}{directory}/cpu.cfs_period_us"), "100000\n");
    }
    let host = Host::read(root.path());
    assert_eq!(host.cgroup, Some(Cgroup { cpu_quota: Some(1.5), ..Cgroup::default() }));
    assert_eq!(host.cpu_time(), Some(1.5));
    write(&format!("{group}/cpu.cfs_quota_us"), "-1");
    assert_eq!(
        (Host::read(root.path()).cgroup, Host::read(root.path()).cpu_time()),
        (None, Some(4.0))
    );
}

/// Nothing is guessed where there is nothing to read.
#[test]
fn an_empty_root_knows_nothing() {
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(Host::read(empty.path()), Host::default());
    assert_eq!(Watch::new(empty.path(), Some(1)).sample(), None);
}
