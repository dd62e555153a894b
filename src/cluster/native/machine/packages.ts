/** Programs of the host that a node and its provider call, and the package of each as Debian names it. */
export const toolPackages = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  pivot_root: 'util-linux',
  setpriv: 'util-linux',
  mount: 'mount',
  umount: 'mount',
  ip: 'iproute2',
  cp: 'coreutils',
  mkdir: 'coreutils',
  ln: 'coreutils',
  sh: 'dash',
} as const;

type Distribution = {
  /** As in ID and ID_LIKE of os-release(5). */
  readonly ids: readonly string[];
  readonly install: string;
  /** Where a package is named otherwise than on Debian. */
  readonly names: Readonly<Record<string, string>>;
};

const distributions: readonly Distribution[] = [
  { ids: ['debian', 'ubuntu'], install: 'apt-get install', names: {} },
  { ids: ['fedora', 'rhel', 'centos'], install: 'dnf install', names: { iproute2: 'iproute', mount: 'util-linux' } },
  { ids: ['alpine'], install: 'apk add', names: {} },
  { ids: ['arch'], install: 'pacman -S', names: { mount: 'util-linux' } },
  { ids: ['suse', 'opensuse'], install: 'zypper install', names: { mount: 'util-linux' } },
  { ids: ['nixos'], install: 'nix-env -f "<nixpkgs>" -iA', names: { mount: 'util-linux' } },
];

const idsOf = (osRelease: string): readonly string[] =>
  [...osRelease.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap(([, value = '']) => value.split(' '));

/** How to install the package of a program on the distribution that /etc/os-release describes. */
export const installHint = (tool: string, osRelease: string): string => {
  const usual = toolPackages[tool as keyof typeof toolPackages] ?? tool;
  const ids = idsOf(osRelease);
  const distribution = distributions.find((one) => one.ids.some((id) => ids.includes(id)));
  const name = distribution?.names[usual] ?? usual;
  return `install the package ${name}${distribution ? `: ${distribution.install} ${name}` : ''}`;
};
