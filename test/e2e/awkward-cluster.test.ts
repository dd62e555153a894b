import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { linkName } from '../../src/cluster/native/link.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';
import { config, contextNames } from '../support/kubeconfig.ts';

let taskgate: Taskgate;
beforeAll(async () => {
  taskgate = await makeTaskgate();
});
afterAll(() => taskgate.close('dev'));
afterEach(() => void vi.unstubAllEnvs());

const object = (apiVersion: string, kind: string, spec: object): KubeObject & { readonly spec: object } => ({
  ...{ apiVersion, kind, metadata: { name: 'strict', namespace: 'default' } },
  spec,
});

/** As another controller does it: MetalLB, a cloud's. */
const setAddress = async (ip: string): Promise<void> => {
  const { binaries } = JSON.parse((await taskgate.run('prefetch', '--json')).stdout);
  const status = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip }] } } });
  const kubeconfig = `--kubeconfig=${join(taskgate.dirOf('dev'), 'kubeconfig')}`;
  const place = ['service', 'envoy-contour', '--namespace=projectcontour', '--subresource=status'];
  await execa(binaries.kubectl, [
    ...[kubeconfig, 'patch', ...place, '--type=merge', '--field-manager=speaker', `--patch=${status}`],
  ]);
};

describe('a cluster with rules and controllers of its own', () => {
  test('up merges its context into each kubeconfig that it is asked for', async () => {
    for (const name of ['first', 'second']) {
      const path = join(taskgate.stateHome, name);
      await writeFile(path, config(['work'], 'work'));
      vi.stubEnv('KUBECONFIG', path);
      const ended = await taskgate.run('up', '--merge-kubeconfig', 'true');
      expect(ending(ended)).toBe('exit 0');
      expect(contextNames(await readFile(path, 'utf8'))).toEqual(['work', 'taskgate-dev']);
    }
  });

  test.each([
    [
      'a quota',
      object('v1', 'ResourceQuota', { hard: { 'limits.memory': '1Gi' } }),
      /failed quota: strict: must specify limits\.memory[\s\S]*to fix: ResourceQuota strict wants requests or limits/,
    ],
    [
      'a LimitRange',
      object('v1', 'LimitRange', { limits: [{ type: 'Container', min: { cpu: '10m' } }] }),
      /minimum cpu usage per Container is 10m[\s\S]*to fix: change the LimitRange/,
    ],
  ])('%s that refuses the sample task ends the proof, long before its deadline, with the reason', async (_, rule, words) => {
    const kube = await taskgate.kube('dev');
    await kube.create(rule);
    const startedAt = performance.now();
    vi.stubEnv('TASKGATE_TIMEOUTS_STAGE_SECONDS', '600');
    const ended = await taskgate.run('smoke');
    await kube.remove(rule);
    expect(ended.exitCode).toBe(8);
    expect(ended.stderr + ended.stdout).toMatch(words);
    expect(performance.now() - startedAt).toBeLessThan(300_000);
  });

  test('a load balancer controller that sets another address: status says so, up takes it over', async () => {
    await setAddress('192.0.2.77');
    await expect.poll(() => taskgate.run('status'), { timeout: 20_000 }).toMatchObject({ exitCode: 6 });
    expect((await taskgate.run('status')).stdout).toMatch(
      /its address is 192\.0\.2\.77, not 10\.[\s\S]*to fix: another controller has set .*; run: (npx )?taskgate up/,
    );
    expect(ending(await taskgate.run('up'))).toBe('exit 0');
    expect(await taskgate.file('dev', 'master.yaml')).toContain('gateway_ip: 127.0.0.1');
    expect(ending(await taskgate.run('status'))).toBe('exit 0');
  });

  test('down takes the context out of every kubeconfig', async () => {
    expect(ending(await taskgate.run('down'))).toBe('exit 0');
    for (const name of ['first', 'second']) {
      expect(contextNames(await readFile(join(taskgate.stateHome, name), 'utf8'))).toEqual(['work']);
    }
  });
});

test('a damaged record: down says how to go on, and with --force ends all that has the name', async () => {
  expect(ending(await taskgate.run('up'))).toBe('exit 0');
  await writeFile(join(taskgate.dirOf('dev'), 'instance.json'), '{');
  const refused = await taskgate.run('down');
  expect(refused).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('taskgate down --force --name dev') });
  const ended = await taskgate.run('down', '--force');
  expect(ending(ended)).toBe('exit 0');
  expect(ended.stderr).toContain('a node that ran on without its record was ended');
  const { stdout: links } = await execa('ip', ['-brief', 'link']);
  expect(links).not.toContain(linkName(taskgate.dirOf('dev')));
  await expect(stat(taskgate.dirOf('dev'))).rejects.toThrow('ENOENT');
});
