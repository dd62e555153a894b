import { findTunnelDaemon, findTunnelStatus } from '../../daemon/find.ts';
import { hoursFrom, readTunnelSpec } from '../../daemon/spec.ts';
import type { Instance } from '../../instance/instance.ts';
import { instancePaths } from '../../instance/paths.ts';
import { UserError } from '../../lib/errors.ts';
import { writeFileAtomically } from '../../lib/files.ts';
import { signalProcess } from '../../lib/process/processes.ts';
import { polling, waitUntil } from '../../lib/wait.ts';
import type { TunnelDaemonStatus } from '../../model/tunnel-status.ts';

const timeoutMs = 5_000;

const notRunning = (name: string): UserError =>
  new UserError(`no tunnel of instance ${name} runs`, {
    id: 'tunnel.not-running',
    hint: `open it: taskgate tunnel up --name ${name}`,
  });

/**
 * Has a tunnel close that many hours from now; one that has closed is opened again. Throws UserError
 * `tunnel.not-running`, or `usage.no-ttl` for one that does not expire.
 * Tested in test/process/tunnel-daemon.test.ts.
 */
export const extendTunnel = async (instance: Instance, hours: number): Promise<TunnelDaemonStatus> => {
  const { name } = instance.record();
  const [daemon, spec] = await Promise.all([findTunnelDaemon(instance), readTunnelSpec(instance.dir)]);
  if (!daemon || !spec?.tunnel) throw notRunning(name);
  if (!spec.tunnel.until) {
    throw new UserError(`the tunnel of instance ${name} does not expire`, {
      id: 'usage.no-ttl',
      hint: `there is nothing to extend; close it by: taskgate tunnel down --name ${name}`,
    });
  }
  const until = hoursFrom(Date.now(), hours);
  const text = `${JSON.stringify({ ...spec, tunnel: { ...spec.tunnel, until } }, null, 2)}\n`;
  await writeFileAtomically(instancePaths(instance.dir).tunnelSpecPath, text);
  if (!(await signalProcess(daemon.process, 'SIGHUP'))) throw notRunning(name);
  const status = await waitUntil(
    'The tunnel daemon',
    polling(() => findTunnelStatus(instance.dir), 50),
    (seen) => seen?.tunnel?.until === until || 'it has not taken the new time yet',
    { timeoutMs, id: 'tunnel.keeper-silent', hint: `restart it: taskgate tunnel down, then up --name ${name}` },
  );
  if (!status) throw notRunning(name);
  return status;
};
