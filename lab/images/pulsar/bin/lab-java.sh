# Sourced by bin/pulsar and bin/bookkeeper: the Java command line of every role.

PULSAR_HOME=$(cd -P "$(dirname "$0")/.." && pwd)
export PULSAR_HOME
cd "$PULSAR_HOME" || exit 1
PULSAR_LOG_DIR=${PULSAR_LOG_DIR:-logs}
mkdir -p "$PULSAR_LOG_DIR"

# The bookies' defaults look at what the environment gave, not at the others' defaults.
. bin/lab-release.sh
. conf/bkenv.sh
. conf/pulsar_env.sh

JAVA=java
[ -n "${JAVA_HOME:-}" ] && JAVA=$JAVA_HOME/bin/java
JARS=$(printf '%s:' lib/*.jar)
# Ensures that a long list of znodes can be read, as bin/pulsar of upstream does.
JUTE="-Djute.maxbuffer=10485760"

# launch ROLE "OPTIONS" MAIN ARGS...: never returns. Later options win over earlier ones.
launch() {
    local role=$1 options=$2
    shift 2
    local -a flags=(
        --add-opens=java.base/java.lang=ALL-UNNAMED
        --add-opens=java.base/java.io=ALL-UNNAMED
        --add-opens=java.base/java.nio=ALL-UNNAMED
        --add-opens=java.base/java.util=ALL-UNNAMED
        --add-opens=java.base/java.util.zip=ALL-UNNAMED
        --add-opens=java.base/jdk.internal.misc=ALL-UNNAMED
        --add-opens=java.base/jdk.internal.platform=ALL-UNNAMED
        --add-opens=java.base/sun.net=ALL-UNNAMED
        --add-opens=java.base/sun.nio.ch=ALL-UNNAMED
        --add-opens=java.management/sun.management=ALL-UNNAMED
        --add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED
    )
    # Classes parsed and verified when the image was made; ignored where it does not fit.
    if [ -n "${LAB_DUMP_CLASSES:-}" ]; then
        flags+=("-XX:ArchiveClassesAtExit=$LAB_DUMP_CLASSES")
    elif [ -f "classes/$role.jsa" ]; then
        flags+=("-XX:SharedArchiveFile=classes/$role.jsa" -Xshare:auto)
    fi
    # shellcheck disable=SC2086 # option strings are lists of words, as upstream's
    exec "$JAVA" "${flags[@]}" -cp "${JARS%:}" \
        -Dlog4j.configurationFile=conf/log4j2.xml \
        -Dlog4j2.formatMsgNoLookups=true \
        -Dpulsar.log.root.level="${PULSAR_LOG_ROOT_LEVEL:-${PULSAR_LOG_LEVEL:-info}}" \
        -Djava.net.preferIPv4Stack=true \
        -Dio.netty.tryReflectionSetAccessible=true \
        $RELEASE_OPTS $options \
        "$@"
}
