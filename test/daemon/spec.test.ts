import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findCurrentSpec, findLastAddress, readTunnelSpec } from '../../src/daemon/spec.ts';
import type { InstanceRecord } from '../../src/instance/record.ts';
import { instanceRecord } from '../support/context.ts';
import { temporaryDir } from '../support/temporary-dir.ts';
import { address, ngrokDriver, specFor, sshDriver, statusOf, wantedTunnel } from '../support/tunnels.ts';

test('the spec of a daemon counts until it is stopped', async () => {
  const dir = await temporaryDir();
  const process = { pid: 1, startTicks: 1, bootId: 'another' };
  const running = instanceRecord({ journal: [{ kind: 'tunnels', process }] });
  expect(await findCurrentSpec({ dir, record: () => running })).toBeUndefined();
  await writeFile(join(dir, 'tunnels.json'), JSON.stringify({ instance: 'dev' }));
  expect(await findCurrentSpec({ dir, record: () => running })).toEqual({ instance: 'dev' });
  expect(await findCurrentSpec({ dir, record: () => instanceRecord() })).toBeUndefined();
});

test('a spec has a secret of its own, the time of its end, and the address that pods know', () => {
  const [one, other] = [
    specFor(wantedTunnel(sshDriver(), { ttlHours: 2 }), address),
    specFor(wantedTunnel(sshDriver())),
  ];
  expect(one).toMatchObject({ instance: 'dev', folder: '/i/dev', socketPath: '/i/dev/tunnel.sock' });
  expect(one.tunnel).toMatchObject({ until: '1970-01-01T02:00:00.000Z', previous: address, driver: sshDriver() });
  expect(one.tunnel?.secret).not.toBe(other.tunnel?.secret);
  expect(other.tunnel).not.toHaveProperty('until');
  expect(specFor({})).not.toHaveProperty('tunnel');
});

const record = (via: 'ssh' | 'ngrok' | 'direct', scheme: 'http' | 'https' = 'http'): InstanceRecord =>
  instanceRecord({ master: { ...address, scheme, via } });

test('the last address is the one of the running daemon, else the recorded one of the same kind', () => {
  const now = statusOf({ address: { ...address, port: 1 } });
  expect(findLastAddress(sshDriver(), record('ssh'), now)).toEqual({ ...address, port: 1 });
  expect(findLastAddress(ngrokDriver(), record('direct'), now)).toBeUndefined();
  expect(findLastAddress(sshDriver(), record('ssh'))).toEqual(address);
  expect(findLastAddress(sshDriver(), record('direct'))).toBeUndefined();
});

test('the last address has the scheme of the tunnel, not that of the master behind it', () => {
  expect(findLastAddress(sshDriver(), record('ssh', 'https'))?.scheme).toBe('http');
  expect(findLastAddress(ngrokDriver({ tcpAddress: 'a:1' }), record('ngrok', 'https'))?.scheme).toBe('http');
  expect(findLastAddress(ngrokDriver(), record('ngrok', 'https'))?.scheme).toBe('https');
});

test.each([
  '',
  'null',
  '[]',
  '{"instance":1}',
  '{"instance":"dev","tunnel":null}',
  '{"instance":"dev"',
])('a damaged spec is told, with the way out: %j', async (text) => {
  const dir = await temporaryDir();
  await writeFile(join(dir, 'tunnels.json'), text);
  const failure = await readTunnelSpec(dir).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    id: 'environment.instance-damaged',
    message: `${dir}/tunnels.json is damaged`,
    hint: `remove it: rm ${dir}/tunnels.json; then open the tunnel again: taskgate tunnel up`,
  });
});
