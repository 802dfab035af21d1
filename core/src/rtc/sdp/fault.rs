//! What is wrong with an offer.

use thiserror::Error;

/// Why an offer cannot be answered, in words for whoever wrote its client.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// Its first line is another.
    #[error("it does not begin with the line v=0")]
    NotADescription,
    /// A line is none of the protocol.
    #[error("its line {0} is not of the form x=value")]
    Line(usize),
    /// An m= line does not say what it must.
    #[error("its line {0} should be m=, a medium, a port, a protocol and formats")]
    MediaLine(usize),
    /// There is no m= line.
    #[error("it has no m= line")]
    NoMedia,
    /// There are more m= lines than anybody needs.
    #[error("it has more than {0} m= lines")]
    TooManySections(usize),
    /// A name of a section is none.
    #[error("its line {0} should be a=mid: and at most {1} visible ASCII characters")]
    Mid(usize, usize),
    /// Two sections have one name.
    #[error("two of its sections are called a=mid:{0}")]
    MidTwice(String),
    /// One payload type stands for two things.
    #[error("payload type {0} stands for two things in one BUNDLE group")]
    PayloadTwice(u8),
    /// There is nothing to prove by that a packet is its maker's.
    #[error("it has no a=ice-ufrag and a=ice-pwd")]
    NoCredentials,
    /// Or it is not what RFC 8839 calls so.
    #[error("its a=ice-ufrag or a=ice-pwd is not of at most 256 visible ASCII characters")]
    Credentials,
    /// Its maker would wait as well.
    #[error("it has a=ice-lite, as the answer would: neither side would begin")]
    BothLite,
    /// There is nothing to know its maker's certificate by.
    #[error("it has no a=fingerprint")]
    NoFingerprint,
    /// Or by other means than are known here.
    #[error("its a=fingerprint is made with {0}; one made with sha-256 is needed")]
    OtherFingerprint(String),
    /// Or it is cut off.
    #[error("its a=fingerprint:sha-256 is not 32 bytes in hexadecimal, with colons between")]
    Fingerprint,
    /// Pictures are not sent as its maker takes them.
    #[error(
        "pictures are sent as H.264 with packetization-mode=1, in the baseline profile; it takes {0}"
    )]
    Pictures(String),
    /// Sound is not sent as its maker takes it.
    #[error("sound is sent as Opus (opus/48000/2); it takes {0}")]
    Sound(String),
    /// Nothing would be sent.
    #[error(
        "none of its sections takes what is sent: pictures and sound, with a=recvonly or a=sendrecv, or a data channel"
    )]
    NothingWanted,
    /// It was read, and no connection was made of it.
    #[error("no connection can be made of it")]
    Unusable,
}
