//! TCP sockets one by one, by the kernel's socket diagnostics: `sock_diag(7)`, with the messages of `<linux/netlink.h>` and
//! `<linux/inet_diag.h>`. `/proc/net/tcp` tells the same, but takes a lock for each slot of the kernel's table, of which
//! there are hundreds of thousands on a large host, whereas this passes over empty ones.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::net::netlink::SOCK_DIAG;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with,
};

/// `SOCK_DIAG_BY_FAMILY`
const BY_FAMILY: u16 = 20;
/// `NLMSG_ERROR`
const ERROR: u16 = 2;
/// `NLMSG_DONE`
const DONE: u16 = 3;
/// `NLM_F_REQUEST | NLM_F_DUMP`
const REQUEST_DUMP: u16 = 0x301;
/// `IPPROTO_TCP`
const TCP: u8 = 6;
/// The length of a `struct nlmsghdr`, ...
const HEADER: usize = 16;
/// ... and with a `struct inet_diag_req_v2` behind it.
const REQUEST: u32 = 16 + 56;
/// The most bytes that the kernel sends at once.
const BUFFER: usize = 32 << 10;

/// Tells the state, numbered as the kernel does, and the local port of each TCP socket of this network namespace.
///
/// # Errors
/// Where the kernel has no socket diagnostics, or does not let this process use them.
pub(super) fn sockets(mut tell: impl FnMut(u8, u16)) -> io::Result<()> {
    let socket = socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        Some(SOCK_DIAG),
    )?;
    for family in [AddressFamily::INET, AddressFamily::INET6] {
        dump(&socket, family, &mut tell)?;
    }
    Ok(())
}

fn dump(socket: &OwnedFd, family: AddressFamily, tell: &mut impl FnMut(u8, u16)) -> io::Result<()> {
    send(socket.as_fd(), &request(family), SendFlags::empty())?;
    let mut buffer = vec![0; BUFFER];
    loop {
        // The kernel writes the next answer before it returns from sending or receiving: there is nothing to wait for.
        let (read, length) = recv(socket.as_fd(), &mut buffer[..], RecvFlags::DONTWAIT)?;
        if length > read || read == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if is_last(&buffer[..read], tell)? {
            return Ok(());
        }
    }
}

/// Asks for the sockets of a family in any state.
fn request(family: AddressFamily) -> [u8; REQUEST as usize] {
    let mut request = [0; REQUEST as usize];
    request[..4].copy_from_slice(&REQUEST.to_ne_bytes());
    request[4..6].copy_from_slice(&BY_FAMILY.to_ne_bytes());
    request[6..8].copy_from_slice(&REQUEST_DUMP.to_ne_bytes());
    let body = &mut request[HEADER..];
    body[..2].copy_from_slice(&[family.as_raw().to_le_bytes()[0], TCP]);
    body[4..8].copy_from_slice(&u32::MAX.to_ne_bytes());
    request
}

/// Tells the sockets of an answer; whether it is the last one.
fn is_last(mut answer: &[u8], tell: &mut impl FnMut(u8, u16)) -> io::Result<bool> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    while let Some(&[a, b, c, d, kind @ .., _, _]) = answer.first_chunk::<8>() {
        let length = u32::from_ne_bytes([a, b, c, d]) as usize;
        let message = answer.get(HEADER..length).ok_or_else(invalid)?;
        match u16::from_ne_bytes(kind) {
            DONE => return Ok(true),
            ERROR => return Err(io::ErrorKind::Unsupported.into()),
            BY_FAMILY => {
                let &[_, state, _, _, high, low, ..] = message else { return Err(invalid()) };
                tell(state, u16::from_be_bytes([high, low]));
            }
            _ => {}
        }
        answer = answer.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn message(kind: u16, body: &[u8]) -> Vec<u8> {
        let mut message = vec![0; HEADER];
        message[..4].copy_from_slice(&u32::try_from(HEADER + body.len()).unwrap().to_ne_bytes());
        message[4..6].copy_from_slice(&kind.to_ne_bytes());
        message.extend(body);
        message.resize(message.len().next_multiple_of(4), 0);
        message
    }

    /// The state and port of a socket stand behind its family, as in `struct inet_diag_msg`.
    #[test]
    fn answers_are_read_to_their_end() {
        let mut answer = message(BY_FAMILY, &[2, 10, 0, 0, 0x1f, 0x90, 9]);
        answer.extend(message(4, &[]));
        answer.extend(message(BY_FAMILY, &[2, 1, 0, 0, 0, 80]));
        let read = |answer: &[u8]| {
            let mut told = Vec::new();
            let is_last = is_last(answer, &mut |state, port| told.push((state, port)));
            (is_last.map_err(|error| error.kind()), told)
        };
        let both = vec![(10, 8_080), (1, 80)];
        assert_eq!(read(&answer), (Ok(false), both.clone()));
        assert_eq!(read(&[&answer[..], &message(DONE, &[0; 4])].concat()), (Ok(true), both));
        let refused = read(&message(ERROR, &[0xfe, 0xff, 0xff, 0xff])).0;
        assert_eq!(refused, Err(io::ErrorKind::Unsupported));
        for broken in [message(BY_FAMILY, &[2, 1]), vec![0xff; 24], vec![0; 24]] {
            assert_eq!(read(&broken).0, Err(io::ErrorKind::InvalidData));
        }
    }

    /// On a kernel that has them, they tell what is there.
    #[test]
    fn a_listener_is_among_the_sockets() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut told = Vec::new();
        if sockets(|state, port| told.push((state, port))).is_ok() {
            assert!(told.contains(&(10, port)), "{told:?}");
        }
    }
}
