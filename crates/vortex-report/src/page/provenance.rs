//! Where the figures of a page come from: command, program, machine, data.

use vortex_codec::machine::Machine;

use super::escape::Text;
use super::numbers::memory;

/// What somebody needs to repeat a measurement.
pub struct Provenance {
    command: String,
    machine: Machine,
    /// Names and values of what was measured, such as digests.
    data: Vec<(&'static str, String)>,
}

impl Provenance {
    /// Of a command line, run here on these data.
    pub fn of(command: &str, data: Vec<(&'static str, String)>) -> Self {
        Self { command: command.to_owned(), machine: Machine::here(), data }
    }

    pub(super) fn html(&self) -> String {
        let machine = &self.machine;
        let commit = match machine.commit {
            Some(commit) => format!("vortex {}, commit {commit}", machine.version),
            None => format!("vortex {}; the build named no commit", machine.version),
        };
        let mut rows = vec![
            ("Command", format!("<code>{}</code>", Text(&self.command))),
            ("Program", Text(&commit).to_string()),
            ("Processor", Text(machine.cpu.as_deref().unwrap_or("unknown")).to_string()),
            ("Cores", machine.cores.to_string()),
            ("Memory", machine.memory.map_or("unknown".into(), memory)),
            ("System", Text(&machine.system).to_string()),
        ];
        let data = self.data.iter().map(|(name, value)| {
            let digest = value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit());
            let value = Text(value);
            (*name, if digest { format!("<code>{value}</code>") } else { value.to_string() })
        });
        rows.extend(data);
        let rows: String = rows
            .iter()
            .map(|(name, html)| format!("<dt>{}</dt><dd>{html}</dd>", Text(name)))
            .collect();
        format!("<dl class=\"facts\">{rows}</dl>\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_wrote_stays_text() {
        let html = Provenance::of("vortex '<x>'", vec![("Data", "a<b".into())]).html();
        assert!(html.contains("vortex &#39;&lt;x&gt;&#39;") && html.contains("a&lt;b"), "{html}");
    }
}
