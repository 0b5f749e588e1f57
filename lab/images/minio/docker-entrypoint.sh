#!/bin/sh
# The lab's stand-in for upstream's entry point: `minio` may be left out of the
# command. MINIO_ROOT_USER_FILE and MINIO_ROOT_PASSWORD_FILE are read by MinIO
# itself: a path, or the name of a file in /run/secrets.
if [ -n "$1" ] && [ "$1" != minio ] && [ "$1" != sh ] && [ "$1" != bash ]; then
    set -- minio "$@"
fi
exec "$@"
