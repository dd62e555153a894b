import { UserError } from '../lib/errors.ts';
import type { Proven } from '../proof/prove.ts';

/** Throws UserError `proof.broken-path` for the first broken hop, or `proof.not-removed` when something was left. */
export const refuseBrokenPath = ({ hops, cleanup }: Proven): void => {
  const broken = hops.find(({ ok, finding }) => !ok && finding) ?? hops.find(({ ok }) => !ok);
  if (broken) {
    throw new UserError(
      `the path is broken at ${broken.from} ──> ${broken.to}: ${broken.finding?.cause ?? broken.evidence}`,
      {
        id: 'proof.broken-path',
        hint: broken.finding?.hint ?? 'see the hops above',
      },
    );
  }
  if (cleanup.ok) return;
  throw new UserError(`the sample task could not be removed: ${cleanup.finding?.cause ?? 'something is still there'}`, {
    id: 'proof.not-removed',
    hint: cleanup.finding?.hint ?? 'the next smoke removes it',
  });
};
