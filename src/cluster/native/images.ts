import { UserError } from '../../lib/errors.ts';
import { childrenOf, type ProcessIdentity } from '../../lib/process/processes.ts';
import type { Command, Runner } from '../../lib/process/runner.ts';
import { polling, waitUntil } from '../../lib/wait.ts';

export type ImportInput = {
  readonly ctr: string;
  readonly archive: string;
  readonly refs: readonly string[];
  readonly runner: Runner;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** The node's supervisor, or undefined while there is none yet. */
  readonly findSupervisor: () => Promise<ProcessIdentity | undefined>;
};

/** containerd's client, run on the host, with the socket inside the node's mount namespace. */
const ctrCommand = (ctr: string, nodePid: number, args: readonly string[]): Command => [
  ctr,
  '--address',
  `/proc/${nodePid}/root/run/containerd/containerd.sock`,
  '--namespace',
  'k8s.io',
  ...args,
];

const listImages = async ({ ctr, runner, signal, findSupervisor }: ImportInput) => {
  const supervisor = await findSupervisor();
  const [nodePid] = supervisor ? await childrenOf(supervisor.pid).catch(() => []) : [];
  if (nodePid === undefined) return undefined;
  const command = ctrCommand(ctr, nodePid, ['images', 'list', '--quiet']);
  const result = await runner(command, { signal, timeoutMs: 2_000 }).catch(() => undefined);
  return result && { nodePid, images: new Set(result.stdout.split('\n')) };
};

/**
 * Imports an OCI archive into the node's containerd once that answers, unless it has all of `refs`. Throws UserError
 * `cluster.containerd` or, when an image is not listed afterwards, `cluster.images-missing`. Tested in test/e2e/up-down.test.ts.
 */
export const importImages = async (input: ImportInput): Promise<void> => {
  const { ctr, archive, refs, runner, signal, timeoutMs } = input;
  const answers = (state: Awaited<ReturnType<typeof listImages>>) => state !== undefined || 'no answer yet';
  const error = { id: 'cluster.containerd', hint: 'see logs/containerd.log of the instance' } as const;
  const look = polling(() => listImages(input), 50);
  const state = await waitUntil('containerd', look, answers, { ...error, timeoutMs, signal });
  if (!state || refs.every((ref) => state.images.has(ref))) return;
  await runner(ctrCommand(ctr, state.nodePid, ['images', 'import', archive]), { signal, timeoutMs });
  const after = await listImages(input);
  const missing = refs.filter((ref) => !after?.images.has(ref));
  if (missing.length === 0) return;
  throw new UserError(`containerd does not list ${missing.join(', ')} after the import of ${archive}`, {
    id: 'cluster.images-missing',
    hint: 'remove the archive from the cache and run up again',
  });
};
