import { findTextFile } from '../../../src/lib/files.ts';
import { polling, waitUntil } from '../../../src/lib/wait.ts';
import { checkoutDir } from '../ssh.ts';
import { check, type Scenario, type Session, succeed } from './session.ts';

const endMark = 'scenario service: ended with';

/** A login would bring controllers; so the unit starts after the last one, and its end is read from the console. */
const program = [
  `cd ${checkoutDir}`,
  'loginctl --no-legend list-sessions | sed "s/^/session: /"',
  'echo "controllers: $(cat /sys/fs/cgroup/cgroup.subtree_control)"',
  'npm run dev-cluster',
  `echo "${endMark} $?"`,
].join('; ');

const startUnit = ({ root }: Session): Promise<string> =>
  root(
    [
      'systemd-run --on-active=30 --unit=scenario --uid=dev -p StandardOutput=journal+console -p StandardError=journal+console',
      `-p EnvironmentFile=-/etc/environment -E HOME=/home/dev -E PATH=/usr/local/bin:/usr/bin:/bin sh -c '${program}'`,
    ].join(' '),
  );

const untilEnded = async ({ access, signal }: Session): Promise<string> => {
  const look = async () => (await findTextFile(access.consolePath)) ?? '';
  const judge = (text: string) => text.includes(endMark) || 'the unit has not ended';
  return waitUntil('The unit', polling(look, 2_000), judge, {
    timeoutMs: 40 * 60_000,
    id: 'cluster.not-ended',
    signal,
  });
};

/** As a runner of CI jobs, cron or a timer start it. */
export const service: Scenario = {
  title: 'up by a systemd unit, while nobody is logged in',
  run: async (session) => {
    await startUnit(session);
    const text = await untilEnded(session);
    process.stdout.write(`${text.slice(text.indexOf('controllers: ')).replaceAll(/^/gm, '    ')}\n`);
    check(!text.includes('session: '), 'somebody was logged in');
    check(text.includes(`${endMark} 0`), 'up failed in the unit');
    await succeed(session.run('npx', 'taskgate', 'status'));
    await succeed(session.run('npm', 'run', 'smoke'));
    await succeed(session.run('npm', 'run', 'dev-cluster:down'));
  },
};
