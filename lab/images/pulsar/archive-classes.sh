# Runs ZooKeeper, the metadata job, a bookie and a broker once, on loopback alone,
# and keeps the classes that each loaded: the roles then start in half the time.
# The image works without the archives, only slower.
cd /pulsar
mkdir classes
export HOME=/tmp PULSAR_LOG_DIR=/tmp PULSAR_MEM="-Xms64m -Xmx256m -XX:MaxDirectMemorySize=256m"
export JAVA_HOME=/opt/java/openjdk
# On copies of the configuration: the image's stays as it is.
cp -r conf /tmp
mkdir /tmp/data
cp conf/zookeeper.conf /tmp/zookeeper.conf
sed -i 's|^dataDir=.*|dataDir=/tmp/data/zookeeper|' /tmp/zookeeper.conf
export PULSAR_ZK_CONF=/tmp/zookeeper.conf
export PULSAR_BOOKKEEPER_CONF=/tmp/conf/bookkeeper.conf BOOKIE_CONF=/tmp/conf/bookkeeper.conf
export PULSAR_BROKER_CONF=/tmp/conf/broker.conf

# wait_for ROLE COMMAND...: a machine that compiles beside this needs minutes for a broker.
wait_for() {
    role=$1
    shift
    for _ in $(seq 600); do
        if "$@" > /dev/null 2>&1; then return 0; fi
        sleep 0.5
    done
    tail -n 30 "/tmp/$role.log" >&2
    echo "no answer to: $*" >&2
    exit 1
}

LAB_DUMP_CLASSES=classes/zookeeper.jsa bin/pulsar zookeeper > /tmp/zookeeper.log 2>&1 &
zookeeper=$!
wait_for zookeeper bin/pulsar-zookeeper-ruok.sh

LAB_DUMP_CLASSES=classes/metadata.jsa bin/pulsar initialize-cluster-metadata \
    --cluster archive --zookeeper localhost:2181 --configuration-store localhost:2181 \
    --web-service-url http://localhost:8080 --broker-service-url pulsar://localhost:6650 \
    > /tmp/metadata.log 2>&1

export journalDirectory=/tmp/data/journal ledgerDirectories=/tmp/data/ledgers
export zkServers=localhost:2181 httpServerEnabled=true allowLoopback=true advertisedAddress=localhost
bin/apply-config-from-env.py "$PULSAR_BOOKKEEPER_CONF" > /dev/null
LAB_DUMP_CLASSES=classes/bookie.jsa bin/pulsar bookie > /tmp/bookie.log 2>&1 &
bookie=$!
wait_for bookie curl -fsS http://localhost:8000/api/v1/bookie/is_ready
LAB_DUMP_CLASSES=classes/shell.jsa bin/bookkeeper shell whatisinstanceid > /tmp/shell.log 2>&1

export zookeeperServers=localhost:2181 configurationStoreServers=localhost:2181 clusterName=archive
# Loopback has no speed to be read, and a broker of 3.0 will know one.
export loadBalancerOverrideBrokerNicSpeedGbps=1
export managedLedgerDefaultEnsembleSize=1 managedLedgerDefaultWriteQuorum=1 managedLedgerDefaultAckQuorum=1
bin/apply-config-from-env.py "$PULSAR_BROKER_CONF" > /dev/null
LAB_DUMP_CLASSES=classes/broker.jsa bin/pulsar broker > /tmp/broker.log 2>&1 &
broker=$!
wait_for broker curl -fsS http://localhost:8080/admin/v2/brokers/health

kill "$broker"
wait "$broker" || true
kill "$bookie"
wait "$bookie" || true
kill "$zookeeper"
wait "$zookeeper" || true
ls classes/zookeeper.jsa classes/metadata.jsa classes/bookie.jsa classes/broker.jsa > /dev/null
chmod a+r classes/*
