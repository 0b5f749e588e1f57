# Sourced by bin/pulsar and bin/bookkeeper: the Java command line of every role.

PULSAR_HOME=$(cd -P "$(dirname "$0")/.." && pwd)
export PULSAR_HOME
cd "$PULSAR_HOME" || exit 1

. conf/pulsar_env.sh

JAVA=java
[ -n "${JAVA_HOME:-}" ] && JAVA=$JAVA_HOME/bin/java

# java ROLE MEMORY GC OPTS MAIN ARGS...: never returns.
launch() {
    local role=$1 mem=$2 gc=$3 opts=$4
    shift 4
    local jars
    jars=$(printf '%s:' lib/*.jar)
    local -a flags=(
        --add-opens=java.base/java.lang=ALL-UNNAMED
        --add-opens=java.base/java.io=ALL-UNNAMED
        --add-opens=java.base/java.nio=ALL-UNNAMED
        --add-opens=java.base/java.util=ALL-UNNAMED
        --add-opens=java.base/java.util.zip=ALL-UNNAMED
        --add-opens=java.base/jdk.internal.misc=ALL-UNNAMED
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
    exec "$JAVA" "${flags[@]}" -cp "${jars%:}" $mem $gc $opts \
        -Dlog4j.configurationFile=conf/log4j2.xml \
        -Dlog4j2.formatMsgNoLookups=true \
        -Dpulsar.log.root.level="${PULSAR_LOG_ROOT_LEVEL:-${PULSAR_LOG_LEVEL:-info}}" \
        -Djava.net.preferIPv4Stack=true \
        -Dsun.net.inetaddr.ttl=1 -Dnetworkaddress.cache.ttl=1 \
        -Dio.netty.tryReflectionSetAccessible=true \
        -Dzookeeper.4lw.commands.whitelist='*' \
        -Dzookeeper.snapshot.trust.empty=true \
        -Djute.maxbuffer="${LAB_JUTE_MAXBUFFER:-10485760}" \
        "$@"
}
