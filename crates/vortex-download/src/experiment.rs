//! The experiments that come with Vortex.

use crate::error::{DownloadError, Result};
use crate::list::FileList;

/// Data of an experiment, and how to train on it.
#[derive(Clone, Copy, Debug)]
pub struct Experiment {
    /// Its name.
    pub name: &'static str,
    /// `experiments/NAME/files.yaml`.
    files: &'static str,
    /// `experiments/NAME/config.yaml`, for `vortex train`.
    pub config: &'static str,
}

macro_rules! experiment {
    ($name:literal) => {
        Experiment {
            name: $name,
            files: include_str!(concat!("../../../experiments/", $name, "/files.yaml")),
            config: include_str!(concat!("../../../experiments/", $name, "/config.yaml")),
        }
    };
}

/// All experiments.
pub const EXPERIMENTS: [Experiment; 6] = [
    experiment!("atlas"),
    experiment!("cms"),
    experiment!("cms_large"),
    experiment!("alice"),
    experiment!("hepmc"),
    experiment!("camels"),
];

impl Experiment {
    /// The experiment `name`; case does not matter, and `-` stands for `_`.
    ///
    /// # Errors
    /// [`DownloadError::UnknownExperiment`] with all names.
    pub fn find(name: &str) -> Result<&'static Self> {
        let plain = name.to_ascii_lowercase().replace('-', "_");
        EXPERIMENTS.iter().find(|e| e.name == plain).ok_or_else(|| {
            let known: Vec<&str> = EXPERIMENTS.iter().map(|e| e.name).collect();
            DownloadError::UnknownExperiment { name: name.to_owned(), known: known.join(", ") }
        })
    }

    /// Its files.
    ///
    /// # Errors
    /// None: the lists are tested.
    pub fn files(&self) -> Result<FileList> {
        FileList::parse(self.name, self.files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lists_are_lists() {
        for experiment in &EXPERIMENTS {
            let list = experiment.files().unwrap();
            assert!(list.page.starts_with("https://"));
            let listing = list.listing.iter();
            let indexes = listing.flat_map(|l| &l.indexes);
            for file in list.files.iter().chain(indexes) {
                for url in &file.urls {
                    assert!(crate::Policy::Https.check(url, None).is_ok(), "{url}");
                }
            }
            if let Some(listing) = &list.listing {
                assert_eq!(listing.portal, crate::CERN_OPEN_DATA);
                assert!(listing.indexes.iter().all(|i| i.checksum.is_some()));
            }
        }
    }

    #[test]
    fn names() {
        assert_eq!(Experiment::find("CMS-large").unwrap().name, "cms_large");
        let error = Experiment::find("lhcb").unwrap_err().to_string();
        assert!(error.contains("lhcb") && error.contains("atlas, cms, "), "{error}");
    }
}
