//! The devices that share the shards of a step.

use std::str::FromStr;

use crate::device::DeviceChoice;

/// One device, or several of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Devices(Vec<DeviceChoice>);

impl Devices {
    /// All devices: at least one.
    pub fn all(&self) -> &[DeviceChoice] {
        &self.0
    }
}

impl From<DeviceChoice> for Devices {
    fn from(one: DeviceChoice) -> Self {
        Self(vec![one])
    }
}

impl FromStr for Devices {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let devices = text.split(',').map(str::parse).collect::<Result<Vec<DeviceChoice>, _>>()?;
        if devices.len() == 1 {
            return Ok(Self(devices));
        }
        let cuda = devices.iter().all(|d| matches!(d, DeviceChoice::Cuda(_)));
        let rocm = devices.iter().all(|d| matches!(d, DeviceChoice::Rocm(_)));
        if !cuda && !rocm {
            return Err("several devices must be GPUs of one kind, such as cuda:0,cuda:1".into());
        }
        match devices.iter().enumerate().find(|(i, device)| devices[..*i].contains(device)) {
            Some((_, twice)) => Err(format!("{twice} is named twice")),
            None => Ok(Self(devices)),
        }
    }
}

impl std::fmt::Display for Devices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_gpus_of_one_kind() {
        for text in ["cpu", "auto", "cuda:0", "cuda:0,cuda:1", "rocm:2,rocm:0,rocm:1"] {
            assert_eq!(text.parse::<Devices>().unwrap().to_string(), text);
        }
        for (text, why) in [
            ("cuda:0,rocm:1", "one kind"),
            ("cpu,cuda:0", "one kind"),
            ("auto,auto", "one kind"),
            ("cuda,cuda:0", "cuda:0 is named twice"),
            ("cuda:0,", "cuda:N"),
            ("", "cuda:N"),
        ] {
            let error = text.parse::<Devices>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
