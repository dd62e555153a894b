import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { commandConfig, taskPort } from '../../../src/proof/real-master/task.ts';
import { freePort } from '../../support/proof/local-path.ts';

test('asks for no slot, and for a proxy', () => {
  expect(commandConfig({}, 'n')).toMatchObject({
    resources: { slots: 0 },
    environment: { environment_variables: ['TASKGATE_NONCE=n'], proxy_ports: [{ proxy_port: taskPort }] },
  });
});

test('leaves image and pool to the master unless they are given', () => {
  const left = commandConfig({}, 'n');
  expect([Object.keys(left.resources), 'image' in left.environment]).toEqual([['slots'], false]);
  expect(commandConfig({ image: 'i', resourcePool: 'p' }, 'n')).toMatchObject({
    resources: { resource_pool: 'p' },
    environment: { image: 'i' },
  });
});

const hasPython = spawnSync('python3', ['--version']).status === 0;

test.skipIf(!hasPython)('its program prints the nonce and answers it at any path', async () => {
  const [program = '', ...args] = commandConfig({}, 'tg-nonce').entrypoint;
  const port = await freePort();
  const running = spawn(program, [...args.slice(0, -1), String(port)], {
    env: { PATH: process.env['PATH'], TASKGATE_NONCE: 'tg-nonce' },
  });
  try {
    const [printed] = (await once(running.stdout, 'data')) as [Buffer];
    expect(printed.toString()).toBe('tg-nonce\n');
    const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    await expect.poll(() => ask('/').catch(() => 'not yet')).toBe('tg-nonce');
    expect(await ask('/proxy/an-id:8000/a/b?x=1')).toBe('tg-nonce');
  } finally {
    running.kill();
  }
});
