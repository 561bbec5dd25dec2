//! What a walk yields; `tests/conformance/user_data.rs` asks Python's `email`
//! about far more messages.

use super::*;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;

/// Type, name and decoded content of every leaf.
fn leaves(message: &[u8]) -> Vec<(String, Option<String>, Vec<u8>)> {
    let whole = |leaf: Result<Leaf<'_>, Bound>| {
        let leaf = leaf.unwrap();
        (leaf.content_type.to_string(), leaf.filename(), leaf.content().into_owned())
    };
    walk(message).map(whole).collect()
}

fn texts(message: &[u8]) -> Vec<String> {
    leaves(message).into_iter().map(|(_, _, content)| String::from_utf8(content).unwrap()).collect()
}

#[test]
fn parts_of_a_multipart_without_the_line_end_before_the_delimiter() {
    let message = b"Content-Type: multipart/mixed; boundary=\"BB\"\nMIME-Version: 1.0\n\npreamble\n--BB\n\
        Content-Type: Text/Cloud-Config\nContent-Disposition: attachment; filename=\"a b.cfg\"\n\na: 1\n\n--BB \t\r\n\
        content-type: text/plain\ncontent-transfer-encoding: BASE64\n\naGk=\n--BB--\nepilogue\n--BB\n\nno part\n";
    let expected = [
        ("text/cloud-config".to_string(), Some("a b.cfg".to_string()), b"a: 1\n".to_vec()),
        ("text/plain".to_string(), None, b"hi".to_vec()),
    ];
    assert_eq!(leaves(message), expected);
}

#[test]
fn only_a_whole_line_is_a_delimiter() {
    let head = "Content-Type: multipart/mixed; boundary=BB\n\n";
    assert_eq!(
        texts(format!("{head}--BB\n\nx\n--BBC\n --BB\n--B\ny--BB\n--BB--x\nz").as_bytes()),
        ["x\n--BBC\n --BB\n--B\ny--BB\n--BB--x\nz"]
    );
    assert_eq!(texts(format!("{head}--BB\r\r--x\r--BB\r\ry\r--BB--").as_bytes()), ["--x", "y"]);
}

#[test]
fn a_multipart_left_open_ends_with_its_container() {
    let message =
        b"Content-Type: multipart/mixed; boundary=O\n\n--O\nContent-Type: multipart/x; boundary=I\n\n\
        --I\n\nfirst\n\n--O\n\nsecond\n";
    assert_eq!(texts(message), ["first\n", "second"]);
}

#[test]
fn containers_without_parts_have_no_leaves() {
    for message in [
        "Content-Type: multipart/mixed\n\n--BB\n\nx\n--BB--\n",
        "Content-Type: multipart/mixed; boundary=BB\n\nhello\n",
        "Content-Type: multipart/mixed; boundary=BB\n\n--BB--\n--BB\n\nx\n",
        "Content-Type: multipart/mixed; boundary=\"B\n B\"\n\n--B\n B\n\nx\n",
    ] {
        assert_eq!(texts(message.as_bytes()), [""; 0], "{message}");
    }
    assert_eq!(texts(b""), [""]);
}

#[test]
fn headers_end_where_no_header_can_be() {
    for (part, content_type, content) in [
        ("#cloud-config\na: 1", "text/plain", "#cloud-config\na: 1"),
        ("Content-Type: text/x-a\ngarbage\nX-A: 1\n\nbody", "text/x-a", "garbage\nX-A: 1\n\nbody"),
        ("From nobody\n folded\nContent-Type:\n text/x-a;\n\tcharset=x\n\nbody", "text/x-a", "body"),
        ("Content-Type: text/x-a\nContent-Type: text/x-b\n\nbody", "text/x-a", "body"),
        (": nameless\n folded\nContent-Type: nonsense\n\nbody", "text/plain", "body"),
    ] {
        let leaf = walk(part.as_bytes()).next().unwrap().unwrap();
        assert_eq!((leaf.content_type.as_ref(), leaf.body), (content_type, content.as_bytes()), "{part}");
    }
}

#[test]
fn names_in_every_spelling() {
    for (field, name) in [
        ("Content-Disposition: attachment; filename=\"a;b\\\"c\"", Some("a;b\"c")),
        ("Content-Disposition: attachment; FileName = plain.cfg ; x=y", Some("plain.cfg")),
        ("Content-Disposition: attachment; filename*=utf-8''na%C3%AFve.cfg", Some("naïve.cfg")),
        ("Content-Disposition: attachment; filename*=iso-8859-1'en'na%EFve.cfg", Some("naïve.cfg")),
        ("Content-Disposition: attachment; filename*1=cd; filename*0=\"ab\"", Some("abcd")),
        ("Content-Disposition: attachment; filename*0*=utf-8''%C3%A4; filename*1=b%20", Some("äb%20")),
        ("Content-Disposition: attachment; filename*=utf-8''star; filename=plain", Some("plain")),
        (
            "Content-Disposition: attachment; filename=\"=?utf-8?q?na=C3=AFve?= =?utf-8?b?IQ==?= =?x\"",
            Some("naïve! =?x"),
        ),
        ("Content-Disposition: filename=first", Some("first")),
        ("Content-Disposition: attachment; filename=\"\"", Some("")),
        ("Content-Disposition: attachment; filename=\"open; x=1", Some("\"open; x=1")),
        ("Content-Type: text/plain; name=<n.cfg>", Some("n.cfg")),
        ("Content-Disposition: attachment; filename=../../etc/passwd", Some("../../etc/passwd")),
        ("Content-Type: text/plain", None),
    ] {
        let leaf = walk(field.as_bytes()).next().unwrap().unwrap();
        assert_eq!(leaf.filename().as_deref(), name, "{field}");
    }
}

#[test]
fn base64_of_impossible_length_stays() {
    assert_eq!(texts(b"Content-Transfer-Encoding: base64\n\nI2Nsb3Vk\nL\n"), ["I2Nsb3VkL"]);
}

#[test]
fn first_piece_of_a_field_and_odd_numbers() {
    for (field, name) in [
        ("filename*=utf-8''star", None),
        ("x; filename*010=k; filename*9=j; filename*99999999999999999999=z", Some("jkz")),
        ("x; filename**=a; filename*x=b; filename*0**=c", None),
        ("x; filename*=utf-8''%E2%82; filename*0*=%AC", Some("€")),
        ("x; filename*=a'b", Some("a'b")),
        ("x; filename=\"=?utf-8?q?=C3?= =?UTF-8?q?=A4_b?==?ascii?b?YQ?= c\"", Some("ä ba c")),
        ("x; filename=\"=?utf-8?b?Y?= =?utf-8?q?a?=\"", Some("=?utf-8?b?Y?= =?utf-8?q?a?=")),
        ("x; filename=\"a =?iso-8859-1*en?q?=E9?= b\"", Some("a é b")),
    ] {
        let head = format!("Content-Disposition: {field}");
        assert_eq!(walk(head.as_bytes()).next().unwrap().unwrap().filename().as_deref(), name, "{field}");
    }
}

#[test]
fn what_needs_no_decoding_is_a_slice_of_the_message() {
    let message =
        b"Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/x-a\n\nbody\n--B--\n";
    let leaf = walk(message).next().unwrap().unwrap();
    assert!(matches!(leaf.content_type, Cow::Borrowed("text/x-a")));
    assert!(matches!(leaf.content(), Cow::Borrowed(b"body")));
    assert!(matches!(leaf.headers.get("content-type"), Some(Cow::Borrowed("text/x-a"))));
}

/// Each of these shapes is a megabyte; squared, one would take minutes.
#[test]
fn hostile_shapes_take_linear_time() {
    let multipart = "Content-Type: multipart/mixed; boundary=";
    let fill = |piece: &str| piece.repeat((1 << 20) / piece.len());
    let disposition = "Content-Disposition: x; filename";
    let mut prefixes = format!("{multipart}O\n\n");
    for n in 1..=1000 {
        let name = "b".repeat(n);
        let part = ["--O\n", multipart, &name, "\n\n--", &name, "b\n--", &name, "\n\n--b\n"];
        prefixes.extend(part);
    }
    let same = format!("{multipart}B\n\n--B\n").repeat(limits::MIME_DEPTH);
    let numbered = (0..60_000).rev().map(|n| format!("; filename*{n}*=%41")).collect::<Vec<_>>().concat();
    for message in [
        prefixes,
        format!("{multipart}B\n\n{}", fill("--")),
        format!("{multipart}B\n\n{}", fill("--B")),
        format!("{multipart}----B\n\n{}", fill("\n----")),
        format!("{multipart}B\n\n--B\n{}", fill("--B--\n")),
        format!("{multipart}{}\n\n{}", "-".repeat(70_000), fill("-\n")),
        format!("{same}{}", fill("\n--B \n")),
        fill("Content-Type: message/rfc822\n\n"),
        format!("{}\n\nbody", fill("X: a\n b\n")),
        format!("X-{}", fill("a")),
        fill("\r"),
        format!("Content-Type: {}", fill("multipart/")),
        format!("Content-Type: text/plain; name=\"{}", fill("\";\"\\")),
        format!("{disposition}=\"{}\"", fill("\\\"")),
        format!("{disposition}{}", fill(";filename*=")),
        format!("{disposition}{numbered}"),
        format!("{disposition}=\"{}\"", fill("=?")),
        format!("{disposition}=\"{}\"", fill("=?utf-8?q?")),
        format!("{disposition}=\"{}\"", fill("=?utf-8?q?a?= ")),
        format!("{disposition}=\"{}\"", fill("=?utf-8?b?!?==")),
        format!("Content-Transfer-Encoding: base64\n\n{}", fill("=A\n")),
        format!("Content-Transfer-Encoding: quoted-printable\n\n{}", fill("=\r=")),
    ] {
        let start = std::time::Instant::now();
        fuzz::check(message.as_bytes());
        let shape = &message[message.len().saturating_sub(60)..];
        assert!(start.elapsed().as_secs() < 20, "{} bytes, the last: {shape:?}", message.len());
    }
}

#[test]
fn bounds_end_the_walk_with_an_error() {
    let head = b"Content-Type: multipart/mixed; boundary=B\n\n";
    let wide = [&head[..], &b"--B\n\n\n".repeat(limits::MIME_PARTS + 1)].concat();
    let found: Vec<_> = walk(&wide).collect();
    assert!(matches!(found[..], [.., Ok(_), Err(Bound::Parts)]));
    assert_eq!(found.len(), limits::MIME_PARTS);

    let most = b"Content-Type: message/rfc822\n\n".repeat(limits::MIME_DEPTH);
    assert!(matches!(walk(&most).collect::<Vec<_>>()[..], [Ok(_)]));
    let deep = b"Content-Type: message/rfc822\n\n".repeat(200_000);
    assert!(matches!(walk(&deep).collect::<Vec<_>>()[..], [Err(Bound::Depth)]));
    let level = |n| {
        format!(
            "Content-Type: multipart/x; boundary={n}

--{n}
"
        )
    };
    let nested = (0..200_000).map(level).collect::<Vec<_>>().concat();
    assert!(matches!(walk(nested.as_bytes()).collect::<Vec<_>>()[..], [Err(Bound::Depth)]));
}
