import { afterAll, beforeAll, describe, expect } from 'vitest';
import { noSshServer, type SshServer } from '../../scripts/testbed/sshd.ts';
import { listProfiles, profileOf } from '../support/e2e/real-minikube.ts';
import { type SshTunnel, startSshTunnel, test } from '../support/e2e/ssh-tunnel.ts';
import { ending, type Taskgate } from '../support/e2e/taskgate.ts';

let taskgate: Taskgate;
let server: SshServer;
let ssh: readonly string[];
let tunnel: SshTunnel | undefined;

beforeAll(async () => {
  if (noSshServer) return;
  tunnel = await startSshTunnel('far');
  ({ taskgate, server, ssh } = tunnel);
});
afterAll(() => tunnel?.close());

type Proof = {
  readonly hops: readonly { readonly direction: string; readonly ok: boolean; readonly evidence: string }[];
};

const brokenDirections = ({ hops }: Proof): ReadonlySet<string> =>
  new Set(hops.filter(({ ok }) => !ok).map(({ direction }) => direction));

describe(`${noSshServer}tasks on Minikube reach the master by ssh -R on a machine of its own`, () => {
  test('one command makes the cluster, opens the tunnel and has a task prove it', async () => {
    const ended = await taskgate.run('up', '--provider', 'minikube', '--json', ...ssh);
    expect(ending(ended)).toBe('exit 0');
    const { master, proof } = JSON.parse(ended.stdout);
    expect(master).toMatchObject({ host: server.address, via: 'ssh' });
    const hops = proof.hops.filter(({ direction }: { direction: string }) => direction !== 'closed');
    expect(hops.at(-1).evidence).toBe('nonce came back; the placeholder master saw the call from 127.0.0.1');
  });

  test('cut, no task reaches the master; mended, the same address works again', async () => {
    await server.network.setLink('down');
    const cut = await taskgate.run('smoke', '--json', '--name', 'far');
    expect(cut.exitCode).toBe(8);
    expect(brokenDirections(JSON.parse(cut.stdout))).toEqual(new Set(['reverse']));
    await server.network.setLink('up');
    expect(ending(await taskgate.run('up', '--provider', 'minikube', ...ssh))).toBe('exit 0');
    expect(ending(await taskgate.run('smoke', '--name', 'far'))).toBe('exit 0');
  });

  test('down leaves neither tunnel nor profile', async () => {
    expect(ending(await taskgate.run('down', '--name', 'far'))).toBe('exit 0');
    expect(await listProfiles()).not.toContain(profileOf(taskgate, 'far'));
  });
});
