import { deadlineAfter, readClocks } from '../../daemon/expiry.ts';
import { findTunnelDaemon, findTunnelStatus } from '../../daemon/find.ts';
import { readTunnelSpec } from '../../daemon/spec.ts';
import type { Instance } from '../../instance/instance.ts';
import { instancePaths } from '../../instance/paths.ts';
import type { Deadline, TunnelDaemonSpec } from '../../instance/tunnels.ts';
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

const noDeadline = (name: string): UserError =>
  new UserError(`neither the tunnel nor the forwards of instance ${name} expire`, {
    id: 'usage.no-ttl',
    hint: `there is nothing to extend; close the tunnel by: taskgate tunnel down --name ${name}`,
  });

/** The spec with another deadline where something has one. */
const withDeadline = (spec: TunnelDaemonSpec, deadline: Deadline): TunnelDaemonSpec => ({
  ...spec,
  ...(spec.tunnel && { tunnel: { ...spec.tunnel, ...(spec.tunnel.until && deadline) } }),
  ...(spec.forward && { forward: { ...spec.forward, ...(spec.forward.until && deadline) } }),
});

/** What expires, each with its time; a tunnel whose end is proven private does not. */
const untilsOf = ({ tunnel, forward }: TunnelDaemonStatus): readonly string[] =>
  [tunnel?.until, forward?.until].filter((until) => until !== undefined);

/**
 * Has a tunnel, and forwards that others reach, close that many hours from now; what has closed is opened again. Throws
 * UserError `tunnel.not-running`, or `usage.no-ttl` where nothing expires. Tested in test/process/tunnel-daemon.test.ts.
 */
export const extendTunnel = async (instance: Instance, hours: number): Promise<TunnelDaemonStatus> => {
  const { name } = instance.record();
  const [daemon, spec] = await Promise.all([findTunnelDaemon(instance), readTunnelSpec(instance.dir)]);
  const before = await findTunnelStatus(instance.dir);
  if (!daemon || !spec || !before) throw notRunning(name);
  if (untilsOf(before).length === 0) throw noDeadline(name);
  const deadline = deadlineAfter(await readClocks(), hours);
  const text = `${JSON.stringify(withDeadline(spec, deadline), null, 2)}\n`;
  await writeFileAtomically(instancePaths(instance.dir).tunnelSpecPath, text);
  if (!(await signalProcess(daemon.process, 'SIGHUP'))) throw notRunning(name);
  const status = await waitUntil(
    'The tunnel daemon',
    polling(() => findTunnelStatus(instance.dir), 50),
    (seen) =>
      (seen && untilsOf(seen).every((until) => until === deadline.until)) || 'it has not taken the new time yet',
    { timeoutMs, id: 'tunnel.keeper-silent', hint: `restart it: taskgate tunnel down, then up --name ${name}` },
  );
  if (!status) throw notRunning(name);
  return status;
};
