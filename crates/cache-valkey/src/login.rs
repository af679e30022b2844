//! Who this program is to the servers.

use std::fmt;

use crate::failure::Failure;
use crate::iam::IamLogin;

/// Who this program is to the servers.
#[derive(Clone, Default)]
pub enum Login {
    /// The server asks nobody.
    #[default]
    Nobody,
    /// A password, and the name of the ACL user unless it is the default one.
    Password {
        /// The ACL user.
        user: Option<String>,
        /// The password.
        password: String,
    },
    /// An IAM identity, for ElastiCache.
    Iam(IamLogin),
}

impl Login {
    /// The ACL user (`None`: the default one) and the password.
    pub fn password(user: Option<String>, password: String) -> Login {
        Login::Password { user, password }
    }

    /// The user and the password for a connection that is made now.
    pub(crate) async fn now(&self, now: u64) -> Result<Option<(Option<String>, String)>, Failure> {
        match self {
            Login::Nobody => Ok(None),
            Login::Password { user, password } => Ok(Some((user.clone(), password.clone()))),
            Login::Iam(iam) => {
                let token = iam.token(now).await.map_err(|error| Failure::Refused(error.to_string()))?;
                Ok(Some((Some(iam.user.clone()), token)))
            }
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Login::Nobody => f.write_str("Nobody"),
            Login::Password { user, .. } => {
                f.debug_struct("Password").field("user", user).finish_non_exhaustive()
            }
            Login::Iam(iam) => iam.fmt(f),
        }
    }
}
