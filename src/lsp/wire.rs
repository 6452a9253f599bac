//! Messages on a pair of streams: framed as the protocol says, whatever else arrives.
//!
//! # Why
//!
//! lsp-server's own reader ends with the first message that is no JSON, and makes room for as many bytes as a header
//! asks for. Here a message that cannot be read is answered, and the next one is read.

use std::io::{self, BufRead, Read, Write};

use lsp_server::Message;
use serde_json::{Value, json};

/// Longer messages are passed over, in bytes.
const LONGEST: u64 = 256 * 1024 * 1024;
/// Longer lines of a header are passed over, in bytes.
const LONGEST_LINE: u64 = 16 * 1024;

/// What arrived.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A message.
    Message(Message),
    /// Something that is none, and the answer to it.
    Malformed(Value),
}

/// Codes of JSON-RPC.
const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;

/// The next message; `None` at the end of the stream, be it in the middle of a message.
///
/// # Errors
/// Those of the stream.
pub(super) fn read(input: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let Some(length) = header(input)? else { return Ok(None) };
    let length = match length {
        Ok(length) => length,
        Err(why) => return Ok(Some(Incoming::Malformed(refusal(&Value::Null, PARSE_ERROR, why)))),
    };
    if length > LONGEST {
        let passed_over = io::copy(&mut input.by_ref().take(length), &mut io::sink())?;
        let why = format!("the message holds {length} bytes; more than {LONGEST} are not read");
        return Ok((passed_over == length).then(|| Incoming::Malformed(refusal(&Value::Null, INVALID_REQUEST, &why))));
    }
    let mut body = Vec::new();
    input.by_ref().take(length).read_to_end(&mut body)?;
    if u64::try_from(body.len()).unwrap_or(u64::MAX) < length {
        return Ok(None);
    }
    Ok(Some(parse(&body)))
}

/// How many bytes the next message holds, or what is wrong with its header; `None` at the end of the stream.
fn header(input: &mut impl BufRead) -> io::Result<Option<Result<u64, &'static str>>> {
    let mut length = None;
    let mut any = false;
    loop {
        let mut line = Vec::new();
        if input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if text.is_empty() {
            match length {
                Some(length) => return Ok(Some(Ok(length))),
                // Empty lines before a header are nobody's business.
                None if !any => continue,
                None => return Ok(Some(Err("the header has no Content-Length"))),
            }
        }
        any = true;
        if let Some((name, value)) = text.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            // A length that is no number leaves nothing to go by but the next header.
            length = value.trim().parse().ok();
        }
    }
}

fn parse(body: &[u8]) -> Incoming {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => {
            return Incoming::Malformed(refusal(&Value::Null, PARSE_ERROR, &format!("this is not JSON: {error}")));
        }
    };
    let id = value.get("id").filter(|id| id.is_number() || id.is_string()).cloned().unwrap_or_default();
    // By what it has and not by what it can be read as: a request whose id cannot be read is no notification.
    let has = |key: &str| value.get(key).is_some_and(|value| !value.is_null());
    let message = match (has("method"), has("id")) {
        (true, true) => serde_json::from_value(value).map(Message::Request),
        (true, false) => serde_json::from_value(value).map(Message::Notification),
        (false, _) => serde_json::from_value(value).map(Message::Response),
    };
    match message {
        Ok(message) => Incoming::Message(message),
        Err(_) => Incoming::Malformed(refusal(&id, INVALID_REQUEST, "this is no message of JSON-RPC")),
    }
}

fn refusal(id: &Value, code: i32, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

/// Writes a message.
///
/// # Errors
/// Those of the stream.
pub(super) fn write(output: &mut impl Write, message: &Value) -> io::Result<()> {
    let body = message.to_string();
    write!(output, "Content-Length: {}\r\n\r\n{body}", body.len())?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    fn all(text: &[u8]) -> Vec<Incoming> {
        let mut input = text;
        std::iter::from_fn(|| read(&mut input).unwrap()).collect()
    }

    #[test]
    fn what_is_no_message_is_answered_and_the_next_one_is_read() {
        let good = framed(r#"{"jsonrpc":"2.0","id":1,"method":"x"}"#);
        for (bad, code, id) in [
            (framed("{"), PARSE_ERROR, Value::Null),
            (framed("[]"), INVALID_REQUEST, Value::Null),
            (framed(r#"{"id":7}"#), 0, Value::Null),
            (framed(r#"{"id":99999999999,"method":"x"}"#), INVALID_REQUEST, json!(99_999_999_999_u64)),
            (framed(r#"{"id":"a","method":5}"#), INVALID_REQUEST, json!("a")),
            ("Content-Length: many\r\n\r\n".to_owned(), PARSE_ERROR, Value::Null),
            ("X: y\r\n\r\n".to_owned(), PARSE_ERROR, Value::Null),
            ("\r\n\n".to_owned(), 0, Value::Null),
        ] {
            let read = all(format!("{bad}{good}").as_bytes());
            assert!(matches!(read.last(), Some(Incoming::Message(Message::Request(_)))), "{bad}: {read:?}");
            match (code, read.first()) {
                (0, _) => {}
                (code, Some(Incoming::Malformed(answer))) => {
                    assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(code), &id), "{bad}");
                }
                (_, first) => panic!("{bad}: {first:?}"),
            }
        }
    }

    #[test]
    fn the_end_in_the_middle_of_a_message_is_the_end() {
        for text in ["", "Content-Le", "Content-Length: 5\r\n\r\n{}", "Content-Length: 99999999999999\r\n\r\n{}"] {
            assert!(all(text.as_bytes()).is_empty(), "{text}");
        }
        assert!(all(&[0xff, 0xfe, b'\n', 0, b'\n']).is_empty());
    }

    #[test]
    fn what_is_written_can_be_read() {
        let mut text = Vec::new();
        write(&mut text, &json!({ "jsonrpc": "2.0", "method": "é\u{1f600}" })).unwrap();
        assert!(
            matches!(all(&text).as_slice(), [Incoming::Message(Message::Notification(one))] if one.method.ends_with('\u{1f600}'))
        );
    }
}
