//! A question to a name server and its answer (RFC 1035 §4). What is no answer
//! to the very question is passed over: it may be anybody's.

use super::connection::{Connection, Patience};
use super::late;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How long one server is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// Types of records.
pub(super) const A: u16 = 1;
pub(super) const AAAA: u16 = 28;

/// The class of the Internet.
const IN: u8 = 1;

/// Bytes of a packet's head.
const HEAD: usize = 12;

/// Asks a server by UDP, and by TCP where the answer is too long for that.
pub(super) fn ask(server: SocketAddr, host: &str, kind: u16, patience: Patience) -> io::Result<Vec<IpAddr>> {
    // The kernel takes a port that nobody knows beforehand.
    let any: SocketAddr =
        if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.connect(server)?;
    let asked = question(random_id()?, host, kind)?;
    socket.send(&asked)?;
    let mut packet = [0; 1500];
    let deadline = patience.deadline.min(Instant::now() + PATIENCE);
    let patience = Patience { deadline, silence: PATIENCE };
    loop {
        socket.set_read_timeout(Some(patience.left()?))?;
        let length = match socket.recv(&mut packet) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(late()),
            length => length?,
        };
        match read(&packet[..length], &asked, kind) {
            Answer::Foreign => {}
            Answer::Cut => return ask_by_tcp(server, &asked, kind, patience),
            answer => return answer.addresses(),
        }
    }
}

fn ask_by_tcp(server: SocketAddr, asked: &[u8], kind: u16, patience: Patience) -> io::Result<Vec<IpAddr>> {
    let mut connection = Connection::to(server, patience)?;
    let length = u16::try_from(asked.len()).map_err(io::Error::other)?;
    connection.write_all(&[&length.to_be_bytes(), asked].concat())?;
    let mut length = [0; 2];
    connection.read_exact(&mut length)?;
    let mut packet = vec![0; u16::from_be_bytes(length).into()];
    connection.read_exact(&mut packet)?;
    read(&packet, asked, kind).addresses()
}

/// A number that who does not see the question can't know.
fn random_id() -> io::Result<u16> {
    let mut bytes = [0; 2];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(u16::from_be_bytes(bytes))
}

/// A question for the records of a kind.
fn question(id: u16, host: &str, kind: u16) -> io::Result<Vec<u8>> {
    let no_name = || io::Error::new(io::ErrorKind::InvalidInput, format!("{host} is no host name"));
    let mut bytes = id.to_be_bytes().to_vec();
    // Recursion is wanted; one question.
    bytes.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in host.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..64).contains(length));
        bytes.push(length.ok_or_else(no_name)?);
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    if bytes.len() - HEAD > 255 {
        return Err(no_name());
    }
    bytes.extend(kind.to_be_bytes());
    bytes.extend([0, IN]);
    Ok(bytes)
}

/// What a packet is to a question.
#[derive(Debug, PartialEq)]
enum Answer {
    /// No answer to it.
    Foreign,
    /// One whose rest TCP gives.
    Cut,
    /// One that makes no sense, or says that the server fails.
    Bad(&'static str),
    /// The addresses; a name that does not exist has none.
    Addresses(Vec<IpAddr>),
}

impl Answer {
    fn addresses(self) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::Addresses(addresses) => Ok(addresses),
            Self::Bad(why) => Err(io::Error::other(why)),
            Self::Foreign | Self::Cut => Err(io::Error::other("its answer makes no sense")),
        }
    }
}

/// Reads a packet as the answer to `asked`: the number, the bit that says it is
/// an answer, and the question with its name, type and class are the same.
fn read(packet: &[u8], asked: &[u8], kind: u16) -> Answer {
    let Some((head, rest)) = packet.split_first_chunk::<HEAD>() else { return Answer::Foreign };
    let question = asked.get(HEAD..).unwrap_or_default();
    let is_answer = asked.starts_with(&head[..2]) && head[2] & 0xf8 == 0x80 && head[4..6] == [0, 1];
    let repeats = rest.get(..question.len()).is_some_and(|own| own.eq_ignore_ascii_case(question));
    if !is_answer || !repeats {
        return Answer::Foreign;
    }
    match head[3] & 15 {
        0 if head[2] & 2 != 0 => return Answer::Cut,
        0 => {}
        2 => return Answer::Bad("it can't find out"),
        3 => return Answer::Addresses(Vec::new()),
        5 => return Answer::Bad("it refuses to answer"),
        _ => return Answer::Bad("its answer makes no sense"),
    }
    let count = u16::from_be_bytes([head[6], head[7]]);
    addresses(packet, HEAD + question.len(), count, kind)
        .map_or(Answer::Bad("its answer makes no sense"), Answer::Addresses)
}

/// The addresses among `count` records at `at`; `None` where they are torn.
fn addresses(packet: &[u8], mut at: usize, count: u16, kind: u16) -> Option<Vec<IpAddr>> {
    let number = |at: usize| Some(u16::from_be_bytes(*packet.get(at..)?.first_chunk::<2>()?));
    let mut found = Vec::new();
    for _ in 0..count {
        at = after_name(packet, at)?;
        let (own, class, length) = (number(at)?, number(at + 2)?, usize::from(number(at + 8)?));
        let data = packet.get(at + 10..at + 10 + length)?;
        at += 10 + length;
        if own == kind && class == u16::from(IN) {
            found.push(match own {
                A => IpAddr::from(<[u8; 4]>::try_from(data).ok()?),
                _ => IpAddr::from(<[u8; 16]>::try_from(data).ok()?),
            });
        }
    }
    Some(found)
}

/// Where what follows the name at `at` begins.
fn after_name(packet: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *packet.get(at)? {
            0 => return Some(at + 1),
            // The rest of the name is elsewhere.
            length if length >= 0xc0 => return Some(at + 2),
            // No kind of label that is in use.
            length if length >= 0x40 => return None,
            length => at += 1 + usize::from(length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    fn patience() -> Patience {
        Patience { silence: PATIENCE, deadline: Instant::now() + Duration::from_secs(5) }
    }

    fn good() -> Vec<IpAddr> {
        vec![Ipv4Addr::new(10, 1, 2, 3).into()]
    }

    /// The answer to `asked` that gives an address, an alias before it.
    fn answer(asked: &[u8], address: [u8; 4]) -> Vec<u8> {
        let mut answer = asked[..2].to_vec();
        answer.extend([0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0]);
        answer.extend(&asked[HEAD..]);
        answer.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 3, 1, b'a', 0]);
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4]);
        answer.extend(address);
        answer
    }

    /// A server that answers one question with these packets, and gives the
    /// question back.
    fn server(packets: fn(&[u8]) -> Vec<Vec<u8>>) -> (SocketAddr, JoinHandle<Vec<u8>>) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let thread = std::thread::spawn(move || {
            let mut bytes = [0; 512];
            let (length, from) = socket.recv_from(&mut bytes).unwrap();
            for packet in packets(&bytes[..length]) {
                socket.send_to(&packet, from).unwrap();
            }
            bytes[..length].to_vec()
        });
        (address, thread)
    }

    #[test]
    fn a_server_is_asked_and_answers() {
        let (server, thread) = server(|asked| vec![answer(asked, [10, 1, 2, 3])]);
        assert_eq!(ask(server, "a.example", A, patience()).unwrap(), good());
        assert_eq!(thread.join().unwrap()[HEAD..], *b"\x01a\x07example\0\0\x01\0\x01");
    }

    #[test]
    fn what_is_no_answer_to_the_question_was_taken_for_one() {
        let (server, thread) = server(|asked| {
            let forged = answer(asked, [6, 6, 6, 6]);
            let with = |at: usize, value: u8| {
                let mut packet = forged.clone();
                packet[at] = value;
                packet
            };
            let type_at = asked.len() - 3;
            vec![
                with(0, asked[0] ^ 1),
                with(2, 1),
                with(2, 0x89),
                with(5, 0),
                with(HEAD + 1, b'b'),
                with(type_at, 28),
                with(type_at + 2, 3),
                forged[..HEAD].to_vec(),
                answer(asked, [10, 1, 2, 3]),
            ]
        });
        assert_eq!(ask(server, "a.example", A, patience()).unwrap(), good());
        thread.join().unwrap();
    }

    #[test]
    fn the_number_of_a_question_was_known_from_its_port() {
        let ids: BTreeSet<u16> = (0..64).map(|_| random_id().unwrap()).collect();
        assert!(ids.len() > 32, "{ids:?}");
        let ask_one = || {
            let (server, thread) = server(|asked| vec![answer(asked, [1, 1, 1, 1])]);
            ask(server, "a", A, patience()).unwrap();
            thread.join().unwrap()[..2].to_vec()
        };
        let asked: BTreeSet<Vec<u8>> = (0..4).map(|_| ask_one()).collect();
        assert!(asked.len() > 1, "{asked:?}");
    }

    #[test]
    fn an_answer_too_long_for_udp_is_had_by_tcp() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let socket = UdpSocket::bind(server).unwrap();
        let thread = std::thread::spawn(move || {
            let mut bytes = [0; 512];
            let (length, from) = socket.recv_from(&mut bytes).unwrap();
            let mut cut = answer(&bytes[..length], [6, 6, 6, 6]);
            cut[2] |= 2;
            socket.send_to(&cut, from).unwrap();
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = vec![0; length + 2];
            stream.read_exact(&mut asked).unwrap();
            let whole = answer(&asked[2..], [10, 1, 2, 3]);
            stream.write_all(&u16::try_from(whole.len()).unwrap().to_be_bytes()).unwrap();
            stream.write_all(&whole).unwrap();
        });
        assert_eq!(ask(server, "a.example", A, patience()).unwrap(), good());
        thread.join().unwrap();
    }

    #[test]
    fn a_torn_answer_is_none() {
        let asked = question(1, "a", A).unwrap();
        let packet = |code: u8, count: u8, rest: &[u8]| {
            let head = [0, 1, 0x81, code, 0, 1, 0, count, 0, 0, 0, 0];
            read(&[&head, &asked[HEAD..], rest].concat(), &asked, A)
        };
        assert_eq!(packet(0x83, 0, &[]), Answer::Addresses(Vec::new()));
        assert_eq!(packet(0x82, 0, &[]), Answer::Bad("it can't find out"));
        for torn in [&[5, b'a'][..], &[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1], &[0x40; 40], &[]] {
            assert_eq!(packet(0x80, 1, torn), Answer::Bad("its answer makes no sense"));
        }
        let long = ["x".repeat(63).as_str(); 5].join(".");
        for host in ["a..b", &"x".repeat(64), &long] {
            assert!(question(1, host, A).is_err(), "{host}");
        }
    }
}
