import { UserError } from '../lib/errors.ts';
import { arrowOf, type Hop } from '../model/path.ts';
import type { Proven } from '../proof/prove.ts';

const findBroken = ({ hops }: Pick<Proven, 'hops'>): Hop | undefined =>
  hops.find(({ ok, finding }) => !ok && finding) ?? hops.find(({ ok }) => !ok);

/** What a proof found wrong, in a few words beside its step; undefined where nothing is. */
export const findFault = ({ hops, cleanup }: Pick<Proven, 'hops' | 'cleanup'>): string | undefined => {
  const broken = findBroken({ hops });
  if (broken?.direction === 'closed') return `${broken.from} reaches ${broken.to}`;
  if (broken) return `broken at ${arrowOf(broken)}`;
  return cleanup.ok ? undefined : 'the sample task could not be removed';
};

/**
 * Throws UserError `proof.broken-path` for the first broken hop, `proof.not-closed` where something answers that must not,
 * or `proof.not-removed` when something was left.
 */
export const refuseBrokenPath = ({ hops, cleanup }: Proven): void => {
  const broken = findBroken({ hops });
  if (broken) {
    const { cause, hint } = broken.finding ?? { cause: broken.evidence, hint: 'see the hops above' };
    if (broken.direction === 'closed') {
      throw new UserError(`${broken.from} reaches ${broken.to}: ${cause}`, { id: 'proof.not-closed', hint });
    }
    throw new UserError(`the path is broken at ${arrowOf(broken)}: ${cause}`, { id: 'proof.broken-path', hint });
  }
  if (cleanup.ok) return;
  const rest = { cause: 'something is still there', hint: 'the next smoke removes it' };
  const { cause, hint } = cleanup.finding ?? rest;
  throw new UserError(`the sample task could not be removed: ${cause}`, { id: 'proof.not-removed', hint });
};
