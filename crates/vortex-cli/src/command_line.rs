//! A command line as a user would type it.

use std::ffi::OsString;

/// The name of the program and these words, quoted for a shell where that is needed.
pub fn line(words: &[OsString]) -> String {
    let words = words.iter().map(|word| quoted(&word.to_string_lossy()));
    words.fold("vortex".to_owned(), |line, word| line + " " + &word)
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./,:=+%@".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_gets_the_same_words() {
        let words = ["bench", "-T", "2", "a b.bin", "it's", ""].map(OsString::from);
        assert_eq!(line(&words), r"vortex bench -T 2 'a b.bin' 'it'\''s' ''");
    }
}
