/** What the virtual machine is made of. Debian's own packages are those of the suite's day; apt verifies them. */
export const vmPins = {
  suite: 'bookworm',
  /** Unpacked, not installed. */
  hostPackages: ['debootstrap'],
  packages: [
    ...['linux-image-amd64', 'initramfs-tools', 'systemd', 'systemd-sysv', 'dbus', 'libpam-systemd', 'udev', 'kmod'],
    ...['openssh-server', 'sudo', 'util-linux', 'procps', 'iproute2', 'iputils-ping', 'netcat-openbsd', 'curl'],
    ...['ca-certificates', 'iptables', 'nftables', 'firewalld', 'ufw', 'apparmor', 'policykit-1', 'python3', 'zstd'],
  ],
  /** Room of the disk; what is not written takes none. */
  diskGiB: 24,
  /** Of a user of the machine: enough for one cluster and the suites. */
  memoryMiB: 6144,
  cpus: 2,
} as const;
