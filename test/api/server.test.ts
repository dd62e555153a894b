import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { connect } from '../../src/lib/kube/client.ts';
import { parseKubeconfig } from '../../src/lib/kube/kubeconfig/parse.ts';
import { findProcess } from '../../src/lib/process/processes.ts';
import { listTcpSockets } from '../../src/lib/process/sockets.ts';
import { splitLines } from '../../src/lib/text/lines.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

type Config = { readonly clusters: readonly [{ readonly cluster: { readonly server: string } }] };
const configOf = () => parseKubeconfig(inject('apiServer').kubeconfig, 'kubeconfig', '') as unknown as Config;

test('whoever has no certificate may read nothing', async () => {
  const { clusters } = configOf();
  const anonymous = JSON.stringify({ ...configOf(), clusters, users: [{ name: 'nobody', user: {} }] });
  const named = anonymous.replaceAll(/"user":"[^"]*"/g, '"user":"nobody"');
  await expect(connect(named).list({ apiVersion: 'v1', kind: 'Secret' })).rejects.toMatchObject({ code: 403 });
});

test('it listens on 127.0.0.1 alone', async () => {
  const port = Number(new URL(configOf().clusters[0].cluster.server).port);
  const sockets = (await listTcpSockets()).filter((one) => one.isListening && one.port === port);
  expect(sockets.map(({ address }) => address)).toEqual(['0100007F']);
});

test('all its processes end with the one that started it, even by SIGKILL', async () => {
  const module = join(import.meta.dirname, '../../scripts/testbed/api-server.ts');
  const program = `const { startApiServer } = await import(${JSON.stringify(module)});
    const server = await startApiServer();
    console.log(JSON.stringify(server.pids()));
    setInterval(() => {}, 1_000);`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, TMPDIR: await temporaryDir() },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void starter.kill('SIGKILL'));
  const line = await new Promise<string>((resolve, reject) => {
    starter.stdout.setEncoding('utf8').on('data', splitLines(resolve));
    starter.on('exit', (code) => reject(new Error(`the starter exited with ${code}`)));
  });
  const pids = JSON.parse(line) as readonly number[];
  expect(pids).toHaveLength(3);
  expect(await Promise.all(pids.map(findProcess))).not.toContain(undefined);
  const exited = once(starter, 'exit');
  starter.kill('SIGKILL');
  await exited;
  await expect.poll(() => Promise.all(pids.map(findProcess))).toEqual([undefined, undefined, undefined]);
});
