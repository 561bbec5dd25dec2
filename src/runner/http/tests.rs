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
    assert_eq!(error("/a"), format!("{shown}: Connection refused (os error 111)"));
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
