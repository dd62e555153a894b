import { withInstanceLock } from '../../instance/lock.ts';
import { UserError } from '../../lib/errors.ts';
import type { Proven } from '../../proof/prove.ts';
import type { CommandContext } from '../../providers/context.ts';
import { renderHops } from '../../report/hop-table.ts';
import { makeResults } from '../../task-list/results.ts';
import { runAndShow } from '../../task-list/run-and-show.ts';
import { asTyped } from '../as-typed.ts';
import { type CommandInput, displayKind, print, printJson, printNote, readMade } from '../command.ts';
import { getInstance } from '../open-instance.ts';
import { findFault, refuseBrokenPath } from '../proof-result.ts';
import { findPassword } from './password.ts';
import { proveByMaster, proveBySample } from './steps.ts';

export type SmokeFlags = {
  readonly closed: boolean;
  readonly master?: string;
  readonly masterUser: string;
  readonly masterPasswordFile?: string;
  readonly masterImage?: string;
  readonly masterPool?: string;
};

/** The one step of the proof that was asked for, run and shown. */
const proveAndShow = async (input: CommandInput, context: CommandContext, flags: SmokeFlags): Promise<Proven> => {
  const results = makeResults();
  const notes: string[] = [];
  const onWarning = (text: string) => notes.push(text);
  const options = { kind: displayKind(input.invocation), signal: context.signal, results, onWarning };
  const { master: url, masterUser: username, masterImage: image, masterPool: resourcePool } = flags;
  try {
    if (url === undefined) {
      await runAndShow([proveBySample], context, options);
      return results.get(proveBySample);
    }
    const found = await findPassword(context, flags);
    const optional = { ...(image && { image }), ...(resourcePool && { resourcePool }) };
    const throughMaster = { url, username, ...found, ...optional };
    await runAndShow([proveByMaster], { ...context, throughMaster }, options);
    return results.get(proveByMaster);
  } finally {
    for (const note of notes) printNote(note);
  }
};

/** What was proven before is no longer so: the next `up` must do its work. One that is at work proves anew itself. */
const forgetProof = async (context: CommandContext): Promise<void> => {
  const forget = async (): Promise<void> => {
    const instance = await getInstance(context);
    if (instance.record().proven) await instance.change({ proven: undefined });
  };
  await withInstanceLock(context, forget, printNote).catch((error: unknown) => {
    if (!(error instanceof UserError) || error.id !== 'environment.locked') throw error;
  });
};

/** Negative proofs follow only a path that works, so one that is broken is shown as it is. */
const closedOrBroken = ({ hops }: Proven): Proven['hops'] => {
  const isBroken = hops.some(({ ok, direction }) => !ok && direction !== 'closed');
  return isBroken ? hops : hops.filter(({ direction }) => direction === 'closed');
};

/** Nothing tried is nothing proven. */
const refuseUntried = ({ hops }: Proven): void => {
  if (hops.some(({ direction }) => direction === 'closed')) return;
  throw new UserError('no connection that must fail was tried', {
    id: 'proof.not-closed',
    hint: 'notes say why; gateway.allowFrom, native.egress, podSecurity, network.policies and master.tls promise something to try',
  });
};

/**
 * Proves the path through a sample task, or through a real master, and prints it hop by hop. Throws like `up`.
 * Tested in test/process/no-instance.test.ts.
 */
export const smoke = async (input: CommandInput, flags: SmokeFlags): Promise<void> => {
  const { context } = await readMade(input);
  const proof = await proveAndShow(input, context, flags);
  if (findFault(proof) !== undefined) await forgetProof(context);
  for (const note of proof.notes) printNote(note);
  if (input.flags.json) printJson(proof);
  else print(asTyped(renderHops(flags.closed ? closedOrBroken(proof) : proof.hops), input.invocation.env));
  refuseBrokenPath(proof);
  if (flags.closed) refuseUntried(proof);
};
