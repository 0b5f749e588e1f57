//! What an inventory may say of MinIO.

use crate::inventory::grammar::{self, CPUS, MEMORY, PORT};
use crate::inventory::names::Form;
use crate::inventory::shape::{Key, Shape};

const STORAGE: Shape = Shape::Map(&[
    Key::new(
        "drives",
        Shape::Whole(1, 64),
        "MinIO drives on each host; default 1.",
    ),
    CPUS,
    MEMORY,
]);

pub(crate) const SETTINGS: Key = Key::new("minio", STORAGE, "MinIO members, one per host.");
pub(crate) const IMAGE: Key = Key::new(
    "minio",
    grammar::IMAGE,
    "Image of MinIO in place of the release's.",
);
pub(crate) const PUBLISHED: Key = Key::new(
    "minio",
    PORT,
    "Port of MinIO's S3 interface on its hosts; default none.",
);
pub(crate) const CONSOLE: Key = Key::new(
    "console",
    PORT,
    "Port of MinIO's console on its hosts; default none.",
);
pub(crate) const USER: Key = Key::new(
    "minio_user",
    Shape::Word(Form::User),
    "Name of MinIO's root user.",
);
pub(crate) const PASSWORD: Key = Key::new(
    "minio_password",
    Shape::Password,
    "Password of MinIO's root user.",
);
