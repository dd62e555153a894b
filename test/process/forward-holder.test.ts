import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { keepForwards } from '../../src/forward/forward.ts';
import type { ForwardStatus } from '../../src/model/tunnel-status.ts';
import { freePorts } from '../support/tunnel/forward-run.ts';

const noRoot = process.getuid?.() === 0 ? '' : 'skipped, needs root: ';

/** Another user holds the port, before forwards start. */
const squat = async (port: number, uid: number): Promise<void> => {
  const program = `require('node:net').createServer().listen(${port}, '127.0.0.1', () => console.log('up'))`;
  const squatter = spawn(process.execPath, ['-e', program], { uid, gid: uid, cwd: '/' });
  onTestFinished(() => void squatter.kill());
  await once(squatter.stdout, 'data');
};

describe.skipIf(noRoot)(`${noRoot}ports of forwards`, () => {
  test('one that another user holds is refused at the start, with who; the others are let go', async () => {
    const ports = await freePorts();
    const [start, taken, end] = ports;
    await squat(taken, 1234);
    const states: ForwardStatus[] = [];
    const place = { kubeconfigPath: '', kubeContext: '', gateway: { name: 'contour', namespace: 'c' } };
    await keepForwards(
      { ...place, address: '127.0.0.1', portRange: { start, end } },
      { signal: new AbortController().signal, onState: (state) => states.push(state) },
    );
    expect(states.at(-1)).toMatchObject({
      state: 'failed',
      errorId: 'tunnel.forward-taken',
      detail: `port ${taken} of 127.0.0.1, which the master may give to a task, is held by another user: uid 1234`,
      hint: expect.stringContaining(`ss -ltnp 'sport = :${taken}'`),
    });
    await squat(start, 1235);
  });
});
