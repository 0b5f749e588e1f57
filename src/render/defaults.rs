//! What a Milvus that reads one file alone is set to where nobody says otherwise.
//!
//! 2.2 and 2.3 read `milvus.yaml` and nothing beside it (milvus 2.3:
//! `pkg/util/paramtable/base_table.go:62`; 2.2: `internal/util/paramtable/base_table.go`), so they
//! get it whole: 2.2 panics without the names of channels, and 2.3 gives several channels one name
//! (`component_param.go:244-330`). From 2.4 on `user.yaml` is laid over the image's own file.

use serde_json::Value;

use super::RenderError;
use super::user_yaml::laid_over;
use crate::inventory::Inventory;
use crate::release::{Line, Release};
use crate::system::FRONT;
use crate::tag::Version;

/// Upstream's file by minor, and the first patch release that it is for; `lab/milvus-defaults.py`
/// makes these. Of `common.storageType` 2.3.0 knows `minio` and ends at `remote`, which later ones are
/// set to (milvus#26398).
const WHOLE: [(Line, u32, &str); 3] = [
    ((2, 2), 0, include_str!("../../templates/milvus/2.2.yaml")),
    ((2, 3), 0, include_str!("../../templates/milvus/2.3.0.yaml")),
    ((2, 3), 1, include_str!("../../templates/milvus/2.3.yaml")),
];

/// A settings file of Milvus: where it is mounted, and what stands in it besides ours.
pub(super) struct SettingsFile {
    /// Key of the config in the stack file and stem of its name in Swarm.
    pub key: &'static str,
    pub target: &'static str,
    /// Upstream's settings, where the file must have them all.
    defaults: Option<Value>,
}

/// Keys of the configs that hold Milvus' settings.
pub(super) const KEYS: [&str; 2] = ["milvus-yaml", "user-yaml"];

impl SettingsFile {
    /// The file that a release reads; its patch is that of the image, where the tag tells it.
    ///
    /// # Errors
    /// The table of defaults is no YAML.
    pub(super) fn of(release: &Release, image: Option<&str>) -> Result<Self, RenderError> {
        let [whole, over] = KEYS;
        let patch = version_of(release, image).patch;
        let mut rows = WHOLE.iter().rev();
        let found = rows.find(|(line, first, _)| *line == release.line && *first <= patch);
        let Some((_, _, text)) = found else {
            return Ok(Self {
                key: over,
                target: "/milvus/configs/user.yaml",
                defaults: None,
            });
        };
        let defaults = serde_saphyr::from_str(text)
            .map_err(|error| RenderError::UserYaml(error.to_string()))?;
        Ok(Self {
            key: whole,
            target: "/milvus/configs/milvus.yaml",
            defaults: Some(defaults),
        })
    }

    /// Settings as the file must have them: over upstream's, or alone.
    pub(super) fn complete(&self, settings: Value) -> Value {
        match &self.defaults {
            Some(defaults) => laid_over(defaults.clone(), &settings),
            None => settings,
        }
    }
}

/// The version that the Milvus of a cluster is, as far as the tag of its image tells.
pub(super) fn version(inventory: &Inventory, release: &Release) -> Version {
    let image = inventory.images.overrides.get(&FRONT.image);
    version_of(release, image.map(String::as_str))
}

fn version_of(release: &Release, image: Option<&str>) -> Version {
    let wanted = Version::from(release);
    let image = image.and_then(Version::of_image);
    image
        .filter(|image| image.line() == wanted.line())
        .unwrap_or(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn count(value: &Value) -> usize {
        match value {
            Value::Object(map) => map.values().map(count).sum(),
            _ => 1,
        }
    }

    #[test]
    fn old_minors_get_every_setting_and_new_ones_only_ours() {
        for (version, keys) in [("2.2", 275), ("2.3", 373)] {
            let file = SettingsFile::of(&Release::parse(version).unwrap(), None).unwrap();
            assert_eq!(file.target, "/milvus/configs/milvus.yaml");
            let whole = file.complete(json!({}));
            assert_eq!(count(&whole), keys, "{version}");
            let names = &whole["common"]["chanNamePrefix"];
            assert_eq!(names["rootCoordTimeTick"], "rootcoord-timetick");
        }
        let file = SettingsFile::of(&Release::parse("2.4").unwrap(), None).unwrap();
        assert_eq!(file.target, "/milvus/configs/user.yaml");
        assert_eq!(file.complete(json!({"a": 1})), json!({"a": 1}));
    }

    #[test]
    fn the_first_release_of_a_minor_may_know_less() {
        let release = Release::parse("2.3").unwrap();
        let storage = |image: Option<&str>| {
            let file = SettingsFile::of(&release, image).unwrap();
            file.complete(json!({}))["common"]["storageType"].clone()
        };
        assert_eq!(storage(None), "remote");
        assert_eq!(storage(Some("r:5000/milvus:v2.3.0-gpu")), "minio");
        assert_eq!(storage(Some("milvusdb/milvus:v2.3.1")), "remote");
        assert_eq!(storage(Some("milvusdb/milvus:v2.4.0")), "remote");
        assert_eq!(storage(Some("corp/milvus:ours")), "remote");
    }

    #[test]
    fn go_finds_nothing_to_expand_in_upstreams_settings() {
        for (line, _, text) in WHOLE {
            assert!(!text.contains("{{"), "{line:?}");
        }
    }
}
