//! A stand-in for GitHub on loopback: comments of one pull request, the login of the token, and releases to download.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// A comment on the pull request.
#[derive(Clone, Debug)]
pub(crate) struct Comment {
    pub(crate) login: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) body: String,
}

/// What the stub knows and has seen.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) comments: Vec<Comment>,
    /// Whether writing is refused, as with the token of a fork.
    pub(crate) read_only: bool,
    /// Whether nothing works.
    pub(crate) down: bool,
    /// Whether answers break off before they are whole.
    pub(crate) cut: bool,
    /// The head of the pull request now; not told when empty.
    pub(crate) head: String,
    /// What another run comments just before the next comment is created.
    pub(crate) meanwhile: Option<Comment>,
    /// Who the token is; not told when empty.
    pub(crate) login: &'static str,
    /// Files to download, by path.
    pub(crate) files: HashMap<String, Vec<u8>>,
    /// Method and path of every request, in order.
    pub(crate) seen: Vec<String>,
    /// The tokens that came along.
    pub(crate) tokens: Vec<String>,
}

/// The running stub.
pub(crate) struct Stub {
    pub(crate) url: String,
    pub(crate) state: Arc<Mutex<State>>,
}

impl Stub {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { login: "github-actions[bot]", ..State::default() }));
        let shared = Arc::clone(&state);
        // The thread ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&mut stream.unwrap(), &mut shared.lock().unwrap());
            }
        });
        Self { url, state }
    }

    /// The bodies of all comments.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.state.lock().unwrap().comments.iter().map(|comment| comment.body.clone()).collect()
    }

    /// Requests of `method`.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.state.lock().unwrap().seen.iter().filter(|request| request.starts_with(method)).count()
    }
}

fn answer(stream: &mut TcpStream, state: &mut State) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let lower = header.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if lower.starts_with("authorization:") {
            state.tokens.push(header["authorization:".len()..].trim().to_owned());
        }
        if header.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let [method, path, ..] = line.split_whitespace().collect::<Vec<_>>()[..] else { return };
    state.seen.push(format!("{method} {path}"));
    let (status, content) = respond(method, path, &body, state);
    let length = content.len() + if state.cut { 50 } else { 0 };
    write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n").unwrap();
    stream.write_all(&content).unwrap();
}

fn respond(method: &str, path: &str, body: &[u8], state: &mut State) -> (u16, Vec<u8>) {
    let sent: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = || sent["body"].as_str().unwrap_or_default().to_owned();
    let json = |status, value: &Value| (status, value.to_string().into_bytes());
    let (route, query) = path.split_once('?').unwrap_or((path, ""));
    let refusal = json!({ "message": "Resource not accessible by integration" });
    match (method, route) {
        ("GET", route) if state.files.contains_key(route) => (200, state.files[route].clone()),
        _ if state.down => json(502, &json!({})),
        ("POST", "/graphql") if state.login.is_empty() => json(403, &refusal),
        ("POST", "/graphql") => json(200, &json!({ "data": { "viewer": { "login": state.login } } })),
        ("GET", "/repos/acme/support/issues/7/comments") => {
            let number = |name: &str| query.split('&').find_map(|part| part.strip_prefix(name)?.parse::<usize>().ok());
            let (size, page) = (number("per_page=").unwrap_or(30).min(100), number("page=").unwrap_or(1));
            let of_page: Vec<_> = (state.comments.iter().enumerate().skip((page - 1) * size).take(size))
                .map(|(at, comment)| {
                    let user = json!({ "login": comment.login, "type": comment.kind });
                    json!({ "id": at + 1, "user": user, "body": comment.body })
                })
                .collect();
            json(200, &json!(of_page))
        }
        ("GET", "/repos/acme/support/pulls/7") if !state.head.is_empty() => {
            json(200, &json!({ "head": { "sha": state.head } }))
        }
        ("POST" | "PATCH" | "DELETE", _) if state.read_only => json(403, &refusal),
        ("POST", "/repos/acme/support/issues/7/comments") => {
            let mut other = state.meanwhile.take();
            if let Some(other) = &mut other {
                // The hidden line is that of this use of the action.
                other.body = format!("{}\n{}", text().lines().next().unwrap(), other.body);
            }
            state.comments.extend(other);
            state.comments.push(Comment { login: "github-actions[bot]", kind: "Bot", body: text() });
            json(201, &json!({ "id": state.comments.len() }))
        }
        ("PATCH" | "DELETE", route) => {
            let id = route.strip_prefix("/repos/acme/support/issues/comments/").and_then(|id| id.parse::<usize>().ok());
            match id.and_then(|id| state.comments.get_mut(id - 1)) {
                Some(comment) if method == "PATCH" => {
                    comment.body = text();
                    json(200, &json!({}))
                }
                // The ids of the others stay.
                Some(comment) => {
                    *comment = Comment { login: "", kind: "", body: String::new() };
                    (204, Vec::new())
                }
                None => json(404, &json!({})),
            }
        }
        _ => json(404, &json!({})),
    }
}
