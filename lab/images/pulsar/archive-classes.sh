# Runs ZooKeeper, the metadata job, a bookie and a broker once, on loopback alone,
# and keeps the classes that each loaded: the roles then start in half the time.
# The image works without the archives, only slower.
cd /pulsar
mkdir classes
export HOME=/tmp PULSAR_MEM="-Xms64m -Xmx256m -XX:MaxDirectMemorySize=256m"
export JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64
# On copies of the configuration: the image's stays as it is.
cp -r conf /tmp
mkdir /tmp/data
cp conf/zookeeper.conf /tmp/zookeeper.conf
sed -i 's|^dataDir=.*|dataDir=/tmp/data/zookeeper|' /tmp/zookeeper.conf
export PULSAR_ZK_CONF=/tmp/zookeeper.conf
export PULSAR_BOOKKEEPER_CONF=/tmp/conf/bookkeeper.conf PULSAR_BROKER_CONF=/tmp/conf/broker.conf

wait_for() {
    for _ in $(seq 240); do
        if "$@" > /dev/null 2>&1; then return 0; fi
        sleep 0.5
    done
    echo "no answer to: $*" >&2
    tail -n 20 /tmp/*.log >&2
    exit 1
}

LAB_DUMP_CLASSES=classes/zookeeper.jsa bin/pulsar zookeeper > /tmp/zookeeper.log 2>&1 &
zookeeper=$!
wait_for bin/pulsar-zookeeper-ruok.sh

LAB_DUMP_CLASSES=classes/metadata.jsa bin/pulsar initialize-cluster-metadata \
    --cluster archive --zookeeper localhost:2181 --configuration-store localhost:2181 \
    --web-service-url http://localhost:8080 --broker-service-url pulsar://localhost:6650 \
    > /tmp/metadata.log 2>&1

export journalDirectory=/tmp/data/journal ledgerDirectories=/tmp/data/ledgers
export zkServers=localhost:2181 httpServerEnabled=true allowLoopback=true advertisedAddress=localhost
bin/apply-config-from-env.py "$PULSAR_BOOKKEEPER_CONF" > /dev/null
LAB_DUMP_CLASSES=classes/bookie.jsa bin/pulsar bookie > /tmp/bookie.log 2>&1 &
bookie=$!
wait_for curl -fsS http://localhost:8000/api/v1/bookie/is_ready
LAB_DUMP_CLASSES=classes/shell.jsa bin/bookkeeper shell whatisinstanceid > /tmp/shell.log 2>&1

export zookeeperServers=localhost:2181 configurationStoreServers=localhost:2181 clusterName=archive
export managedLedgerDefaultEnsembleSize=1 managedLedgerDefaultWriteQuorum=1 managedLedgerDefaultAckQuorum=1
bin/apply-config-from-env.py "$PULSAR_BROKER_CONF" > /dev/null
LAB_DUMP_CLASSES=classes/broker.jsa bin/pulsar broker > /tmp/broker.log 2>&1 &
broker=$!
wait_for curl -fsS http://localhost:8080/admin/v2/brokers/health

kill "$broker"
wait "$broker" || true
kill "$bookie"
wait "$bookie" || true
kill "$zookeeper"
wait "$zookeeper" || true
rm -rf logs/*
ls classes/zookeeper.jsa classes/metadata.jsa classes/bookie.jsa classes/broker.jsa > /dev/null
chmod a+r classes/*
