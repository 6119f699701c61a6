//! As little HTTP as the tests need, over plain sockets, so that broken connections are seen as they are.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

/// Sends a request on a connection of its own: status, head in lower case, body; `None` when the connection broke.
pub fn raw(
    port: u16,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Option<(u16, String, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let text = String::from_utf8_lossy(&answer);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, head.to_lowercase(), body.to_owned()))
}

fn json(
    port: u16,
    method: &str,
    path: &str,
    authorization: &str,
    body: &str,
) -> Option<(u16, Value)> {
    let authorization = if authorization.is_empty() {
        String::new()
    } else {
        format!("Authorization: {authorization}\r\n")
    };
    let headers = format!("{authorization}Content-Type: application/json\r\n");
    let (status, head, body) = raw(port, method, path, &headers, body)?;
    // A broken-off answer is no answer.
    let mut value: Value =
        if body.is_empty() { Value::Null } else { serde_json::from_str(&body).ok()? };
    let receipt = head.lines().find_map(|line| line.strip_prefix("x-cmp-receipt-id: "));
    if let (Some(receipt), Some(fields)) = (receipt, value.as_object_mut()) {
        fields.insert("__receipt".to_owned(), receipt.into());
    }
    Some((status, value))
}

pub fn get(port: u16, path: &str, authorization: &str) -> Option<(u16, Value)> {
    json(port, "GET", path, authorization, "")
}

pub fn post(port: u16, path: &str, authorization: &str, body: &Value) -> Option<(u16, Value)> {
    json(port, "POST", path, authorization, &body.to_string())
}

pub fn delete(port: u16, path: &str, authorization: &str) -> Option<u16> {
    raw(port, "DELETE", path, &format!("Authorization: {authorization}\r\n"), "")
        .map(|(status, ..)| status)
}

fn status(stream: &mut TcpStream) -> u16 {
    let mut head = [0; 64];
    let read = stream.read(&mut head).unwrap_or(0);
    let text = String::from_utf8_lossy(&head[..read]).into_owned();
    text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// Sends a body in chunks without end, until an answer comes; the status and the bytes that were sent.
pub fn endless(port: u16, path: &str, authorization: &str) -> (u16, usize) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let piece = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let mut sent = 0;
    while sent < 128 * 1024 * 1024 && stream.write_all(piece.as_bytes()).is_ok() {
        sent += 0x10000;
        stream.set_nonblocking(true).unwrap();
        let answered = stream.peek(&mut [0]).is_ok_and(|n| n > 0);
        stream.set_nonblocking(false).unwrap();
        if answered {
            break;
        }
    }
    (status(&mut stream), sent)
}

/// Announces a body of some length without sending any.
pub fn announced(port: u16, path: &str, authorization: &str, length: u64) -> u16 {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    status(&mut stream)
}
