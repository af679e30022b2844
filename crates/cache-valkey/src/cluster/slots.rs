//! Which slot a key belongs to.

/// CRC-16/XMODEM of the key's hash tag, modulo 16,384; of the whole key if it has none. Source: the cluster
/// specification of Redis and Valkey.
pub(crate) fn slot_of(key: &str) -> u16 {
    let key = key.as_bytes();
    let tag = key.iter().position(|byte| *byte == b'{').and_then(|open| {
        let inside = key.get(open + 1..)?;
        let close = inside.iter().position(|byte| *byte == b'}')?;
        inside.get(..close).filter(|tag| !tag.is_empty())
    });
    crc16(tag.unwrap_or(key)) % 16_384
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_one_tag_share_a_slot() {
        assert_eq!(crc16(b"123456789"), 0x31c3, "the specification's example");
        assert_eq!(slot_of("foo"), 12_182, "as CLUSTER KEYSLOT says");
        assert_eq!(slot_of("tm1:{product:7}"), slot_of("tm2.4:{product:7}:gen"));
        assert_eq!(slot_of("tm1:{product:7}"), slot_of("product:7"));
        assert_ne!(slot_of("tm1:{product:7}"), slot_of("tm1:{product:8}"));
        assert_eq!(slot_of("{}foo"), crc16(b"{}foo") % 16_384, "an empty tag is none");
        assert_eq!(slot_of("a{b"), crc16(b"a{b") % 16_384);
    }
}
