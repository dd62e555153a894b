// apart from the command, which imports the Kubernetes client: `--help` reads these
export const exposureFormats = ['table', 'json', 'nft', 'iptables'] as const;

export type ExposureFormat = (typeof exposureFormats)[number];
