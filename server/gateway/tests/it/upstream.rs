//! An upstream that does what the test tells it, byte by byte.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{Mutex, Notify, watch},
};

/// What to do with one request.
#[derive(Debug, Clone)]
pub enum Act {
    /// Writes pieces with pauses before each, and then closes the connection or keeps silent on it.
    Write { pieces: Vec<String>, pause: Duration, hang: bool },
    /// Closes the connection without a word.
    HangUp,
    /// Says nothing.
    Silence,
    /// Waits until the test opens the gate, and then answers.
    WhenOpen { gate: watch::Receiver<bool>, answer: String },
}

impl Act {
    pub fn raw(text: &str) -> Self {
        Self::Write { pieces: vec![text.to_owned()], pause: Duration::ZERO, hang: false }
    }

    pub fn json(status: u16, body: &str) -> Self {
        Self::raw(&Self::answer(status, body))
    }

    pub fn json_when(gate: watch::Receiver<bool>, body: &str) -> Self {
        Self::WhenOpen { gate, answer: Self::answer(200, body) }
    }

    fn answer(status: u16, body: &str) -> String {
        let length = body.len();
        format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    }

    /// A stream of events; without its end it is cut, or hangs.
    pub fn events(script: &[String], hang: bool) -> Self {
        Self::Write { pieces: Self::chunked(script), pause: Duration::from_millis(5), hang }
    }

    pub fn events_every(script: &[String], pause: Duration) -> Self {
        Self::Write { pieces: Self::chunked(script), pause, hang: false }
    }

    fn chunked(script: &[String]) -> Vec<String> {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        let mut pieces = vec![head.to_owned()];
        pieces.extend(script.iter().map(|event| format!("{:x}\r\n{event}\r\n", event.len())));
        if script.last().is_some_and(|event| event.contains("[DONE]")) {
            pieces.push("0\r\n\r\n".to_owned());
        }
        pieces
    }
}

#[derive(Default)]
struct Seen {
    bodies: Mutex<Vec<String>>,
    hung_up: Notify,
}

/// The upstream; it ends with the test.
pub struct Upstream {
    pub url: String,
    seen: Arc<Seen>,
}

impl Upstream {
    /// Does one act per request, in their order.
    pub async fn start(acts: Vec<Act>) -> Self {
        Self::run(acts, None).await
    }

    /// Does the same with every request.
    pub async fn start_always(act: Act) -> Self {
        Self::run(Vec::new(), Some(act)).await
    }

    async fn run(acts: Vec<Act>, always: Option<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let seen = Arc::new(Seen::default());
        let (theirs, acts) = (
            Arc::clone(&seen),
            Arc::new(Mutex::new(acts.into_iter().collect::<std::collections::VecDeque<_>>())),
        );
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, acts, always) = (Arc::clone(&theirs), Arc::clone(&acts), always.clone());
                tokio::spawn(async move {
                    serve(stream, &seen, || async {
                        match always {
                            Some(ref act) => Some(act.clone()),
                            None => acts.lock().await.pop_front(),
                        }
                    })
                    .await;
                });
            }
        });
        Self { url, seen }
    }

    /// The bodies of the requests so far.
    pub async fn bodies(&self) -> Vec<String> {
        self.seen.bodies.lock().await.clone()
    }

    /// Waits until a caller has closed a connection that was being written to.
    pub async fn hung_up(&self) {
        tokio::time::timeout(Duration::from_secs(5), self.seen.hung_up.notified())
            .await
            .expect("the gateway hangs up");
    }
}

async fn serve<F: Future<Output = Option<Act>>>(
    mut stream: TcpStream,
    seen: &Seen,
    next: impl Fn() -> F,
) {
    let mut buffer = Vec::new();
    while let Some(body) = request(&mut stream, &mut buffer).await {
        seen.bodies.lock().await.push(body);
        match next().await {
            None | Some(Act::HangUp) => return,
            Some(Act::WhenOpen { mut gate, answer }) => {
                let opened = gate.wait_for(|open| *open).await.is_ok();
                if !opened || stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
            Some(Act::Silence) => tokio::time::sleep(Duration::from_secs(30)).await,
            Some(Act::Write { pieces, pause, hang }) => {
                let whole = pieces.last().is_some_and(|last| {
                    last.starts_with("0\r\n") || last.contains("content-length: ")
                });
                for piece in pieces {
                    tokio::time::sleep(pause).await;
                    if stream.write_all(piece.as_bytes()).await.is_err() {
                        seen.hung_up.notify_one();
                        return;
                    }
                }
                if hang {
                    tokio::time::sleep(Duration::from_secs(30)).await;
                }
                if !whole {
                    return;
                }
            }
        }
    }
}

/// Reads one request with a content length; `None` when the caller has closed.
async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
            let length: usize = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .map_or(0, |n| n.trim().parse().unwrap());
            if buffer.len() >= end + 4 + length {
                let body = String::from_utf8_lossy(&buffer[end + 4..end + 4 + length]).into_owned();
                buffer.drain(..end + 4 + length);
                return Some(body);
            }
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => buffer.extend_from_slice(&piece[..n]),
        }
    }
}
