import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asJson, golden, temporaryFolder } from '../support/golden/files.ts';
import { native } from '../support/golden/records.ts';
import {
  createInstance,
  findOriginalState,
  isAsWanted,
  loadDigests,
  makeTunnelSpec,
  readTunnelSpec,
  saveOriginalState,
} from '../support/golden/source.ts';
import { before, ngrokTunnel, sshTunnel, supervisor } from '../support/golden/specs.ts';

const makeInstance = async () => createInstance(await temporaryFolder(), { name: 'dev', provider: 'attach' });

test.each([
  ['keeper.json', supervisor],
  ['tunnels-ssh.json', sshTunnel],
  ['tunnels-ngrok.json', ngrokTunnel],
  ['before.json', before],
])('%s is what its type says', (name, value) => expect(golden(`specs/${name}`)).toBe(asJson(value)));

const { until, boot, previous, secret, ...wantedSsh } = sshTunnel.tunnel;
const eightHoursMs = 8 * 3_600_000;
const { secret: _, ...wantedNgrok } = ngrokTunnel.tunnel;
const wantedAll = { tunnel: wantedSsh, forward: sshTunnel.forward };

test.each([
  ['tunnels-ssh.json', sshTunnel, wantedAll],
  ['tunnels-ngrok.json', ngrokTunnel, { tunnel: wantedNgrok }],
] as const)('%s of a running daemon is read, and found to be as wanted', async (name, spec, wanted) => {
  const { dir } = await makeInstance();
  await writeFile(join(dir, 'tunnels.json'), golden(`specs/${name}`));
  expect(await readTunnelSpec(dir)).toEqual(spec);
  expect(isAsWanted(spec, wanted)).toBe(true);
});

test('tunnels.json is made in this form', () => {
  const instance = { dir: sshTunnel.folder, record: () => native };
  const now = Date.parse(until) - eightHoursMs;
  const wanted = { ...wantedAll, tunnel: { ...wantedSsh, ttlHours: 8 } };
  const made = makeTunnelSpec(instance, wanted, {
    ...{ last: previous, now },
    boot: { id: boot.id, sinceMs: boot.untilMs - eightHoursMs },
  });
  expect({ ...made, tunnel: { ...made.tunnel, secret } }).toEqual(sshTunnel);
  expect(made.tunnel?.secret).toMatch(/^[0-9a-f]{32}$/);
});

test('before.json is written and read', async () => {
  const instance = await makeInstance();
  const path = join(instance.dir, 'before.json');
  await saveOriginalState(instance, before);
  expect(await readFile(path, 'utf8')).toBe(golden('specs/before.json'));
  expect(await findOriginalState(instance)).toEqual(before);
});

test('digests.json of the cache', async () => {
  const cacheDir = await temporaryFolder();
  const { remember } = await loadDigests(cacheDir);
  await remember('registry.example/small:1', 'ab'.repeat(32));
  expect(await readFile(join(cacheDir, 'digests.json'), 'utf8')).toBe(
    `{\n "registry.example/small:1": "${'ab'.repeat(32)}"\n}\n`,
  );
  const again = await loadDigests(cacheDir);
  await expect(again.remember('registry.example/small:1', 'cd'.repeat(32))).rejects.toMatchObject({
    id: 'artifact.digest-changed',
  });
});
