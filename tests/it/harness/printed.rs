//! What `seawall policy` prints for a store: documents and steps, to be given to the store as a
//! reader would give them.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use super::store::BUCKET;

/// The text for a reader.
pub(crate) struct Printed(String);

impl Printed {
    /// For an edge in front of the tests' bucket at this address.
    pub(crate) fn of(endpoint: &str, region: &str, arguments: &[&str]) -> Self {
        let config = format!(
            "[origins.site]\nbucket = \"{BUCKET}\"\nregion = \"{region}\"\nendpoint = \"{endpoint}\"\n\
             credentials = {{ access_key_env = \"EDGE_ACCESS_KEY\", secret_key_env = \"EDGE_SECRET_KEY\" }}\n\
             [[distributions]]\nid = \"SITE\"\norigin = \"site\"\n"
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("seawall.toml");
        std::fs::write(&file, config).unwrap();
        Self(printed(&policy(&file, arguments, &[])))
    }

    /// The document of this name.
    pub(crate) fn document(&self, name: &str) -> String {
        let found = documents(&self.0)
            .into_iter()
            .find(|(found, _)| found == name);
        found
            .unwrap_or_else(|| panic!("no {name} in\n{}", self.0))
            .1
    }

    /// Saves each document under its name.
    pub(crate) fn save(&self, folder: &Path) {
        for (name, body) in documents(&self.0) {
            std::fs::write(folder.join(format!("{name}.json")), body).unwrap();
        }
    }

    /// The commands for a store, to be given to a shell as they stand.
    pub(crate) fn steps(&self, store: &str) -> String {
        let (_, section) = self
            .0
            .split_once(&format!("\n## {store}\n"))
            .unwrap_or_else(|| panic!("nothing for {store} in\n{}", self.0));
        // The documents follow the steps.
        let section = section.split("\n### ").next().unwrap_or_default();
        let mut steps = String::new();
        for line in section.lines() {
            if let Some(command) = line.strip_prefix("    ") {
                writeln!(steps, "{command}").unwrap();
            }
        }
        assert!(!steps.is_empty(), "no commands in\n{section}");
        steps
    }
}

/// Runs `seawall policy` on this file with no variable but these.
pub(crate) fn policy(file: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seawall"))
        .arg("policy")
        .arg("--config")
        .arg(file)
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// What it printed; it must have succeeded.
pub(crate) fn printed(output: &Output) -> String {
    let (text, errors) = (
        String::from_utf8(output.stdout.clone()).unwrap(),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{errors}");
    text
}

/// The documents in a text for a reader, by name, as they are written.
pub(crate) fn documents(text: &str) -> Vec<(String, String)> {
    text.split("\n### ")
        .skip(1)
        .map(|part| {
            let (name, rest) = part.split_once(".json\n\n").unwrap();
            let end = rest.find("\n}\n").unwrap() + "\n}\n".len();
            (name.to_owned(), rest[..end].to_owned())
        })
        .collect()
}
