#!/bin/sh
# Runs nginx over the addresses that `whisperlive` has now, and tells it when they change. Connections that are open stay.
set -eu
servers=/tmp/whisperlive.servers

# Without `max_fails=0` a replica that failed once is tried once in `fail_timeout` only, until one of its connections has
# ended: after an update that can be an hour. Whoever is gone is out of the name within seconds anyway.
write_servers() {
  getent ahostsv4 whisperlive | awk '{ print $1 }' | sort -u |
    sed 's/.*/server &:9090 max_fails=0;/' >"$servers.new"
  [ -s "$servers.new" ] && ! cmp -s "$servers.new" "$servers" && mv "$servers.new" "$servers"
}

until write_servers; do sleep 1; done
while sleep 2; do
  if write_servers; then nginx -c /etc/whisperlive/nginx.conf -s reload; fi
done &
exec nginx -c /etc/whisperlive/nginx.conf -g 'daemon off;'
