import { expect, test } from 'vitest';
import { whyForeign } from '../../../src/artifacts/bundle/own-folder.ts';

test.each([
  ['own', { uid: 1000, mode: 0o40755 }, undefined],
  ["root's", { uid: 0, mode: 0o40700 }, undefined],
  ["another user's", { uid: 1001, mode: 0o40700 }, 'belongs to uid 1001, not to this user (uid 1000)'],
  ["the group's", { uid: 1000, mode: 0o40775 }, 'can be written by others'],
  ["everybody's", { uid: 0, mode: 0o41777 }, 'can be written by others'],
])('%s', (_, permissions, reason) => expect(whyForeign(permissions, [1000])).toBe(reason));
