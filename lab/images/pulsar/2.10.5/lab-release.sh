# What launch scripts and defaults of Pulsar 2.10 have that those of 2.8 lack: BookKeeper goes by
# Pulsar's own drivers of metadata, which its jars bring from 2.10 on.
RELEASE=2.10.5
RELEASE_OPTS="-Dbookkeeper.metadata.bookie.drivers=org.apache.pulsar.metadata.bookkeeper.PulsarMetadataBookieDriver
    -Dbookkeeper.metadata.client.drivers=org.apache.pulsar.metadata.bookkeeper.PulsarMetadataClientDriver
    -Dzookeeper.clientTcpKeepAlive=true"
RELEASE_ZK_OPTS="-Dzookeeper.tcpKeepAlive=true"
RELEASE_NETTY_OPTS="-Dio.netty.recycler.maxCapacity.default=1000 -Dio.netty.recycler.linkCapacity=1024"
RELEASE_GC_LOG="gc"
