//! Receipt handles: opaque to consumers, one for each receive of a message.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::SqsError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Receipt {
    /// The message's number in its queue.
    pub message: u64,
    /// The number of the receive in that queue.
    pub receive: u64,
}

impl Receipt {
    pub fn handle(self, queue: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{queue} {} {}", self.message, self.receive))
    }

    pub fn parse(handle: &str, queue: &str) -> Result<Self, SqsError> {
        Self::decode(handle, queue).ok_or_else(|| SqsError::ReceiptHandleIsInvalid(handle.into()))
    }

    fn decode(handle: &str, queue: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(handle).ok()?).ok()?;
        let mut parts = text.split(' ');
        let of_this_queue = parts.next()? == queue;
        let receipt = Self { message: parts.next()?.parse().ok()?, receive: parts.next()?.parse().ok()? };
        (of_this_queue && parts.next().is_none()).then_some(receipt)
    }
}
