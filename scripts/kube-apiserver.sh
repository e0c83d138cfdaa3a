#!/usr/bin/env bash
# Runs a command with a Kubernetes control plane of its own: etcd, kube-apiserver (RBAC on), the controllers and the scheduler, on
# free ports of the loopback. There is no node and no kubelet: pods are placed and run only by whoever registers one.
#   scripts/kube-apiserver.sh kubectl get namespaces
# The command is given KUBECONFIG (an administrator) and KUBE_CERTS (a folder: ca.crt, server.crt, server.key). Nothing is left at
# the end. Built once from scripts/kubernetes (with Go 1.26 or newer: about ten minutes on two cores) into a cache folder; KUBE_BIN names
# a folder that has kube-apiserver, kube-controller-manager, kube-scheduler and etcd already.
set -euo pipefail

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}
source=$(cd "$(dirname "$0")/kubernetes" && pwd)
version=$(awk '$1 == "k8s.io/kubernetes" {print $2}' "$source/go.mod")
bin=${KUBE_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/vexa/kubernetes-$version}
[ $# -gt 0 ] || fail "usage: $0 command…"
command -v openssl >/dev/null || fail "openssl is missing: apt-get install openssl"

build() {
  command -v go >/dev/null || fail "Go 1.26 or newer is missing (https://go.dev/dl), or KUBE_BIN is not set."
  echo "Building Kubernetes $version" >&2
  mkdir -p "$bin"
  local made
  made=$(mktemp -d "$bin/build.XXXXXX")
  # The version is what clients such as helm ask for.
  local number=${version#v} of=k8s.io/component-base/version
  local minor=${number#*.}
  (cd "$source" && go build -trimpath -o "$made/" \
    -ldflags "-s -w -X $of.gitVersion=$version -X $of.gitMajor=${number%%.*} -X $of.gitMinor=${minor%%.*}" tool)
  mv "$made/server" "$made/etcd"
  mv "$made"/* "$bin/"
  rmdir "$made"
}
for program in kube-apiserver kube-controller-manager kube-scheduler etcd; do
  [ -x "$bin/$program" ] || { build && break; }
done

own=$(mktemp -d)
pids=()
# shellcheck disable=SC2317
clean_up() {
  # Nothing is to be kept, and an orderly end takes a minute.
  kill -KILL "${pids[@]}" 2>/dev/null || true
  wait "${pids[@]}" 2>/dev/null || true
  rm -rf "$own"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

certify() { # name subject [extensions]
  openssl req -newkey rsa:2048 -nodes -keyout "$own/$1.key" -out "$own/$1.csr" -subj "$2" 2>/dev/null
  openssl x509 -req -in "$own/$1.csr" -CA "$own/ca.crt" -CAkey "$own/ca.key" -CAcreateserial -days 2 -out "$own/$1.crt" \
    -extfile <(printf '%s\n' "${3:-}") 2>/dev/null
}
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$own/ca.key" -out "$own/ca.crt" -days 2 -subj /CN=vexa-test 2>/dev/null
certify server /CN=kube-apiserver "subjectAltName=IP:127.0.0.1,DNS:localhost"
certify admin /O=system:masters/CN=admin
openssl genrsa -out "$own/accounts.key" 2048 2>/dev/null

read -r etcd peer api controllers scheduler < <(node -e '
  const servers = Array.from({ length: 5 }, () => require("node:net").createServer().listen(0, "127.0.0.1"));
  setTimeout(() => {
    console.log(...servers.map((server) => server.address().port));
    for (const server of servers) server.close();
  }, 50);')
cat >"$own/kubeconfig" <<END
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "https://127.0.0.1:$api", certificate-authority: "$own/ca.crt"}}]
users: [{name: admin, user: {client-certificate: "$own/admin.crt", client-key: "$own/admin.key"}}]
contexts: [{name: test, context: {cluster: test, user: admin}}]
current-context: test
END

start() { # name command…
  local name=$1
  shift
  "$@" >"$own/$name.log" 2>&1 &
  pids+=($!)
}
ready() { # name url
  for _ in $(seq 240); do
    curl --silent --fail --max-time 5 --cacert "$own/ca.crt" --cert "$own/admin.crt" --key "$own/admin.key" "$2" >/dev/null && return
    kill -0 "${pids[-1]}" 2>/dev/null || break
    sleep 0.5
  done
  fail "$1 does not start:" "$(tail -20 "$own/$1.log")"
}
start etcd "$bin/etcd" --name test --data-dir "$own/etcd" --unsafe-no-fsync --log-level error \
  --listen-client-urls "http://127.0.0.1:$etcd" --advertise-client-urls "http://127.0.0.1:$etcd" \
  --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
  --initial-cluster "test=http://127.0.0.1:$peer"
ready etcd "http://127.0.0.1:$etcd/health"
start kube-apiserver "$bin/kube-apiserver" --etcd-servers "http://127.0.0.1:$etcd" --secure-port "$api" --bind-address 127.0.0.1 \
  --advertise-address 127.0.0.1 --endpoint-reconciler-type none --service-cluster-ip-range 10.0.0.0/24 --authorization-mode RBAC \
  --client-ca-file "$own/ca.crt" --tls-cert-file "$own/server.crt" --tls-private-key-file "$own/server.key" \
  --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$own/accounts.key" \
  --service-account-signing-key-file "$own/accounts.key" \
  --kubelet-client-certificate "$own/admin.crt" --kubelet-client-key "$own/admin.key" \
  --kubelet-preferred-address-types InternalIP --disable-admission-plugins TaintNodesByCondition
ready kube-apiserver "https://127.0.0.1:$api/readyz"
# Nodes are not judged by their heartbeats: whoever registers one in a test sends none.
start kube-controller-manager "$bin/kube-controller-manager" --kubeconfig "$own/kubeconfig" --leader-elect=false \
  --secure-port "$controllers" --bind-address 127.0.0.1 --cert-dir "$own" --authorization-always-allow-paths /healthz \
  --controllers '*,-node-lifecycle-controller,-taint-eviction-controller' \
  --service-account-private-key-file "$own/accounts.key" --root-ca-file "$own/ca.crt"
start kube-scheduler "$bin/kube-scheduler" --kubeconfig "$own/kubeconfig" --leader-elect=false \
  --secure-port "$scheduler" --bind-address 127.0.0.1 --cert-dir "$own" --authorization-always-allow-paths /healthz
# The account that pods need is made by a controller.
ready kube-controller-manager "https://127.0.0.1:$api/api/v1/namespaces/default/serviceaccounts/default"

KUBECONFIG=$own/kubeconfig KUBE_CERTS=$own "$@"
