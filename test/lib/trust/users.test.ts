import { expect, test } from 'vitest';
import { findDistrust, trustedUids } from '../../../src/lib/trust/users.ts';

test.each([
  [{}, 1000, [0, 1000]],
  [{ SUDO_UID: '1000' }, 0, [0, 1000]],
  // anybody may set it in the own environment
  [{ SUDO_UID: '4321' }, 1000, [0, 1000]],
  [{ SUDO_UID: '' }, 0, [0]],
  [{ SUDO_UID: '1e3' }, 0, [0]],
])('%j, run by %i: trusts %j', (env, uid, uids) => {
  expect([...(trustedUids(env, uid) ?? [])]).toEqual(uids);
});

const trusted = trustedUids({ SUDO_UID: '1000' }, 0);

test.each([
  [{ uid: 0, gid: 0, mode: 0o755 }, undefined],
  [{ uid: 1000, gid: 100, mode: 0o644 }, undefined],
  [{ uid: 1000, gid: 1000, mode: 0o40775 }, undefined],
  [{ uid: 1000, gid: 0, mode: 0o664 }, undefined],
  [{ uid: 4321, gid: 0, mode: 0o600 }, 'belongs to user 4321'],
  [{ uid: 1000, gid: 100, mode: 0o664 }, 'can be changed by other users (mode 664, group 100)'],
  [{ uid: 0, gid: 0, mode: 0o41777 }, 'can be changed by other users (mode 1777, group 0)'],
])('%j: %s', (access, distrust) => {
  expect(findDistrust(access, trusted)).toBe(distrust);
});

test('without user ids nothing is judged', () => {
  expect(findDistrust({ uid: 4321, gid: 0, mode: 0o666 }, undefined)).toBeUndefined();
});
