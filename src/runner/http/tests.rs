use super::*;
use std::net::TcpListener;
use std::thread::JoinHandle;

/// A server that answers one connection after the other, and gives back what
/// it was asked.
fn server(answers: &'static [&'static str]) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let one = |answer: &&str| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            let mut piece = [0; 1024];
            let is_whole = |asked: &[u8]| {
                let text = String::from_utf8_lossy(asked).into_owned();
                let (head, body) = text.split_once("\r\n\r\n")?;
                let length = head
                    .split("Content-Length: ")
                    .nth(1)
                    .map_or(Some(0), |rest| rest.split("\r\n").next()?.parse::<usize>().ok())?;
                (body.len() >= length).then_some(())
            };
            while is_whole(&asked).is_none() {
                let count = stream.read(&mut piece).unwrap();
                assert!(count > 0, "torn request");
                asked.extend_from_slice(&piece[..count]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(asked).unwrap()
        };
        answers.iter().map(one).collect()
    });
    (port, thread)
}

/// As [`get`], five seconds at most.
fn fetch(
    url: &str,
    headers: &[(String, String)],
    silence: Duration,
    limit: usize,
) -> std::result::Result<Vec<u8>, Failure> {
    get(url, headers, silence, limit, Instant::now() + Duration::from_secs(5))
}

/// What is fetched from a server that gives this answer, `limit` bytes at most.
fn got(answer: &'static str, limit: usize) -> std::result::Result<Vec<u8>, String> {
    let (port, thread) = server(Box::leak(Box::new([answer])));
    let url = format!("http://127.0.0.1:{port}/x?y");
    let got = fetch(&url, &[("X-Key".into(), "a b".into())], Duration::from_secs(5), limit);
    let asked = thread.join().unwrap().remove(0);
    assert!(asked.starts_with("GET /x?y HTTP/1.1\r\n") && asked.contains("\r\nX-Key: a b\r\n"), "{asked}");
    got.map_err(|failure| failure.to_string())
}

#[test]
fn a_file_is_fetched_whole_or_not_at_all() {
    let body = |answer| got(answer, 10);
    let good = Ok(b"0123456789".to_vec());
    assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789and more"), good);
    assert_eq!(body("HTTP/1.0 200 OK\r\n\r\n0123456789"), good);
    let early = "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n0123456789";
    assert_eq!(body(early), good);
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let whole = Box::leak(format!("{chunked}4\r\n0123\r\n6;x=y\r\n456789\r\n0\r\n\r\n").into_boxed_str());
    assert_eq!(body(whole), good);
    assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), Ok(Vec::new()));
    assert_eq!(body("HTTP/1.1 204 Nothing\r\n\r\n"), Ok(Vec::new()));

    let long: std::result::Result<Vec<u8>, String> = Err("the server's answer has more than 10 bytes".into());
    assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n"), long);
    assert_eq!(body("HTTP/1.1 200 OK\r\n\r\n01234567890"), long);
    let huge = Box::leak(format!("{chunked}ffffffffffffffff\r\n").into_boxed_str());
    assert_eq!(body(huge), long);
    let torn: std::result::Result<Vec<u8>, String> = Err("the server's answer ends in the middle".into());
    assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n012345678"), torn);
    let half = Box::leak(format!("{chunked}4\r\n012").into_boxed_str());
    assert_eq!(body(half), torn);
    let broken = Box::leak(format!("{chunked}x\r\n").into_boxed_str());
    assert_eq!(body(broken), Err("the server's answer has a broken chunk".into()));
}

#[test]
fn headers_stay_with_the_server_they_are_for() {
    let (other, there) = server(&["HTTP/1.1 200 OK\r\n\r\nx"]);
    let away = format!("HTTP/1.1 302 There\r\nLocation: http://127.0.0.1:{other}/\r\n\r\n").leak();
    let answers: &'static [&'static str] = vec!["HTTP/1.1 302 Here\r\nLocation: b\r\n\r\n", &*away].leak();
    let (port, here) = server(answers);
    let secret = [("Authorization".into(), "Bearer x".into())];
    let url = format!("http://127.0.0.1:{port}/a");
    assert_eq!(fetch(&url, &secret, Duration::from_secs(5), 9).unwrap(), b"x");
    assert!(here.join().unwrap().iter().all(|asked| asked.contains("Bearer")));
    assert!(!there.join().unwrap()[0].contains("Bearer"));
    let broken = [("X".into(), "a\r\nHost: b".into())];
    assert!(fetch(&url, &broken, Duration::from_secs(5), 9).is_err());
}

#[test]
fn only_what_may_change_is_tried_again() {
    for (status, is_final) in
        [(404, true), (403, true), (408, false), (429, false), (500, false), (503, false)]
    {
        assert_eq!(Failure::Status(status).is_final(), is_final, "{status}");
    }
    assert!(!Failure::from(io::Error::from(io::ErrorKind::ConnectionRefused)).is_final());
}

fn form(port: u16, path: &str, tries: u32) -> Post {
    let form = vec![("fqdn".into(), "a b&é".into()), ("pub_key_rsa".into(), "ssh-rsa A+/= x\n".into())];
    Post { url: format!("http://127.0.0.1:{port}{path}"), form, tries, timeout: 5 }
}

const BODY: &str = "fqdn=a+b%26%C3%A9&pub_key_rsa=ssh-rsa+A%2B%2F%3D+x%0A";

#[test]
fn a_form_is_sent_until_it_is_taken() {
    let (port, thread) =
        server(&["HTTP/1.1 503 Later\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]);
    post(&form(port, "/here?x=1", 3)).unwrap();
    let asked = thread.join().unwrap();
    assert_eq!(asked[0], asked[1]);
    let lines: Vec<&str> = asked[0].split("\r\n").collect();
    assert_eq!(lines[0], "POST /here?x=1 HTTP/1.1");
    assert!(lines.contains(&"Content-Type: application/x-www-form-urlencoded"), "{lines:?}");
    assert!(lines.contains(&&*format!("Host: 127.0.0.1:{port}")), "{lines:?}");
    assert!(lines.contains(&&*format!("Content-Length: {}", BODY.len())), "{lines:?}");
    assert_eq!(lines.last(), Some(&BODY));
}

#[test]
fn an_answer_may_lead_elsewhere() {
    let (port, thread) = server(&[
        "HTTP/1.1 307 There\r\nLocation: /there\r\n\r\n",
        "HTTP/1.0 303 See\r\nlocation: see\r\n\r\n",
        "HTTP/1.1 204 Done\r\n\r\n",
    ]);
    post(&form(port, "/here", 1)).unwrap();
    let asked = thread.join().unwrap();
    let first = |asked: &String| asked.split("\r\n").next().unwrap().to_string();
    let lines: Vec<String> = asked.iter().map(first).collect();
    assert_eq!(lines, ["POST /here HTTP/1.1", "POST /there HTTP/1.1", "GET /see HTTP/1.1"]);
}

#[test]
fn what_goes_wrong_is_told_without_secrets() {
    let (port, thread) = server(&["HTTP/1.1 404 No\r\n\r\n", "SSH-2.0-x\r\n\r\n"]);
    let error = |path: &str| post(&form(port, path, 1)).unwrap_err().to_string();
    let shown = format!("unable to post to http://127.0.0.1:{port}/a");
    assert_eq!(error("/a?secret"), format!("{shown}: the server answers 404"));
    assert_eq!(error("/a"), format!("{shown}: the server's answer is no HTTP"));
    thread.join().unwrap();
    assert_eq!(error("/a"), format!("{shown}: Connection refused"));
    let post = |url: &str| super::post(&Post { url: url.into(), tries: 1, timeout: 1, ..Post::default() });
    assert_eq!(
        post("ftp://me:word@h/").unwrap_err().to_string(),
        "unable to post to ftp://h/: the address begins with neither http:// nor https://"
    );
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let begun = Instant::now();
    let silent = Post { url: url.clone(), form: Vec::new(), tries: 1, timeout: 1 };
    assert_eq!(post(&silent).unwrap_err().to_string(), format!("unable to post to {url}: no answer in time"));
    assert!(begun.elapsed() < Duration::from_secs(4));
}

#[test]
fn an_address_is_taken_apart() {
    let url = Url::parse("https://me:pw@[::1]:8443?q=1#x").unwrap();
    assert_eq!((&*url.host, url.port, &*url.path, url.is_tls), ("::1", 8443, "/?q=1", true));
    assert_eq!((url.credentials.as_deref(), &*url.authority()), (Some("bWU6cHc="), "[::1]:8443"));
    let url = Url::parse("HTTP://host/a/b").unwrap();
    assert_eq!((url.port, &*url.authority()), (80, "host"));
    assert_eq!(url.join("c?d").unwrap().path, "/a/c?d");
    assert_eq!(url.join("//other/x").unwrap().host, "other");
    for wrong in ["http://", "host", "http://a b/", "http://h:x/"] {
        assert!(Url::parse(wrong).is_err(), "{wrong}");
    }
}

/// What is fetched within half a second from a server that goes on for ever:
/// `head`, then `again` without an end, a pause between.
fn endless(head: &'static str, again: &'static str, pause: Duration) -> (String, Duration) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.write_all(head.as_bytes());
        while stream.write_all(again.as_bytes()).is_ok() {
            std::thread::sleep(pause);
        }
    });
    let begun = Instant::now();
    let deadline = begun + Duration::from_millis(500);
    let error = get(&url, &[], Duration::from_secs(30), 1 << 30, deadline).unwrap_err().to_string();
    let took = begun.elapsed();
    thread.join().unwrap();
    (error, took)
}

#[test]
fn a_server_that_goes_on_for_ever_was_waited_for() {
    let ok = "HTTP/1.1 200 OK\r\n";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let interim = "HTTP/1.1 100 Continue\r\n\r\n";
    let slow = Duration::from_millis(40);
    for (head, again, pause, why) in [
        // a byte at a time: each within the silence
        ("", "H", slow, "no answer in time"),
        (ok, "X", slow, "no answer in time"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "x", slow, "no answer in time"),
        ("HTTP/1.1 200 OK\r\n\r\n", "x", slow, "no answer in time"),
        (chunked, "1\r\nx\r\n", slow, "no answer in time"),
        ("", interim, slow, "no answer in time"),
        ("", interim, Duration::ZERO, "the server's answer has no end"),
        (ok, "X: y\r\n", Duration::ZERO, "the server's answer has no end"),
        (chunked, "1;x=y", Duration::ZERO, "the server's answer has no end"),
    ] {
        let (error, took) = endless(head, again, pause);
        assert_eq!(error, why, "{head}{again}");
        assert!(took < Duration::from_millis(1500), "{head}{again}: {took:?}");
    }
    // What follows the last chunk is not read.
    let (port, thread) =
        server(&["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nT: y\r\n"]);
    let url = format!("http://127.0.0.1:{port}/");
    assert_eq!(fetch(&url, &[], Duration::from_secs(5), 9).unwrap(), b"x");
    thread.join().unwrap();
}

#[test]
fn a_handshake_of_a_byte_at_a_time_was_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // A record of 16 KiB that says it is part of a handshake.
        let _ = stream.write_all(&[22, 3, 3, 64, 0]);
        while stream.write_all(&[2]).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let begun = Instant::now();
    let patience =
        Patience { silence: Duration::from_secs(30), deadline: begun + Duration::from_millis(500) };
    let connection = Connection::to(address, patience).unwrap();
    let Ok(mut stream) = tls::over(connection, "localhost") else { panic!("package ca-certificates") };
    let error = stream.write_all(b"x").and_then(|()| stream.flush()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{error}");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    drop(stream);
    thread.join().unwrap();
}

#[test]
fn an_answer_that_leads_around_ends() {
    let there: &'static str = "HTTP/1.1 302 There\r\nLocation: /\r\n\r\n";
    let (port, thread) = server(vec![there; REDIRECTS + 1].leak());
    let error = fetch(&format!("http://127.0.0.1:{port}/"), &[], Duration::from_secs(5), 9).unwrap_err();
    assert_eq!(error.to_string(), "the server leads elsewhere again and again");
    thread.join().unwrap();
}

#[test]
fn https_was_left_for_http() {
    let tls = Url::parse("https://a/").unwrap();
    for (location, is_left) in
        [("http://a/", true), ("HTTP://b/", true), ("https://b/", false), ("//b/", false), ("/x", false)]
    {
        assert_eq!(leaves_tls(&tls, &tls.join(location).unwrap()), is_left, "{location}");
    }
    let plain = Url::parse("http://a/").unwrap();
    assert!(!leaves_tls(&plain, &plain.join("/").unwrap()) && !leaves_tls(&plain, &tls));
}

#[test]
fn a_password_in_the_address_stays_with_its_server() {
    let url = Url::parse("https://me:word@a/x").unwrap();
    for (location, keeps) in [("/y", true), ("y", true), ("https://b/", false), ("//a/", false)] {
        assert_eq!(url.join(location).unwrap().credentials.is_some(), keeps, "{location}");
    }
}
