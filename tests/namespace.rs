//! Network namespaces, where a test has all ports to itself.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::util::{Dir, TestCommand, skipped};

/// A network namespace; it ends with the process that keeps it, which ends with its standard input.
pub(crate) struct Namespace {
    keeper: Child,
    as_user: bool,
}

impl Namespace {
    /// `what` is left out where there can be none: that takes root, or user namespaces, and util-linux and iproute2.
    pub(crate) fn new(what: &str) -> Option<Self> {
        let made = Self::made(false).or_else(|| Self::made(true));
        if made.is_none() {
            skipped(&format!("{what}, as `unshare --net` and `ip` give no network namespace here"));
        }
        made
    }

    fn made(as_user: bool) -> Option<Self> {
        let mut command = Command::new("unshare");
        command.args(as_user.then_some("--map-root-user"));
        command.args(["--net", "sh", "-c", "ip link set lo up && echo up && exec cat"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut keeper = command.spawn().ok()?;
        let mut line = String::new();
        BufReader::new(keeper.stdout.take()?).read_line(&mut line).ok()?;
        let made = Self { keeper, as_user };
        (line == "up\n" && made.enter("true").status().is_ok_and(|status| status.success()))
            .then_some(made)
    }

    pub(crate) fn id(&self) -> u32 {
        self.keeper.id()
    }

    /// Whether a process from outside can enter it.
    pub(crate) fn is_readable(&self) -> bool {
        !self.as_user
    }

    /// A command that runs in it.
    pub(crate) fn enter(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg("--target").arg(self.id().to_string()).arg("--net");
        command.args(self.as_user.then_some(["--user", "--preserve-credentials"]).iter().flatten());
        command.arg(program);
        command
    }

    /// Runs some commands in it.
    pub(crate) fn sh(&self, script: &str) {
        let output = self.enter("sh").args(["-ec", script]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{script}: {told}");
    }

    /// Lets connections go out from so many ports.
    pub(crate) fn ports(&self, count: u16) {
        // That a loopback port is used again a second after it was closed would be in the way.
        self.sh(&format!(
            "cd /proc/sys/net/ipv4; echo 40000 {} > ip_local_port_range; echo 0 > tcp_tw_reuse",
            40_000 + count - 1
        ));
    }

    /// `plimsoll attack` in it.
    pub(crate) fn attack(&self, dir: &Dir) -> TestCommand {
        dir.plimsoll().arg("attack").within(self.enter("env"))
    }

    /// A stub gateway in it, at a port of all its addresses.
    pub(crate) fn stub(&self, port: u16, chains: &[&str]) -> Stub {
        let mut command = self.enter(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(["stub", "--for", "60s", "--listen"]).arg(format!("0.0.0.0:{port}"));
        for chain in chains {
            command.args(["--chain", chain]);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("http://"), "{line}");
        Stub(child)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// A stub that ends with its test.
pub(crate) struct Stub(Child);

impl Drop for Stub {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
