#!/bin/sh
# Runs inside the node image of Minikube: makes of it what kind expects of its own.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin
from=/kind-files
version=$(ls /var/lib/minikube/binaries)

for folder in usr/local/bin kind etc; do
  mkdir -p "/$folder"
  cp -rf "$from/$folder/." "/$folder/"
done
# a module has no executable files
chmod 755 /usr/local/bin/entrypoint /usr/local/bin/clean-install /kind/bin/*.sh
for name in containerd ctr containerd-shim-runc-v2; do ln -sf "/usr/bin/$name" "/usr/local/bin/$name"; done
for name in kubeadm kubelet kubectl; do cp "/var/lib/minikube/binaries/$version/$name" /usr/bin/; done
echo "$version" > /kind/version

# without CAP_SYS_RESOURCE; and CoreDNS of the rig has no file capability for its port 53
pause=$(kubeadm config images list --kubernetes-version "$version" 2> /dev/null | grep pause)
sed -i -e 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/' \
  -e "s#sandbox_image = .*#sandbox_image = \"$pause\"#" \
  -e '/^\[plugins."io.containerd.grpc.v1.cri"\]$/a\  enable_unprivileged_ports = true\n  enable_unprivileged_icmp = true' \
  /etc/containerd/config.toml
ctr oci spec | jq 'del(.process.rlimits)' | sed -e '/CAP_SYS_RESOURCE/d' | jq . > /etc/containerd/cri-base.json

mkdir -p /kind/manifests /etc/cni/net.d
cat > /kind/manifests/default-storage.yaml << 'STORAGE'
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: standard}
provisioner: kubernetes.io/no-provisioner
STORAGE
echo > /kind/manifests/default-cni.yaml
rm -f /etc/cni/net.d/*
# kind's own network is an image that cannot be had; one node needs no routes to others
cat > /etc/cni/net.d/10-bridge.conflist << 'CNI'
{"cniVersion":"0.4.0","name":"bridge","plugins":[{"type":"bridge","bridge":"cni0","isDefaultGateway":true,"ipMasq":true,"hairpinMode":true,"ipam":{"type":"host-local","subnet":"10.244.0.0/24"}},{"type":"portmap","capabilities":{"portMappings":true}}]}
CNI

wanted=/etc/systemd/system/multi-user.target.wants
mkdir -p "$wanted"
rm -f "$wanted"/*
for unit in kubelet containerd undo-mount-hacks; do ln -sf "/etc/systemd/system/$unit.service" "$wanted/$unit.service"; done
ln -sf /dev/null /etc/systemd/system/systemd-binfmt.service
