# The defaults of the lab: small, and quick to start. The environment goes before them.
PULSAR_MEM=${PULSAR_MEM:-"-Xms64m -Xmx256m -XX:MaxDirectMemorySize=256m"}
PULSAR_GC=${PULSAR_GC:-"-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError"}
PULSAR_EXTRA_OPTS=${PULSAR_EXTRA_OPTS:-}
BOOKIE_MEM=${BOOKIE_MEM:-$PULSAR_MEM}
BOOKIE_GC=${BOOKIE_GC:-$PULSAR_GC}
