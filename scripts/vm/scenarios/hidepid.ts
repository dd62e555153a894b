import { check, type Scenario, succeed } from './session.ts';

/** The processes of others do not show to `dev`, which includes the node's own. */
export const hidepid: Scenario = {
  title: 'processes of others are hidden (hidepid=1, then 2): status, smoke, up and down still tell the truth',
  run: async ({ root, run }) => {
    await root('mount -o remount,hidepid=1 /proc');
    await succeed(run('npm', 'run', 'dev-cluster'));
    for (const value of ['1', '2']) {
      await root(`mount -o remount,hidepid=${value} /proc`);
      await succeed(run('npx', 'taskgate', 'status'));
      await succeed(run('npm', 'run', 'smoke'));
      await succeed(run('npm', 'run', 'dev-cluster'));
    }
    await succeed(run('npm', 'run', 'dev-cluster:down'));
    const after = await run('npx', 'taskgate', 'status');
    check(after.exitCode !== 70, 'status after down ends as a bug');
  },
};
