set -eu
umask 077
mkdir -p /tmp/keys /data/kafka
# Kafka's PEM key store is one file: the key, then its chain.
for name in server internal outside; do
  cat "/tls/$name/tls.key" "/tls/$name/tls.crt" >"/tmp/keys/$name.pem"
done
# What `kafka-storage format` leaves for a static quorum, without starting a JVM for it.
if [ ! -f /data/kafka/meta.properties ]; then
  id() { head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=' | sed 's/^-/A/'; }
  printf 'version=1\ncluster.id=%s\nnode.id=0\ndirectory.id=%s\n' "$(id)" "$(id)" >/data/kafka/meta.properties
fi
name=$POD_NAME.sentry-kafka-kafka-brokers.sentry-system.svc
cp /config/server.properties /tmp/server.properties
cat >>/tmp/server.properties <<END
controller.quorum.voters=0@$name:9090
advertised.listeners=CLIENTS://$name:9093,INTERNAL://$name:9091,OUTSIDE://$OUTSIDE_ADDRESS:9094
END
exec /opt/java/bin/java -Xms128m -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:MaxDirectMemorySize=128m \
  -Xss512k -Xshare:auto -Dlog4j2.configurationFile=/config/log4j2.yaml -cp '/opt/kafka/libs/*' \
  kafka.Kafka /tmp/server.properties
