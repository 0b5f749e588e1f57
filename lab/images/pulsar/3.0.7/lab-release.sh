# What launch scripts and defaults of Pulsar 3.0 have that those of 2.8 lack.
RELEASE=3.0.7
RELEASE_OPTS="-Dbookkeeper.metadata.bookie.drivers=org.apache.pulsar.metadata.bookkeeper.PulsarMetadataBookieDriver
    -Dbookkeeper.metadata.client.drivers=org.apache.pulsar.metadata.bookkeeper.PulsarMetadataClientDriver
    -Dzookeeper.clientTcpKeepAlive=true"
RELEASE_ZK_OPTS="-Dzookeeper.tcpKeepAlive=true"
RELEASE_NETTY_OPTS="-Dio.netty.recycler.maxCapacityPerThread=4096"
RELEASE_GC_LOG="gc*,safepoint"
