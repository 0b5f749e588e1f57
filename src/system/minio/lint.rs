//! What an edited stack file must keep of MinIO.

use crate::component::Relied;

pub(super) const RELIED: Relied = Relied {
    variables: &["MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD_FILE"],
    forbidden: &[(
        "MINIO_ROOT_PASSWORD",
        "whoever may inspect the service reads it; the password is a secret, and \
         `credentials.minio_password` in the inventory gives one of your own",
    )],
    argument: |argument| argument == "server" || is_drive(argument),
    // A further drive is another pool.
    overrides: is_drive,
};

fn is_drive(argument: &str) -> bool {
    argument.starts_with(['/', 'h'])
}
