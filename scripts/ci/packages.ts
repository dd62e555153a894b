import { existsSync } from 'node:fs';
import { $ as shell } from 'zx';

const $ = shell({ verbose: true });

/** Debian's own packages that suites need a real program of; a machine that has them keeps what it has. */
const packages = [
  ['/usr/sbin/sshd', 'openssh-server'],
  ['/usr/sbin/nft', 'nftables'],
  ['/usr/sbin/iptables', 'iptables'],
  ['/usr/bin/sudo', 'sudo'],
  ['/usr/sbin/useradd', 'passwd'],
  ['/usr/bin/busybox', 'busybox'],
  ['/usr/bin/setfacl', 'acl'],
  ['/usr/lib/postgresql', 'postgresql'],
] as const;

const missing = packages.filter(([program]) => !existsSync(program)).map(([, name]) => name);
if (missing.length > 0) {
  await $`apt-get update -qq && apt-get install -y -qq --no-install-recommends ${missing}`;
}
