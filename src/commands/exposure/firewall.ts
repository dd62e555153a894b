/** What a firewall is written for: the addresses of one instance. */
export type Fenced = {
  readonly instance: string;
  /**
   * `host`: the node is behind a link of this host, and this host is what neighbours must pass. `node`: the cluster is
   * elsewhere, and each of its nodes needs the rules.
   */
  readonly place: 'host' | 'node';
  /** The link to the node; only on `host`. */
  readonly link?: string;
  /** This host's address on that link, at which pods dial the master. */
  readonly hostAddress: string;
  readonly nodeAddress: string;
  readonly portRange: { readonly start: number; readonly end: number };
  /** Sources that may dial task ports. */
  readonly allowFrom: readonly string[];
};

const remarks = {
  host: 'pods only: Linux answers for each of its addresses on every link',
  forward: 'nobody else is routed through this host to the node, its pods and Services',
  node: "task ports, before kube-proxy's rules see them; on each node of the cluster",
} as const;

/** What the node and its pods asked for themselves, such as an image from a registry. */
const answers = {
  nft: 'ct state established,related accept',
  iptables: '-m conntrack --ctstate ESTABLISHED,RELATED -j RETURN',
} as const;

const nftSet = (values: readonly string[]): string => `{ ${values.join(', ')} }`;

const nftChain = (name: string, hook: string, rule: readonly string[]): string =>
  [
    `  chain ${name} {`,
    `    type filter hook ${hook}; policy accept;`,
    ...rule.map((line) => `    ${line}`),
    '  }',
  ].join('\n');

const nftChains = ({ place, link, hostAddress, nodeAddress, portRange, allowFrom }: Fenced): readonly string[] => {
  const { start, end } = portRange;
  const others = allowFrom.length > 0 ? `ip saddr != ${nftSet(allowFrom)} ` : '';
  if (place === 'node') {
    const rule = `ip daddr ${nodeAddress} tcp dport ${start}-${end} ${others}drop`;
    return [nftChain('task-ports', 'prerouting priority raw', [`# ${remarks.node}`, rule])];
  }
  return [
    nftChain('to-host', 'input priority filter - 1', [
      `# ${remarks.host}`,
      `iifname != { "lo", "${link}" } ip daddr ${hostAddress} drop`,
    ]),
    nftChain('to-node', 'forward priority filter - 1', [
      `# ${remarks.forward}`,
      answers.nft,
      `iifname != "${link}" oifname "${link}" ${others}drop`,
    ]),
  ];
};

/** Rules for `nft -f -`, in a table of their own; `nft delete table inet taskgate-NAME` takes them away. */
export const nftRules = (fenced: Fenced): string =>
  [`table inet taskgate-${fenced.instance} {`, ...nftChains(fenced), '}'].join('\n');

/** `-s` takes one range, so those that are allowed return before the one that drops. */
const iptablesChain = (chain: string, { allowFrom, place }: Fenced, table = ''): readonly string[] => [
  `iptables -w ${table}-N ${chain}`,
  // the table raw comes before connections are known
  ...(place === 'host' ? [`iptables -w ${table}-A ${chain} ${answers.iptables}`] : []),
  ...allowFrom.map((range) => `iptables -w ${table}-A ${chain} -s ${range} -j RETURN`),
  `iptables -w ${table}-A ${chain} -j DROP`,
];

/** A chain's name has at most 28 characters. */
const chainOf = (instance: string): string => `TG-${instance.slice(0, 20)}`;

/** The same as shell commands of iptables. */
export const iptablesRules = (fenced: Fenced): string => {
  const { place, link, hostAddress, nodeAddress, portRange } = fenced;
  const chain = chainOf(fenced.instance);
  if (place === 'node') {
    const ports = `--dport ${portRange.start}:${portRange.end}`;
    return [
      `# ${remarks.node}`,
      ...iptablesChain(chain, fenced, '-t raw '),
      `iptables -w -t raw -I PREROUTING -d ${nodeAddress} -p tcp ${ports} -j ${chain}`,
    ].join('\n');
  }
  return [
    `# ${remarks.host}`,
    `iptables -w -I INPUT ! -i ${link} -d ${hostAddress} -j DROP`,
    `iptables -w -I INPUT -i lo -d ${hostAddress} -j ACCEPT`,
    `# ${remarks.forward}`,
    ...iptablesChain(chain, fenced),
    `iptables -w -I FORWARD ! -i ${link} -o ${link} -j ${chain}`,
  ].join('\n');
};
