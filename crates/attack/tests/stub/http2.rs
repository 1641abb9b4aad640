use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use plimsoll_attack::stub::{Chain, Service, Stub, StubConfig, WhenFull};
use tokio::net::TcpStream;

async fn connect(stub: &Stub) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(stub.address()).await.unwrap();
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn request(stub: &Stub, id: u32) -> Request<Full<Bytes>> {
    let body = format!(r#"{{"id":{id}}}"#);
    Request::post(format!("{}/mantle", stub.url())).body(Full::from(body)).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn prior_knowledge_shares_one_connection() {
    let service = Service::fixed(Duration::from_millis(200));
    let chains = vec![Chain { service, ..Chain::new("mantle") }];
    let stub = Stub::start(&StubConfig { chains, ..StubConfig::default() }).unwrap();
    runtime().block_on(async {
        let mut sender = connect(&stub).await;
        let start = Instant::now();
        let mut answers = Vec::new();
        for id in 0..8 {
            sender.ready().await.unwrap();
            answers.push(sender.send_request(request(&stub, id)));
        }
        for (answer, id) in answers.into_iter().zip(0..) {
            let body = answer.await.unwrap().into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, format!(r#"{{"jsonrpc":"2.0","id":{id},"result":"0x10d4f00"}}"#));
        }
        // Eight requests, four workers: two rounds of 200 ms.
        assert!(start.elapsed() >= Duration::from_millis(400));
        assert!(start.elapsed() < Duration::from_millis(800));
    });
    let counts = stub.stop();
    assert_eq!((counts.connections, counts.http2, counts.chains["mantle"].results), (1, 8, 8));
}

/// A reset takes its own stream alone.
#[test]
fn a_reset_ends_the_stream() {
    let chain = Chain {
        workers: NonZeroU32::MIN,
        service: Service::fixed(Duration::from_millis(300)),
        queue: Some(0),
        full: WhenFull::Reset,
        ..Chain::new("mantle")
    };
    let stub = Stub::start(&StubConfig { chains: vec![chain], ..StubConfig::default() }).unwrap();
    runtime().block_on(async {
        let mut sender = connect(&stub).await;
        let first = tokio::spawn(sender.send_request(request(&stub, 1)));
        tokio::time::sleep(Duration::from_millis(50)).await;
        let error = sender.send_request(request(&stub, 2)).await.unwrap_err();
        let error = format!("{:?}", std::error::Error::source(&error).unwrap());
        assert!(error.contains("Reset") && error.contains("INTERNAL_ERROR"), "{error}");
        assert_eq!(first.await.unwrap().unwrap().status(), 200);
    });
    assert_eq!(stub.stop().chains["mantle"].reset, 1);
}
