# Defaults of every process but a bookie; the environment goes before them. As upstream's, but for
# the collector: a lab of 26 hosts has more Java processes than the machine has cores.
PULSAR_MEM=${PULSAR_MEM:-"-Xms2g -Xmx2g -XX:MaxDirectMemorySize=4g"}
PULSAR_GC=${PULSAR_GC:-"-XX:+UseSerialGC -XX:TieredStopAtLevel=1"}
PULSAR_GC_LOG=${PULSAR_GC_LOG:-"-Xlog:async -Xlog:$RELEASE_GC_LOG:$PULSAR_LOG_DIR/pulsar_gc_%p.log:time,uptime:filecount=10,filesize=20M"}
PULSAR_EXTRA_OPTS=${PULSAR_EXTRA_OPTS:-"-Dpulsar.allocator.exit_on_oom=true $RELEASE_NETTY_OPTS"}
