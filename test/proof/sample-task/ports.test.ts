import { expect, test } from 'vitest';
import { choosePorts, type WantedPorts } from '../../../src/proof/sample-task/ports.ts';

const gatewayWith = (...ports: readonly number[]) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'contour' },
  spec: { listeners: ports.map((port) => ({ name: `det-${port}`, port })) },
});
const range = { start: 20000, end: 20004 };
const choose = (used: readonly number[], wanted: WantedPorts) =>
  choosePorts(gatewayWith(...used), range, { wanted, count: 2 });

test.each<[readonly number[], WantedPorts, readonly number[]]>([
  [[], 'lowest', [20000, 20001]],
  [[20000, 20002], 'lowest', [20001, 20003]],
  [[19999, 30000], 'lowest', [20000, 20001]],
  [[20000, 20001, 20002], 'lowest', [20003, 20004]],
  [[], [20000, 20004], [20000, 20004]],
  [
    [20000, 20004],
    [20000, 20004],
    [20001, 20003],
  ],
  [
    [20000, 20001, 20002],
    [20000, 20004],
    [20003, 20004],
  ],
])('with %j taken, %j gives %j', (used, wanted, ports) => {
  expect(choose(used, wanted).ports).toEqual(ports);
});

test('says why another port was taken than asked for', () => {
  expect(choose([20004], [20000, 20004]).notes).toEqual([
    'port 20004 is in use by listener det-20004; proven through 20003 instead',
  ]);
});

test('refuses a range that is used up', () => {
  expect(() => choose([20000, 20001, 20002, 20003], 'lowest')).toThrow(
    expect.objectContaining({
      id: 'proof.no-free-port',
      message: 'not enough free ports in range 20000-20004: 1 free, 2 needed',
      hint: 'end a task that has proxy ports, or widen the port range',
    }),
  );
});
