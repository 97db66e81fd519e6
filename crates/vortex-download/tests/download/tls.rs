//! Certificates that nobody vouches for: `self_signed.crt.der` is of 127.0.0.1, signed by itself.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::channel;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::bench::{Bench, known};
use crate::server::{Reply, Server};

/// Address of a server that speaks TLS with the certificate, and what its first handshake came to.
fn server() -> (String, std::sync::mpsc::Receiver<Result<(), String>>) {
    let certificate = CertificateDer::from(&include_bytes!("self_signed.crt.der")[..]);
    let key = PrivatePkcs8KeyDer::from(&include_bytes!("self_signed.key.der")[..]);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::from(key))
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/file", listener.local_addr().unwrap());
    let (send, handshakes) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let outcome = tls.complete_io(&mut stream).map(|_| ()).and_then(|()| {
                let mut stream = rustls::Stream::new(&mut tls, &mut stream);
                let _ = stream.read(&mut [0; 1000])?;
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")
            });
            if send.send(outcome.map_err(|e| e.to_string())).is_err() {
                return;
            }
        }
    });
    (url, handshakes)
}

#[test]
fn are_refused_at_once() {
    let (url, handshakes) = server();
    let bench = Bench::new();
    bench.wrong(&known(url, b"abc"), &["UnknownIssuer", "certificates are always checked"]);
    assert_eq!(bench.slept.get(), std::time::Duration::ZERO, "no second attempt");
    assert!(handshakes.recv().unwrap().is_err());
    assert!(handshakes.try_recv().is_err());
}

#[test]
fn are_refused_behind_redirects_too() {
    let (url, handshakes) = server();
    let header = format!("Location: {url}");
    let plain = Server::new(move |_| Reply::new("302 Found", &[&header], Vec::new()));
    Bench::new().wrong(&known(plain.url("/file"), b"abc"), &["certificate", "always checked"]);
    assert!(handshakes.recv().unwrap().is_err());
}
