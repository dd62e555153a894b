import { randomInt } from 'node:crypto';
import type { MasterSettings } from '../../instance/record.ts';
import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';
import type { MasterEndpoint } from '../../model/master-endpoint.ts';

/** What a master's configuration is written from. */
export type MasterValues = Omit<MasterSettings, 'port'> & {
  readonly gateway: GatewayEndpoint;
  readonly master: MasterEndpoint;
  /** Absolute path of a kubeconfig whose current-context is the cluster; the master follows no other. */
  readonly kubeconfigPath: string;
  /** Tells clusters apart that have several kubeconfigs: the uid of namespace kube-system. Without it the path does. */
  readonly clusterId?: string;
  readonly adminPassword: string;
  /** Name of the taskgate instance, for things that must differ between two of them. */
  readonly instance: string;
  /** Where the master listens on its own host. */
  readonly listenPort: number;
  readonly cacheDir: string;
};

/** What one resource manager needs to reach tasks through a Gateway. */
export type ManagerValues = Pick<MasterValues, 'gateway' | 'master' | 'kubeconfigPath'>;

/** One master over one or several instances: the first becomes the root resource manager, the others additional ones. */
export type Instances = readonly [MasterValues, ...MasterValues[]];

const alphabets = ['abcdefghijkmnpqrstuvwxyz', 'ABCDEFGHJKLMNPQRSTUVWXYZ', '23456789'] as const;
const passwordLength = 24;

const pick = (letters: string): string => letters.charAt(randomInt(letters.length));

/**
 * A password for the master's first users: letters and digits that are not mistaken for each other, at least one of each
 * kind, beginning with a letter; over 130 bits. No shell, YAML reader or devcluster changes it.
 */
export const generatePassword = (): string => {
  const all = alphabets.join('');
  const rest = Array.from({ length: passwordLength - alphabets.length }, () => pick(all));
  for (const letters of alphabets.slice(1)) rest.splice(randomInt(rest.length + 1), 0, pick(letters));
  return pick(alphabets[0]) + rest.join('');
};
