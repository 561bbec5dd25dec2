//! Many changes at a time: names are looked up in one dump, and messages go out
//! together, their acknowledgements read together.

use super::change::{address_stays, delete_address, link_request, master_request, request, route_stays};
use super::route::route_request;
use super::wire::{self, Malformed, Request};
use super::{AddressInfo, CHANGE, DELADDR, DELROUTE, IFLA_IFNAME, NEWROUTE, Netlink, REPLACE, RouteInfo};
use crate::action::{LinkAction, LinkChange};
use crate::error::Result;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use rustix::io::Errno;

/// Messages sent together. Each acknowledgement takes about a kilobyte of what
/// the kernel keeps for a socket, 208 KiB unless somebody made it less.
const TOGETHER: usize = 64;

/// Changes on their way.
struct Batch<'a> {
    netlink: &'a mut Netlink,
    /// Indices by the names that links have once everything queued is done.
    names: BTreeMap<String, u32>,
    /// What flushes look at, as long as nothing but flushes came since.
    seen: Option<(Vec<AddressInfo>, Vec<RouteInfo>)>,
    queue: Vec<Request>,
    /// The actions of the queue: those before the second number of requests are
    /// done with it.
    actions: Vec<(&'a LinkAction, usize)>,
}

impl Netlink {
    /// Makes changes in their order, as [`Netlink::apply`] makes each, with
    /// fewer messages; `tell` hears of each how it ended. Those that follow one
    /// that fails are made all the same.
    pub fn apply_all(
        &mut self,
        actions: &[LinkAction],
        tell: &mut dyn FnMut(&LinkAction, Result<()>),
    ) -> Result<()> {
        let names = self.names()?;
        let (queue, waiting) = (Vec::new(), Vec::new());
        let mut batch = Batch { netlink: self, names, seen: None, queue, actions: waiting };
        for action in actions {
            if let Some(requests) = batch.requests(action, tell)? {
                batch.queue.extend(requests);
                batch.actions.push((action, batch.queue.len()));
                if batch.queue.len() >= TOGETHER {
                    batch.send(tell)?;
                }
                continue;
            }
            batch.send(tell)?;
            tell(action, batch.netlink.apply(action));
            if matches!(action.change, LinkChange::Create(_)) {
                batch.names = batch.netlink.names()?;
            }
        }
        batch.send(tell)
    }

    fn names(&mut self) -> Result<BTreeMap<String, u32>> {
        Ok(self.links()?.into_iter().map(|link| (link.name, link.index)).collect())
    }
}

impl Batch<'_> {
    /// The messages of an action; `None` where it takes answers to know them.
    fn requests(
        &mut self,
        action: &LinkAction,
        tell: &mut dyn FnMut(&LinkAction, Result<()>),
    ) -> Result<Option<Vec<Request>>> {
        let flushes =
            matches!(action.change, LinkChange::FlushAddresses { .. } | LinkChange::FlushRoutes { .. });
        if !flushes {
            self.seen = None;
        } else if self.seen.is_none() {
            self.send(tell)?;
            self.seen = Some((self.netlink.addresses()?, self.netlink.routes()?));
        }
        let Some(&index) = self.names.get(&action.link) else { return Ok(None) };
        let (addresses, routes) = self.seen.as_ref().map_or((&[][..], &[][..]), |(a, r)| (a, r));
        let requests = match &action.change {
            LinkChange::Rename { to } => {
                self.names.remove(&action.link);
                self.names.insert(to.clone(), index);
                Vec::from([link_request(index, 0, 0, (IFLA_IFNAME, to.as_bytes()))])
            }
            LinkChange::SetMaster { master } => match self.names.get(master) {
                Some(master) => Vec::from([master_request(index, *master)]),
                None => return Ok(None),
            },
            LinkChange::AddRoute(route) => Vec::from([route_request(NEWROUTE, REPLACE, index, route)]),
            LinkChange::FlushAddresses { keep, advertised } => {
                let goes =
                    |info: &&AddressInfo| info.link == index && !address_stays(info, keep, *advertised);
                addresses.iter().filter(goes).map(delete_address).collect()
            }
            LinkChange::FlushRoutes { keep, advertised } => {
                let goes = |info: &&RouteInfo| info.link == index && !route_stays(info, keep, *advertised);
                let delete = |info: &RouteInfo| route_request(DELROUTE, CHANGE, index, &info.route);
                routes.iter().filter(goes).map(delete).collect()
            }
            change => match request(index, change) {
                Some(request) => Vec::from([request]),
                None => return Ok(None),
            },
        };
        Ok(Some(requests))
    }

    /// Sends what is queued. An action of which the kernel refused something is
    /// made again by itself, which knows what is harmless and what to try next.
    fn send(&mut self, tell: &mut dyn FnMut(&LinkAction, Result<()>)) -> Result<()> {
        self.netlink.socket.purpose = "change links".into();
        let mut refused = Vec::new();
        for some in self.queue.chunks(TOGETHER) {
            refused.extend(self.netlink.socket.exchange_all(some)?);
        }
        self.queue.clear();
        let (mut done, mut failed) = (0, false);
        for (action, until) in core::mem::take(&mut self.actions) {
            let any = refused.get(done..until).is_some_and(|refused| refused.contains(&true));
            done = until;
            failed |= any;
            tell(action, if any { self.netlink.apply(action) } else { Ok(()) });
        }
        if failed {
            self.names = self.netlink.names()?;
        }
        Ok(())
    }
}

/// The bytes of several requests, numbered from `first`.
pub(super) fn together(requests: &[Request], first: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (request, sequence) in requests.iter().zip(first..) {
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(request.finish(sequence));
    }
    bytes
}

/// Notes in `answers` which of the requests numbered from `first` were refused;
/// where the thing to be removed is not there any more, it is done.
pub(super) fn acknowledge(
    received: &[u8],
    requests: &[Request],
    first: u32,
    answers: &mut [Option<bool>],
) -> core::result::Result<(), Malformed> {
    for message in wire::messages(received) {
        let message = message?;
        let at = message.sequence.wrapping_sub(first) as usize;
        let (Some(request), Some(answer)) = (requests.get(at), answers.get_mut(at)) else { continue };
        let (errno, _) = wire::acknowledgement(&message)?;
        let gone = match request.kind {
            DELADDR => Errno::ADDRNOTAVAIL.raw_os_error(),
            DELROUTE => Errno::SRCH.raw_os_error(),
            _ => 0,
        };
        *answer = Some(errno != 0 && errno != gone);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_acknowledgement_finds_its_request() {
        let request = |kind| Request::new(kind, CHANGE, &[0; 13], &[]);
        let requests = [request(NEWROUTE), request(DELROUTE), request(DELADDR)];
        let sent = together(&requests, 7);
        let numbers: Vec<u32> = wire::messages(&sent).map(|message| message.unwrap().sequence).collect();
        assert_eq!(numbers, [7, 8, 9]);
        let answer = |errno: i32, sequence| {
            let body = [&(-errno).to_ne_bytes()[..], &[0; 16]].concat();
            Request::new(2, 0, &body, &[]).finish(sequence)
        };
        let mut answers = [None; 3];
        let received = [answer(3, 8), answer(1, 6), answer(1, 9), answer(0, 10)].concat();
        assert_eq!(acknowledge(&received, &requests, 7, &mut answers), Ok(()));
        assert_eq!(answers, [None, Some(false), Some(true)]);
        assert_eq!(acknowledge(&received[..30], &requests, 7, &mut answers), Err(Malformed));
    }
}
