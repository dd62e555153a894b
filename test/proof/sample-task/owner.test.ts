import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { isOwned, ownerAnnotation, ownOwner } from '../../../src/proof/sample-task/owner.ts';

const created = '2026-01-01T00:00:00Z';
const at = (seconds: number) => Date.parse(created) + seconds * 1_000;
const jobOf = (owner: string) => ({ name: 'j', creationTimestamp: created, annotations: { [ownerAnnotation]: owner } });
const deadPid = 2 ** 22 + 1; // above the largest pid that Linux gives

test.each([
  ['this run', ownOwner(), 1, true],
  ['this run, after the Job’s deadline', ownOwner(), 600, false],
  ['a dead run on this host', `${hostname()} ${deadPid}`, 1, false],
  ['a run on another host', 'elsewhere 1', 1, true],
  ['a run on another host, after the deadline', 'elsewhere 1', 600, false],
  ['nobody', '', 1, false],
])('%s', (_, owner, seconds, owned) => {
  expect(isOwned(jobOf(owner), at(seconds))).toBe(owned);
});
