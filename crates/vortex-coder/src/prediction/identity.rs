//! The identity of the predictor of a member.

use std::fmt;

use vortex_base::hex;

/// The permanent name of one predictor: data coded with it decodes only with the same predictor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// The adaptive predictor of this crate, [`crate::adaptive`].
    Adaptive,
    /// The mixing predictor of this crate, [`crate::mixing`].
    Mixing,
    /// The mixing predictor for records of one number, whose blocks may be read as arrays.
    MixingArray,
    /// The columns predictor of this crate, `vortex_coder::columns`.
    Columns,
    /// The network in the model file with this BLAKE3 digest.
    Network([u8; 32]),
    /// The same network, mixed with contexts: [`crate::mixing::MixedModel`].
    NetworkMixed([u8; 32]),
}

impl Identity {
    /// BLAKE3 of the model file that holds the predictor; `None` for the predictors of this crate,
    /// which need no file.
    pub fn model_file(self) -> Option<[u8; 32]> {
        match self {
            Self::Adaptive | Self::Mixing | Self::MixingArray | Self::Columns => None,
            Self::Network(digest) | Self::NetworkMixed(digest) => Some(digest),
        }
    }

    /// The number in a member header; 0 is a member without a predictor.
    #[cfg(feature = "container")]
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Adaptive => 1,
            Self::Network(_) => 2,
            Self::NetworkMixed(_) => 4,
            Self::Mixing => 5,
            Self::Columns => 6,
            Self::MixingArray => 7,
        }
    }

    /// The identity of a number in a member header and of the digest beside it; `None` for a number
    /// that this version does not know.
    #[cfg(feature = "container")]
    pub(crate) fn from_code(code: u8, digest: [u8; 32]) -> Option<Self> {
        match code {
            1 => Some(Self::Adaptive),
            2 => Some(Self::Network(digest)),
            4 => Some(Self::NetworkMixed(digest)),
            5 => Some(Self::Mixing),
            6 => Some(Self::Columns),
            7 => Some(Self::MixingArray),
            _ => None,
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Adaptive => f.write_str("the adaptive predictor"),
            Self::Mixing => f.write_str("the mixing predictor"),
            Self::MixingArray => f.write_str("the mixing predictor for arrays"),
            Self::Columns => f.write_str("the columns predictor"),
            Self::Network(digest) => {
                write!(f, "the model with BLAKE3 {}", hex::encode(digest))
            }
            Self::NetworkMixed(digest) => {
                write!(f, "the model with BLAKE3 {}, mixed with contexts", hex::encode(digest))
            }
        }
    }
}

#[cfg(all(test, feature = "container"))]
mod tests {
    use super::*;

    #[test]
    fn codes_come_back() {
        for identity in [
            Identity::Adaptive,
            Identity::Mixing,
            Identity::MixingArray,
            Identity::Columns,
            Identity::Network([7; 32]),
            Identity::NetworkMixed([8; 32]),
        ] {
            let digest = identity.model_file().unwrap_or_default();
            assert_eq!(Identity::from_code(identity.code(), digest), Some(identity));
        }
        assert_eq!([0, 3, 8].map(|code| Identity::from_code(code, [0; 32])), [None; 3]);
    }
}
