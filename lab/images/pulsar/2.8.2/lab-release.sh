# What launch scripts and defaults of Pulsar 2.8 have that those of 3.0 lack.
RELEASE=2.8.2
RELEASE_OPTS=
RELEASE_ZK_OPTS=
RELEASE_NETTY_OPTS="-Dio.netty.recycler.maxCapacity.default=1000 -Dio.netty.recycler.linkCapacity=1024"
RELEASE_GC_LOG="gc"
