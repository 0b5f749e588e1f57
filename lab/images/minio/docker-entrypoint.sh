#!/bin/sh
# Does what upstream's does: `minio` may be left out of the command, and
# MINIO_USERNAME with MINIO_GROUPNAME takes another user.
if [ -n "$1" ] && [ "$1" != minio ]; then
    set -- minio "$@"
fi
if [ -z "$MINIO_USERNAME" ] || [ -z "$MINIO_GROUPNAME" ]; then
    exec "$@"
fi
if [ -n "$MINIO_UID" ] && [ -n "$MINIO_GID" ]; then
    owner=$MINIO_UID:$MINIO_GID
else
    echo "$MINIO_USERNAME:x:1000:1000:$MINIO_USERNAME:/:/sbin/nologin" >> /etc/passwd
    echo "$MINIO_GROUPNAME:x:1000" >> /etc/group
    owner=$MINIO_USERNAME:$MINIO_GROUPNAME
fi
chroot --userspec="$owner" / "$@"
