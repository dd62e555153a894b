import { expect, test } from 'vitest';
import { findMasterMove } from '../../src/daemon/find.ts';
import { address, statusOf } from '../support/tunnels.ts';

test("the master's address moves with the tunnel", () => {
  const from = { ...address, via: 'ssh' } as const;
  expect(findMasterMove({ master: from }, statusOf({}), 'http')).toBeUndefined();
  expect(findMasterMove({ master: from }, { ...statusOf({}), tunnel: undefined } as never, 'http')).toBeUndefined();
  const to = { ...from, port: 5000 };
  expect(findMasterMove({ master: from }, statusOf({ address: to }), 'http')).toEqual({ from, to });
  expect(findMasterMove({}, statusOf({}), 'https')).toEqual({ to: { ...from, scheme: 'https' } });
});
