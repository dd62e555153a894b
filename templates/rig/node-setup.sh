#!/bin/sh
# Runs inside the node's tree: makes of a plain Debian what minikube's docker driver expects of its node image.
# /rig/kicbase holds the files for that image out of minikube's own module; the rest of /rig is ours.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
units=/usr/lib/systemd/system
from=/rig/kicbase

install -Dm644 -t /etc/sysctl.d "$from/10-network-security.conf" "$from/11-tcp-mtu-probing.conf"
install -Dm644 "$from/containerd.toml" /etc/containerd/config.toml
install -Dm755 "$from/entrypoint" /usr/local/bin/entrypoint
install -Dm755 /rig/own-settings /usr/local/bin/own-settings
install -Dm755 "$from/automount/minikube-automount" /usr/sbin/minikube-automount
install -Dm644 "$from/automount/minikube-automount.service" "$units/minikube-automount.service"
install -Dm755 "$from/scheduled-stop/minikube-scheduled-stop" /var/lib/minikube/scheduled-stop/minikube-scheduled-stop
install -Dm644 "$from/scheduled-stop/minikube-scheduled-stop.service" "$units/minikube-scheduled-stop.service"

# a pod's negative oom score needs CAP_SYS_RESOURCE too; minikube turns this back off where it finds blanks around the =
sed -i 's/restrict_oom_score_adj = false/restrict_oom_score_adj=true/' /etc/containerd/config.toml
mv /usr/sbin/runc /usr/sbin/runc.real
install -m755 /rig/runc /usr/sbin/runc

mkdir -p /opt/cni/bin /etc/cni/net.d /kind /etc/kubernetes/manifests
cp -a /usr/lib/cni/. /opt/cni/bin/

# systemd in a container: only what a node needs, and no kernel log
rm -f "$units"/sysinit.target.wants/systemd-tmpfiles-setup.service "$units"/multi-user.target.wants/* \
  /etc/systemd/system/*.wants/* "$units"/local-fs.target.wants/* "$units"/sockets.target.wants/*udev* \
  "$units"/sockets.target.wants/*initctl* "$units"/basic.target.wants/*
echo ReadKMsg=no >> /etc/systemd/journald.conf
systemctl disable udev.service containerd.service
systemctl mask systemd-binfmt.service
systemctl enable ssh.service
ln -s "$units/minikube-automount.service" /etc/systemd/system/multi-user.target.wants/
sed -i -E 's/^(hosts:\s*).*/\1files dns/' /etc/nsswitch.conf

cat >> /etc/ssh/sshd_config << 'SSHD'
PubkeyAcceptedAlgorithms +ssh-rsa
HostkeyAlgorithms +ssh-rsa
PubkeyAuthentication yes
PasswordAuthentication no
SSHD
groupadd --force docker
useradd --create-home --shell /bin/bash --gid docker --groups sudo --password '*' docker
install -d -m755 -o docker -g docker /home/docker/.ssh
echo '%sudo ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/20-passwordless-sudo
chmod 440 /etc/sudoers.d/20-passwordless-sudo

echo '{"iso_version":"rig","kicbase_version":"rig","minikube_version":"rig","commit":"rig"}' > /version.json
echo 'kic! rig' > /kic.txt
: > /etc/machine-id
rm -rf /rig /usr/share/doc/* /usr/share/man/* /var/cache/apt/* /var/lib/apt/lists/*
