#!/bin/sh
# Runs inside the tree of the virtual machine's disk: makes of a plain Debian a machine with a user `dev`, sshd and a network.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

echo taskgate-vm > /etc/hostname
printf '127.0.0.1 localhost taskgate-vm\n::1 localhost ip6-localhost\n' > /etc/hosts
echo '/dev/vda / ext4 defaults 0 1' > /etc/fstab
# systemd makes a new one at each start
: > /etc/machine-id

useradd --create-home --shell /bin/bash --password '*' dev
echo 'dev ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/20-dev
chmod 440 /etc/sudoers.d/20-dev

# only the link of the machine itself: a node's link is none of networkd's
cat > /etc/systemd/network/20-machine.network << 'NETWORK'
[Match]
Name=en*

[Network]
DHCP=ipv4
NETWORK
echo 'nameserver 10.0.2.3' > /etc/resolv.conf

# the public key of this run is on the kernel's command line, its blanks as commas
cat > /usr/local/sbin/take-key << 'KEY'
#!/bin/sh
key=$(sed -n 's/.*taskgate\.key=\([^ ]*\).*/\1/p' /proc/cmdline | tr , ' ')
install -d -m700 -o dev -g dev /home/dev/.ssh
echo "$key" > /home/dev/.ssh/authorized_keys
chown dev:dev /home/dev/.ssh/authorized_keys
KEY
chmod 755 /usr/local/sbin/take-key
cat > /etc/systemd/system/take-key.service << 'UNIT'
[Unit]
Before=ssh.service

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/take-key

[Install]
WantedBy=multi-user.target
UNIT

# of a machine that people work on, and no firewall yet: the scenarios start one
systemctl enable systemd-networkd.service ssh.service take-key.service
systemctl disable firewalld.service ufw.service nftables.service
systemctl mask systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer

rm -rf /usr/share/doc/* /usr/share/man/* /usr/share/locale/* /var/cache/apt/* /var/lib/apt/lists/*
