//! What `CLUSTER SLOTS`, `MOVED` and `ASK` say.

use redis::Value;

use crate::config::Address;
use crate::failure::Failure;

/// How many slots there are.
pub(super) const SLOTS: usize = 16_384;

/// Slots with one owner.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) primary: Address,
    pub(super) replicas: Vec<Address>,
}

/// Reads the answer to `CLUSTER SLOTS`: `[[first, last, [host, port, …], [host, port, …] …] …]`, the primary first.
pub(super) fn ranges(answer: Value, asked: &Address) -> Result<Vec<Range>, Failure> {
    let unreadable = || Failure::Refused(format!("{asked} answered CLUSTER SLOTS with something else"));
    let Value::Array(ranges) = answer else { return Err(unreadable()) };
    let ranges: Option<Vec<_>> = ranges.into_iter().map(|one| range(one, asked)).collect();
    ranges.ok_or_else(unreadable)
}

fn range(value: Value, asked: &Address) -> Option<Range> {
    let Value::Array(parts) = value else { return None };
    let mut parts = parts.into_iter();
    let (Value::Int(first), Value::Int(last)) = (parts.next()?, parts.next()?) else { return None };
    let (first, last) = (u16::try_from(first).ok()?, u16::try_from(last).ok()?);
    let mut nodes = parts.map(|node| address(node, asked));
    let primary = nodes.next()??;
    let replicas = nodes.flatten().collect();
    (first <= last && usize::from(last) < SLOTS).then_some(Range { first, last, primary, replicas })
}

fn address(value: Value, asked: &Address) -> Option<Address> {
    let Value::Array(parts) = value else { return None };
    let mut parts = parts.into_iter();
    let host = match parts.next()? {
        Value::BulkString(host) => String::from_utf8(host).ok()?,
        Value::SimpleString(host) => host,
        // The node does not know its own address: it is the one that was asked.
        Value::Nil => String::new(),
        _ => return None,
    };
    let Value::Int(port) = parts.next()? else { return None };
    Some(at(&host, u16::try_from(port).ok()?, asked))
}

/// Where `MOVED` or `ASK` point: `host:port`; without a host, the one that was asked.
pub(super) fn redirection(to: &str, asked: &Address) -> Option<Address> {
    let (host, port) = to.rsplit_once(':')?;
    Some(at(host.trim_start_matches('[').trim_end_matches(']'), port.parse().ok()?, asked))
}

fn at(host: &str, port: u16, asked: &Address) -> Address {
    let host = if host.is_empty() || host == "?" { &asked.host } else { host };
    Address { host: host.to_owned(), port }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Address {
        Address { host: "here".to_owned(), port: 1 }
    }

    fn parse(answer: &str) -> Result<Vec<Range>, Failure> {
        ranges(redis::parse_redis_value(answer.replace(' ', "\r\n").as_bytes()).unwrap(), &asked())
    }

    #[test]
    fn the_first_node_of_a_range_is_its_primary() {
        let read = parse("*1 *4 :0 :5460 *3 $8 10.0.0.1 :7000 $2 id *4 $8 10.0.0.2 :7001 $2 id *0 ").unwrap();
        let node = |host: &str, port| Address { host: host.to_owned(), port };
        let (primary, replicas) = (node("10.0.0.1", 7000), vec![node("10.0.0.2", 7001)]);
        assert_eq!(read, [Range { first: 0, last: 5460, primary, replicas }]);
    }

    #[test]
    fn a_node_that_does_not_know_its_name_is_the_one_that_was_asked() {
        for host in ["$-1", "$0 ", "$1 ?"] {
            let read = parse(&format!("*1 *3 :0 :1 *2 {host} :7 ")).unwrap();
            assert_eq!(read[0].primary, Address { host: "here".to_owned(), port: 7 }, "{host}");
        }
        assert_eq!(redirection(":7", &asked()), Some(Address { host: "here".to_owned(), port: 7 }));
        assert_eq!(redirection("[::1]:7", &asked()), Some(Address { host: "::1".to_owned(), port: 7 }));
        assert_eq!(redirection("nowhere", &asked()), None);
    }

    #[test]
    fn something_else_is_refused() {
        for answer in
            ["+OK ", "*1 :1 ", "*1 *3 :9 :1 *2 $1 h :7 ", "*1 *3 :0 :16384 *2 $1 h :7 ", "*1 *2 :0 :1 "]
        {
            assert!(matches!(parse(answer), Err(Failure::Refused(_))), "{answer}");
        }
        assert_eq!(parse("*0 ").unwrap(), []);
    }
}
