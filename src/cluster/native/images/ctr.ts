import type { ErrorId } from '../../../lib/errors.ts';
import { messageOf, UserError } from '../../../lib/errors.ts';
import { type Command, CommandError } from '../../../lib/process/runner.ts';

/** containerd's client, run on the host, with the socket inside the node's mount namespace. Tested in test/cluster/native/images.test.ts. */
export const ctrCommand = (ctr: string, nodePid: number, args: readonly string[]): Command => [
  ctr,
  '--address',
  `/proc/${nodePid}/root/run/containerd/containerd.sock`,
  '--connect-timeout',
  '2s',
  // kubelet sees no images of another namespace
  '--namespace',
  'k8s.io',
  ...args,
];

/** What ctr said last. */
export const lastLineOf = (error: unknown): string =>
  (error instanceof CommandError && error.stderr.trim().split('\n').at(-1)) || messageOf(error);

export const failure = (id: ErrorId, message: string, hint: string) => new UserError(message, { id, hint });
