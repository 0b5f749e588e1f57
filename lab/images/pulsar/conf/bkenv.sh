# Defaults of a bookie and of its shell; the environment goes before them, then Pulsar's variables.
BOOKIE_CONF=${BOOKIE_CONF:-conf/bookkeeper.conf}
BOOKIE_MEM=${BOOKIE_MEM:-${PULSAR_MEM:-"-Xms2g -Xmx2g -XX:MaxDirectMemorySize=2g"}}
BOOKIE_GC=${BOOKIE_GC:-${PULSAR_GC:-"-XX:+UseSerialGC -XX:TieredStopAtLevel=1"}}
BOOKIE_GC_LOG=${BOOKIE_GC_LOG:-${PULSAR_GC_LOG:-"-Xlog:async -Xlog:$RELEASE_GC_LOG:$PULSAR_LOG_DIR/pulsar_bookie_gc_%p.log:time,uptime:filecount=10,filesize=20M"}}
BOOKIE_EXTRA_OPTS=${BOOKIE_EXTRA_OPTS:-"-Dio.netty.leakDetectionLevel=disabled ${PULSAR_EXTRA_OPTS:-"$RELEASE_NETTY_OPTS"}"}
