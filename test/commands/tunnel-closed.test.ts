import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tunnelChecksOf } from '../../src/commands/tunnel-closed.ts';
import { instancePaths } from '../../src/instance/paths.ts';
import type { TunnelReport } from '../../src/model/tunnel-status.ts';
import type { ClosedContext } from '../../src/proof/closed/closed.ts';
import { temporaryDir } from '../support/temporary-dir.ts';
import { serveTcp } from '../support/tunnel/sockets.ts';
import { statusOf } from '../support/tunnels.ts';

/** An instance whose tunnel daemon says this. */
const instanceWith = async (tunnel: Partial<TunnelReport>): Promise<string> => {
  const dir = await temporaryDir();
  await writeFile(join(dir, 'instance.json'), '{}');
  const server = createServer((socket) => socket.end(`${JSON.stringify(statusOf(tunnel))}\n`));
  await new Promise<void>((resolve) => server.listen(instancePaths(dir).tunnelSocketPath, resolve));
  onTestFinished(() => void server.close());
  return dir;
};

const context = {} as ClosedContext;
const allowFrom = ['10.0.0.0/8'];

test('nothing is promised without a tunnel by ssh that has a list', async () => {
  expect(await tunnelChecksOf(await temporaryDir())).toEqual([]);
  expect(await tunnelChecksOf(await instanceWith({}))).toEqual([]);
  expect(await tunnelChecksOf(await instanceWith({ kind: 'ngrok', allowFrom }))).toEqual([]);
});

test('this host, which is not in the list, calls and must be refused', async () => {
  const { port } = await serveTcp((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const address = { scheme: 'http', host: '127.0.0.1', port } as const;
  const [check] = await tunnelChecksOf(await instanceWith({ address, allowFrom, ownAddress: '198.51.100.7' }));
  expect(check).toMatchObject({ from: 'this host (198.51.100.7)', to: 'the master by ssh jump' });
  expect(await check?.attempt(context)).toMatchObject({ outcome: 'closed' });
});

test('without the address of this host nothing can be said', async () => {
  const [check] = await tunnelChecksOf(await instanceWith({ allowFrom }));
  expect(await check?.attempt(context)).toMatchObject({ outcome: 'untried' });
});
