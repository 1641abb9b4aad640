use crate::doctor::{Check, Host, Status};

/// Sources that are read without a system call, on the architectures that there are.
const QUICK: [&str; 6] = [
    "tsc",
    "kvm-clock",
    "hyperv_clocksource_tsc_page",
    "arch_sys_counter",
    "xen",
    "riscv_clocksource",
];

/// Whether time is cheap to read.
pub(crate) fn source(host: &Host) -> Option<Check> {
    let source = host.clock_source.as_ref()?;
    let quick = QUICK.contains(&source.as_str());
    Some(Check {
        name: "clock_source",
        status: if quick { Status::Pass } else { Status::Warn },
        finding: format!("time is read from {source}"),
        fix: (!quick).then(|| {
            "clocksource=tsc, where the CPU has a stable one: each reading is a system call now"
                .to_owned()
        }),
    })
}

/// Whether it is the right one. It matters only where several hosts are to be compared.
pub(crate) fn set(host: &Host) -> Check {
    let (status, finding) = match host.clock_set {
        Some(true) => (Status::Pass, "the clock is synchronised"),
        Some(false) => (Status::Warn, "the clock is not synchronised"),
        None => (Status::Note, "whether the clock is synchronised cannot be told from files"),
    };
    let fix = (status == Status::Warn).then(|| {
        "start a time service, if results of several hosts are to be put together".to_owned()
    });
    Check { name: "clock", status, finding: finding.to_owned(), fix }
}
