import type { Command } from '../../../lib/process/runner.ts';
import type { SetupStep } from '../../../supervisor/spec.ts';
import type { NativeNetwork } from '../network.ts';
import type { FenceSettings, NativeSpec } from '../spec.ts';
import { insideCommand } from './namespaces.ts';

/** The master as pods dial it; without addresses, pods reach none. */
export type AdmittedMaster = { readonly addresses: readonly string[]; readonly port: number };

/** Not used by kube-proxy (0x4000), kubelet (0x8000) or network policy engines (0x10000 to 0x100000). */
const refusedMark = '0x2000000/0x2000000';

const established = '-m conntrack --ctstate ESTABLISHED,RELATED -j RETURN';

/**
 * All that enters the node comes from its pods or from this host's end of the link. Linux forwards packets to the node for
 * neighbours that have a route (ip_forward), with their own source address. What nobody asked for is dropped in silence.
 */
const enterRules = ({ hostAddress, nodeAddress, podCidr }: NativeNetwork, settings: FenceSettings) => {
  const { start, end } = settings.portRange;
  const toTasks = `-d ${nodeAddress} -p tcp --dport ${start}:${end}`;
  return [
    established,
    '-i lo -j RETURN',
    // the node's ends of its pods' links, as the CNI plugin ptp names them
    `-i veth+ -s ${podCidr} -j RETURN`,
    `-i eth0 -s ${hostAddress} -j RETURN`,
    ...settings.allowFrom.map((range) => `-i eth0 -s ${range} ${toTasks} -j RETURN`),
    '-j DROP',
  ];
};

/**
 * What pods send towards this host. From inside the node nobody can tell which addresses are this host's own, and they
 * change; so everything but the master is refused, whether this host would answer or forward it.
 */
const leaveRules = ({ hostAddress }: NativeNetwork, { egress }: FenceSettings, master: AdmittedMaster) => {
  if (egress === 'all') return [];
  return [
    established,
    ...master.addresses.map((address) => `-d ${address} -p tcp --dport ${master.port} -j RETURN`),
    ...(egress === 'host' ? [`-d ${hostAddress} -j RETURN`] : []),
    `-j MARK --set-xmark ${refusedMark}`,
  ];
};

type Fence = {
  readonly network: NativeNetwork;
  readonly settings: FenceSettings;
  readonly master: AdmittedMaster;
};

const chains = ({ network, settings, master }: Fence): readonly string[] => [
  ':TASKGATE-ENTER - [0:0]',
  ':TASKGATE-LEAVE - [0:0]',
  ...enterRules(network, settings).map((rule) => `-A TASKGATE-ENTER ${rule}`),
  ...leaveRules(network, settings, master).map((rule) => `-A TASKGATE-LEAVE ${rule}`),
];

/**
 * The rules of a new node, for iptables-restore. They are in the table mangle, which kube-proxy leaves alone: in the table
 * filter it puts its own ACCEPT in front. Only the polite refusal is there, since no other table has it; a packet that
 * kube-proxy accepts before is dropped on its way out.
 */
export const renderFence = (fence: Fence): string =>
  [
    '*mangle',
    ...chains(fence),
    '-A PREROUTING -j TASKGATE-ENTER',
    '-A FORWARD -o eth0 -j TASKGATE-LEAVE',
    `-A POSTROUTING -o eth0 -m mark --mark ${refusedMark} -j DROP`,
    'COMMIT',
    '*filter',
    `-A FORWARD -o eth0 -m mark --mark ${refusedMark} -j REJECT`,
    'COMMIT',
    '',
  ].join('\n');

/** The same with other settings or another master, for a node that has a fence: its chains are replaced in one go. */
export const renderFenceChange = (fence: Fence): string => ['*mangle', ...chains(fence), 'COMMIT', ''].join('\n');

type Iptables = Pick<NativeSpec, 'env'> & { readonly binaries: Pick<NativeSpec['binaries'], 'iptables-restore'> };

/** Reads rules from stdin, or from a file. */
const restoreCommand = ({ binaries, env }: Iptables, ...files: readonly string[]): Command => [
  'env',
  ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
  binaries['iptables-restore'],
  '--wait',
  '--noflush',
  ...files,
];

/** The master that a new node admits: on this host, as most pods dial it. */
export const firstMaster = ({ network, fence }: Pick<NativeSpec, 'network' | 'fence'>): AdmittedMaster => ({
  addresses: [network.hostAddress],
  port: fence.masterPort,
});

const rulesPath = '/run/taskgate-fence.rules';

/** Whether a node with this setup has a fence; one that an older taskgate started has none. */
export const hasFence = (setup: readonly SetupStep[]): boolean =>
  setup.some((step) => 'write' in step && step.write.path === rulesPath);

/**
 * Sets up the fence in the node's network namespace, before it has a link. Links get no IPv6 addresses: by a link-local one
 * the host's services would be reached past these rules.
 */
export const fenceSetup = (spec: NativeSpec): readonly SetupStep[] => {
  const ipv6 = '/proc/sys/net/ipv6/conf/default/disable_ipv6';
  return [
    { run: ['sh', '-c', `if [ -e ${ipv6} ]; then echo 1 > ${ipv6}; fi`] },
    {
      write: {
        path: rulesPath,
        text: renderFence({ network: spec.network, settings: spec.fence, master: firstMaster(spec) }),
      },
    },
    { run: restoreCommand(spec, rulesPath) },
  ];
};

/** Applies rules, which it reads from stdin, to the node of process `pid`: with its files, too, since iptables has a lock there. */
export const fenceCommand = (iptables: Iptables, pid: number, cgroups: readonly string[]): Command =>
  insideCommand(restoreCommand(iptables), pid, cgroups);
