import { randomInt } from 'node:crypto';
import type { MasterSettings } from '../../instance/record.ts';
import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';
import type { MasterEndpoint } from '../../model/master-endpoint.ts';

/** The values of a master's configuration. */
export type MasterValues = Omit<MasterSettings, 'port'> & {
  readonly gateway: GatewayEndpoint;
  readonly master: MasterEndpoint;
  /** Absolute path of a kubeconfig whose current context is the cluster; the master uses no other context. */
  readonly kubeconfigPath: string;
  /** The uid of namespace kube-system, to recognise one cluster behind several kubeconfigs. Without it, the path is compared. */
  readonly clusterId?: string;
  readonly adminPassword: string;
  /** Name of the taskgate instance, for names that must differ between instances. */
  readonly instance: string;
  /** Where the master listens on its own host. */
  readonly listenPort: number;
  readonly cacheDir: string;
};

/** The values of one resource manager. */
export type ManagerValues = Pick<MasterValues, 'gateway' | 'master' | 'kubeconfigPath'>;

/** One master over one or several instances: the first becomes the root resource manager, the others additional ones. */
export type Instances = readonly [MasterValues, ...MasterValues[]];

const alphabets = ['abcdefghijkmnpqrstuvwxyz', 'ABCDEFGHJKLMNPQRSTUVWXYZ', '23456789'] as const;
const passwordLength = 24;

const pick = (letters: string): string => letters.charAt(randomInt(letters.length));

/**
 * A password for the master's first users: unambiguous letters and digits, at least one of each kind, starting with a
 * letter; over 130 bits. Shells, YAML readers and devcluster do not change it.
 */
export const generatePassword = (): string => {
  const all = alphabets.join('');
  const rest = Array.from({ length: passwordLength - alphabets.length }, () => pick(all));
  for (const letters of alphabets.slice(1)) rest.splice(randomInt(rest.length + 1), 0, pick(letters));
  return pick(alphabets[0]) + rest.join('');
};
