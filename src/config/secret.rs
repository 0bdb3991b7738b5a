//! Passwords: described in the configuration, read when they are needed, never shown.

use super::environment::variable;
use crate::codes;
use std::fmt;
use std::path::PathBuf;
use walbrook_core::error::{Error, Result};

/// Where a secret is. It has no `Display`, and `Debug` shows the place, never the value.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// An environment variable.
    Env(String),
    /// A file; a newline at its end does not count.
    File(PathBuf),
    /// What a command prints; a newline at its end does not count.
    Command(Vec<String>),
    /// A systemd credential (`LoadCredential=`), by its name.
    Credential(String),
    /// Written into the configuration: works, and is warned about.
    Plain(String),
}

impl Secret {
    /// Reads the secret. May block for as long as a file or a command takes.
    pub fn read(&self) -> Result<String> {
        match self {
            Secret::Env(name) => variable(name).ok_or_else(|| {
                Error::definite(
                    codes::SECRET_READ,
                    format!("The environment variable {name}, which holds a secret, is not set."),
                )
                .fix(format!("Set {name} where the daemon is started."))
            }),
            Secret::File(path) => file(path),
            Secret::Command(command) => run(command),
            Secret::Credential(name) => {
                let folder = variable("CREDENTIALS_DIRECTORY").ok_or_else(|| {
                    Error::definite(
                        codes::SECRET_READ,
                        format!("The credential \"{name}\" is asked for outside systemd."),
                    )
                    .fix("Add LoadCredential= to the unit, or use { file = … }.")
                })?;
                file(&PathBuf::from(folder).join(name))
            }
            Secret::Plain(value) => Ok(value.clone()),
        }
    }
}

fn file(path: &PathBuf) -> Result<String> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        Error::transient(
            codes::SECRET_READ,
            format!("The secret file {} cannot be read: {e}.", path.display()),
        )
        .fix("Create the file, readable by the daemon's user.")
    })?;
    Ok(trimmed(text))
}

fn run(command: &[String]) -> Result<String> {
    let failed = |why: String| {
        Error::transient(codes::SECRET_READ, format!("A secret's command failed: {why}."))
            .fix("Run the command by hand as the daemon's user.")
    };
    let Some((program, arguments)) = command.split_first() else {
        return Err(failed("it is empty".to_owned()));
    };
    let output = std::process::Command::new(program)
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|e| failed(format!("{program}: {e}")))?;
    if !output.status.success() {
        // What it printed may hold the secret, so it is not repeated.
        return Err(failed(format!("{program}: {}", output.status)));
    }
    String::from_utf8(output.stdout)
        .map(trimmed)
        .map_err(|_| failed(format!("{program} printed something that is not UTF-8")))
}

fn trimmed(mut text: String) -> String {
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    text
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Secret::Env(name) => write!(f, "{{ env = {name:?} }}"),
            Secret::File(path) => write!(f, "{{ file = {path:?} }}"),
            // Its arguments may hold secrets.
            Secret::Command(command) => {
                write!(f, "{{ command = [{:?}, …] }}", command.first().map_or("", String::as_str))
            }
            Secret::Credential(name) => write!(f, "{{ credential = {name:?} }}"),
            Secret::Plain(_) => f.write_str("***"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_from_its_place_and_never_shown() {
        let path = std::env::temp_dir().join(format!("walbrook-secret-{}", std::process::id()));
        std::fs::write(&path, "s3cret\n").unwrap();
        assert_eq!(Secret::File(path.clone()).read().unwrap(), "s3cret");
        std::fs::remove_file(&path).unwrap();
        let echo = Secret::Command(vec!["echo".into(), "s3cret".into()]);
        assert_eq!(echo.read().unwrap(), "s3cret");
        assert!(!format!("{echo:?} {:?}", Secret::Plain("s3cret".into())).contains("s3cret"));
    }

    #[test]
    fn a_failing_secret_has_code_and_fix_and_no_value() {
        let sh = |text: &str| Secret::Command(vec!["sh".into(), "-c".into(), text.into()]);
        let error = sh("echo s3cret; exit 3").read().unwrap_err();
        assert_eq!(error.code, codes::SECRET_READ);
        assert!(!error.to_string().contains("s3cret") && !error.fix.is_empty());
        assert!(Secret::Env("WALBROOK_NO_SUCH_VARIABLE".into()).read().is_err());
    }
}
