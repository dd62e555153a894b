import { execaRunner } from '../../src/lib/process/runner.ts';
import { hasMinikube } from '../rig/installed.ts';
import { noSshServer } from '../testbed/sshd.ts';

/** What the benchmark can measure, in the order in which it does. */
export const partNames = ['lifecycle', 'listeners', 'traffic', 'ssh', 'forward', 'minikube'] as const;
export type PartName = (typeof partNames)[number];

const isPartName = (name: string): name is PartName => partNames.some((one) => one === name);

/** What a command line asks for. */
export type Wish = { readonly quick: boolean; readonly parts: readonly PartName[] };

/** Reads the command line; a text says what is wrong with it. */
export const parseWish = (args: readonly string[]): Wish | string => {
  let [quick, parts]: [boolean, readonly PartName[]] = [false, partNames];
  for (let index = 0; index < args.length; index++) {
    const [flag, inline] = (args[index] ?? '').split('=', 2);
    if (flag === '--quick' && inline === undefined) {
      quick = true;
    } else if (flag === '--only') {
      const names = (inline ?? args[++index] ?? '').split(',');
      const unknown = names.filter((name) => !isPartName(name));
      if (unknown.length > 0) return `--only: no part '${unknown.join("', '")}'; there are ${partNames.join(', ')}`;
      parts = partNames.filter((name) => names.includes(name));
    } else {
      return `unknown argument '${args[index]}'`;
    }
  }
  return { quick, parts };
};

/** Results of all parts have the plain name; those of some must not overwrite them. */
export const reportName = (parts: readonly PartName[]): string =>
  parts.length === partNames.length ? 'bench' : `bench-${parts.join('-')}`;

const needsRoot = async () => process.getuid?.() !== 0 && 'needs root';

/** Why a part cannot be measured on this machine, or false. */
const obstacles: Readonly<Record<PartName, (signal: AbortSignal) => Promise<string | false>>> = {
  lifecycle: needsRoot,
  listeners: needsRoot,
  traffic: needsRoot,
  ssh: async () => noSshServer !== '' && 'needs root, iproute2 and openssh-server',
  forward: needsRoot,
  minikube: async (signal) =>
    (await needsRoot()) ||
    (!(await hasMinikube(execaRunner, signal)) &&
      'no Docker daemon and Minikube here; `node scripts/rig.ts -- node scripts/bench.ts --only minikube` brings both'),
};

export type PartPlan = { readonly part: PartName; readonly isWanted: boolean; readonly obstacle?: string };

/** All parts: those that are not wanted or have an obstacle are not to be measured. */
export const planParts = async ({ parts }: Wish, signal: AbortSignal): Promise<readonly PartPlan[]> => {
  const plans: PartPlan[] = [];
  for (const part of partNames) {
    const isWanted = parts.includes(part);
    const obstacle = isWanted && (await obstacles[part](signal));
    plans.push({ part, isWanted, ...(obstacle && { obstacle }) });
  }
  return plans;
};
