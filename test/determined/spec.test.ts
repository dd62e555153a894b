import { expect, test } from 'vitest';
import { type StackSpec, stackSupervisorSpec } from '../../src/determined/spec.ts';

const spec: StackSpec = {
  instance: 'dev',
  instanceDir: '/state/instances/dev',
  program: { path: '/m/determined-master', root: '/m/share/determined/master' },
  port: 8080,
  tls: false,
};

test('a master with a database of its user alone: nothing is set up, and it is tied to its supervisor', () => {
  const { setup, children, endsInOrder } = stackSupervisorSpec(spec);
  expect(setup).toEqual([]);
  expect(endsInOrder).toBe(true);
  expect(children).toEqual([
    {
      name: 'determined-master',
      command: ['/m/determined-master', '--config-file', '/state/instances/dev/determined/master.yaml'],
      after: [],
      probe: { kind: 'http', url: 'http://127.0.0.1:8080/info' },
      tether: {},
      ending: { signal: 'SIGTERM', graceMs: 5_000 },
    },
  ]);
});

test('with its own database it waits for that; with a certificate it answers by https', () => {
  const database = {
    spec: {
      ...{ server: { binDir: '/pg', major: 16, version: '16.1' }, dataDir: '/d', begunDir: '/b', socketDir: '/s' },
      ...{ port: 5555, password: 'p', passwordPath: '/p', through: [] },
    },
    isMade: true,
  };
  const { children } = stackSupervisorSpec({ ...spec, tls: true, database });
  expect(children.map(({ name, after }) => [name, after])).toEqual([
    ['postgres', []],
    ['determined-master', ['postgres']],
  ]);
  expect(children[1]?.probe).toEqual({ kind: 'http', url: 'https://127.0.0.1:8080/info' });
});
