import { check, type Scenario, type Session, succeed } from './session.ts';

/** What a node leaves on the machine, by name; empty where there is nothing. */
const leftovers = [
  'ls -d /sys/fs/cgroup/taskgate-* /home/dev/.local/state/taskgate/instances/* 2>/dev/null',
  'ip -oneline link show | grep " tg-"',
  'ip route show | grep " dev tg-"',
  'grep -F /taskgate/instances/ /proc/self/mounts',
  'ps -eo args | grep -E "kube-apiserver|containerd|[s]upervisor.ts" | grep -v grep',
  'true',
].join('; ');

const readSysctls = 'sysctl vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops net.ipv4.ip_forward';

/** A machine as it is after its start: cgroup v2 alone, overlay's module not loaded. */
const checkFresh = async ({ root }: Session): Promise<void> => {
  check((await root('stat -fc %T /sys/fs/cgroup')) === 'cgroup2fs', 'the machine has not cgroup v2 alone');
  check(!(await root('grep -w overlay /proc/filesystems || true')), 'overlay is loaded before anything needs it');
};

const endSupervisor = async ({ root }: Session): Promise<void> => {
  const killed = await root("pgrep -f 'supervisor.ts .*/dev/' | head -1 | xargs -r -t kill -9 2>&1; sleep 2");
  check(/kill -9 \d/.test(killed), 'no supervisor runs');
};

/** From a fresh start to a proof, through what a day brings, and back to nothing. */
export const lifecycle: Scenario = {
  title: 'a fresh machine: up, status, smoke, up again, supervisor killed, up, down',
  run: async (session) => {
    const { run, root } = session;
    await checkFresh(session);
    const before = await root(readSysctls);
    await succeed(run('npm', 'run', 'dev-cluster'));
    await succeed(run('npx', 'taskgate', 'status'));
    await succeed(run('npm', 'run', 'smoke'));
    const again = await succeed(run('npm', 'run', 'dev-cluster'));
    check(again.includes('nothing changed'), 'the second up did not find that nothing changed');
    await endSupervisor(session);
    check((await run('npx', 'taskgate', 'status')).exitCode !== 0, 'status says nothing of the killed supervisor');
    await succeed(run('npm', 'run', 'dev-cluster'));
    await succeed(run('npm', 'run', 'smoke'));
    await succeed(run('npm', 'run', 'dev-cluster:down'));
    const left = await root(leftovers);
    check(left === '', `down left: ${left}`);
    check((await root(readSysctls)) === before, 'down left other kernel settings');
  },
};
