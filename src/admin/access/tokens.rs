//! The tokens that are valid, and who a request is by its `Authorization`.

use crate::codes;
use crate::config::{Scope, Token};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use subtle::{Choice, ConstantTimeEq};
use walbrook_core::error::{Error, Result};

/// A shorter token could be guessed.
const SHORTEST: usize = 16;

/// The valid tokens. Only their digests are kept.
pub(in crate::admin) struct Tokens(Vec<Known>);

struct Known {
    name: String,
    digest: Vec<u8>,
    scope: Scope,
}

/// Who sent a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) name: String,
    pub(super) scope: Scope,
}

impl Tokens {
    /// Reads the tokens from where they are.
    pub(in crate::admin) fn read(tokens: &[Token]) -> Result<Self> {
        let known = tokens.iter().map(|token| {
            let text = token.token.read()?;
            if text.len() < SHORTEST {
                let message = format!(
                    "The token {:?} of [admin] has fewer than {SHORTEST} characters.",
                    token.name
                );
                let fix = "Make one with `openssl rand -hex 32`.";
                return Err(Error::definite(codes::SHORT_TOKEN, message).fix(fix));
            }
            let digest = digest(&SHA256, text.as_bytes()).as_ref().to_vec();
            Ok(Known { name: token.name.clone(), digest, scope: token.scope })
        });
        known.collect::<Result<_>>().map(Self)
    }

    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whose token `authorization` holds: `Bearer TOKEN`, or `Basic` with the token as password.
    pub(super) fn who(&self, authorization: &str) -> Option<Who> {
        let (scheme, rest) = authorization.split_once(' ')?;
        let rest = rest.trim();
        let token = if scheme.eq_ignore_ascii_case("bearer") {
            rest.to_owned()
        } else if scheme.eq_ignore_ascii_case("basic") {
            let pair = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
            pair.split_once(':')?.1.to_owned()
        } else {
            return None;
        };
        let given = digest(&SHA256, token.as_bytes());
        // Every token is compared, whole: the time tells nothing.
        let mut found = None;
        for known in &self.0 {
            let same: Choice = known.digest.as_slice().ct_eq(given.as_ref());
            if bool::from(same) {
                found = Some(Who { name: known.name.clone(), scope: known.scope });
            }
        }
        found
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|known| &known.name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn token(name: &str, text: &str, scope: Scope) -> Token {
        Token { name: name.to_owned(), token: Secret::Plain(text.to_owned()), scope }
    }

    #[test]
    fn two_tokens_are_valid_at_once_as_bearer_and_as_password() {
        let tokens = Tokens::read(&[
            token("old", "0123456789abcdef", Scope::Write),
            token("new", "fedcba9876543210", Scope::Read),
        ])
        .unwrap();
        let name = |text: &str| tokens.who(text).map(|who| who.name);
        assert_eq!(name("Bearer 0123456789abcdef").as_deref(), Some("old"));
        assert_eq!(name("bearer  fedcba9876543210").as_deref(), Some("new"));
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        assert_eq!(name(&basic("anyone:fedcba9876543210")).as_deref(), Some("new"));
        assert_eq!(tokens.who("Bearer fedcba9876543210").unwrap().scope, Scope::Read);
        for wrong in ["", "Bearer", "Bearer ", "Bearer 0123456789abcdeF", "Basic %%%", "Digest x"] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
        assert_eq!(name(&basic("0123456789abcdef")), None);
        assert!(!format!("{tokens:?}").contains("0123"));
    }

    #[test]
    fn a_short_token_is_refused_without_being_told() {
        let error = Tokens::read(&[token("ops", "secret", Scope::Read)]).unwrap_err();
        assert_eq!(error.code, codes::SHORT_TOKEN);
        assert!(!error.to_string().contains("secret"));
    }
}
